//! Faults as a test author sets them: what is answered instead, what is journalled, what is
//! counted, and what is refused.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::request_files::{check, text, value};
use crate::support::{Clinic, LOGIN, Mock, SEARCH, frozen, template};

const NOW: &str = "2026-01-20T09:00:00+09:00";

/// An institution with these faults.
pub(crate) async fn with_faults(mock: &Mock, faults: Value) -> Clinic<'_> {
    mock.clinic_with(json!({"template": template::UP_TO_DATE, "clock": frozen(NOW), "faults": faults})).await
}

/// A fault as it is listed.
/// Checks so often, and tells at which of them there was HTTP 503.
async fn refused(clinic: &Clinic<'_>, checks: u64) -> Vec<u64> {
    let mut refused = Vec::new();
    for number in 1..=checks {
        let status = clinic.mock.backend(Method::POST, SEARCH).json(&clinic.inquiry()).send().await.unwrap().status();
        refused.extend((status == StatusCode::SERVICE_UNAVAILABLE).then_some(number));
    }
    refused
}

#[tokio::test]
async fn a_status_comes_instead_of_the_answer_with_and_without_retry_after() {
    let mock = Mock::start().await;
    let faults = json!([
        {"id": "busy", "operation": "search", "nth": 2, "kind": "status", "status": 503, "retry_after": "PT30S"},
        {"operation": "search", "nth": 3, "kind": "status", "status": 502}]);
    let clinic = with_faults(&mock, faults).await;
    clinic.check().await.expect_qualified();
    let busy = mock.backend(Method::POST, SEARCH).json(&clinic.inquiry()).send().await.unwrap();
    assert_eq!((busy.status(), &busy.headers()["retry-after"]), (StatusCode::SERVICE_UNAVAILABLE, &"30".parse().unwrap()));
    assert!(busy.headers().contains_key("x-onshi-journal"));
    assert!(busy.text().await.unwrap().contains("onshi-mock"), "the page says whose fault it is");
    let entry = clinic.last_entry().await;
    assert_eq!((&entry["fault"], &entry["status"]), (&json!({"id": "busy", "kind": "status", "answered": false}), &json!(503)));
    let note = entry["notes"].as_array().unwrap().last().unwrap();
    assert_eq!(note["ja"], "障害 busy（status）が、数えた要求の 2 番目で発生しました。HTTP 503 と Retry-After（30秒）を返します。");
    assert!(note["en"].as_str().unwrap().starts_with("The fault busy (status) fired at number 2"), "{note}");
    let bad_gateway = mock.backend(Method::POST, SEARCH).json(&clinic.inquiry()).send().await.unwrap();
    assert_eq!((bad_gateway.status().as_u16(), bad_gateway.headers().get("retry-after")), (502, None));
    assert_eq!(clinic.last_entry().await["fault"]["id"], "fault-1");
    clinic.check().await.expect_qualified();
    let busy = clinic.fault("busy").await;
    assert_eq!((&busy["counted"], &busy["fired"], &busy["spent"]), (&json!(2), &json!(1), &json!(true)));
}

#[tokio::test]
async fn a_token_is_refused_as_expired_and_the_next_login_helps() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"operation": "search", "kind": "expired_token", "times": 1}])).await;
    let token = clinic.login().await;
    let refused = clinic.check_with(&token).await;
    refused.expect_error("MOCK0204E");
    let entry = clinic.last_entry().await;
    assert_eq!(
        (&entry["outcome"], &entry["fault"]["kind"], &entry["fault"]["answered"]),
        (&json!("refused"), &json!("expired_token"), &json!(true))
    );
    let again = clinic.login().await;
    clinic.check_with(&again).await.expect_qualified();
}

#[tokio::test]
async fn a_check_is_being_processed_so_often_and_then_done() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"kind": "processing", "times": 2}])).await;
    let mut segments = Vec::new();
    for _ in 0..3 {
        segments.push(clinic.check().await.body["XmlMsg"]["MessageHeader"]["SegmentOfResult"].clone());
    }
    assert_eq!(segments, ["2", "2", "1"]);
}

