//! When the delivery server hands nothing out, what cuts a transfer off, and where the bytes come
//! from.

use std::time::{Duration, Instant};

use reqwest::{Method, Response, StatusCode, Version};
use serde_json::{Value, json};

use crate::support::eventually::eventually;
use crate::support::{Clinic, Mock, frozen, template, trusting};

const EVENING: &str = "2026-01-19T21:00:00+09:00";

async fn external(mock: &Mock) -> Clinic<'_> {
    mock.clinic(template::EXTERNAL, EVENING).await
}

async fn bandwidth(clinic: &Clinic<'_>, bytes: u64) {
    clinic.set_terminal(json!({"bandwidth": bytes})).await;
}

async fn fetch(mock: &Mock, url: &str) -> Response {
    mock.backend(Method::GET, url).header("range", "bytes=0-9").send().await.unwrap()
}

/// The first package's URL.
async fn url(clinic: &Clinic<'_>) -> String {
    clinic.poll("").await.body["update"]["packages"][0]["url"].as_str().unwrap().to_owned()
}

/// Status, code and Retry-After of a refusal.
async fn refusal(answer: Response) -> (u16, Value, Option<u64>) {
    let status = answer.status().as_u16();
    let after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
    let body: Value = answer.json().await.unwrap();
    (status, body["code"].clone(), after)
}

#[tokio::test]
async fn outside_the_windows_nothing_is_fetched_unless_it_was_asked_for_by_hand() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    let offer = clinic.poll("").await.body["update"]["packages"][0].clone();
    let url = offer["url"].as_str().unwrap();
    assert_eq!(fetch(&mock, url).await.status(), StatusCode::PARTIAL_CONTENT);
    clinic.advance("2026-01-20T05:00:00+09:00").await;
    assert_eq!(refusal(fetch(&mock, url).await).await, (503, json!("MOCK0604E"), Some(15 * 3600)));
    assert_eq!(clinic.last_entry().await["error"]["id"], "window_closed");
    clinic.poll("").await;
    assert_eq!(fetch(&mock, url).await.status(), StatusCode::SERVICE_UNAVAILABLE, "a poll of the rhythm changes nothing");
    clinic.poll("?trigger=manual").await;
    clinic.advance("2026-01-20T12:00:00+09:00").await;
    clinic.poll("").await;
    assert_eq!(fetch(&mock, url).await.status(), StatusCode::PARTIAL_CONTENT, "by hand, until the next window opens");
    clinic.advance("2026-01-20T20:00:00+09:00").await;
    assert_eq!(fetch(&mock, url).await.status(), StatusCode::PARTIAL_CONTENT, "in the window");
    clinic.advance("2026-01-21T05:00:00+09:00").await;
    assert_eq!(fetch(&mock, url).await.status(), StatusCode::SERVICE_UNAVAILABLE, "that poll was for the night before");
}

#[tokio::test]
async fn a_suspended_campaign_keeps_its_packages_and_a_server_that_is_down_refuses_everything() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    let url = url(&clinic).await;
    clinic.set_campaign(json!({"suspended": true})).await;
    assert_eq!(refusal(fetch(&mock, &url).await).await, (503, json!("MOCK0606E"), None));
    let polled = clinic.poll("?trigger=manual").await;
    assert_eq!((polled.status, &polled.body["update"], &polled.body["suspended"]), (StatusCode::OK, &Value::Null, &json!(true)));
    assert_eq!(clinic.set_campaign(json!({"down": true})).await["down"], true);
    let down = (503, json!("MOCK0607E"), Some(300));
    assert_eq!(refusal(fetch(&mock, &url).await).await, down);
    let report = json!({"state": "downloading", "component": "linkage_application", "version": "5.3.0"});
    let terminal = format!("/delivery/v1/terminals/{clinic}-T1");
    for request in [
        mock.backend(Method::GET, &format!("{terminal}/updates")),
        mock.backend(Method::GET, &format!("{terminal}/results")),
        mock.backend(Method::POST, &format!("{terminal}/reports")).json(&report),
    ] {
        assert_eq!(refusal(request.send().await.unwrap()).await, down);
    }
    clinic.check().await.note("checks have nothing to do with it").expect_qualified();
    clinic.set_campaign(json!({})).await;
    assert_eq!(fetch(&mock, &url).await.status(), StatusCode::PARTIAL_CONTENT);
}

