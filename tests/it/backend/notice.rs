//! Every row of the notice (N1 to N11), observed over the wire.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Mock, frozen, template};

const RESTART_REQUIRED: &str = "MOCK0501E";
const RESTART_DID_NOT_HELP: &str = "MOCK0502E";

#[tokio::test]
async fn n1_a_campaign_carries_packages_for_terminal_and_reader() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::EXTERNAL, "2026-01-19T20:00:00+09:00").await;
    let packages = clinic.poll("").await.body["update"]["packages"].clone();
    let components: Vec<&str> = packages.as_array().unwrap().iter().map(|package| package["component"].as_str().unwrap()).collect();
    assert_eq!(components, ["distribution_application", "linkage_application", "face_recognition_library", "card_reader_application"]);
    for package in packages.as_array().unwrap() {
        assert_eq!(package["sha256"].as_str().unwrap().len(), 64);
        assert!(package["size"].as_u64().unwrap() > 0 && package["restart_required"].is_boolean());
    }
}

#[tokio::test]
async fn n2_the_eleven_nights_open_at_20_and_close_at_5_except_the_25th() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::EXTERNAL, "2026-01-19T12:00:00+09:00").await;
    let campaign = clinic.get("/campaign").await;
    assert_eq!(campaign["windows"].as_array().unwrap().len(), 11);
    for (time, state, until, next) in [
        ("2026-01-19T19:59:59+09:00", "closed", Value::Null, json!("2026-01-19T20:00:00+09:00")),
        ("2026-01-19T20:00:00+09:00", "open", json!("2026-01-20T05:00:00+09:00"), Value::Null),
        ("2026-01-20T05:00:00+09:00", "closed", Value::Null, json!("2026-01-20T20:00:00+09:00")),
        ("2026-01-25T04:59:59+09:00", "open", json!("2026-01-25T05:00:00+09:00"), Value::Null),
        ("2026-01-25T05:00:00+09:00", "closed", Value::Null, json!("2026-01-26T20:00:00+09:00")),
        ("2026-01-25T20:00:00+09:00", "closed", Value::Null, json!("2026-01-26T20:00:00+09:00")),
    ] {
        clinic.advance(time).await;
        let poll = clinic.poll("").await.body;
        assert_eq!(poll["window"], json!({"state": state, "until": until, "next_opening": next}), "{time}");
        assert_eq!(poll["update"].is_null(), state == "closed", "{time}");
        assert_eq!(poll["poll_after"], "PT1H");
    }
}

#[tokio::test]
async fn n3_only_what_is_powered_during_a_window_downloads_and_a_download_goes_on_at_the_next() {
    let mock = Mock::start().await;
    let settings = json!({"T1": {"bandwidth": 2000}});
    let clock = frozen("2026-01-19T19:00:00+09:00");
    let clinic = mock.clinic_with(json!({"template": template::UPDATE_AVAILABLE, "clock": clock, "terminals": settings})).await;
    clinic.reader_power(false).await;
    clinic.advance("2026-01-19T22:00:00+09:00").await;
    let off = clinic.power(false).await;
    let kept = off["events"][0]["received"].as_u64().unwrap();
    assert!(kept > 0 && kept < 24_000_000, "the second package was under way: {off}");
    let slept = clinic.advance("2026-01-20T12:00:00+09:00").await;
    assert_eq!(slept, json!([]), "a terminal that is off does nothing");
    clinic.power(true).await;
    let resumed = clinic.advance("2026-01-20T20:30:00+09:00").await;
    assert_eq!(resumed[0]["event"], "download_started");
    assert_eq!(resumed[0]["from"].as_u64(), Some(kept), "{resumed}");

    clinic.set_terminal(json!({"bandwidth": 100_000_000})).await;
    clinic.advance("2026-01-21T06:00:00+09:00").await;
    let terminal = clinic.terminal().await;
    assert_eq!(terminal["components"]["face_recognition_library"]["installed"], "3.1.0");
    assert_eq!(terminal["components"]["card_reader_application"]["installed"], "2.3.1", "the reader was off");
    clinic.reader_power(true).await;
    clinic.advance("2026-01-21T23:00:00+09:00").await;
    assert_eq!(clinic.terminal().await["components"]["card_reader_application"]["installed"], "2.4.0");
}

