//! The verdict over the wire: three forms of one model, evidence without patients.

use std::path::Path;
use std::process::Command;

use jiff::civil::date;
use onshi_mock::verdict::{Verdict, judge};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{LOGIN, Mock, SEARCH, TOKEN, inquiry};

pub(crate) const MORNING: &str = "2026-01-20T08:55:00+09:00";

/// The verdict in the form that `accept` names.
pub(crate) async fn verdict(mock: &Mock, code: &str, accept: &str) -> String {
    let url = format!("https://{}/v1/institutions/{code}/verdict", mock.control);
    let answer = mock.client.get(url).bearer_auth(TOKEN).header("accept", accept).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.status());
    let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(content_type.starts_with(accept.split(',').next().unwrap()) || accept == "*/*", "{accept}: {content_type}");
    answer.text().await.unwrap()
}

/// What a verdict says of a rule.
pub(crate) fn result(verdict: &Value, rule: &str) -> String {
    let ruling = verdict["rules"].as_array().unwrap().iter().find(|ruling| ruling["rule"] == rule);
    ruling.unwrap_or_else(|| panic!("no ruling on {rule}"))["result"].as_str().unwrap().to_owned()
}

pub(crate) async fn json_of(mock: &Mock, code: &str) -> Value {
    serde_json::from_str(&verdict(mock, code, "application/json").await).unwrap()
}

/// Logs in, is refused, has the terminal restarted, and checks again: with a token, as clients do.
pub(crate) async fn good_morning(mock: &Mock, code: &str) {
    let token = mock.login(json!({"userId": code})).await;
    let check = || mock.send(mock.backend(Method::POST, SEARCH).header("authorization", &token).json(&inquiry(code)));
    assert_eq!(check().await.error_code(), "MOCK0501E");
    mock.act(code, "T1", "restart", Value::Null).await;
    assert_eq!(check().await.validity(), "1");
}