#[tokio::test]
async fn a_body_lacks_its_end_in_json_and_in_xml() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"kind": "malformed", "nth": [1, 2]}])).await;
    let json = mock.backend(Method::POST, SEARCH).json(&clinic.inquiry()).send().await.unwrap().text().await.unwrap();
    assert!(json.starts_with("{\"XmlMsg\":") && serde_json::from_str::<Value>(&json).is_err(), "{json}");
    assert!(serde_json::from_str::<Value>(&format!("{json}}}")).is_ok(), "only its end is missing: {json}");
    let request = mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(check(&clinic.code, "f1"));
    let xml = request.send().await.unwrap().text().await.unwrap();
    assert!(xml.starts_with("<?xml") && xml.ends_with("</MessageBody>"), "{xml}");
}

#[tokio::test]
async fn a_body_is_in_the_other_character_set_than_it_says() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"kind": "wrong_encoding"}])).await;
    let json = mock.backend(Method::POST, SEARCH).json(&clinic.inquiry()).send().await.unwrap();
    assert_eq!(json.headers()["content-type"], "application/json;charset=UTF-8");
    let bytes = json.bytes().await.unwrap();
    assert!(std::str::from_utf8(&bytes).is_err());
    assert!(encoding_rs::SHIFT_JIS.decode(&bytes).0.contains("模擬　太郎"));
    clinic.set_terminal(json!({"encoding": "shift_jis"})).await;
    let request = mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(check(&clinic.code, "f1"));
    let xml = request.send().await.unwrap();
    assert_eq!(xml.headers()["content-type"], "application/xml;charset=Shift_JIS");
    let xml = String::from_utf8(xml.bytes().await.unwrap().into()).unwrap();
    assert!(xml.contains("encoding=\"Shift_JIS\"") && xml.contains("模擬　太郎"), "{xml}");
}

#[tokio::test]
async fn the_times_of_an_answer_are_off() {
    let mock = Mock::start().await;
    let clinic =
        with_faults(&mock, json!([{"kind": "clock_skew", "skew": "-PT1H", "nth": 1}, {"kind": "clock_skew", "skew": "P1D", "nth": 2}]))
            .await;
    for (time, ahead) in [("20260120080000", false), ("20260121090000", true)] {
        let before = onshi_mock::clock::wall();
        let answer = mock.backend(Method::POST, SEARCH).json(&clinic.inquiry()).send().await.unwrap();
        let date = answer.headers()["date"].to_str().unwrap().to_owned();
        let shown = jiff::fmt::strtime::parse("%a, %d %b %Y %H:%M:%S GMT", &date).unwrap().to_datetime().unwrap();
        let shown = jiff::tz::Offset::UTC.to_timestamp(shown).unwrap();
        let off = shown.duration_since(before).as_secs();
        let expected = if ahead { 24 * 3600 } else { -3600 };
        assert!((expected - 1..expected + 60).contains(&off), "{date}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["XmlMsg"]["MessageHeader"]["ProcessExecutionTime"], time);
    }
    let answer =
        mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(check(&clinic.code, "f1")).send().await.unwrap();
    assert_eq!(value(&text(&answer.bytes().await.unwrap()), "ProcessExecutionTime"), Some("20260120090000"));
}

#[tokio::test]
async fn faults_count_what_they_are_set_for_and_nothing_else() {
    let mock = Mock::start().await;
    let clinic = mock
        .clinic_with(json!({"template": template::UP_TO_DATE, "clock": frozen(NOW),
            "terminals": {"T2": {"starts": "up_to_date"}},
            "faults": [{"operation": "search", "terminal": "T2", "nth": 2, "kind": "status", "status": 503}]}))
        .await;
    let token = mock.login(json!({"terminal": format!("{clinic}-T2")})).await;
    assert_eq!(refused(&clinic, 3).await, [0_u64; 0], "the default terminal is T1");
    clinic.login().await;
    for expected in [200, 503, 200] {
        let request = mock.backend(Method::POST, SEARCH).header("authorization", &token).json(&clinic.inquiry());
        assert_eq!(request.send().await.unwrap().status(), expected);
    }
    let malformed = mock.backend(Method::POST, SEARCH).header("authorization", &token).body("{").send().await.unwrap();
    assert_eq!(malformed.status(), 400);
    assert_eq!(clinic.fault("fault-1").await["counted"], 2, "spent faults count no more");
}

#[tokio::test]
async fn a_fault_is_over_by_the_clock_of_its_institution() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"kind": "status", "status": 503, "expires": "2026-01-20T09:30:00+09:00"}])).await;
    assert_eq!(refused(&clinic, 2).await, [1, 2]);
    clinic.advance("2026-01-20T09:30:00+09:00").await;
    assert_eq!(refused(&clinic, 2).await, [0_u64; 0]);
    assert_eq!(clinic.fault("fault-1").await["fired"], 2);
}

