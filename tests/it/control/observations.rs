//! What the wire cannot show: observations of the client's screen, told by a UI test or a person.

use onshi_mock::store::Target;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Mock, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

#[tokio::test]
async fn an_observation_is_kept_with_both_times_and_apart_from_the_journal() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, NOW).await;
    let entry = clinic.check().await.journal;
    let seen = json!({"kind": "message_shown", "text": "端末を再起動してください", "terminal": "T1", "entry": entry, "by": "ui-test"});
    let added = clinic.post("/observations", seen.clone()).expect_status(StatusCode::CREATED).await;
    assert_eq!((&added["number"], &added["at"]), (&json!(1), &json!(NOW)));
    assert!(added["wall"].is_string());
    assert!(seen.as_object().unwrap().iter().all(|(name, value)| added[name] == *value), "{added}");
    clinic.advance("2026-01-20T10:05:00+09:00").await;
    clinic.post("/observations", json!({"kind": "restart_prompted"})).await;
    let listed = clinic.get("/observations").await;
    assert_eq!((&listed["observations"][0], &listed["observations"][1]["at"]), (&added, &json!("2026-01-20T10:05:00+09:00")));
    assert_eq!((listed["observations"].as_array().unwrap().len(), &listed["evicted"]), (2, &json!(0)));
    let journal = clinic.get("/journal").await;
    assert_eq!(journal["entries"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_observation_that_makes_no_sense_is_refused_with_its_field() {
    let mock = Mock::start().await;
    let elsewhere = mock.institution(template::PENDING).check().await.journal;
    for (body, pointer) in [
        (json!({}), "/kind"),
        (json!({"kind": "seen"}), "/kind"),
        (json!({"kind": "message_shown"}), "/text"),
        (json!({"kind": "other", "text": " "}), "/text"),
        (json!({"kind": "message_shown", "text": "あ".repeat(501)}), "/text"),
        (json!({"kind": "restart_prompted", "by": "x".repeat(65)}), "/by"),
        (json!({"kind": "restart_prompted", "terminal": "T9"}), "/terminal"),
        (json!({"kind": "restart_prompted", "entry": "1"}), "/entry"),
        (json!({"kind": "restart_prompted", "entry": elsewhere}), "/entry"),
        (json!({"kind": "restart_prompted", "typo": 1}), "/typo"),
    ] {
        mock.institution(template::UP_TO_DATE).post("/observations", body.clone()).expect_unprocessable(pointer).await;
    }
    assert_eq!(mock.institution(template::UP_TO_DATE).get("/observations").await["observations"], json!([]));
}

#[tokio::test]
async fn observations_are_listed_page_by_page_and_emptied_by_a_reset() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for _ in 0..5 {
        clinic.post("/observations", json!({"kind": "fallback_offered"})).await;
    }
    let page = clinic.get("/observations?after=1&limit=2").await;
    let numbers: Vec<_> = page["observations"].as_array().unwrap().iter().map(|one| one["number"].as_u64().unwrap()).collect();
    assert_eq!((numbers, &page["next"]), (vec![2, 3], &json!(3)));
    clinic.reset().await;
    assert_eq!(clinic.get("/observations").await, json!({"observations": [], "evicted": 0}));
}

#[tokio::test]
async fn observations_outlive_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let target = || Target::Sqlite(dir.path().join("state.db"));
    let mut mock = Mock::start_with(|config| config.store = target()).await;
    let added =
        mock.institution(template::UP_TO_DATE).post("/observations", json!({"kind": "call_centre_shown", "text": "0800-080-4583"})).await;
    mock.stop().await;
    let again = Mock::start_with(|config| config.store = target()).await;
    assert_eq!(again.institution(template::UP_TO_DATE).get("/observations").await["observations"], json!([added]));
}