/// Whether xmllint takes it as the schema has it; Windows has none.
fn validate(dir: &Path, xml: &str) {
    if cfg!(windows) {
        return;
    }
    let (file, schema) = (dir.join("verdict.xml"), concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/schemas/jenkins-junit.xsd"));
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
    let (status, problem) = mock.control(Method::GET, "/v1/institutions/9910000018/verdict?format=xml", Value::Null).await;
    assert_eq!((status.as_u16(), &problem["type"]), (400, &json!("urn:onshi-mock:problem:query")));
    assert!(problem["detail"].as_str().unwrap().contains("`json`, `junit`, `html`"), "{problem}");
}

#[tokio::test]
async fn one_model_comes_in_three_forms_with_its_evidence_inside() {
    let mock = Mock::start().await;
    let code = mock.create("9910000026", MORNING).await;
    good_morning(&mock, &code).await;
    let text = verdict(&mock, &code, "application/json").await;
    assert_eq!(verdict(&mock, &code, "*/*").await, text, "the same journal, the same verdict");
    let read: Value = serde_json::from_str(&text).unwrap();
    for rule in ["check_repeated_after_restart", "same_patient_repeated", "not_hammered", "error_profile_understood"] {
        assert_eq!(result(&read, rule), "PASS", "{rule}: {text}");
    }
    assert_eq!(result(&read, "restart_message_shown"), "INCONCLUSIVE");
    assert_eq!(result(&read, "session_renewed"), "NOT_EXERCISED");
    assert_eq!((&read["overall"], &read["rule_set"]["name"]), (&json!("INCOMPLETE"), &json!("strict-2026-11")));
    assert_eq!(read["coverage"]["phases"]["met"], json!(["pending", "up_to_date"]));
    assert_eq!(read["coverage"]["error_profiles"]["met"], json!(["envelope"]));
    let proof = read["rules"][0]["entries"][0].as_str().unwrap();
    assert!(read["evidence"]["journal"].as_array().unwrap().iter().any(|entry| entry["id"] == proof));
    let model: Verdict = serde_json::from_str(&text).unwrap();
    assert_eq!(judge(&model.evidence).json(), text, "the evidence inside gives the same verdict, byte for byte");
    let xml = verdict(&mock, &code, "application/xml").await;
    validate(mock.dir.path(), &xml);
    assert!(xml.contains("同じ患者でもう一度行った（same_patient_repeated）\"") && xml.contains("テストの証跡であり、認証ではありません"));
    let page = verdict(&mock, &code, "text/html,application/xml;q=0.9").await;
    assert!(page.contains("テストの証跡であり、認証ではありません") && page.contains(proof), "{page}");
}

#[tokio::test]
async fn in_its_scenario_a_client_that_does_all_of_it_is_green_once_its_screen_was_observed() {
    let mock = Mock::start().await;
    let code = mock.create("9910000026", MORNING).await;
    mock.set(Method::PUT, &format!("/v1/institutions/{code}/scenario"), json!({"id": "installed-not-restarted"})).await;
    good_morning(&mock, &code).await;
    let read = json_of(&mock, &code).await;
    assert_eq!((&read["overall"], &read["scenario"]), (&json!("INCOMPLETE"), &json!("installed-not-restarted")), "{read}");
    let entry = read["rules"][0]["entries"][0].as_str().unwrap();
    let seen = json!({"kind": "message_shown", "text": "資格確認端末を再起動してください", "entry": entry});
    mock.set(Method::POST, &format!("/v1/institutions/{code}/observations"), seen).await;
    let read = json_of(&mock, &code).await;
    assert_eq!((&read["overall"], &read["coverage"]["complete"]), (&json!("PASS"), &json!(true)), "{read}");
}

#[tokio::test]
async fn a_message_that_tells_something_else_is_no_prompt_to_restart_the_terminal() {
    let mock = Mock::start().await;
    let code = mock.create("9910000026", MORNING).await;
    good_morning(&mock, &code).await;
    let entry = json_of(&mock, &code).await["rules"][0]["entries"][0].as_str().unwrap().to_owned();
    for (text, expected) in [
        ("資格を確認できません", "FAIL"),
        ("再起動は不要です", "INCONCLUSIVE"),
        ("連携アプリケーションを再起動してください", "INCONCLUSIVE"),
        ("Do not restart", "INCONCLUSIVE"),
        ("端末をリブートしてください", "PASS"),
    ] {
        let seen = json!({"kind": "message_shown", "text": text, "entry": entry});
        mock.set(Method::POST, &format!("/v1/institutions/{code}/observations"), seen).await;
        assert_eq!(result(&json_of(&mock, &code).await, "restart_message_shown"), expected, "{text}");
    }
}

#[tokio::test]
async fn the_evidence_holds_nothing_of_patients() {
    let mock = Mock::start().await;
    let code = mock.create("9910000026", MORNING).await;
    good_morning(&mock, &code).await;
    for accept in ["application/json", "application/xml", "text/html"] {
        let text = verdict(&mock, &code, accept).await;
        for secret in ["01990019", "11010203", "\"1001\"", "19800517", "1980-05-17", "模擬　太郎", "idToken", "Authorization"] {
            assert!(!text.contains(secret), "{accept} holds {secret}");
        }
    }
}

#[tokio::test]
async fn a_client_that_hammers_and_forgets_the_patient_fails_and_junit_says_so() {
    let mock = Mock::start().await;
    let code = mock.create("9910000026", MORNING).await;
    for _ in 0..12 {
        mock.check(&code).await;
    }
    mock.act(&code, "T1", "restart", Value::Null).await;
    let read = json_of(&mock, &code).await;
    assert_eq!(read["overall"], "FAIL");
    for rule in ["check_repeated_after_restart", "same_patient_repeated", "not_hammered"] {
        assert_eq!(result(&read, rule), "FAIL", "{rule}");
    }
    let xml = verdict(&mock, &code, "application/xml").await;
    validate(mock.dir.path(), &xml);
    assert_eq!(xml.matches("<failure ").count(), read["rules"].as_array().unwrap().iter().filter(|one| one["result"] == "FAIL").count());
}

#[tokio::test]
async fn an_expired_session_and_a_download_are_judged_over_the_wire() {
    let mock = Mock::start().await;
    let code = mock.create_with(json!({"template": "9910000034", "clock": {"mode": "frozen", "now": "2026-01-19T20:30:00+09:00"}})).await;
    let poll = mock.send(mock.backend(Method::GET, &format!("/delivery/v1/terminals/{code}-T1/updates"))).await;
    let offer = &poll.body["update"]["packages"][0];
    let (component, version) = (offer["component"].as_str().unwrap(), offer["version"].as_str().unwrap());
    let report = async |state: &str| {
        let body = json!({"state": state, "component": component, "version": version});
        mock.send(mock.backend(Method::POST, &format!("/delivery/v1/terminals/{code}-T1/reports")).json(&body)).await;
    };
    let fetch = mock.backend(Method::GET, offer["url"].as_str().unwrap()).header("range", "bytes=0-999").send().await.unwrap();
    assert_eq!(fetch.bytes().await.unwrap().len(), 1000);
    report("downloaded").await;
    report("installed").await;
    let token = mock.login(json!({"userId": code})).await;
    mock.advance(&code, "2026-01-21T20:30:00+09:00").await;
    let check = |token: String| mock.send(mock.backend(Method::POST, SEARCH).header("authorization", token).json(&inquiry(&code)));
    assert_eq!(check(token).await.error_code(), "MOCK0204E");
    let read = json_of(&mock, &code).await;
    assert_eq!(result(&read, "download_verified"), "FAIL", "a thousand bytes are not the package");
    assert_eq!(result(&read, "session_renewed"), "FAIL");
    let answer = mock.send(mock.backend(Method::POST, LOGIN).json(&json!({"userId": code}))).await;
    check(answer.body["result"]["idToken"].as_str().unwrap().to_owned()).await;
    assert_eq!(result(&json_of(&mock, &code).await, "session_renewed"), "PASS");
}

#[tokio::test]
async fn strictness_is_named() {
    let mock = Mock::start_with(|config| config.strictness = date(2027, 4, 1)).await;
    let read = json_of(&mock, "9910000018").await;
    assert_eq!((&read["evidence"]["strictness"], &read["rule_set"]["date"]), (&json!("2027-04-01"), &json!("2026-11-25")));
}

#[tokio::test]
async fn what_is_tested_and_who_tests_it_is_said_once_and_stays_through_reset_and_scenario() {
    let mock = Mock::start().await;
    let code = mock.create_with(json!({"template": "9910000026", "rehearsal": {"product": "模擬レセコン", "version": "1.2"}})).await;
    let at = format!("/v1/institutions/{code}");
    let patched = mock.set(Method::PATCH, &at, json!({"rehearsal": {"version": null, "tester": "品質保証部"}})).await;
    let said = json!({"product": "模擬レセコン", "tester": "品質保証部"});
    assert_eq!(patched["rehearsal"], said);
    mock.set(Method::POST, &format!("{at}/reset"), json!({})).await;
    mock.set(Method::PUT, &format!("{at}/scenario"), json!({"id": "installed-not-restarted"})).await;
    assert_eq!(mock.set(Method::GET, &at, Value::Null).await["rehearsal"], said);
    let read = json_of(&mock, &code).await;
    assert_eq!(read["evidence"]["rehearsal"], said);
    assert_eq!(read["evidence"]["scenario_titles"]["installed-not-restarted"]["ja"], "インストール済み・未再起動");
    for (rehearsal, pointer) in [
        (json!({"product": "x".repeat(101)}), "/rehearsal/product"),
        (json!({"tester": "a\nb"}), "/rehearsal/tester"),
        (json!({"name": "x"}), "/rehearsal/name"),
    ] {
        let (status, problem) = mock.control(Method::PATCH, &at, json!({"rehearsal": rehearsal})).await;
        assert_eq!((status.as_u16(), &problem["pointer"]), (422, &json!(pointer)), "{problem}");
    }
    assert_eq!(mock.set(Method::GET, &at, Value::Null).await["rehearsal"], said, "a wrong one changes nothing");
}
