//! Every row of the notice (N1 to N11), observed over the wire.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::Mock;

const RESTART_REQUIRED: &str = "MOCK0501E";
const RESTART_DID_NOT_HELP: &str = "MOCK0502E";

async fn updates(mock: &Mock, code: &str, query: &str) -> Value {
    mock.send(mock.backend(Method::GET, &format!("/delivery/v1/terminals/{code}-T1/updates{query}"))).await.body
}

async fn results(mock: &Mock, code: &str) -> Value {
    mock.send(mock.backend(Method::GET, &format!("/delivery/v1/terminals/{code}-T1/results"))).await.body
}

#[tokio::test]
async fn n1_a_campaign_carries_packages_for_terminal_and_reader() {
    let mock = Mock::start().await;
    let code = mock.create("9910000034", "2026-01-19T20:00:00+09:00").await;
    let packages = updates(&mock, &code, "").await["update"]["packages"].clone();
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
    let code = mock.create("9910000034", "2026-01-19T12:00:00+09:00").await;
    let campaign = mock.set(Method::GET, &format!("/v1/institutions/{code}/campaign"), Value::Null).await;
    assert_eq!(campaign["windows"].as_array().unwrap().len(), 11);
    for (time, state, until, next) in [
        ("2026-01-19T19:59:59+09:00", "closed", Value::Null, json!("2026-01-19T20:00:00+09:00")),
        ("2026-01-19T20:00:00+09:00", "open", json!("2026-01-20T05:00:00+09:00"), Value::Null),
        ("2026-01-20T05:00:00+09:00", "closed", Value::Null, json!("2026-01-20T20:00:00+09:00")),
        ("2026-01-25T04:59:59+09:00", "open", json!("2026-01-25T05:00:00+09:00"), Value::Null),
        ("2026-01-25T05:00:00+09:00", "closed", Value::Null, json!("2026-01-26T20:00:00+09:00")),
        ("2026-01-25T20:00:00+09:00", "closed", Value::Null, json!("2026-01-26T20:00:00+09:00")),
    ] {
        mock.advance(&code, time).await;
        let poll = updates(&mock, &code, "").await;
        assert_eq!(poll["window"], json!({"state": state, "until": until, "next_opening": next}), "{time}");
        assert_eq!(poll["update"].is_null(), state == "closed", "{time}");
        assert_eq!(poll["poll_after"], "PT1H");
    }
}

#[tokio::test]
async fn n3_only_what_is_powered_during_a_window_downloads_and_a_download_goes_on_at_the_next() {
    let mock = Mock::start().await;
    let settings = json!({"T1": {"bandwidth": 2000}});
    let clock = json!({"mode": "frozen", "now": "2026-01-19T19:00:00+09:00"});
    let code = mock.create_with(json!({"template": "9910000075", "clock": clock, "terminals": settings})).await;
    mock.act(&code, "T1", "reader-power", json!({"on": false})).await;
    mock.advance(&code, "2026-01-19T22:00:00+09:00").await;
    let off = mock.act(&code, "T1", "power", json!({"on": false})).await;
    let kept = off["events"][0]["received"].as_u64().unwrap();
    assert!(kept > 0 && kept < 24_000_000, "the second package was under way: {off}");
    let slept = mock.advance(&code, "2026-01-20T12:00:00+09:00").await;
    assert_eq!(slept, json!([]), "a terminal that is off does nothing");
    mock.act(&code, "T1", "power", json!({"on": true})).await;
    let resumed = mock.advance(&code, "2026-01-20T20:30:00+09:00").await;
    assert_eq!(resumed[0]["event"], "download_started");
    assert_eq!(resumed[0]["from"].as_u64(), Some(kept), "{resumed}");

    mock.set(Method::PATCH, &format!("/v1/institutions/{code}/terminals/T1"), json!({"bandwidth": 100_000_000})).await;
    mock.advance(&code, "2026-01-21T06:00:00+09:00").await;
    let terminal = mock.terminal(&code, "T1").await;
    assert_eq!(terminal["components"]["face_recognition_library"]["installed"], "3.1.0");
    assert_eq!(terminal["components"]["card_reader_application"]["installed"], "2.3.1", "the reader was off");
    mock.act(&code, "T1", "reader-power", json!({"on": true})).await;
    mock.advance(&code, "2026-01-21T23:00:00+09:00").await;
    assert_eq!(mock.terminal(&code, "T1").await["components"]["card_reader_application"]["installed"], "2.4.0");
}

