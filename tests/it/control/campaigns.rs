//! Campaigns of one's own, and a terminal's life with them.

use aws_lc_rs::digest::{SHA256, digest};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Mock, frozen, template};

const NOW: &str = "2026-01-19T19:00:00+09:00";
const RESTART_REQUIRED: &str = "MOCK0501E";

fn one(component: &str, version: &str) -> Value {
    json!({"component": component, "version": version, "size": 1000})
}

fn names(events: &Value) -> Vec<&str> {
    events.as_array().unwrap().iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn packages_of_ones_own_are_served_as_the_poll_says() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::EXTERNAL, "2026-05-01T21:00:00+09:00").await;
    let packages = json!([
        {"component": "linkage_application", "version": "6.0.0", "size": 1},
        {"component": "card_reader_application", "version": "3.0", "size": 1_048_577, "restart_required": false},
    ]);
    clinic.set_campaign(json!({"id": "May", "starts": "tonight", "packages": packages})).await;
    let update = clinic.poll("").await.body["update"].clone();
    assert_eq!((&update["campaign"], update["packages"].as_array().unwrap().len()), (&json!("May"), 2));
    for (package, asked) in update["packages"].as_array().unwrap().iter().zip(packages.as_array().unwrap()) {
        assert_eq!(
            (&package["size"], &package["version"], &package["component"]),
            (&asked["size"], &asked["version"], &asked["component"])
        );
        let answer = mock.backend(Method::GET, package["url"].as_str().unwrap()).send().await.unwrap();
        assert_eq!((answer.status(), answer.content_length()), (StatusCode::OK, package["size"].as_u64()));
        let bytes = answer.bytes().await.unwrap();
        let hash: String = digest(&SHA256, &bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(package["sha256"], hash);
    }
    assert_eq!(update["packages"][1]["restart_required"], false);
}

#[tokio::test]
async fn a_suspended_campaign_offers_nothing_and_stops_what_is_under_way() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, NOW).await;
    clinic.advance("2026-01-19T20:01:03+09:00").await;
    clinic.set_campaign(json!({"suspended": true})).await;
    assert_eq!(clinic.terminal().await["phase"], "update_available");
    let answer = clinic.poll("").await.body;
    assert_eq!(answer["update"], Value::Null);
    assert_eq!(answer["window"], json!({"state": "closed", "until": null, "next_opening": null}));
    assert_eq!(clinic.advance("2026-01-25T12:00:00+09:00").await, json!([]), "nothing happens");
    clinic.set_campaign(json!({"suspended": false})).await;
    let events = clinic.advance("2026-01-27T12:00:00+09:00").await;
    assert_eq!((&events[0]["event"], &events[0]["from"]), (&json!("download_started"), &json!(6_000_000)), "it goes on from where it was");
}

#[tokio::test]
async fn a_second_campaign_while_one_is_pending_stays_pending_and_one_restart_brings_the_newest() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, "2026-02-01T19:00:00+09:00").await;
    clinic.set_terminal(json!({"polling": true})).await;
    clinic.set_campaign(json!({"id": "second", "starts": "tonight", "packages": [one("linkage_application", "6.0.0")]})).await;
    clinic.check().await.expect_error(RESTART_REQUIRED);
    clinic.advance("2026-02-01T22:00:00+09:00").await;
    let linkage = clinic.terminal().await["components"]["linkage_application"].clone();
    assert_eq!(linkage, json!({"installed": "6.0.0", "running": "5.2.0", "restart_pending": true}));
    clinic.check().await.expect_error(RESTART_REQUIRED);
    clinic.restart().await;
    let components = clinic.terminal().await["components"].clone();
    assert_eq!(components["linkage_application"]["running"], "6.0.0");
    assert_eq!(components["face_recognition_library"]["running"], "3.1.0", "the first campaign's");
    clinic.check().await.expect_qualified();
}

#[tokio::test]
async fn a_component_that_needs_no_restart_runs_at_once() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, NOW).await;
    let package = json!({"component": "linkage_application", "version": "6.0.0", "size": 1000, "restart_required": false});
    clinic.set_campaign(json!({"id": "own", "starts": "tonight", "packages": [package]})).await;
    let events = clinic.advance("2026-01-19T21:00:00+09:00").await;
    assert_eq!(names(&events), ["download_started", "downloaded", "installed"]);
    let linkage = clinic.terminal().await["components"]["linkage_application"].clone();
    assert_eq!(linkage, json!({"installed": "6.0.0", "running": "6.0.0", "restart_pending": false}));
    clinic.check().await.expect_qualified();
}

#[tokio::test]
async fn an_automatic_restart_happens_daily_and_in_japan_time() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, "2026-02-01T06:59:59+09:00").await;
    clinic.set_terminal(json!({"automatic_restart": "07:00"})).await;
    let events = clinic.advance("2026-02-04T06:59:59+09:00").await;
    let times: Vec<_> =
        events.as_array().unwrap().iter().map(|event| (event["event"].as_str().unwrap(), event["at"].as_str().unwrap())).collect();
    let expected = ["2026-02-01T07:00:00+09:00", "2026-02-02T07:00:00+09:00", "2026-02-03T07:00:00+09:00"];
    assert_eq!(times, expected.map(|at| ("booted", at)));
}

#[tokio::test]
async fn a_power_schedule_switches_off_and_on_and_is_no_boot_under_fast_startup() {
    let mock = Mock::start().await;
    for (fast_startup, how_it_wakes) in [(true, "resumed"), (false, "booted")] {
        let clock = frozen("2026-02-01T12:00:00+09:00");
        let settings = json!({"power_schedule": {"on": "08:00", "off": "19:00"}, "fast_startup": fast_startup});
        let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "clock": clock, "terminals": {"T1": settings}})).await;
        let events = clinic.advance("2026-02-01T19:00:00+09:00").await;
        assert_eq!((names(&events), &events[0]["hibernated"]), (vec!["switched_off"], &json!(fast_startup)));
        clinic.check().await.expect_error("MOCK0301E");
        let events = clinic.advance("2026-02-02T08:00:00+09:00").await;
        assert_eq!((names(&events), &events[0]["at"]), (vec![how_it_wakes], &json!("2026-02-02T08:00:00+09:00")));
        clinic.check().await.expect_qualified();
    }
}

#[tokio::test]
async fn a_plug_that_was_pulled_stays_out_whatever_the_schedule_says() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::OFF_AT_NIGHT, "2026-02-01T12:00:00+09:00").await;
    clinic.power(false).await;
    assert_eq!(clinic.advance("2026-02-05T12:00:00+09:00").await, json!([]));
    let on = clinic.power(true).await;
    assert_eq!(names(&on["events"]), ["booted"]);
}
