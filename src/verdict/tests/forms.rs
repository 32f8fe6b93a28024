//! The three forms of a verdict, from one model.

use super::super::{Verdict, junit, page};
use super::{good_morning, id, judge, scenario};
use crate::domain::observation::ObservationKind;

#[test]
fn the_evidence_inside_gives_the_same_verdict_byte_for_byte() {
    let mut story = good_morning();
    story.seen(ObservationKind::MessageShown, "再起動してください <script>&", Some(id(1)));
    let mut evidence = story.evidence();
    evidence.scenario = scenario(&["check_repeated_after_restart", "restart_message_shown"]);
    let json = judge(&evidence).json();
    let read: Verdict = serde_json::from_str(&json).unwrap();
    assert_eq!(judge(&read.evidence).json(), json);
    assert_eq!(junit(&judge(&read.evidence)), junit(&read));
    assert_eq!(page(&judge(&read.evidence)), page(&read));
}

#[test]
fn the_page_loads_nothing_and_says_what_it_is() {
    let mut story = good_morning();
    story.seen(ObservationKind::MessageShown, "再起動してください <script>&", Some(id(1)));
    let page = page(&judge(&story.evidence()));
    for forbidden in ["<script", "http://", "https://", "src=", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
    assert!(page.contains("テストの証跡であり、認証ではありません") && page.contains("Test evidence, not a certification"));
    assert!(page.contains("&#60;script&#62;") && page.contains("@media print") && page.contains(r#"<html lang="ja">"#));
    assert!(page.contains(r##"<a href="#e1">#1</a>"##) && page.contains(r#"id="e1""#));
}

#[test]
fn a_failed_rule_is_a_failure_and_one_that_was_not_exercised_is_skipped() {
    let mut story = good_morning();
    story.entries.pop();
    let xml = junit(&judge(&story.evidence()));
    let count = |text: &str| xml.matches(text).count();
    assert_eq!(count("<testcase "), super::super::RULES.len() + 1);
    assert!(xml.contains(&format!(r#"failures="{}""#, count("<failure "))) && count("<failure ") > 0);
    assert!(xml.contains(&format!(r#"skipped="{}""#, count("<skipped "))) && count("<skipped ") > 0);
}