#[tokio::test]
async fn n4_one_restart_after_installing_is_enough_for_the_whole_period() {
    let mock = Mock::start().await;
    let code = mock.create("9910000075", "2026-01-19T19:00:00+09:00").await;
    mock.advance(&code, "2026-01-20T08:00:00+09:00").await;
    let restarted = mock.act(&code, "T1", "restart", Value::Null).await;
    assert_eq!(restarted["terminal"]["phase"], "up_to_date");
    let later = mock.advance(&code, "2026-02-10T12:00:00+09:00").await;
    assert_eq!(later, json!([]), "nothing more comes from this campaign");
    assert!(updates(&mock, &code, "").await["update"].is_null());
    assert_eq!(mock.check(&code).await.validity(), "1");
}

#[tokio::test]
async fn n5_installed_but_not_restarted_refuses_the_check_until_the_restart() {
    let mock = Mock::start().await;
    let code = mock.create("9910000075", "2026-01-19T19:00:00+09:00").await;
    assert_eq!(mock.check(&code).await.validity(), "1", "before the update");
    mock.advance(&code, "2026-01-19T20:30:00+09:00").await;
    let shown = results(&mock, &code).await;
    assert_eq!(shown["completed"], true, "the delivery results show it complete");
    let library = &shown["components"][2];
    assert_eq!((&library["installed"], &library["mock"]["running"]), (&json!("3.1.0"), &json!("3.0.2")));

    mock.advance(&code, "2026-01-20T08:55:00+09:00").await;
    let refused = mock.check(&code).await;
    assert_eq!(refused.status, StatusCode::OK, "the error is in the envelope");
    assert_eq!(refused.error_code(), RESTART_REQUIRED);
    assert!(refused.error_message().contains("資格確認端末を再起動した後、もう一度"), "{}", refused.error_message());
    let entry = mock.last_entry(&code).await;
    assert_eq!(entry["id"], refused.journal);
    assert_eq!(entry["error"]["provenance"], json!({"code": "invented", "message": "invented", "source": "N5"}));

    mock.act(&code, "T1", "shutdown", Value::Null).await;
    assert_eq!(mock.check(&code).await.error_code(), "MOCK0301E", "off");
    mock.act(&code, "T1", "power", json!({"on": true})).await;
    mock.act(&code, "T1", "restart-linkage", Value::Null).await;
    assert_eq!(mock.check(&code).await.error_code(), RESTART_REQUIRED);
    let why = mock.last_entry(&code).await["why"].clone();
    assert!(why["ja"].as_str().unwrap().contains("高速スタートアップ"), "{why}");
    assert!(why["en"].as_str().unwrap().contains("linkage application was restarted alone"), "{why}");

    mock.act(&code, "T1", "restart", Value::Null).await;
    assert_eq!(mock.check(&code).await.validity(), "1", "the same check after the restart");
}

#[tokio::test]
async fn n5_that_card_data_checks_are_refused_too_is_a_setting() {
    let mock = Mock::start().await;
    let path = "/v1/institutions/9910000026";
    assert_eq!(mock.check("9910000026").await.error_code(), RESTART_REQUIRED);
    mock.set(Method::PATCH, path, json!({"readings": {"card_data_check_refused": false}})).await;
    assert_eq!(mock.check("9910000026").await.validity(), "1");
}

#[tokio::test]
async fn n5_pulling_the_plug_is_a_boot_and_so_is_a_shutdown_without_fast_startup() {
    let mock = Mock::start().await;
    mock.act("9910000026", "T1", "power", json!({"on": false})).await;
    mock.act("9910000026", "T1", "power", json!({"on": true})).await;
    assert_eq!(mock.check("9910000026").await.validity(), "1");

    let code = mock.create("9910000026", "2026-01-20T08:55:00+09:00").await;
    mock.set(Method::PATCH, &format!("/v1/institutions/{code}/terminals/T1"), json!({"fast_startup": false})).await;
    mock.act(&code, "T1", "shutdown", Value::Null).await;
    mock.act(&code, "T1", "power", json!({"on": true})).await;
    assert_eq!(mock.check(&code).await.validity(), "1");
}

#[tokio::test]
async fn n6_a_terminal_that_restarts_by_itself_at_7_never_shows_the_error_in_consultation_hours() {
    let mock = Mock::start().await;
    let code = mock.create("9910000059", "2026-01-19T08:30:00+09:00").await;
    for day in 19..=30 {
        for hour in 9..=18 {
            mock.advance(&code, &format!("2026-01-{day}T{hour:02}:00:00+09:00")).await;
            assert_eq!(mock.check(&code).await.validity(), "1", "January {day}, {hour}:00");
        }
    }
    assert_eq!(results(&mock, &code).await["completed"], true, "and the update did come");
}