#[tokio::test]
async fn a_fault_that_is_over_already_is_refused_and_told_the_time() {
    let mock = Mock::start().await;
    let fault = json!({"kind": "close", "expires": "2026-01-20T08:59:59+09:00"});
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let create = json!({"template": template::UP_TO_DATE, "clock": frozen(NOW), "faults": [fault]});
    for (path, body, pointer) in
        [(format!("/v1/institutions/{clinic}/faults"), fault, "/expires"), ("/v1/institutions".to_owned(), create, "/faults/0/expires")]
    {
        let problem = mock.post(&path, body).expect_unprocessable(pointer).await;
        assert!(problem["detail"].as_str().unwrap().contains(NOW), "{problem}");
    }
}

#[tokio::test]
async fn the_same_code_and_seed_give_the_same_firings_one_after_the_other_and_at_once() {
    let mock = Mock::start().await;
    let faults = json!([{"operation": "search", "probability": 0.3, "kind": "status", "status": 503}]);
    let create =
        |seed: u64| json!({"template": template::UP_TO_DATE, "code": "9911000017", "seed": seed, "clock": frozen(NOW), "faults": faults});
    let clinic = mock.clinic_with(create(7)).await;
    let one = refused(&clinic, 40).await;
    clinic.reset().await;
    assert_eq!(refused(&clinic, 40).await, one, "a reset starts anew");
    clinic.reset().await;
    let at_once = (0..40).map(|_| mock.backend(Method::POST, SEARCH).json(&clinic.inquiry()).send());
    futures_util::future::join_all(at_once).await;
    let listing = clinic.get("/journal?limit=100").await;
    let numbers = listing["entries"].as_array().unwrap().iter().filter(|entry| entry["fault"].is_object());
    let number = |entry: &Value| {
        entry["notes"].as_array().unwrap().last().unwrap()["en"].as_str().unwrap().split(' ').nth(7).unwrap().parse().unwrap()
    };
    let numbers: BTreeSet<u64> = numbers.map(number).collect();
    assert_eq!(numbers, one.iter().copied().collect(), "the same numbers, whoever came first");
    clinic.remove().await;
    let other = mock.clinic_with(create(8)).await;
    assert_ne!(refused(&other, 40).await, one);
}

