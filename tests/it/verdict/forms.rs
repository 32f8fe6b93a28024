//! The verdict over the wire: three forms of one model, evidence without patients.

use std::path::Path;
use std::process::Command;

use jiff::civil::date;
use onshi_mock::verdict::{Verdict, judge};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Clinic, Mock, TOKEN, frozen, ruling, template};

pub(crate) const MORNING: &str = "2026-01-20T08:55:00+09:00";

/// The verdict in the form that `accept` names.
pub(crate) async fn verdict_as(clinic: &Clinic<'_>, accept: &str) -> String {
    let url = format!("https://{}/v1/institutions/{clinic}/verdict", clinic.mock.control);
    let answer = clinic.mock.client.get(url).bearer_auth(TOKEN).header("accept", accept).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(content_type.starts_with(accept.split(',').next().unwrap()) || accept == "*/*", "{accept}: {content_type}");
    answer.text().await.unwrap()
}

/// Logs in, is refused, has the terminal restarted, and checks again: with a token, as clients do.
pub(crate) async fn good_morning(clinic: &Clinic<'_>) {
    let token = clinic.login().await;
    let check = || clinic.check_with(&token);
    check().await.expect_error("MOCK0501E");
    clinic.restart().await;
    check().await.expect_qualified();
}

/// Whether xmllint takes it as the schema has it; Windows has none.
fn validate(dir: &Path, xml: &str) {
    if cfg!(windows) {
        return;
    }
    let (file, schema) = (dir.join("verdict.xml"), concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/verdict/schemas/jenkins-junit.xsd"));
    std::fs::write(&file, xml).unwrap();
    let output = Command::new("xmllint").args(["--noout", "--nonet", "--schema", schema]).arg(&file).output();
    let output = output.unwrap_or_else(|error| panic!("xmllint is needed for this test (./test installs it): {error}"));
    assert!(output.status.success(), "{}\n{xml}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn the_url_can_name_the_form_and_one_that_there_is_not_is_refused() {
    let mock = Mock::start().await;
    let url = format!("https://{}/v1/institutions/9910000018/verdict?format=", mock.control);
    for (format, content_type) in [("json", "application/json"), ("junit", "application/xml"), ("html", "text/html")] {
        let answer = mock.client.get(format!("{url}{format}")).bearer_auth(TOKEN).header("accept", "*/*").send().await.unwrap();
        assert!(answer.headers()["content-type"].to_str().unwrap().starts_with(content_type), "{format}: {answer:?}");
    }
    let problem =
        mock.institution(template::UP_TO_DATE).get("/verdict?format=xml").expect_problem_kind(StatusCode::BAD_REQUEST, "query").await;
    assert!(problem["detail"].as_str().unwrap().contains("`json`, `junit`, `html`"), "{problem}");
}

#[tokio::test]
async fn one_model_comes_in_three_forms_with_its_evidence_inside() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, MORNING).await;
    good_morning(&clinic).await;
    let text = verdict_as(&clinic, "application/json").await;
    assert_eq!(verdict_as(&clinic, "*/*").await, text, "the same journal, the same verdict");
    let read: Value = serde_json::from_str(&text).unwrap();
    for rule in ["check_repeated_after_restart", "same_patient_repeated", "not_hammered", "error_profile_understood"] {
        assert_eq!(ruling(&read, rule), "PASS", "{rule}: {text}");
    }
    assert_eq!(ruling(&read, "restart_message_shown"), "INCONCLUSIVE");
    assert_eq!(ruling(&read, "session_renewed"), "NOT_EXERCISED");
    assert_eq!((&read["overall"], &read["rule_set"]["name"]), (&json!("INCOMPLETE"), &json!("strict-2026-11")));
    assert_eq!(read["coverage"]["phases"]["met"], json!(["pending", "up_to_date"]));
    assert_eq!(read["coverage"]["error_profiles"]["met"], json!(["envelope"]));
    let proof = read["rules"][0]["entries"][0].as_str().unwrap();
    assert!(read["evidence"]["journal"].as_array().unwrap().iter().any(|entry| entry["id"] == proof));
    let model: Verdict = serde_json::from_str(&text).unwrap();
    assert_eq!(judge(&model.evidence).json(), text, "the evidence inside gives the same verdict, byte for byte");
    let xml = verdict_as(&clinic, "application/xml").await;
    validate(mock.dir.path(), &xml);
    assert!(xml.contains("同じ患者でもう一度行った（same_patient_repeated）\"") && xml.contains("テストの証跡であり、認証ではありません"));
    let page = verdict_as(&clinic, "text/html,application/xml;q=0.9").await;
    assert!(page.contains("テストの証跡であり、認証ではありません") && page.contains(proof), "{page}");
}

#[tokio::test]
async fn in_its_scenario_a_client_that_does_all_of_it_is_green_once_its_screen_was_observed() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, MORNING).await;
    clinic.put("/scenario", json!({"id": "installed-not-restarted"})).await;
    good_morning(&clinic).await;
    let read = clinic.verdict().await;
    assert_eq!((&read["overall"], &read["scenario"]), (&json!("INCOMPLETE"), &json!("installed-not-restarted")), "{read}");
    let entry = read["rules"][0]["entries"][0].as_str().unwrap();
    let seen = json!({"kind": "message_shown", "text": "資格確認端末を再起動してください", "entry": entry});
    clinic.post("/observations", seen).await;
    let read = clinic.verdict().await;
    assert_eq!((&read["overall"], &read["coverage"]["complete"]), (&json!("PASS"), &json!(true)), "{read}");
}