#[tokio::test]
async fn a_virtual_terminal_stops_while_the_server_is_down_and_goes_on_after_it() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, "2026-01-19T20:00:00+09:00").await;
    clinic.advance("2026-01-19T20:01:03+09:00").await;
    clinic.set_campaign(json!({"down": true})).await;
    assert_eq!(clinic.advance("2026-01-20T04:00:00+09:00").await, json!([]));
    clinic.act("download", Value::Null).expect_problem(StatusCode::CONFLICT).await;
    clinic.set_campaign(json!({})).await;
    let events = clinic.advance("2026-01-20T05:00:00+09:00").await;
    assert_eq!((&events[0]["event"], &events[0]["from"]), (&json!("download_started"), &json!(6_000_000)));
}

#[tokio::test]
async fn too_many_polls_are_told_when_to_come_again_and_each_terminal_counts_for_itself() {
    let fixtures = tempfile::tempdir().unwrap();
    let invented = include_str!("../../../fixtures/invented.toml").replace("polls = 60 ", "polls = 2 ");
    std::fs::write(fixtures.path().join("invented.toml"), invented).unwrap();
    let dir = fixtures.path().to_owned();
    let mock = Mock::start_with(|config| config.fixtures = Some(dir)).await;
    let clinic = external(&mock).await;
    for _ in 0..2 {
        assert_eq!(clinic.poll("").await.status, StatusCode::OK);
    }
    let path = |terminal| format!("/delivery/v1/terminals/{clinic}-{terminal}/updates");
    let (status, error, after) = refusal(mock.backend(Method::GET, &path("T1")).send().await.unwrap()).await;
    assert_eq!((status, error), (429, json!("MOCK0605E")));
    assert!(after.is_some_and(|seconds| (1..=31).contains(&seconds)), "{after:?}");
    clinic.post("/terminals", json!({"id": "T2", "driver": "external"})).await;
    assert_eq!(mock.ask(&path("T2")).await.status, StatusCode::OK);
    let results = format!("/delivery/v1/terminals/{clinic}-T1/results");
    assert_eq!(mock.ask(&results).await.status, StatusCode::OK, "only polls are counted");
}

#[tokio::test]
async fn a_terminals_bandwidth_is_the_pace_of_all_its_downloads_together() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    let url = url(&clinic).await;
    bandwidth(&clinic, 200_000).await;
    let begun = Instant::now();
    let half = async |range: &str| {
        let answer = mock.backend(Method::GET, &url).header("range", range).send().await.unwrap();
        answer.bytes().await.unwrap().len()
    };
    let halves = tokio::join!(half("bytes=0-149999"), half("bytes=150000-299999"));
    assert_eq!(halves, (150_000, 150_000));
    let took = begun.elapsed();
    assert!((Duration::from_millis(1400)..Duration::from_secs(6)).contains(&took), "300 kB at 200 kB/s took {took:?}");
}