#[tokio::test]
async fn faults_are_added_listed_and_taken_away() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    assert_eq!(clinic.get("/faults").await, json!({"seed": 0, "faults": []}));
    let added = clinic.add_fault(json!({"kind": "delay", "delay": ["PT1S", "PT2S"], "nth": 9})).expect_status(StatusCode::CREATED).await;
    assert_eq!(
        added,
        json!({"id": "fault-1", "operation": "any", "nth": 9, "kind": "delay", "delay": ["PT1S", "PT2S"], "counted": 0, "fired": 0, "spent": false})
    );
    clinic.add_fault(json!({"id": "second", "kind": "close", "nth": 9})).await;
    let ids = async || {
        let listing = clinic.get("/faults").await;
        listing["faults"].as_array().unwrap().iter().map(|fault| fault["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids().await, ["fault-1", "second"]);
    clinic.delete("/faults/fault-1").expect_status(StatusCode::NO_CONTENT).await;
    clinic.delete("/faults/fault-1").expect_problem(StatusCode::NOT_FOUND).await;
    clinic.get("/faults/fault-1").expect_problem(StatusCode::NOT_FOUND).await;
    assert_eq!(ids().await, ["second"]);
    clinic.change(json!({"faults": [{"id": "third", "kind": "reset", "nth": 9}]})).await;
    assert_eq!(ids().await, ["third"]);
    clinic.change(json!({"seed": 3})).await;
    assert_eq!(ids().await, ["third"], "what a PATCH leaves out stays");
    clinic.delete("/faults").expect_status(StatusCode::NO_CONTENT).await;
    assert_eq!(ids().await, [""; 0]);
}

#[tokio::test]
async fn a_reset_brings_back_the_faults_of_the_creation() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"id": "first", "kind": "status", "status": 503, "times": 1}])).await;
    assert_eq!(refused(&clinic, 2).await, [1]);
    clinic.add_fault(json!({"kind": "close"})).await;
    let reset = clinic.reset().await;
    assert_eq!((reset["faults"][0]["fired"].clone(), reset["faults"].as_array().unwrap().len()), (json!(0), 1));
    assert_eq!(refused(&clinic, 2).await, [1]);
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_names_its_place() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for (fault, pointer) in [
        (json!({"kind": "wrong_hash", "operation": "search"}), "/operation"),
        (json!({"kind": "close", "opration": "search"}), "/opration"),
        (json!({"kind": "explode"}), "/kind"),
        (json!({"kind": "close", "operation": "logout"}), "/operation"),
        (json!({"kind": "close", "terminal": "T9"}), "/terminal"),
        (json!({"kind": "close", "id": "a b"}), "/id"),
        (json!({"kind": "delay", "delay": "3s"}), "/delay"),
        (json!({"kind": "close", "expires": "2026-01-20"}), "/expires"),
        (json!({"kind": "close", "expires": NOW}), "/expires"),
        (json!({"profile": "calm"}), "/profile"),
        (json!({"profile": "chaos", "seed": 1}), "/seed"),
        (json!({}), "/kind"),
    ] {
        let problem = clinic.add_fault(fault.clone()).expect_unprocessable(pointer).await;
        assert!(problem["detail"].as_str().unwrap().chars().any(|c| c > '\u{3000}'), "{problem}");
        let list = json!({"faults": [{"kind": "close", "nth": 9}, fault]});
        if fault.get("profile").is_none() {
            let (status, problem) = clinic.change(list).outcome().await;
            assert_eq!(
                (status, problem["pointer"].as_str()),
                (StatusCode::UNPROCESSABLE_ENTITY, Some(&*format!("/faults/1{pointer}"))),
                "{problem}"
            );
        }
    }
    assert_eq!(clinic.get("/faults").await["faults"], json!([]), "nothing was added");
}

#[tokio::test]
async fn chaos_goes_by_a_name_and_says_its_seed() {
    let mock = Mock::start().await;
    let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "seed": 41, "clock": frozen(NOW)})).await;
    let chaos = clinic.add_fault(json!({"profile": "chaos"})).await;
    assert_eq!((&chaos["profile"], &chaos["seed"], &chaos["institution"]), (&json!("chaos"), &json!(41), &json!(clinic.code)));
    assert!(chaos["title"]["ja"].is_string() && chaos["faults"].as_array().unwrap().len() > 5, "{chaos}");
    assert_eq!(chaos["faults"][0]["id"], "chaos-1");
    assert_eq!(clinic.get("/faults").await["faults"], chaos["faults"]);
    for profile in onshi_mock::fixtures::Fixtures::compiled_in(jiff::civil::date(2026, 1, 20)).0.unwrap().chaos {
        let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
        clinic.add_fault(json!({"profile": profile.name})).await;
    }
}

#[tokio::test]
async fn a_login_that_names_its_institution_meets_its_faults() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"operation": "login", "kind": "status", "status": 500, "nth": 1}])).await;
    for (fields, expected) in [(json!({"a": "nobody"}), 200), (json!({"a": clinic.code}), 500), (json!({"a": clinic.code}), 200)] {
        assert_eq!(mock.backend(Method::POST, LOGIN).json(&fields).send().await.unwrap().status(), expected);
    }
}
