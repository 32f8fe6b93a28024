//! Snapshots: an institution with everything, taken and restored so exactly that the same acts come
//! to the same events.

use aws_lc_rs::digest::{SHA256, digest};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Clinic, Mock, template};

async fn snapshot(clinic: &Clinic<'_>) -> Value {
    clinic.post("/snapshot", Value::Null).await
}

async fn restore(clinic: &Clinic<'_>, snapshot: &Value) -> Value {
    clinic.post("/restore", snapshot.clone()).await
}

/// A day of many acts: everything that happened, and how it stood at the end.
async fn live(clinic: &Clinic<'_>) -> (Vec<Value>, Value) {
    let mut happened = vec![clinic.advance("2026-01-19T20:03:20+09:00").await];
    happened.push(clinic.reader_power(false).await);
    happened.push(clinic.advance("2026-01-20T05:30:00+09:00").await);
    happened.push(clinic.shut_down().await);
    happened.push(clinic.power(true).await);
    happened.push(clinic.check().await.body["XmlMsg"]["MessageBody"].clone());
    happened.push(clinic.present(json!({"person": "valid"})).await["outcome"].clone());
    happened.push(clinic.advance("2026-01-21T09:00:00+09:00").await);
    happened.push(clinic.check().await.body["XmlMsg"]["MessageBody"].clone());
    (happened, clinic.show().await)
}

#[tokio::test]
async fn after_a_restore_the_same_acts_come_to_the_same_events() {
    let mock = Mock::start().await;
    let input = json!({"template": template::UP_TO_DATE, "scenario": "happy-morning", "seed": 42, "error_profile": "envelope",
        "terminals": {"T1": {"bandwidth": 300000}, "T2": {"automatic_restart": "07:00"}}});
    let clinic = mock.clinic_with(input).await;
    clinic.advance("2026-01-19T20:02:30+09:00").await;
    let taken = snapshot(&clinic).await;
    let before = clinic.show().await;
    let first = live(&clinic).await;
    clinic.post("/observations", json!({"kind": "message_shown", "text": "再起動してください"})).await;
    assert_ne!(first.1, before);
    assert_eq!(restore(&clinic, &taken).await, before, "a download under way, the timeline and the clock included");
    let kept = clinic.get("/observations").await;
    assert_eq!(kept["observations"], json!([]), "observations go with the journal");
    assert_eq!(live(&clinic).await, first);
    restore(&clinic, &taken).await;
    assert_eq!(snapshot(&clinic).await["state"]["institution"]["events"], taken["state"]["institution"]["events"]);
    assert_eq!(clinic.last_entry().await, Value::Null, "the journal is emptied");
}