/// Fetches slowly over HTTP/1.1 or HTTP/2, does something on the way, and says whether the body
/// came whole.
async fn fetched_while(clinic: &Clinic<'_>, version: Version, act: impl AsyncFnOnce()) -> bool {
    let url = url(clinic).await;
    bandwidth(clinic, 50_000).await;
    let client = trusting(&clinic.mock.ca_pem);
    let client = if version == Version::HTTP_11 { client.http1_only() } else { client }.build().unwrap();
    let request = client.get(format!("https://{}{url}", clinic.mock.backend)).header("range", "bytes=0-149999");
    let mut answer = request.send().await.unwrap();
    assert_eq!(answer.version(), version);
    assert!(answer.chunk().await.unwrap().is_some());
    act().await;
    loop {
        match answer.chunk().await {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

#[tokio::test]
async fn a_window_that_closes_cuts_the_transfer_unless_the_reading_lets_it_run_on() {
    let mock = Mock::start().await;
    for (runs_on, whole) in [(false, false), (true, true)] {
        let clock = frozen(EVENING);
        let readings = json!({"download_runs_on": runs_on});
        let clinic = mock.clinic_with(json!({"template": template::EXTERNAL, "clock": clock, "readings": readings})).await;
        let closing = async || {
            clinic.advance("2026-01-20T05:00:00+09:00").await;
        };
        assert_eq!(fetched_while(&clinic, Version::HTTP_2, closing).await, whole, "download_runs_on {runs_on}");
        let entry = clinic.last_entry().await;
        assert_eq!(entry["error"]["id"] == "window_closed", !whole, "{entry}");
        if !whole {
            assert!(entry["notes"][0]["ja"].as_str().unwrap().contains("バイトを送ったところで切断しました"), "{entry}");
        }
    }
}

#[tokio::test]
async fn a_server_that_goes_down_and_a_campaign_that_is_withdrawn_cut_the_transfer() {
    let mock = Mock::start().await;
    for (input, error) in [
        (json!({"down": true}), "delivery_down"),
        (json!({"suspended": true}), "distribution_suspended"),
        (json!({"id": "next"}), "unknown_package"),
    ] {
        let clinic = external(&mock).await;
        let change = async || {
            clinic.set_campaign(input).await;
        };
        assert!(!fetched_while(&clinic, Version::HTTP_11, change).await, "{error}");
        assert_eq!(clinic.last_entry().await["error"]["id"], error);
    }
}

#[tokio::test]
async fn a_package_of_four_gibibytes_is_offered_once_its_hash_is_known() {
    let mock = Mock::start().await;
    let clinic = external(&mock).await;
    let size: u64 = 4 * 1024 * 1024 * 1024;
    let package = json!({"component": "linkage_application", "version": "6.0.0", "size": size});
    let shown = clinic.set_campaign(json!({"id": "own", "starts": "tonight", "packages": [package]})).await;
    assert_eq!((&shown["packages"][0]["size"], &shown["packages"][0]["sha256"]), (&json!(size), &Value::Null));
    let polled = clinic.poll("").await.body;
    assert_eq!((&polled["update"], &polled["poll_after"]), (&Value::Null, &json!("PT30S")));
    assert_eq!(polled["preparing"], json!([{"component": "linkage_application", "version": "6.0.0"}]));
    let url = format!("/delivery/v1/packages/own/linkage_application/6.0.0?terminal={clinic}-T1");
    assert_eq!(refusal(fetch(&mock, &url).await).await, (503, json!("MOCK0609E"), Some(30)));
    let declared = json!({"component": "linkage_application", "version": "6.0.0", "size": size, "sha256": "ab".repeat(32)});
    clinic.set_campaign(json!({"id": "own", "starts": "tonight", "packages": [declared]})).await;
    assert_eq!(clinic.poll("").await.body["update"]["packages"][0]["sha256"], "ab".repeat(32), "a declared hash is believed");
    let last = mock.backend(Method::GET, &url).header("range", "bytes=-3").send().await.unwrap();
    assert_eq!(last.headers()["content-range"], "bytes 4294967293-4294967295/4294967296");
    assert_eq!(last.bytes().await.unwrap().len(), 3);
}

#[tokio::test]
async fn files_of_the_package_directory_are_served_and_a_change_is_said() {
    let files = tempfile::tempdir().unwrap();
    let file = files.path().join("linkage_application").join("5.3.0");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    let content: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(&file, &content).unwrap();
    let dir = files.path().to_owned();
    let mock = Mock::start_with(|config| config.package_dir = Some(dir)).await;
    let clinic = external(&mock).await;
    let offers = eventually("the hashes of all packages", async || {
        let polled = clinic.poll("").await.body;
        if polled["preparing"].is_null() { Ok(polled["update"]["packages"].clone()) } else { Err(polled) }
    })
    .await;
    let hash: String =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((&offers[1]["size"], &offers[1]["sha256"]), (&json!(content.len()), &json!(hash)));
    assert_eq!(offers[0]["size"], 12_000_000, "a package without a file is made up as ever");
    let url = offers[1]["url"].as_str().unwrap();
    assert_eq!(mock.backend(Method::GET, url).send().await.unwrap().bytes().await.unwrap(), content);
    let parts = mock.backend(Method::GET, url).header("range", "bytes=900000-900003,0-3").send().await.unwrap().bytes().await.unwrap();
    assert!(parts.windows(4).any(|bytes| bytes == &content[900_000..900_004]));

    let change = async || std::fs::write(&file, &content[4..]).unwrap();
    bandwidth(&clinic, 50_000).await;
    let mut answer = mock.backend(Method::GET, url).send().await.unwrap();
    assert!(answer.chunk().await.unwrap().is_some());
    change().await;
    while let Ok(chunk) = answer.chunk().await {
        assert!(chunk.is_some(), "the body did not come whole");
    }
    let entry = clinic.last_entry().await;
    assert_eq!(entry["error"]["id"], "package_unavailable", "{entry}");
    assert_eq!(refusal(fetch(&mock, url).await).await.1, "MOCK0610E");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(refusal(fetch(&mock, url).await).await.1, "MOCK0610E");
    for path in ["..%2F..%2Fetc%2Fpasswd", "5.3.0%2F..%2F5.3.0", "%2Fetc%2Fpasswd"] {
        let answer = fetch(&mock, &format!("/delivery/v1/packages/2026-01/linkage_application/{path}?terminal={clinic}-T1")).await;
        assert_eq!(refusal(answer).await.1, "MOCK0601E", "{path}");
    }
}

#[tokio::test]
async fn terminals_that_have_been_silent_for_long_are_listed() {
    let mock = Mock::start().await;
    let clock = frozen(EVENING);
    let terminals = json!({"T2": {"driver": "external"}, "T3": {"driver": "virtual"}});
    let clinic = mock.clinic_with(json!({"template": template::EXTERNAL, "clock": clock, "terminals": terminals})).await;
    let silent = async |query: &str| {
        let shown = clinic.get(&format!("/terminals{query}")).await;
        shown["terminals"].as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
    };
    clinic.poll("").await;
    assert_eq!(silent("?silent_for=PT1H").await, "T2 T3", "never heard of");
    clinic.advance("2026-01-20T20:59:59+09:00").await;
    assert_eq!(silent("?silent_for=P1D").await, "T2", "T3 polls by itself");
    clinic.advance(EVENING.replace("19T", "20T").as_str()).await;
    assert_eq!(silent("?silent_for=P1D").await, "T1 T2");
    assert_eq!(silent("").await, "T1 T2 T3");
    for query in ["?silent_for=1d", "?silent_for=P1M", "?silent=P1D"] {
        clinic.get(&format!("/terminals{query}")).expect_problem_kind(StatusCode::BAD_REQUEST, "query").await;
    }
}

#[tokio::test]
async fn the_page_of_delivery_results_tells_staff_how_far_each_terminal_is() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PHARMACY, "2026-01-20T10:00:00+09:00").await;
    let page = async || clinic.get("/delivery-results").await.as_str().unwrap().to_owned();
    let shown = page().await;
    for words in [
        "<html lang=\"ja\">",
        "模擬画面です",
        "2026年1月 資格確認端末アプリケーション更新",
        "配信時間外",
        "2026年1月20日 20:00:00 から",
        "2 台（2 台中）",
        &format!("資格確認端末 {clinic}-T2"),
        "最終通信日時",
        "顔認証付きカードリーダーアプリケーション",
        "配信完了",
        "再起動待ち",
    ] {
        assert!(shown.contains(words), "the page lacks {words}");
    }
    assert!(!shown.contains("<script") && !shown.contains("http://") && shown.matches("<style>").count() == 1);
    clinic.set_campaign(json!({"down": true})).await;
    assert!(page().await.contains("配信サーバー停止中"));
}
