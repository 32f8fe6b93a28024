//! Snapshots: an institution with everything, taken and restored so exactly that the same acts come to the same events.

use aws_lc_rs::digest::{SHA256, digest};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{LOGIN, Mock, SEARCH, inquiry};

async fn snapshot(mock: &Mock, code: &str) -> Value {
    mock.set(Method::POST, &format!("/v1/institutions/{code}/snapshot"), Value::Null).await
}

async fn restore(mock: &Mock, code: &str, snapshot: &Value) -> Value {
    mock.set(Method::POST, &format!("/v1/institutions/{code}/restore"), snapshot.clone()).await
}

async fn shown(mock: &Mock, code: &str) -> Value {
    mock.set(Method::GET, &format!("/v1/institutions/{code}"), Value::Null).await
}

/// A day of many acts: everything that happened, and how it stood at the end.
async fn live(mock: &Mock, code: &str) -> (Vec<Value>, Value) {
    let mut happened = vec![mock.advance(code, "2026-01-19T20:03:20+09:00").await];
    happened.push(mock.act(code, "T1", "reader-power", json!({"on": false})).await);
    happened.push(mock.advance(code, "2026-01-20T05:30:00+09:00").await);
    happened.push(mock.act(code, "T1", "shutdown", Value::Null).await);
    happened.push(mock.act(code, "T1", "power", json!({"on": true})).await);
    happened.push(mock.check(code).await.body["XmlMsg"]["MessageBody"].clone());
    happened.push(mock.act(code, "T1", "card", json!({"person": "valid"})).await["outcome"].clone());
    happened.push(mock.advance(code, "2026-01-21T09:00:00+09:00").await);
    happened.push(mock.check(code).await.body["XmlMsg"]["MessageBody"].clone());
    (happened, shown(mock, code).await)
}

#[tokio::test]
async fn after_a_restore_the_same_acts_come_to_the_same_events() {
    let mock = Mock::start().await;
    let input = json!({"template": "9910000018", "scenario": "happy-morning", "seed": 42, "error_profile": "envelope",
        "terminals": {"T1": {"bandwidth": 300000}, "T2": {"automatic_restart": "07:00"}}});
    let code = mock.create_with(input).await;
    mock.advance(&code, "2026-01-19T20:02:30+09:00").await;
    let taken = snapshot(&mock, &code).await;
    let before = shown(&mock, &code).await;
    let first = live(&mock, &code).await;
    let observations = format!("/v1/institutions/{code}/observations");
    mock.set(Method::POST, &observations, json!({"kind": "message_shown", "text": "再起動してください"})).await;
    assert_ne!(first.1, before);
    assert_eq!(restore(&mock, &code, &taken).await, before, "a download under way, the timeline and the clock included");
    let kept = mock.set(Method::GET, &observations, Value::Null).await;
    assert_eq!(kept["observations"], json!([]), "observations go with the journal");
    assert_eq!(live(&mock, &code).await, first);
    restore(&mock, &code, &taken).await;
    assert_eq!(snapshot(&mock, &code).await["state"]["institution"]["events"], taken["state"]["institution"]["events"]);
    assert_eq!(mock.last_entry(&code).await, Value::Null, "the journal is emptied");
}