#[tokio::test]
async fn n4_one_restart_after_installing_is_enough_for_the_whole_period() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, "2026-01-19T19:00:00+09:00").await;
    clinic.advance("2026-01-20T08:00:00+09:00").await;
    let restarted = clinic.restart().await;
    assert_eq!(restarted["terminal"]["phase"], "up_to_date");
    let later = clinic.advance("2026-02-10T12:00:00+09:00").await;
    assert_eq!(later, json!([]), "nothing more comes from this campaign");
    assert!(clinic.poll("").await.body["update"].is_null());
    clinic.check().await.expect_qualified();
}

#[tokio::test]
async fn n5_installed_but_not_restarted_refuses_the_check_until_the_restart() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, "2026-01-19T19:00:00+09:00").await;
    clinic.check().await.note("before the update").expect_qualified();
    clinic.advance("2026-01-19T20:30:00+09:00").await;
    let shown = clinic.results().await.body;
    assert_eq!(shown["completed"], true, "the delivery results show it complete");
    let library = &shown["components"][2];
    assert_eq!((&library["installed"], &library["mock"]["running"]), (&json!("3.1.0"), &json!("3.0.2")));

    clinic.advance("2026-01-20T08:55:00+09:00").await;
    let refused = clinic.check().await;
    assert_eq!(refused.status, StatusCode::OK, "the error is in the envelope");
    refused.expect_error(RESTART_REQUIRED).expect_message("資格確認端末を再起動した後、もう一度");
    let entry = clinic.last_entry().await;
    assert_eq!(entry["id"], refused.journal);
    assert_eq!(entry["error"]["provenance"], json!({"code": "invented", "message": "invented", "source": "N5"}));

    clinic.shut_down().await;
    clinic.check().await.note("off").expect_error("MOCK0301E");
    clinic.power(true).await;
    clinic.act("restart-linkage", Value::Null).await;
    clinic.check().await.expect_error(RESTART_REQUIRED);
    let why = clinic.last_entry().await["why"].clone();
    assert!(why["ja"].as_str().unwrap().contains("高速スタートアップ"), "{why}");
    assert!(why["en"].as_str().unwrap().contains("linkage application was restarted alone"), "{why}");

    clinic.restart().await;
    clinic.check().await.note("the same check after the restart").expect_qualified();
}

#[tokio::test]
async fn n5_that_card_data_checks_are_refused_too_is_a_setting() {
    let mock = Mock::start().await;
    let clinic = mock.institution(template::PENDING);
    clinic.check().await.expect_error(RESTART_REQUIRED);
    clinic.change(json!({"readings": {"card_data_check_refused": false}})).await;
    clinic.check().await.expect_qualified();
}

#[tokio::test]
async fn n5_pulling_the_plug_is_a_boot_and_so_is_a_shutdown_without_fast_startup() {
    let mock = Mock::start().await;
    mock.institution(template::PENDING).power(false).await;
    mock.institution(template::PENDING).power(true).await;
    mock.institution(template::PENDING).check().await.expect_qualified();

    let clinic = mock.clinic(template::PENDING, "2026-01-20T08:55:00+09:00").await;
    clinic.set_terminal(json!({"fast_startup": false})).await;
    clinic.shut_down().await;
    clinic.power(true).await;
    clinic.check().await.expect_qualified();
}

#[tokio::test]
async fn n6_a_terminal_that_restarts_by_itself_at_7_never_shows_the_error_in_consultation_hours() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::RESTARTS_AT_SEVEN, "2026-01-19T08:30:00+09:00").await;
    for day in 19..=30 {
        for hour in 9..=18 {
            clinic.advance(&format!("2026-01-{day}T{hour:02}:00:00+09:00")).await;
            clinic.check().await.note(format_args!("January {day}, {hour}:00")).expect_qualified();
        }
    }
    assert_eq!(clinic.results().await.body["completed"], true, "and the update did come");
}

#[tokio::test]
async fn n6_before_7_the_same_terminal_is_refused() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::RESTARTS_AT_SEVEN, "2026-01-19T19:00:00+09:00").await;
    clinic.advance("2026-01-20T06:59:59+09:00").await;
    clinic.check().await.expect_error(RESTART_REQUIRED);
    clinic.advance("2026-01-20T07:00:00+09:00").await;
    clinic.check().await.expect_qualified();
}

