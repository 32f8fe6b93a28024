//! What an external terminal tells of itself, through its whole life, and what is not believed.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Clinic, Mock, template};

const RESTART_REQUIRED: &str = "MOCK0501E";
const REFUSED: &str = "MOCK0603E";
const NEW: [(&str, &str); 4] = [
    ("distribution_application", "5.3.0"),
    ("linkage_application", "5.3.0"),
    ("face_recognition_library", "3.1.0"),
    ("card_reader_application", "2.4.0"),
];

async fn external(mock: &Mock) -> Clinic<'_> {
    mock.clinic(template::EXTERNAL, "2026-01-19T21:00:00+09:00").await
}

fn about(state: &str, component: &str, version: &str) -> Value {
    json!({"state": state, "component": component, "version": version})
}

fn booted(boot: &str, running: &[(&str, &str)]) -> Value {
    let running: serde_json::Map<String, Value> =
        running.iter().map(|(component, version)| ((*component).to_owned(), json!(version))).collect();
    json!({"state": "booted", "boot_id": boot, "running": running})
}

/// Reports everything installed.
async fn install_all(clinic: &Clinic<'_>) {
    for (component, version) in NEW {
        assert_eq!(clinic.report(about("downloaded", component, version)).await.body["changed"], true);
        assert_eq!(clinic.report(about("installed", component, version)).await.body["changed"], true);
    }
}

#[tokio::test]
async fn an_external_terminal_polls_downloads_installs_and_boots() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    let poll = clinic.poll("").await.body;
    assert_eq!(poll["update"]["packages"].as_array().unwrap().len(), 4);
    assert_eq!(clinic.terminal().await["last_contact"], "2026-01-19T21:00:00+09:00");
    for (component, version) in NEW {
        let mut downloading = about("downloading", component, version);
        downloading["received"] = json!(1000);
        for (sent, phase, changed) in [
            (downloading, "downloading", false),
            (about("downloaded", component, version), "", true),
            (about("installing", component, version), "installing", false),
            (about("installed", component, version), "", true),
        ] {
            let taken = clinic.report(sent.clone()).await;
            assert_eq!((taken.status, &taken.body["changed"]), (StatusCode::OK, &json!(changed)), "{sent}: {}", taken.body);
            let pending = taken.body["phase"] == "pending";
            assert!(phase.is_empty() || pending || taken.body["phase"] == phase, "{sent}: {}", taken.body);
        }
    }
    clinic.check().await.expect_error(RESTART_REQUIRED);
    let taken = clinic.report(booted("after-the-update", &NEW)).await;
    assert_eq!(taken.body, json!({"accepted": true, "changed": true, "phase": "up_to_date"}));
    clinic.check().await.expect_qualified();
    let poll = clinic.poll("").await.body;
    assert_eq!(poll["update"], Value::Null);
}

#[tokio::test]
async fn a_download_shows_how_far_it_is_and_a_failure_ends_it() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    let mut downloading = about("downloading", "linkage_application", "5.3.0");
    for (received, shown) in [(5_u64, 5_u64), (u64::MAX, 24_000_000)] {
        downloading["received"] = json!(received);
        clinic.report(downloading.clone()).await;
        assert_eq!(clinic.terminal().await["progress"]["received"], shown);
    }
    let mut failed = about("failed", "linkage_application", "5.3.0");
    failed["message"] = json!("ディスクの空きがありません");
    let taken = clinic.report(failed).await;
    assert_eq!(taken.body, json!({"accepted": true, "changed": true, "phase": "update_available"}));
    clinic.check().await.note("what is not installed is no error").expect_qualified();
}

#[tokio::test]
async fn the_same_boot_with_the_same_versions_is_a_duplicate_and_with_others_a_conflict() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    install_all(&clinic).await;
    for changed in [true, false, false] {
        let taken = clinic.report(booted("b2", &NEW)).await;
        assert_eq!((taken.status, &taken.body["changed"]), (StatusCode::OK, &json!(changed)));
    }
    let mut others = NEW;
    others[1].1 = "5.2.0";
    let refused = clinic.report(booted("b2", &others)).await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::CONFLICT, &json!(REFUSED)));
    assert!(refused.body["detail"].as_str().unwrap().contains("新しい起動IDが必要です"), "{}", refused.body);
    clinic.check().await.note("a refused report changes nothing").expect_qualified();
}

#[tokio::test]
async fn a_boot_that_still_runs_the_old_version_leaves_it_pending() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    install_all(&clinic).await;
    let mut old = NEW;
    old[2].1 = "3.0.2";
    let taken = clinic.report(booted("b2", &old)).await;
    assert_eq!(taken.body, json!({"accepted": true, "changed": true, "phase": "pending"}));
    clinic.check().await.note("a restart that did not help").expect_error("MOCK0502E");
    clinic.report(booted("b3", &NEW)).await;
    clinic.check().await.expect_qualified();
}

