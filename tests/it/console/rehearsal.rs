//! The page of a rehearsal: what to do next, the timeline, the terminals, and what happened.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Browser, Clinic, Mock, template};

const MORNING: &str = "2026-01-20T08:55:00+09:00";

/// The parts of a rehearsal's page, with a query such as `?range=hour`.
async fn parts_with(browser: &Browser, clinic: &Clinic<'_>, query: &str) -> Value {
    let answer = browser.fetch(&format!("/console/institutions/{clinic}/parts{query}")).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.json().await.unwrap()
}

/// One part of a rehearsal's page.
async fn part(browser: &Browser, clinic: &Clinic<'_>, name: &str) -> String {
    parts_with(browser, clinic, "").await[name].as_str().unwrap().to_owned()
}

/// Presses a button: an operation of the console on the institution.
async fn press(browser: &Browser, clinic: &Clinic<'_>, below: &str, body: Value) {
    let answer = browser.post_json(&format!("/console/api/institutions/{clinic}{below}"), body).send().await.unwrap();
    assert!(answer.status().is_success(), "{below}: {}", answer.text().await.unwrap());
}

#[track_caller]
fn assert_has(part: &str, words: &[&str]) {
    for word in words {
        assert!(part.contains(word), "{word} is not in {part}");
    }
}

/// The tester of `installed-not-restarted` is led from the connection to the report.
#[tokio::test]
async fn one_line_says_what_to_do_next_from_the_connection_to_the_report() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, MORNING).await;
    clinic.put("/scenario", json!({"id": "installed-not-restarted"})).await;
    let browser = mock.console().await;
    let next = async || part(&browser, &clinic, "next").await;
    assert_has(&next().await, &["要求がまだ届いていません", &format!("href=\"/console/connect/{clinic}\"")]);
    let token = clinic.login().await;
    assert_has(&next().await, &["端末 T1 は再起動待ちです", "資格確認を1回"]);
    clinic.check_with(&token).await.expect_error("MOCK0501E");
    let place = "href=\"#ask-T1-restart_required\"";
    assert_has(&next().await, &["表示されたものを選び、「記録する」を押してください。", place]);
    assert_has(&part(&browser, &clinic, "requests").await, &["id=\"ask-T1-restart_required\"", "文言から自動で判定します"]);
    press(&browser, &clinic, "/observations", json!({"kind": "restart_prompted", "terminal": "T1"})).await;
    assert_has(&next().await, &["端末 T1 の「再起動」を押してください", "01-20（火） 09:10:00 に自動で再起動", "href=\"#terminal-T1\""]);
    press(&browser, &clinic, "/terminals/T1/restart", json!({})).await;
    assert_has(&next().await, &["エラーになった患者（模擬　太郎）の資格確認を、レセコンからもう一度"]);
    clinic.check_with(&token).await;
    assert_has(&next().await, &["合格です", &format!("href=\"/console/institutions/{clinic}/report\"")]);
    press(&browser, &clinic, "/reset", json!({})).await;
    assert_has(&next().await, &["資格確認を1回"]);
}

#[tokio::test]
async fn after_a_wrong_record_the_verdict_says_how_to_begin_anew() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, MORNING).await;
    clinic.put("/scenario", json!({"id": "installed-not-restarted"})).await;
    let browser = mock.console().await;
    clinic.check().await.expect_error("MOCK0501E");
    press(&browser, &clinic, "/observations", json!({"kind": "no_qualification_shown", "terminal": "T1"})).await;
    let failed = part(&browser, &clinic, "verdict").await;
    assert_has(&failed, &["<span class=\"badge bad\">不合格</span>", "記録を間違えたときも、「最初から」を押して"]);
}

#[tokio::test]
async fn after_a_night_the_page_tells_what_happened_in_it() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, "2026-01-19T19:00:00+09:00").await;
    let browser = mock.console().await;
    clinic.check().await;
    assert_has(&part(&browser, &clinic, "next").await, &["「翌朝8:55へ」を押してください"]);
    press(&browser, &clinic, "/clock/advance", json!({"to": MORNING})).await;
    clinic.check().await.expect_error("MOCK0501E");

    let events = part(&browser, &clinic, "events").await;
    assert_has(
        &events,
        &["操作：時計を進める", "この間の出来事：12", "id=\"event-12\"", "連携アプリケーション 5.3.0 がインストールされた"],
    );
    let timeline = part(&browser, &clinic, "timeline").await;
    assert_has(
        &timeline,
        &[
            "ダウンロード ×4",
            "インストール済み（再起動待ち）",
            "配信時間 20:00–05:00",
            "href=\"#entry-2\"",
            "href=\"#event-",
            "01-19（月）",
        ],
    );
    let terminals = part(&browser, &clinic, "terminals").await;
    assert_has(
        &terminals,
        &[
            "aria-label=\"端末 T1\"",
            "再起動待ち",
            "端末の再起動（シャットダウンではなく）",
            "資格確認ができません",
            "MOCK0501E",
            "仮コード",
        ],
    );

    press(&browser, &clinic, "/terminals/T1/restart", json!({})).await;
    let parts = parts_with(&browser, &clinic, "?range=hour").await;
    assert_has(parts["events"].as_str().unwrap(), &["操作：再起動", "再起動した（boot-2）。新しいバージョンで動作："]);
    assert_has(parts["terminals"].as_str().unwrap(), &["更新済み", "資格確認を行えます", "（boot-2）"]);
    let timeline = parts["timeline"].as_str().unwrap();
    assert_has(timeline, &["class=\"boot\"", "01-20（火） 08:10:00", "?range=night"]);
    assert!(!timeline.contains("ダウンロード"), "the hour has nothing of the night: {timeline}");
}

#[tokio::test]
async fn a_card_can_be_presented_and_an_external_terminal_says_why_it_has_no_buttons() {
    let mock = Mock::start().await;
    let browser = mock.console().await;
    let clinic = mock.clinic(template::UP_TO_DATE, MORNING).await;
    press(&browser, &clinic, "/terminals/T1/card", json!({"person": "valid", "card": "right"})).await;
    let terminals = part(&browser, &clinic, "terminals").await;
    assert_has(
        &terminals,
        &["カードが置かれました：", "顔認証の結果ファイル：", "res_face_", "模擬　太郎（valid）", ">再起動</button>", ">電源</button>"],
    );
    assert_has(&part(&browser, &clinic, "events").await, &["<bdi>模擬　太郎</bdi>：", "カードが置かれた"]);

    let external = mock.clinic(template::EXTERNAL, MORNING).await;
    let terminals = part(&browser, &external, "terminals").await;
    assert_has(&terminals, &["この端末は external です", ">カードを置く</button>"]);
    assert!(!terminals.contains(">再起動</button>") && !terminals.contains(">電源</button>"), "{terminals}");
}

#[tokio::test]
async fn the_parts_are_in_english_where_the_browser_asks_for_it() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, MORNING).await;
    let mut browser = mock.console().await;
    browser.cookie.push_str("; onshi-language=en");
    let parts = parts_with(&browser, &clinic, "").await;
    assert_has(parts["terminals"].as_str().unwrap(), &["aria-label=\"Terminal T1\"", "restart pending", ">Restart</button>"]);
    assert_has(parts["timeline"].as_str().unwrap(), &["installed, waiting for a restart", "this night"]);
    assert_has(parts["next"].as_str().unwrap(), &["No request of the receipt computer"]);
}