#[tokio::test]
async fn a_message_that_tells_something_else_is_no_prompt_to_restart_the_terminal() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, MORNING).await;
    good_morning(&clinic).await;
    let entry = clinic.verdict().await["rules"][0]["entries"][0].as_str().unwrap().to_owned();
    for (text, expected) in [
        ("資格を確認できません", "FAIL"),
        ("再起動は不要です", "INCONCLUSIVE"),
        ("連携アプリケーションを再起動してください", "INCONCLUSIVE"),
        ("Do not restart", "INCONCLUSIVE"),
        ("端末をリブートしてください", "PASS"),
    ] {
        let seen = json!({"kind": "message_shown", "text": text, "entry": entry});
        clinic.post("/observations", seen).await;
        assert_eq!(ruling(&clinic.verdict().await, "restart_message_shown"), expected, "{text}");
    }
}

#[tokio::test]
async fn the_evidence_holds_nothing_of_patients() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, MORNING).await;
    good_morning(&clinic).await;
    for accept in ["application/json", "application/xml", "text/html"] {
        let text = verdict_as(&clinic, accept).await;
        for secret in ["01990019", "11010203", "\"1001\"", "19800517", "1980-05-17", "模擬　太郎", "idToken", "Authorization"] {
            assert!(!text.contains(secret), "{accept} holds {secret}");
        }
    }
}

#[tokio::test]
async fn a_client_that_hammers_and_forgets_the_patient_fails_and_junit_says_so() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, MORNING).await;
    for _ in 0..12 {
        clinic.check().await;
    }
    clinic.restart().await;
    let read = clinic.verdict().await;
    assert_eq!(read["overall"], "FAIL");
    for rule in ["check_repeated_after_restart", "same_patient_repeated", "not_hammered"] {
        assert_eq!(ruling(&read, rule), "FAIL", "{rule}");
    }
    let xml = verdict_as(&clinic, "application/xml").await;
    validate(mock.dir.path(), &xml);
    assert_eq!(xml.matches("<failure ").count(), read["rules"].as_array().unwrap().iter().filter(|one| one["result"] == "FAIL").count());
}

#[tokio::test]
async fn an_expired_session_and_a_download_are_judged_over_the_wire() {
    let mock = Mock::start().await;
    let clinic = mock.clinic_with(json!({"template": template::EXTERNAL, "clock": frozen("2026-01-19T20:30:00+09:00")})).await;
    let poll = clinic.poll("").await;
    let offer = &poll.body["update"]["packages"][0];
    let (component, version) = (offer["component"].as_str().unwrap(), offer["version"].as_str().unwrap());
    let report = async |state: &str| {
        let body = json!({"state": state, "component": component, "version": version});
        clinic.report(body).await;
    };
    let fetch = mock.backend(Method::GET, offer["url"].as_str().unwrap()).header("range", "bytes=0-999").send().await.unwrap();
    assert_eq!(fetch.bytes().await.unwrap().len(), 1000);
    report("downloaded").await;
    report("installed").await;
    let token = clinic.login().await;
    clinic.advance("2026-01-21T20:30:00+09:00").await;
    clinic.check_with(&token).await.expect_error("MOCK0204E");
    let read = clinic.verdict().await;
    assert_eq!(ruling(&read, "download_verified"), "FAIL", "a thousand bytes are not the package");
    assert_eq!(ruling(&read, "session_renewed"), "FAIL");
    let answer = mock.receipt_computer().login(json!({"userId": clinic.code})).await;
    clinic.check_with(answer.id_token()).await;
    assert_eq!(ruling(&clinic.verdict().await, "session_renewed"), "PASS");
}

#[tokio::test]
async fn strictness_is_named() {
    let mock = Mock::start_with(|config| config.strictness = date(2027, 4, 1)).await;
    let read = mock.institution(template::UP_TO_DATE).verdict().await;
    assert_eq!((&read["evidence"]["strictness"], &read["rule_set"]["date"]), (&json!("2027-04-01"), &json!("2026-11-25")));
}

#[tokio::test]
async fn what_is_tested_and_who_tests_it_is_said_once_and_stays_through_reset_and_scenario() {
    let mock = Mock::start().await;
    let clinic = mock.clinic_with(json!({"template": template::PENDING, "rehearsal": {"product": "模擬レセコン", "version": "1.2"}})).await;
    let patched = clinic.change(json!({"rehearsal": {"version": null, "tester": "品質保証部"}})).await;
    let expected = json!({"product": "模擬レセコン", "tester": "品質保証部"});
    assert_eq!(patched["rehearsal"], expected);
    clinic.reset().await;
    clinic.put("/scenario", json!({"id": "installed-not-restarted"})).await;
    assert_eq!(clinic.show().await["rehearsal"], expected);
    let read = clinic.verdict().await;
    assert_eq!(read["evidence"]["rehearsal"], expected);
    assert_eq!(read["evidence"]["scenario_titles"]["installed-not-restarted"]["ja"], "インストール済み・未再起動");
    for (rehearsal, pointer) in [
        (json!({"product": "x".repeat(101)}), "/rehearsal/product"),
        (json!({"tester": "a\nb"}), "/rehearsal/tester"),
        (json!({"name": "x"}), "/rehearsal/name"),
    ] {
        clinic.change(json!({"rehearsal": rehearsal})).expect_unprocessable(pointer).await;
    }
    assert_eq!(clinic.show().await["rehearsal"], expected, "a wrong one changes nothing");
}