#[tokio::test]
async fn what_was_never_offered_or_installed_is_not_believed() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    for (sent, words) in [
        (about("downloading", "linkage_application", "5.3.1"), "配信中のバージョン：5.3.0"),
        (about("downloaded", "linkage_application", "5.2.0"), "配信中のバージョン：5.3.0"),
        (about("installing", "face_recognition_library", "9"), "配信中のバージョン：3.1.0"),
        (about("installed", "card_reader_application", "9"), "配信中のバージョン：2.4.0"),
        (about("failed", "card_reader_application", "9"), "配信中のバージョン：2.4.0"),
        (booted("b2", &NEW), "インストールされていません"),
        (booted("b2", &[("linkage_application", "9")]), "インストール済み 5.2.0"),
        (booted("b2", &[]), "実行中のバージョンが1つもありません"),
    ] {
        let refused = clinic.report(sent.clone()).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::CONFLICT, &json!(REFUSED)), "{sent}");
        assert!(refused.body["detail"].as_str().unwrap().contains(words), "{sent}: {}", refused.body);
    }
    let terminal = clinic.terminal().await;
    assert_eq!((&terminal["phase"], &terminal["boot"]["id"]), (&json!("update_available"), &json!("unreported")));
}

#[tokio::test]
async fn what_was_offered_is_taken_after_the_campaign_has_been_replaced() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    let polled = || clinic.poll("");
    assert_eq!(polled().await.body["update"]["campaign"], "2026-01");
    let second = json!({"id": "second", "starts": "tonight", "packages": [
        {"component": "linkage_application", "version": "5.4.0", "size": 1000}]});
    clinic.set_campaign(second).await;
    for state in ["downloaded", "installed"] {
        assert_eq!(clinic.report(about(state, "linkage_application", "5.3.0")).await.status, StatusCode::OK, "{state}");
    }
    clinic.check().await.expect_error(RESTART_REQUIRED);
    assert_eq!(clinic.report(about("installed", "linkage_application", "5.3.5")).await.status, StatusCode::CONFLICT);
    let offered = polled().await.body;
    assert_eq!(offered["update"]["packages"][0]["version"], "5.4.0", "{offered}");
}

#[tokio::test]
async fn a_virtual_terminal_takes_no_reports_and_names_driver() {
    let mock = Mock::start().await;
    let refused = mock.institution(template::UPDATE_AVAILABLE).report(about("installed", "linkage_application", "5.3.0")).await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::CONFLICT, &json!(REFUSED)));
    for words in ["driver が virtual", "driver を external に"] {
        assert!(refused.body["detail"].as_str().unwrap().contains(words), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_read_names_what_is_wrong() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    let with = |name: &str, value: Value| {
        let mut report = about("downloading", "linkage_application", "5.3.0");
        report[name] = value;
        report
    };
    for (sent, words) in [
        (json!([]), "JSON オブジェクトが必要です"),
        (json!(["downloading", "linkage_application", "5.3.0"]), "JSON オブジェクトが必要です"),
        (json!({}), "必須の項目「state」がありません"),
        (with("state", json!("rebooted")), "「rebooted」は使えません"),
        (with("typo", json!(1)), "項目「typo」はありません"),
        (with("component", json!("printer")), "「printer」は使えません"),
        (with("version", json!("v5")), "「v5」は正しくありません。1〜4個の数をドットでつないだバージョン"),
        (with("received", json!(-1)), "0以上の整数が必要です"),
        (json!({"state": "installed", "component": "linkage_application"}), "必須の項目「version」がありません"),
        (json!({"state": "booted", "boot_id": "a b", "running": {}}), "「a b」は正しくありません。表示可能な ASCII"),
        (json!({"state": "booted", "boot_id": "b", "running": {"printer": "1"}}), "「printer」は使えません"),
    ] {
        let refused = clinic.report(sent.clone()).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::BAD_REQUEST, &json!("MOCK0001E")), "{sent}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{sent}: {detail}");
    }
    for body in ["", "{", "x", "{\"state\": \"installed\", \"component\": \"linkage_application\", \"version\": \"5.3.0\"} x"] {
        let request = mock.backend(Method::POST, &format!("/delivery/v1/terminals/{clinic}-T1/reports")).body(body);
        let refused = mock.send(request).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::BAD_REQUEST, &json!("MOCK0001E")), "{body}");
    }
}

#[tokio::test]
async fn the_terminal_in_the_url_and_the_trigger_have_to_be_right() {
    let mock = Mock::start().await;
    for path in ["9910000034", "9910000034-", "9910000034-T_1", "991000003-T1", "9910000035-T1", "%E7%AB%AF%E6%9C%AB"] {
        for route in ["updates", "results"] {
            let refused = mock.ask(&format!("/delivery/v1/terminals/{path}/{route}")).await;
            assert_eq!((refused.status, &refused.body["code"]), (StatusCode::BAD_REQUEST, &json!("MOCK0001E")), "{path}/{route}");
        }
    }
    let refused = mock.ask("/delivery/v1/terminals/9910000034-T1/updates?trigger=now").await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::BAD_REQUEST, &json!("MOCK0001E")));
    assert!(refused.body["detail"].as_str().unwrap().contains("trigger は manual だけ"), "{}", refused.body);
    let refused = mock.ask("/notices/v1?institution=9910000019").await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::BAD_REQUEST, &json!("MOCK0001E")));
    let refused = mock.ask("/notices/v1").await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::UNAUTHORIZED, &json!("MOCK0101E")));
}