#[tokio::test]
async fn n7_from_the_31st_distribution_runs_all_day_and_the_error_comes_in_consultation_hours() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::OFF_AT_NIGHT, "2026-01-19T08:30:00+09:00").await;
    clinic.advance("2026-01-30T12:00:00+09:00").await;
    assert_eq!(clinic.results().await.body["completed"], false, "off at night, so nothing came");
    clinic.check().await.note("which is no error by itself").expect_qualified();
    clinic.advance("2026-01-31T12:00:00+09:00").await;
    clinic.check().await.expect_error(RESTART_REQUIRED);
    let window = clinic.poll("").await.body["window"].clone();
    assert_eq!(window, json!({"state": "open", "until": null, "next_opening": null}));
    clinic.restart().await;
    clinic.check().await.expect_qualified();
}

#[tokio::test]
async fn n8_download_at_a_time_of_ones_own_delivery_results_and_the_error_screen() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, "2026-01-19T10:00:00+09:00").await;
    assert!(clinic.poll("").await.body["update"].is_null(), "outside the window");
    assert!(clinic.poll("?trigger=manual").await.body["update"].is_object());
    clinic.act("download", Value::Null).await;
    clinic.advance("2026-01-19T11:00:00+09:00").await;
    let shown = clinic.results().await.body;
    assert_eq!((&shown["completed"], &shown["mock"]["restart_pending"]), (&json!(true), &json!(true)));

    let page = clinic.get("/terminals/T1/screen").await;
    let page = page.as_str().unwrap();
    for words in ["資格確認ができません", "資格確認端末を再起動した後", "MOCK0501E", "仮コード", "配信実績", "再起動待ち", "模擬画面です"]
    {
        assert!(page.contains(words), "the screen lacks {words}");
    }
    clinic.restart().await;
    let page = clinic.get("/terminals/T1/screen").await;
    assert!(page.as_str().unwrap().contains("資格確認を行えます"));
}

#[tokio::test]
async fn n9_when_the_restart_does_not_help_the_error_names_call_centre_and_fallback() {
    let mock = Mock::start().await;
    for (now, words) in [
        ("2026-01-20T08:55:00+09:00", "現在受付時間内です"),
        ("2026-01-20T18:00:00+09:00", "現在受付時間外です"),
        ("2026-01-24T15:59:00+09:00", "現在受付時間内です"),
        ("2026-01-24T16:00:00+09:00", "現在受付時間外です"),
        ("2026-02-11T10:00:00+09:00", "現在受付時間外です"),
        ("2027-03-01T10:00:00+09:00", "受付時間は不明です"),
    ] {
        let clinic = mock.clinic(template::STUCK, now).await;
        clinic.check().await.note("before the restart").expect_error(RESTART_REQUIRED);
        clinic.restart().await;
        let refused = clinic.check().await;
        refused.expect_error(RESTART_DID_NOT_HELP);
        for words in ["オンライン資格確認等コールセンター", "0800-080-4583", words, "KB0011769#B"] {
            refused.expect_message(words);
        }
    }
}

#[tokio::test]
async fn n10_notices_are_listed_from_the_day_they_are_published() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, "2026-01-05T12:00:00+09:00").await;
    let path = format!("/notices/v1?institution={clinic}");
    assert_eq!(mock.ask(&path).await.body["notices"], json!([]));
    clinic.advance("2026-01-20T12:00:00+09:00").await;
    let notices = mock.ask(&path).await.body["notices"].clone();
    let channels: Vec<&str> = notices.as_array().unwrap().iter().map(|notice| notice["channel"].as_str().unwrap()).collect();
    assert_eq!(channels, ["portal_mail", "online_claims_screen"]);
    assert!(notices[1]["body"]["ja"].as_str().unwrap().contains("再起動してください"));
}

#[tokio::test]
async fn n11_an_update_that_is_not_installed_is_no_error_unless_a_setting_says_so() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::EXTERNAL, "2026-02-20T10:00:00+09:00").await;
    clinic.check().await.expect_qualified();
    let readings = json!({"readings": {"outdated_refused_from": "2026-02-21"}});
    clinic.change(readings).await;
    clinic.check().await.note("the day before").expect_qualified();
    clinic.advance("2026-02-21T00:00:00+09:00").await;
    clinic.check().await.expect_error("MOCK0503E");
}
