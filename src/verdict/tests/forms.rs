//! Tests of the three forms of a verdict from one model.

use super::super::{Evidence, Overall, RULES, Verdict, junit, page};
use super::{checked, good_morning, id, judge, scenario};
use crate::domain::observation::ObservationKind;
use crate::domain::rehearsal::Rehearsal;
use crate::domain::text::Text;

#[test]
fn the_evidence_inside_gives_the_same_verdict_byte_for_byte() {
    let mut builder = good_morning();
    builder.seen(ObservationKind::MessageShown, "再起動してください <script>&", Some(id(1)));
    let mut evidence = builder.evidence();
    evidence.scenario = scenario(&["check_repeated_after_restart", "restart_message_shown"]);
    let json = judge(&evidence).json();
    let read: Verdict = serde_json::from_str(&json).unwrap();
    assert_eq!(judge(&read.evidence).json(), json);
    assert_eq!(junit(&judge(&read.evidence), false), junit(&read, false));
    assert_eq!(page(&judge(&read.evidence), None), page(&read, None));
}

#[test]
fn the_page_loads_nothing_and_says_what_it_is() {
    let mut builder = good_morning();
    builder.seen(ObservationKind::MessageShown, "再起動してください <script>&", Some(id(1)));
    let page = page(&judge(&builder.evidence()), None);
    for forbidden in ["<script", "http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("テストの証跡であり、認証ではありません") && page.contains("Test evidence, not a certification"));
    assert!(page.contains("&#60;script&#62;") && page.contains("@media print") && page.contains(r#"<html lang="ja">"#));
    assert!(page.contains(r##"<a href="#entry-1">#1</a>"##) && page.contains(r#"id="entry-1""#));
}

#[test]
fn a_failed_rule_is_a_failure_and_one_that_was_not_exercised_is_skipped() {
    let mut builder = good_morning();
    builder.entries.pop();
    let xml = junit(&judge(&builder.evidence()), false);
    let count = |text: &str| xml.matches(text).count();
    assert_eq!(count("<testcase "), RULES.len() + 1);
    assert!(xml.contains(&format!(r#"failures="{}""#, count("<failure "))) && count("<failure ") > 0);
    assert!(xml.contains(&format!(r#"skipped="{}""#, count("<skipped "))) && count("<skipped ") > 0);
    let coverage = xml.split("（coverage）").nth(1).unwrap();
    assert!(coverage.contains("<skipped "), "not everything was shown: {coverage}");
}

#[test]
fn a_test_case_is_named_by_what_the_rule_wants_and_its_id() {
    let xml = junit(&judge(&good_morning().evidence()), false);
    for rule in RULES {
        let name = format!(r#"name="{}（{}）""#, rule.sentence.0, rule.id);
        assert!(xml.contains(&name), "{name}\n{xml}");
    }
    assert!(xml.contains(r#"name="シナリオの全項目を確認した（coverage）""#), "{xml}");
}

#[test]
fn where_green_is_required_what_is_missing_is_a_failure_with_its_reason_and_the_next_step() {
    let verdict = judge(&morning_with_texts(&["check_repeated_after_restart", "session_renewed"]));
    assert_eq!(verdict.overall, Overall::Incomplete);
    let xml = junit(&verdict, true);
    assert!(xml.contains(r#"failures="2" errors="0" skipped="0""#), "the rule and the coverage\n{xml}");
    let case = xml.split("（session_renewed）").nth(1).unwrap();
    let message = case.split(r#"<failure type="NOT_EXERCISED" message=""#).nth(1).unwrap().split('"').next().unwrap();
    assert!(message.contains("。 次にすること：トークンの有効期限が切れるまで"), "{message}");
    let coverage = xml.split("（coverage）").nth(1).unwrap();
    assert!(coverage.contains(r#"<failure type="INCOMPLETE" message="違反は見つかっていませんが"#), "{coverage}");
    assert!(coverage.contains("rules not shown yet: session_renewed"), "{coverage}");
    let green = judge(&morning_with_texts(&["check_repeated_after_restart"]));
    assert_eq!(junit(&green, true), junit(&green, false));
}

#[test]
fn where_a_rule_failed_the_coverage_tells_what_is_missing_and_not_what_failed() {
    let mut evidence = morning_with_texts(&["check_repeated_after_restart", "session_renewed"]);
    evidence.journal.pop();
    let verdict = judge(&evidence);
    assert_eq!(verdict.overall, Overall::Fail);
    let xml = junit(&verdict, false);
    let coverage = xml.split("（coverage）").nth(1).unwrap();
    assert!(coverage.contains(r#"<skipped type="INCOMPLETE" message="まだ確認されていないものがあります。""#), "{coverage}");
}

#[test]
fn the_classes_of_two_institutions_and_scenarios_differ() {
    let xml = junit(&judge(&morning_with_texts(&["check_repeated_after_restart"])), false);
    assert!(xml.contains(r#"classname="onshi-mock.story.9911000017""#), "{xml}");
    let xml = junit(&judge(&good_morning().evidence()), false);
    assert!(xml.contains(r#"classname="onshi-mock.no-scenario.9911000017""#), "{xml}");
}

/// A morning in a scenario with a title, beside another scenario, with a product and an observer.
fn morning_with_texts(rules: &[&str]) -> Evidence {
    let mut builder = good_morning();
    builder.seen(ObservationKind::RestartPrompted, "再起動してください", Some(id(1)));
    let mut evidence = builder.evidence();
    evidence.observations[0].by = Some("画面テスト担当".to_owned());
    evidence.scenario = scenario(rules);
    evidence.scenarios = [("story".to_owned(), false), ("another".to_owned(), false)].into();
    let title = |id: &str, ja: &str| (id.to_owned(), Text::new(ja, id));
    evidence.scenario_titles = [title("story", "ある朝"), title("another", "別の朝")].into();
    let text = |name: &str| Some(name.to_owned());
    evidence.rehearsal = Rehearsal { product: text("模擬レセコン"), version: text("1.2.0"), tester: text("品質保証部") };
    evidence
}

#[test]
fn the_page_tells_the_product_the_observer_the_restart_and_what_sources_mean_in_the_words_of_people() {
    let green = judge(&morning_with_texts(&["check_repeated_after_restart"]));
    assert_eq!(green.overall, Overall::Pass);
    let page = page(&green, None);
    for text in ["模擬レセコン", "1.2.0", "品質保証部", "画面テスト担当", "ある朝 <code>story</code>", "再起動の案内"]
    {
        assert!(page.contains(text), "{text}\n{page}");
    }
    let restart = r#"<td class="time">2026年1月20日 09:00:01</td><td>T1</td><td>再起動した <code>booted</code></td><td>連携アプリケーション</td></tr>"#;
    assert!(page.contains(restart) && page.contains(r#"<tr id="event-1">"#), "{page}");
    assert!(page.contains(r#"<span class="mark fact">お知らせ</span><br>N5"#), "{page}");
    assert!(page.contains(r#"<th scope="row">N5</th><td>インストール後に再起動していない端末では資格確認がエラーになる"#), "{page}");
    assert!(page.contains(r#"エラー（再起動待ち） <span class="mark invented">仮</span>"#) && page.contains("<td>有効</td>"), "{page}");
    assert!(!page.contains("T00:") && !page.contains("+09:00"), "times as people write them\n{page}");
    assert!(!page.contains("別の朝") && !page.contains("次にすること"), "whoever has passed is done\n{page}");
    let xml = junit(&green, false);
    for property in
        [r#"name="product" value="模擬レセコン""#, r#"name="tester" value="品質保証部""#, r#"name="scenario_title" value="ある朝""#]
    {
        assert!(xml.contains(property), "{property}\n{xml}");
    }
}

#[test]
fn the_report_tells_in_order_what_happened_and_bundles_equal_requests() {
    let mut builder = good_morning();
    builder.entry(1, checked().of("p1").with("s1"));
    builder.seen(ObservationKind::RestartPrompted, "再起動してください", Some(id(1)));
    let page = page(&judge(&builder.evidence()), None);
    let course = page.split(r#"<table class="course">"#).nth(1).unwrap().split("</table>").next().unwrap();
    let places = [
        r##"<a href="#entry-1">資格確認：エラー（再起動待ち）</a>"##,
        r##"<a href="#event-1">再起動した（新しいバージョンで動き始めた：連携アプリケーション）</a>"##,
        r##"<a href="#entry-2">資格確認：有効</a> ×2"##,
    ]
    .map(|text| course.find(text).unwrap_or_else(|| panic!("{text}\n{course}")));
    assert!(places.is_sorted(), "{course}");
    assert!(course.contains(r##"<a href="#seen-1">再起動の案内「再起動してください」</a>"##), "{course}");
    assert!(!page.contains("<svg") && super::super::page(&judge(&builder.evidence()), Some("<svg></svg>")).contains("<svg></svg>"));
}

#[test]
fn what_is_not_shown_yet_says_what_to_do_next_without_paths() {
    let verdict = judge(&morning_with_texts(&["check_repeated_after_restart", "session_renewed"]));
    assert_eq!(verdict.overall, Overall::Incomplete);
    let page = page(&verdict, None);
    assert!(page.contains("次にすること") && page.contains("トークンの有効期限が切れるまで医療機関の時計を進め"), "{page}");
    assert!(page.contains("別の朝（another）"), "other scenarios are still to come\n{page}");
    assert!(junit(&verdict, false).contains("次にすること：トークンの有効期限が切れるまで"));
    let mut builder = good_morning();
    let unseen = builder.ruling("restart_message_shown").why;
    builder.seen(ObservationKind::MessageShown, "再起動中です", Some(id(1)));
    let doubtful = builder.ruling("restart_message_shown").why;
    assert!(doubtful.ja.contains("「再起動の案内」（restart_prompted）を選んで記録"), "{}", doubtful.ja);
    for why in [&unseen.ja, &unseen.en, &doubtful.ja, &doubtful.en] {
        assert!(!why.contains("POST") && !why.contains('…'), "{why}");
    }
}