#[tokio::test]
async fn a_snapshot_is_restored_under_another_code_and_on_another_server_and_its_tokens_are_foreign() {
    let (mock, other) = (Mock::start().await, Mock::start().await);
    let code = mock.create_with(json!({"template": "9910000018", "scenario": "installed-not-restarted"})).await;
    let token = mock.login(json!({"userId": code})).await;
    let taken = snapshot(&mock, &code).await;
    let told = restore(&mock, &code, &taken).await;
    assert_eq!(told["login"]["userId"], json!(code));
    let refused = mock.send(mock.backend(Method::POST, SEARCH).header("authorization", token).json(&inquiry(&code))).await;
    assert_eq!(refused.error_code(), "MOCK0203E");

    let copy = other.create_with(json!({"template": "9910000075", "code": "9911000017", "expires_after": "PT1H"})).await;
    let told = restore(&other, &copy, &taken).await;
    assert_eq!(
        (&told["code"], &told["login"]["userId"], &told["scenario"]),
        (&json!(copy), &json!(copy), &json!("installed-not-restarted"))
    );
    assert!(told["expires"].is_string(), "when it deletes itself stays its own");
    assert_eq!(other.check(&copy).await.error_code(), "MOCK0501E");
    other.set(Method::POST, &format!("/v1/institutions/{copy}/reset"), Value::Null).await;
    assert_eq!(shown(&other, &copy).await["scenario"], "installed-not-restarted", "a reset goes back to what the snapshot was made from");
    let login = other.send(other.backend(Method::POST, LOGIN).json(&json!({"userId": copy}))).await;
    assert_eq!(login.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_snapshot_or_was_edited_is_refused_and_changes_nothing() {
    let mock = Mock::start().await;
    let code = mock.create_with(json!({"template": "9910000018", "scenario": "installed-not-restarted"})).await;
    let taken = snapshot(&mock, &code).await;
    let before = shown(&mock, &code).await;
    let refused = async |change: &dyn Fn(&mut Value)| {
        let mut document = taken.clone();
        change(&mut document);
        let (status, problem) = mock.control(Method::POST, &format!("/v1/institutions/{code}/restore"), document).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        problem["pointer"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(&|document| *document = json!({"institution": {}})).await, "/snapshot");
    assert_eq!(refused(&|document| *document = json!(7)).await, "/snapshot");
    for format in [0, 3, 99] {
        assert_eq!(refused(&|document| document["format"] = json!(format)).await, "/format", "neither older nor newer ones are read");
    }
    assert_eq!(refused(&|document| document["state"]["institution"]["readings"]["download_runs_on"] = json!(true)).await, "/sha256");
    assert_eq!(refused(&|document| document["sha256"] = json!("0")).await, "/sha256");
    assert_eq!(shown(&mock, &code).await, before);
    let pretty = serde_json::to_string_pretty(&taken).unwrap();
    let path = format!("https://{}/v1/institutions/{code}/restore", mock.control);
    let restored = mock.client.post(path).bearer_auth(crate::support::TOKEN).body(pretty).send().await.unwrap();
    assert_eq!(restored.status(), StatusCode::OK, "white space does not matter");
    let (status, problem) = mock.control(Method::POST, "/v1/institutions/9911000017/restore", taken.clone()).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{problem}");
}

/// The document with a seal of its own, as somebody would make it who edits snapshots with a tool.
fn sealed(mut document: Value) -> Value {
    document.as_object_mut().unwrap().remove("sha256");
    let seal = digest(&SHA256, document.to_string().as_bytes());
    document["sha256"] = seal.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
    document
}

#[tokio::test]
async fn persons_that_could_not_be_put_cannot_be_restored() {
    let mock = Mock::start().await;
    let drug = json!({"code": "990000001", "name": "模擬", "quantity": "1", "times": 1, "class": 21});
    let record = json!({"kind": "claim", "date": "today-1", "organization": "medical", "in_out": "out", "drugs": [drug],
        "repeat": {"every": 1, "times": 60}});
    let person =
        json!({"id": "a", "name": "模擬　人", "name_kana": "ﾓｷﾞ", "sex": "male", "birthdate": "1980-05-17", "drug_history": [record]});
    let code = mock.create_with(json!({"template": "9910000018", "persons": [person]})).await;
    let taken = snapshot(&mock, &code).await;
    restore(&mock, &code, &sealed(taken.clone())).await;
    for part in ["institution", "blueprint"] {
        let mut edited = taken.clone();
        edited["state"][part]["persons"][0]["drug_history"][0]["repeat"]["times"] = json!(65_535);
        let (status, problem) = mock.control(Method::POST, &format!("/v1/institutions/{code}/restore"), sealed(edited)).await;
        assert_eq!((status, &problem["pointer"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("/state")), "{part}: {problem}");
    }
}

#[tokio::test]
async fn a_system_clock_shows_the_machines_time_after_a_restore_and_nothing_is_caught_up() {
    let mock = Mock::start().await;
    let code = mock.create_with(json!({"template": "9910000075"})).await;
    let taken = snapshot(&mock, &code).await;
    mock.act(&code, "T1", "install", Value::Null).await;
    assert_eq!(mock.check(&code).await.error_code(), "MOCK0501E");
    let told = restore(&mock, &code, &taken).await;
    assert_eq!((&told["clock"]["mode"], &told["events"]), (&json!("system"), &json!(0)));
    assert_eq!(mock.check(&code).await.validity(), "1");
}
