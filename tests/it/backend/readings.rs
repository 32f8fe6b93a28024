//! The open readings of the notice: each setting changes what it says, and nothing else is needed.

use serde_json::{Value, json};

use crate::support::{Clinic, Mock, frozen, template};

/// From the evening before the campaign, with other readings and a slow line where a download is to
/// be cut.
async fn institution<'m>(mock: &'m Mock, template: &str, readings: Value, bandwidth: u64) -> Clinic<'m> {
    let clock = frozen("2026-01-19T19:00:00+09:00");
    let terminals = json!({"T1": {"bandwidth": bandwidth}});
    mock.clinic_with(json!({"template": template, "clock": clock, "readings": readings, "terminals": terminals})).await
}

async fn window_is_open(clinic: &Clinic<'_>, at: &str) -> bool {
    clinic.advance(at).await;
    let poll = clinic.poll("").await.body;
    poll["window"]["state"] == "open"
}

fn stops(events: &Value) -> Vec<(&str, u64)> {
    let stops = events.as_array().unwrap().iter().filter(|event| event["event"] == "download_stopped");
    stops.map(|event| (event["at"].as_str().unwrap(), event["received"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn except_the_25th_drops_a_night_or_the_calendar_day() {
    let mock = Mock::start().await;
    for (excluded, expected) in [("night", [true, true, false, false]), ("calendar_day", [true, false, false, false])] {
        let clinic = institution(&mock, template::EXTERNAL, json!({"excluded": excluded}), 1).await;
        let times = ["2026-01-24T23:59:59+09:00", "2026-01-25T03:00:00+09:00", "2026-01-25T21:00:00+09:00", "2026-01-26T03:00:00+09:00"];
        for (at, open) in times.into_iter().zip(expected) {
            assert_eq!(window_is_open(&clinic, at).await, open, "{excluded} {at}");
        }
    }
}

#[tokio::test]
async fn five_o_clock_itself_is_outside_or_inside() {
    let mock = Mock::start().await;
    for included in [false, true] {
        let clinic = institution(&mock, template::EXTERNAL, json!({"closing_time_included": included}), 1).await;
        assert!(window_is_open(&clinic, "2026-01-20T04:59:59+09:00").await);
        assert_eq!(window_is_open(&clinic, "2026-01-20T05:00:00+09:00").await, included);
        assert!(!window_is_open(&clinic, "2026-01-20T05:00:01+09:00").await);
    }
}

#[tokio::test]
async fn a_download_under_way_at_closing_time_stops_or_runs_on() {
    let mock = Mock::start().await;
    for runs_on in [false, true] {
        // 12 MB at 300 bytes a second take eleven hours and seven minutes.
        let clinic = institution(&mock, template::UPDATE_AVAILABLE, json!({"download_runs_on": runs_on}), 300).await;
        let events = clinic.advance("2026-01-20T12:00:00+09:00").await;
        let seconds_open = 9 * 3600 - 60;
        if runs_on {
            assert_eq!(stops(&events), []);
            assert_eq!((&events[1]["event"], &events[2]["event"]), (&json!("downloaded"), &json!("installed")));
        } else {
            assert_eq!(stops(&events), [("2026-01-20T05:00:00+09:00", seconds_open * 300)]);
            assert_eq!(clinic.terminal().await["phase"], "update_available");
        }
    }
}

#[tokio::test]
async fn a_partial_download_survives_or_begins_anew() {
    let mock = Mock::start().await;
    for survives in [true, false] {
        let clinic = institution(&mock, template::UPDATE_AVAILABLE, json!({"partial_download_survives": survives}), 300).await;
        let stopped = clinic.advance("2026-01-20T12:00:00+09:00").await;
        let kept = stops(&stopped)[0].1;
        assert_eq!(kept > 0, survives);
        let resumed = clinic.advance("2026-01-20T20:30:00+09:00").await;
        assert_eq!((&resumed[0]["event"], &resumed[0]["from"]), (&json!("download_started"), &json!(kept)));
    }
}

#[tokio::test]
async fn the_terminals_restart_serves_the_reader_too_or_the_reader_needs_its_own() {
    let mock = Mock::start().await;
    for own in [false, true] {
        let clinic = institution(&mock, template::UPDATE_AVAILABLE, json!({"reader_needs_own_restart": own}), 2_000_000).await;
        clinic.advance("2026-01-20T08:00:00+09:00").await;
        clinic.restart().await;
        let terminal = clinic.terminal().await;
        assert_eq!(terminal["components"]["card_reader_application"]["restart_pending"], own);
        assert_eq!(terminal["components"]["linkage_application"]["restart_pending"], false);
        if !own {
            clinic.check().await.expect_qualified();
            continue;
        }
        clinic.check().await.note("the restart alone did not help").expect_error("MOCK0501E");
        let why = clinic.last_entry().await["why"]["ja"].to_string();
        assert!(
            why.contains("カードリーダーの電源を切る、端末をシャットダウンする、カードリーダーの電源を入れる、端末を起動する"),
            "{why}"
        );
        for on in [false, true] {
            clinic.reader_power(on).await;
        }
        assert!(!clinic.check().await.error_code().is_null(), "the reader alone does not help either");
        clinic.restart().await;
        clinic.check().await.note("reader off and on, then the terminal").expect_qualified();
    }
}
