//! Faults as a test author sets them: what is answered instead, what is journalled, what is counted, and what is refused.

use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::desk::{check, text, value};
use crate::support::{LOGIN, Mock, SEARCH, inquiry};

const NOW: &str = "2026-01-20T09:00:00+09:00";

/// An institution with these faults.
pub(crate) async fn with_faults(mock: &Mock, faults: Value) -> String {
    mock.create_with(json!({"template": "9910000018", "clock": {"mode": "frozen", "now": NOW}, "faults": faults})).await
}

/// A fault as it is listed.
async fn listed(mock: &Mock, code: &str, id: &str) -> Value {
    mock.set(Method::GET, &format!("/v1/institutions/{code}/faults/{id}"), Value::Null).await
}

/// Checks so often, and tells at which of them there was HTTP 503.
async fn refused(mock: &Mock, code: &str, checks: u64) -> Vec<u64> {
    let mut refused = Vec::new();
    for number in 1..=checks {
        let status = mock.backend(Method::POST, SEARCH).json(&inquiry(code)).send().await.unwrap().status();
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
    let code = with_faults(&mock, faults).await;
    assert_eq!(mock.check(&code).await.validity(), "1");
    let busy = mock.backend(Method::POST, SEARCH).json(&inquiry(&code)).send().await.unwrap();
    assert_eq!((busy.status(), &busy.headers()["retry-after"]), (StatusCode::SERVICE_UNAVAILABLE, &"30".parse().unwrap()));
    assert!(busy.headers().contains_key("x-onshi-journal"));
    assert!(busy.text().await.unwrap().contains("onshi-mock"), "the page says whose fault it is");
    let entry = mock.last_entry(&code).await;
    assert_eq!((&entry["fault"], &entry["status"]), (&json!({"id": "busy", "kind": "status", "answered": false}), &json!(503)));
    let note = entry["notes"].as_array().unwrap().last().unwrap();
    assert_eq!(note["ja"], "障害 busy（status）が、数えた要求の 2 番目で発生しました。HTTP 503 と Retry-After（PT30S）を返します。");
    assert!(note["en"].as_str().unwrap().starts_with("The fault busy (status) fired at number 2"), "{note}");
    let bad_gateway = mock.backend(Method::POST, SEARCH).json(&inquiry(&code)).send().await.unwrap();
    assert_eq!((bad_gateway.status().as_u16(), bad_gateway.headers().get("retry-after")), (502, None));
    assert_eq!(mock.last_entry(&code).await["fault"]["id"], "fault-1");
    assert_eq!(mock.check(&code).await.validity(), "1");
    let busy = listed(&mock, &code, "busy").await;
    assert_eq!((&busy["counted"], &busy["fired"], &busy["spent"]), (&json!(2), &json!(1), &json!(true)));
}

#[tokio::test]
async fn a_token_is_refused_as_expired_and_the_next_login_helps() {
    let mock = Mock::start().await;
    let code = with_faults(&mock, json!([{"operation": "search", "kind": "expired_token", "times": 1}])).await;
    let token = mock.login(json!({"userId": code})).await;
    let refused = mock.send(mock.backend(Method::POST, SEARCH).header("authorization", &token).json(&inquiry(&code))).await;
    assert_eq!(refused.error_code(), "MOCK0204E");
    let entry = mock.last_entry(&code).await;
    assert_eq!(
        (&entry["outcome"], &entry["fault"]["kind"], &entry["fault"]["answered"]),
        (&json!("refused"), &json!("expired_token"), &json!(true))
    );
    let again = mock.login(json!({"userId": code})).await;
    let checked = mock.send(mock.backend(Method::POST, SEARCH).header("authorization", &again).json(&inquiry(&code))).await;
    assert_eq!(checked.validity(), "1");
}

#[tokio::test]
async fn a_check_is_being_processed_so_often_and_then_done() {
    let mock = Mock::start().await;
    let code = with_faults(&mock, json!([{"kind": "processing", "times": 2}])).await;
    let mut segments = Vec::new();
    for _ in 0..3 {
        segments.push(mock.check(&code).await.body["XmlMsg"]["MessageHeader"]["SegmentOfResult"].clone());
    }
    assert_eq!(segments, ["2", "2", "1"]);
}

#[tokio::test]
async fn a_body_lacks_its_end_in_json_and_in_xml() {
    let mock = Mock::start().await;
    let code = with_faults(&mock, json!([{"kind": "malformed", "nth": [1, 2]}])).await;
    let json = mock.backend(Method::POST, SEARCH).json(&inquiry(&code)).send().await.unwrap().text().await.unwrap();
    assert!(json.starts_with("{\"XmlMsg\":") && serde_json::from_str::<Value>(&json).is_err(), "{json}");
    assert!(serde_json::from_str::<Value>(&format!("{json}}}")).is_ok(), "only its end is missing: {json}");
    let request = mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(check(&code, "f1"));
    let xml = request.send().await.unwrap().text().await.unwrap();
    assert!(xml.starts_with("<?xml") && xml.ends_with("</MessageBody>"), "{xml}");
}

#[tokio::test]
async fn a_body_is_in_the_other_character_set_than_it_says() {
    let mock = Mock::start().await;
    let code = with_faults(&mock, json!([{"kind": "wrong_encoding"}])).await;
    let json = mock.backend(Method::POST, SEARCH).json(&inquiry(&code)).send().await.unwrap();
    assert_eq!(json.headers()["content-type"], "application/json;charset=UTF-8");
    let bytes = json.bytes().await.unwrap();
    assert!(std::str::from_utf8(&bytes).is_err());
    assert!(encoding_rs::SHIFT_JIS.decode(&bytes).0.contains("模擬　太郎"));
    mock.set(Method::PATCH, &format!("/v1/institutions/{code}/terminals/T1"), json!({"encoding": "shift_jis"})).await;
    let request = mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(check(&code, "f1"));
    let xml = request.send().await.unwrap();
    assert_eq!(xml.headers()["content-type"], "application/xml;charset=Shift_JIS");
    let xml = String::from_utf8(xml.bytes().await.unwrap().into()).unwrap();
    assert!(xml.contains("encoding=\"Shift_JIS\"") && xml.contains("模擬　太郎"), "{xml}");
}

#[tokio::test]
async fn the_times_of_an_answer_are_off() {
    let mock = Mock::start().await;
    let code =
        with_faults(&mock, json!([{"kind": "clock_skew", "skew": "-PT1H", "nth": 1}, {"kind": "clock_skew", "skew": "P1D", "nth": 2}]))
            .await;
    for (time, ahead) in [("20260120080000", false), ("20260121090000", true)] {
        let before = onshi_mock::clock::wall();
        let answer = mock.backend(Method::POST, SEARCH).json(&inquiry(&code)).send().await.unwrap();
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
        mock.backend(Method::POST, SEARCH).header("content-type", "application/xml").body(check(&code, "f1")).send().await.unwrap();
    assert_eq!(value(&text(&answer.bytes().await.unwrap()), "ProcessExecutionTime"), Some("20260120090000"));
}

#[tokio::test]
async fn faults_count_what_they_are_set_for_and_nothing_else() {
    let mock = Mock::start().await;
    let code = mock
        .create_with(json!({"template": "9910000018", "clock": {"mode": "frozen", "now": NOW},
            "terminals": {"T2": {"starts": "up_to_date"}},
            "faults": [{"operation": "search", "terminal": "T2", "nth": 2, "kind": "status", "status": 503}]}))
        .await;
    let token = mock.login(json!({"terminal": format!("{code}-T2")})).await;
    assert_eq!(refused(&mock, &code, 3).await, [0_u64; 0], "the default terminal is T1");
    mock.login(json!({"userId": code})).await;
    for expected in [200, 503, 200] {
        let request = mock.backend(Method::POST, SEARCH).header("authorization", &token).json(&inquiry(&code));
        assert_eq!(request.send().await.unwrap().status(), expected);
    }
    let malformed = mock.backend(Method::POST, SEARCH).header("authorization", &token).body("{").send().await.unwrap();
    assert_eq!(malformed.status(), 400);
    assert_eq!(listed(&mock, &code, "fault-1").await["counted"], 2, "spent faults count no more");
}

#[tokio::test]
async fn a_fault_is_over_by_the_clock_of_its_institution() {
    let mock = Mock::start().await;
    let code = with_faults(&mock, json!([{"kind": "status", "status": 503, "expires": "2026-01-20T09:30:00+09:00"}])).await;
    assert_eq!(refused(&mock, &code, 2).await, [1, 2]);
    mock.advance(&code, "2026-01-20T09:30:00+09:00").await;
    assert_eq!(refused(&mock, &code, 2).await, [0_u64; 0]);
    assert_eq!(listed(&mock, &code, "fault-1").await["fired"], 2);
}

#[tokio::test]
async fn a_fault_that_is_over_already_is_refused_and_told_the_time() {
    let mock = Mock::start().await;
    let fault = json!({"kind": "close", "expires": "2026-01-20T08:59:59+09:00"});
    let code = mock.create("9910000018", NOW).await;
    let create = json!({"template": "9910000018", "clock": {"mode": "frozen", "now": NOW}, "faults": [fault]});
    for (path, body, pointer) in
        [(format!("/v1/institutions/{code}/faults"), fault, "/expires"), ("/v1/institutions".to_owned(), create, "/faults/0/expires")]
    {
        let (status, problem) = mock.control(Method::POST, &path, body).await;
        assert_eq!((status, problem["pointer"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some(pointer)), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(NOW), "{problem}");
    }
}

#[tokio::test]
async fn the_same_code_and_seed_give_the_same_firings_one_after_the_other_and_at_once() {
    let mock = Mock::start().await;
    let faults = json!([{"operation": "search", "probability": 0.3, "kind": "status", "status": 503}]);
    let create = |seed: u64| json!({"template": "9910000018", "code": "9911000017", "seed": seed, "clock": {"mode": "frozen", "now": NOW}, "faults": faults});
    let code = mock.create_with(create(7)).await;
    let one = refused(&mock, &code, 40).await;
    mock.set(Method::POST, &format!("/v1/institutions/{code}/reset"), json!({})).await;
    assert_eq!(refused(&mock, &code, 40).await, one, "a reset starts anew");
    mock.set(Method::POST, &format!("/v1/institutions/{code}/reset"), json!({})).await;
    let at_once = (0..40).map(|_| mock.backend(Method::POST, SEARCH).json(&inquiry(&code)).send());
    futures_util::future::join_all(at_once).await;
    let listing = mock.set(Method::GET, &format!("/v1/institutions/{code}/journal?limit=100"), Value::Null).await;
    let numbers = listing["entries"].as_array().unwrap().iter().filter(|entry| entry["fault"].is_object());
    let number = |entry: &Value| {
        entry["notes"].as_array().unwrap().last().unwrap()["en"].as_str().unwrap().split(' ').nth(7).unwrap().parse().unwrap()
    };
    let numbers: BTreeSet<u64> = numbers.map(number).collect();
    assert_eq!(numbers, one.iter().copied().collect(), "the same numbers, whoever came first");
    mock.set(Method::DELETE, &format!("/v1/institutions/{code}"), Value::Null).await;
    let other = mock.create_with(create(8)).await;
    assert_ne!(refused(&mock, &other, 40).await, one);
}

#[tokio::test]
async fn faults_are_added_listed_and_taken_away() {
    let mock = Mock::start().await;
    let code = mock.create("9910000018", NOW).await;
    let at = format!("/v1/institutions/{code}/faults");
    assert_eq!(mock.set(Method::GET, &at, Value::Null).await, json!({"seed": 0, "faults": []}));
    let (status, added) = mock.control(Method::POST, &at, json!({"kind": "delay", "delay": ["PT1S", "PT2S"], "nth": 9})).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(
        added,
        json!({"id": "fault-1", "operation": "any", "nth": 9, "kind": "delay", "delay": ["PT1S", "PT2S"], "counted": 0, "fired": 0, "spent": false})
    );
    mock.set(Method::POST, &at, json!({"id": "second", "kind": "close", "nth": 9})).await;
    let ids = async || {
        let listing = mock.set(Method::GET, &at, Value::Null).await;
        listing["faults"].as_array().unwrap().iter().map(|fault| fault["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids().await, ["fault-1", "second"]);
    assert_eq!(mock.control(Method::DELETE, &format!("{at}/fault-1"), Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(mock.control(Method::DELETE, &format!("{at}/fault-1"), Value::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(mock.control(Method::GET, &format!("{at}/fault-1"), Value::Null).await.0, StatusCode::NOT_FOUND);
    assert_eq!(ids().await, ["second"]);
    mock.set(Method::PATCH, &format!("/v1/institutions/{code}"), json!({"faults": [{"id": "third", "kind": "reset", "nth": 9}]})).await;
    assert_eq!(ids().await, ["third"]);
    mock.set(Method::PATCH, &format!("/v1/institutions/{code}"), json!({"seed": 3})).await;
    assert_eq!(ids().await, ["third"], "what a PATCH leaves out stays");
    assert_eq!(mock.control(Method::DELETE, &at, Value::Null).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ids().await, [""; 0]);
}

#[tokio::test]
async fn a_reset_brings_back_the_faults_of_the_creation() {
    let mock = Mock::start().await;
    let code = with_faults(&mock, json!([{"id": "first", "kind": "status", "status": 503, "times": 1}])).await;
    assert_eq!(refused(&mock, &code, 2).await, [1]);
    mock.set(Method::POST, &format!("/v1/institutions/{code}/faults"), json!({"kind": "close"})).await;
    let reset = mock.set(Method::POST, &format!("/v1/institutions/{code}/reset"), json!({})).await;
    assert_eq!((reset["faults"][0]["fired"].clone(), reset["faults"].as_array().unwrap().len()), (json!(0), 1));
    assert_eq!(refused(&mock, &code, 2).await, [1]);
}

#[tokio::test]
async fn a_fault_that_makes_no_sense_names_its_place() {
    let mock = Mock::start().await;
    let code = mock.create("9910000018", NOW).await;
    let at = format!("/v1/institutions/{code}/faults");
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
        let (status, problem) = mock.control(Method::POST, &at, fault.clone()).await;
        assert_eq!((status, problem["pointer"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some(pointer)), "{fault} {problem}");
        assert!(problem["detail"].as_str().unwrap().chars().any(|c| c > '\u{3000}'), "{problem}");
        let list = json!({"faults": [{"kind": "close", "nth": 9}, fault]});
        if fault.get("profile").is_none() {
            let (status, problem) = mock.control(Method::PATCH, &format!("/v1/institutions/{code}"), list).await;
            assert_eq!(
                (status, problem["pointer"].as_str()),
                (StatusCode::UNPROCESSABLE_ENTITY, Some(&*format!("/faults/1{pointer}"))),
                "{problem}"
            );
        }
    }
    assert_eq!(mock.set(Method::GET, &at, Value::Null).await["faults"], json!([]), "nothing was added");
}

#[tokio::test]
async fn chaos_goes_by_a_name_and_says_its_seed() {
    let mock = Mock::start().await;
    let code = mock.create_with(json!({"template": "9910000018", "seed": 41, "clock": {"mode": "frozen", "now": NOW}})).await;
    let at = format!("/v1/institutions/{code}/faults");
    let chaos = mock.set(Method::POST, &at, json!({"profile": "chaos"})).await;
    assert_eq!((&chaos["profile"], &chaos["seed"], &chaos["institution"]), (&json!("chaos"), &json!(41), &json!(code)));
    assert!(chaos["title"]["ja"].is_string() && chaos["faults"].as_array().unwrap().len() > 5, "{chaos}");
    assert_eq!(chaos["faults"][0]["id"], "chaos-1");
    assert_eq!(mock.set(Method::GET, &at, Value::Null).await["faults"], chaos["faults"]);
    for profile in onshi_mock::fixtures::Fixtures::compiled_in(jiff::civil::date(2026, 1, 20)).0.unwrap().chaos {
        let code = mock.create("9910000018", NOW).await;
        mock.set(Method::POST, &format!("/v1/institutions/{code}/faults"), json!({"profile": profile.name})).await;
    }
}

#[tokio::test]
async fn a_login_that_names_its_institution_meets_its_faults() {
    let mock = Mock::start().await;
    let code = with_faults(&mock, json!([{"operation": "login", "kind": "status", "status": 500, "nth": 1}])).await;
    for (fields, expected) in [(json!({"a": "nobody"}), 200), (json!({"a": code}), 500), (json!({"a": code}), 200)] {
        assert_eq!(mock.backend(Method::POST, LOGIN).json(&fields).send().await.unwrap().status(), expected);
    }
}