#[tokio::test]
async fn a_snapshot_is_restored_under_another_code_and_on_another_server_and_its_tokens_are_foreign() {
    let (mock, other) = (Mock::start().await, Mock::start().await);
    let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "scenario": "installed-not-restarted"})).await;
    let token = clinic.login().await;
    let taken = snapshot(&clinic).await;
    let answer = restore(&clinic, &taken).await;
    assert_eq!(answer["login"]["userId"], json!(clinic.code));
    clinic.check_with(&token).await.expect_error("MOCK0203E");

    let copy = other.clinic_with(json!({"template": template::UPDATE_AVAILABLE, "code": "9911000017", "expires_after": "PT1H"})).await;
    let answer = restore(&copy, &taken).await;
    assert_eq!(
        (&answer["code"], &answer["login"]["userId"], &answer["scenario"]),
        (&json!(copy.code), &json!(copy.code), &json!("installed-not-restarted"))
    );
    assert!(answer["expires"].is_string(), "when it deletes itself stays its own");
    copy.check().await.expect_error("MOCK0501E");
    copy.reset().await;
    assert_eq!(copy.show().await["scenario"], "installed-not-restarted", "a reset goes back to what the snapshot was made from");
    let login = other.receipt_computer().login(json!({"userId": copy.code})).await;
    assert_eq!(login.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_no_snapshot_or_was_edited_is_refused_and_changes_nothing() {
    let mock = Mock::start().await;
    let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "scenario": "installed-not-restarted"})).await;
    let taken = snapshot(&clinic).await;
    let before = clinic.show().await;
    let refused = async |change: &dyn Fn(&mut Value)| {
        let mut document = taken.clone();
        change(&mut document);
        let problem = clinic.post("/restore", document).expect_problem(StatusCode::UNPROCESSABLE_ENTITY).await;
        problem["pointer"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(&|document| *document = json!({"institution": {}})).await, "/snapshot");
    assert_eq!(refused(&|document| *document = json!(7)).await, "/snapshot");
    for format in [0, 3, 99] {
        assert_eq!(refused(&|document| document["format"] = json!(format)).await, "/format", "neither older nor newer ones are read");
    }
    assert_eq!(refused(&|document| document["state"]["institution"]["readings"]["download_runs_on"] = json!(true)).await, "/sha256");
    assert_eq!(refused(&|document| document["sha256"] = json!("0")).await, "/sha256");
    assert_eq!(clinic.show().await, before);
    let pretty = serde_json::to_string_pretty(&taken).unwrap();
    let path = format!("https://{}/v1/institutions/{clinic}/restore", mock.control);
    let restored = mock.client.post(path).bearer_auth(crate::support::TOKEN).body(pretty).send().await.unwrap();
    assert_eq!(restored.status(), StatusCode::OK, "white space does not matter");
    mock.post("/v1/institutions/9911000017/restore", taken.clone()).expect_problem(StatusCode::NOT_FOUND).await;
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
    let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "persons": [person]})).await;
    let taken = snapshot(&clinic).await;
    restore(&clinic, &sealed(taken.clone())).await;
    for part in ["institution", "blueprint"] {
        let mut edited = taken.clone();
        edited["state"][part]["persons"][0]["drug_history"][0]["repeat"]["times"] = json!(65_535);
        clinic.post("/restore", sealed(edited)).expect_unprocessable("/state").await;
    }
}

#[tokio::test]
async fn times_that_no_clock_shows_and_counts_that_do_not_fit_cannot_be_restored() {
    let mock = Mock::start().await;
    let clinic = mock.clinic_with(json!({"template": template::UPDATE_AVAILABLE, "scenario": "happy-morning"})).await;
    clinic.advance("2026-01-19T21:00:00+09:00").await;
    let taken = snapshot(&clinic).await;
    let before = restore(&clinic, &sealed(taken.clone())).await;
    for (pointer, value) in [
        ("/settled", json!("-009999-01-02T01:59:59Z")),
        ("/terminals/T1/boot/ready_at", json!("9999-12-30T22:00:00Z")),
        ("/terminals/T1/cursor/at", json!("9999-12-30T22:00:00Z")),
        ("/clock/settings/0/rate", json!(0)),
        ("/events/last", json!(0)),
    ] {
        let mut edited = taken.clone();
        *edited["state"]["institution"].pointer_mut(pointer).unwrap() = value;
        clinic.post("/restore", sealed(edited)).expect_unprocessable("/state").await;
    }
    assert_eq!(clinic.show().await, before);
}

#[tokio::test]
async fn a_system_clock_shows_the_machines_time_after_a_restore_and_nothing_is_caught_up() {
    let mock = Mock::start().await;
    let clinic = mock.clinic_with(json!({"template": template::UPDATE_AVAILABLE})).await;
    let taken = snapshot(&clinic).await;
    clinic.act("install", Value::Null).await;
    clinic.check().await.expect_error("MOCK0501E");
    let answer = restore(&clinic, &taken).await;
    assert_eq!((&answer["clock"]["mode"], &answer["events"]), (&json!("system"), &json!(0)));
    clinic.check().await.expect_qualified();
}