/// Percent-escapes that are no UTF-8, and a query field given twice: still an answer of the mock's
/// own, in the journal.
#[tokio::test]
async fn a_url_that_cannot_be_read_is_answered_as_every_other_mistake() {
    let mock = Mock::start().await;
    let package = "/delivery/v1/packages/2026-01/linkage_application/5.3.0";
    for path in [
        "/delivery/v1/terminals/%FF/updates",
        "/delivery/v1/terminals/%FF/results",
        "/delivery/v1/terminals/9910000034-T1/updates?trigger=manual&trigger=manual",
        "/delivery/v1/packages/%FF/linkage_application/5.3.0",
        &format!("{package}?terminal=9910000034-T1&terminal=9910000034-T1"),
        "/notices/v1?institution=9910000034&institution=9910000034",
    ] {
        let refused = mock.ask(path).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::BAD_REQUEST, &json!("MOCK0001E")), "{path}");
    }
}

#[tokio::test]
async fn what_a_client_sends_is_quoted_and_journalled_only_in_part() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    let refused = clinic.report(json!({"state": "x".repeat(500_000)})).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(refused.body.to_string().len() < 10_000);
    let entry = clinic.last_entry().await;
    assert_eq!(entry["id"], refused.journal, "it is journalled with the institution of its URL");
    assert!(entry.to_string().len() < 10_000 + 16 * 1024, "as much of the body as is kept, and little more");
}

#[tokio::test]
async fn a_step_that_does_not_follow_is_refused_and_says_what_would() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    let step = |state| about(state, "linkage_application", "5.3.0");
    for (state, taken, follow) in [
        ("installing", false, "downloading, downloaded, failed"),
        ("installed", false, "downloading, downloaded, failed"),
        ("downloading", true, ""),
        ("installed", false, "downloading, downloaded, failed"),
        ("downloaded", true, ""),
        ("downloading", false, "downloaded, installing, installed, failed"),
        ("installing", true, ""),
        ("downloaded", false, "installing, installed, failed"),
        ("installed", true, ""),
        ("failed", false, "installed, booted"),
        ("downloading", false, "installed, booted"),
    ] {
        let answer = clinic.report(step(state)).await;
        assert_eq!(answer.status, if taken { StatusCode::OK } else { StatusCode::CONFLICT }, "{state}: {}", answer.body);
        if !taken {
            assert_eq!(answer.body["code"], REFUSED);
            for detail in ["detail", "detail_en"] {
                assert!(answer.body[detail].as_str().unwrap().contains(follow), "{state}: {}", answer.body);
            }
        }
    }
    clinic.check().await.note("installed is not complete").expect_error(RESTART_REQUIRED);
}

#[tokio::test]
async fn each_report_counts_once_and_after_a_failure_the_download_may_begin_anew() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    let step = |state| about(state, "linkage_application", "5.3.0");
    for (state, changed) in [
        ("downloaded", [true, false]),
        ("failed", [true, false]),
        ("downloading", [false, false]),
        ("failed", [true, false]),
        ("downloaded", [true, false]),
        ("installed", [true, false]),
    ] {
        for changed in changed {
            let taken = clinic.report(step(state)).await;
            assert_eq!((taken.status, &taken.body["changed"]), (StatusCode::OK, &json!(changed)), "{state}: {}", taken.body);
        }
    }
}

#[tokio::test]
async fn only_a_boot_that_was_never_reported_before_makes_the_delivery_complete() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    let old = [("linkage_application", "5.2.0")];
    for boot in ["b1", "b2"] {
        assert_eq!(clinic.report(booted(boot, &old)).await.body["changed"], true);
    }
    install_all(&clinic).await;
    let results = clinic.results().await.body;
    assert_eq!((&results["completed"], &results["mock"]["restart_pending"]), (&json!(true), &json!(true)), "the surprise");
    for boot in ["b1", "b2"] {
        let refused = clinic.report(booted(boot, &NEW)).await;
        assert_eq!((refused.status, &refused.body["code"]), (StatusCode::CONFLICT, &json!(REFUSED)), "{boot}");
        assert!(refused.body["detail"].as_str().unwrap().contains("新しい起動IDが必要です"), "{}", refused.body);
        clinic.check().await.expect_error(RESTART_REQUIRED);
    }
    clinic.report(booted("b3", &NEW[1..2])).await;
    assert_eq!(clinic.terminal().await["phase"], "pending", "of what the boot does not name, nothing is known");
    clinic.report(booted("b4", &NEW)).await;
    clinic.check().await.expect_qualified();
}