#[tokio::test]
async fn n6_before_7_the_same_terminal_is_refused() {
    let mock = Mock::start().await;
    let code = mock.create("9910000059", "2026-01-19T19:00:00+09:00").await;
    mock.advance(&code, "2026-01-20T06:59:59+09:00").await;
    assert_eq!(mock.check(&code).await.error_code(), RESTART_REQUIRED);
    mock.advance(&code, "2026-01-20T07:00:00+09:00").await;
    assert_eq!(mock.check(&code).await.validity(), "1");
}

#[tokio::test]
async fn n7_from_the_31st_distribution_runs_all_day_and_the_error_comes_in_consultation_hours() {
    let mock = Mock::start().await;
    let code = mock.create("9910000067", "2026-01-19T08:30:00+09:00").await;
    mock.advance(&code, "2026-01-30T12:00:00+09:00").await;
    assert_eq!(results(&mock, &code).await["completed"], false, "off at night, so nothing came");
    assert_eq!(mock.check(&code).await.validity(), "1", "which is no error by itself");
    mock.advance(&code, "2026-01-31T12:00:00+09:00").await;
    assert_eq!(mock.check(&code).await.error_code(), RESTART_REQUIRED);
    let window = updates(&mock, &code, "").await["window"].clone();
    assert_eq!(window, json!({"state": "open", "until": null, "next_opening": null}));
    mock.act(&code, "T1", "restart", Value::Null).await;
    assert_eq!(mock.check(&code).await.validity(), "1");
}

#[tokio::test]
async fn n8_download_at_a_time_of_ones_own_delivery_results_and_the_error_screen() {
    let mock = Mock::start().await;
    let code = mock.create("9910000075", "2026-01-19T10:00:00+09:00").await;
    assert!(updates(&mock, &code, "").await["update"].is_null(), "outside the window");
    assert!(updates(&mock, &code, "?trigger=manual").await["update"].is_object());
    mock.act(&code, "T1", "download", Value::Null).await;
    mock.advance(&code, "2026-01-19T11:00:00+09:00").await;
    let shown = results(&mock, &code).await;
    assert_eq!((&shown["completed"], &shown["mock"]["restart_pending"]), (&json!(true), &json!(true)));

    let path = format!("/v1/institutions/{code}/terminals/T1/screen");
    let page = mock.set(Method::GET, &path, Value::Null).await;
    let page = page.as_str().unwrap();
    for words in ["資格確認ができません", "資格確認端末を再起動した後", "MOCK0501E", "仮コード", "配信実績", "再起動待ち", "模擬画面です"]
    {
        assert!(page.contains(words), "the screen lacks {words}");
    }
    mock.act(&code, "T1", "restart", Value::Null).await;
    let page = mock.set(Method::GET, &path, Value::Null).await;
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
        let code = mock.create("9910000042", now).await;
        assert_eq!(mock.check(&code).await.error_code(), RESTART_REQUIRED, "before the restart");
        mock.act(&code, "T1", "restart", Value::Null).await;
        let refused = mock.check(&code).await;
        assert_eq!(refused.error_code(), RESTART_DID_NOT_HELP);
        for words in ["オンライン資格確認等コールセンター", "0800-080-4583", words, "KB0011769#B"] {
            assert!(refused.error_message().contains(words), "{now}: no {words} in {}", refused.error_message());
        }
    }
}

#[tokio::test]
async fn n10_notices_are_listed_from_the_day_they_are_published() {
    let mock = Mock::start().await;
    let code = mock.create("9910000018", "2026-01-05T12:00:00+09:00").await;
    let list = |code: String| mock.send(mock.backend(Method::GET, &format!("/notices/v1?institution={code}")));
    assert_eq!(list(code.clone()).await.body["notices"], json!([]));
    mock.advance(&code, "2026-01-20T12:00:00+09:00").await;
    let notices = list(code).await.body["notices"].clone();
    let channels: Vec<&str> = notices.as_array().unwrap().iter().map(|notice| notice["channel"].as_str().unwrap()).collect();
    assert_eq!(channels, ["portal_mail", "online_claims_screen"]);
    assert!(notices[1]["body"]["ja"].as_str().unwrap().contains("再起動してください"));
}

#[tokio::test]
async fn n11_an_update_that_is_not_installed_is_no_error_unless_a_setting_says_so() {
    let mock = Mock::start().await;
    let code = mock.create("9910000034", "2026-02-20T10:00:00+09:00").await;
    assert_eq!(mock.check(&code).await.validity(), "1");
    let readings = json!({"readings": {"outdated_refused_from": "2026-02-21"}});
    mock.set(Method::PATCH, &format!("/v1/institutions/{code}"), readings).await;
    assert_eq!(mock.check(&code).await.validity(), "1", "the day before");
    mock.advance(&code, "2026-02-21T00:00:00+09:00").await;
    assert_eq!(mock.check(&code).await.error_code(), "MOCK0503E");
}
