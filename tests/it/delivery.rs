//! When the delivery server hands nothing out, what cuts a transfer off, and where the bytes come from.

use std::time::{Duration, Instant};

use reqwest::{Method, Response, StatusCode, Version};
use serde_json::{Value, json};

use crate::support::{Answer, Mock, trusting};

const EVENING: &str = "2026-01-19T21:00:00+09:00";

async fn external(mock: &Mock) -> String {
    mock.create("9910000034", EVENING).await
}

async fn campaign(mock: &Mock, code: &str, campaign: Value) -> Value {
    mock.set(Method::PUT, &format!("/v1/institutions/{code}/campaign"), campaign).await
}

async fn bandwidth(mock: &Mock, code: &str, bytes: u64) {
    mock.set(Method::PATCH, &format!("/v1/institutions/{code}/terminals/T1"), json!({"bandwidth": bytes})).await;
}

async fn poll(mock: &Mock, code: &str, query: &str) -> Answer {
    mock.send(mock.backend(Method::GET, &format!("/delivery/v1/terminals/{code}-T1/updates{query}"))).await
}

async fn fetch(mock: &Mock, url: &str) -> Response {
    mock.backend(Method::GET, url).header("range", "bytes=0-9").send().await.unwrap()
}

/// The first package's URL.
async fn url(mock: &Mock, code: &str) -> String {
    poll(mock, code, "").await.body["update"]["packages"][0]["url"].as_str().unwrap().to_owned()
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
    let code = external(&mock).await;
    let offer = poll(&mock, &code, "").await.body["update"]["packages"][0].clone();
    let url = offer["url"].as_str().unwrap();
    assert_eq!(fetch(&mock, url).await.status(), StatusCode::PARTIAL_CONTENT);
    mock.advance(&code, "2026-01-20T05:00:00+09:00").await;
    assert_eq!(refusal(fetch(&mock, url).await).await, (503, json!("MOCK0604E"), Some(15 * 3600)));
    assert_eq!(mock.last_entry(&code).await["error"]["id"], "window_closed");
    poll(&mock, &code, "").await;
    assert_eq!(fetch(&mock, url).await.status(), StatusCode::SERVICE_UNAVAILABLE, "a poll of the rhythm changes nothing");
    poll(&mock, &code, "?trigger=manual").await;
    mock.advance(&code, "2026-01-20T12:00:00+09:00").await;
    poll(&mock, &code, "").await;
    assert_eq!(fetch(&mock, url).await.status(), StatusCode::PARTIAL_CONTENT, "by hand, until the next window opens");
    mock.advance(&code, "2026-01-20T20:00:00+09:00").await;
    assert_eq!(fetch(&mock, url).await.status(), StatusCode::PARTIAL_CONTENT, "in the window");
    mock.advance(&code, "2026-01-21T05:00:00+09:00").await;
    assert_eq!(fetch(&mock, url).await.status(), StatusCode::SERVICE_UNAVAILABLE, "that poll was for the night before");
}

#[tokio::test]
async fn a_suspended_campaign_keeps_its_packages_and_a_server_that_is_down_refuses_everything() {
    let mock = Mock::start().await;
    let code = external(&mock).await;
    let url = url(&mock, &code).await;
    campaign(&mock, &code, json!({"suspended": true})).await;
    assert_eq!(refusal(fetch(&mock, &url).await).await, (503, json!("MOCK0606E"), None));
    let polled = poll(&mock, &code, "?trigger=manual").await;
    assert_eq!((polled.status, &polled.body["update"], &polled.body["suspended"]), (StatusCode::OK, &Value::Null, &json!(true)));
    assert_eq!(campaign(&mock, &code, json!({"down": true})).await["down"], true);
    let down = (503, json!("MOCK0607E"), Some(300));
    assert_eq!(refusal(fetch(&mock, &url).await).await, down);
    let report = json!({"state": "downloading", "component": "linkage_application", "version": "5.3.0"});
    let terminal = format!("/delivery/v1/terminals/{code}-T1");
    for request in [
        mock.backend(Method::GET, &format!("{terminal}/updates")),
        mock.backend(Method::GET, &format!("{terminal}/results")),
        mock.backend(Method::POST, &format!("{terminal}/reports")).json(&report),
    ] {
        assert_eq!(refusal(request.send().await.unwrap()).await, down);
    }
    assert_eq!(mock.check(&code).await.validity(), "1", "checks have nothing to do with it");
    campaign(&mock, &code, json!({})).await;
    assert_eq!(fetch(&mock, &url).await.status(), StatusCode::PARTIAL_CONTENT);
}

#[tokio::test]
async fn a_virtual_terminal_stops_while_the_server_is_down_and_goes_on_after_it() {
    let mock = Mock::start().await;
    let code = mock.create("9910000075", "2026-01-19T20:00:00+09:00").await;
    mock.advance(&code, "2026-01-19T20:01:03+09:00").await;
    campaign(&mock, &code, json!({"down": true})).await;
    assert_eq!(mock.advance(&code, "2026-01-20T04:00:00+09:00").await, json!([]));
    let path = format!("/v1/institutions/{code}/terminals/T1/download");
    assert_eq!(mock.control(Method::POST, &path, Value::Null).await.0, StatusCode::CONFLICT);
    campaign(&mock, &code, json!({})).await;
    let events = mock.advance(&code, "2026-01-20T05:00:00+09:00").await;
    assert_eq!((&events[0]["event"], &events[0]["from"]), (&json!("download_started"), &json!(6_000_000)));
}

#[tokio::test]
async fn too_many_polls_are_told_when_to_come_again_and_each_terminal_counts_for_itself() {
    let fixtures = tempfile::tempdir().unwrap();
    let invented = include_str!("../../fixtures/invented.toml").replace("polls = 60 ", "polls = 2 ");
    std::fs::write(fixtures.path().join("invented.toml"), invented).unwrap();
    let dir = fixtures.path().to_owned();
    let mock = Mock::start_with(|config| config.fixtures = Some(dir)).await;
    let code = external(&mock).await;
    for _ in 0..2 {
        assert_eq!(poll(&mock, &code, "").await.status, StatusCode::OK);
    }
    let path = |terminal| format!("/delivery/v1/terminals/{code}-{terminal}/updates");
    let (status, error, after) = refusal(mock.backend(Method::GET, &path("T1")).send().await.unwrap()).await;
    assert_eq!((status, error), (429, json!("MOCK0605E")));
    assert!(after.is_some_and(|seconds| (1..=31).contains(&seconds)), "{after:?}");
    mock.set(Method::POST, &format!("/v1/institutions/{code}/terminals"), json!({"id": "T2", "driver": "external"})).await;
    assert_eq!(mock.send(mock.backend(Method::GET, &path("T2"))).await.status, StatusCode::OK);
    let results = format!("/delivery/v1/terminals/{code}-T1/results");
    assert_eq!(mock.send(mock.backend(Method::GET, &results)).await.status, StatusCode::OK, "only polls are counted");
}

#[tokio::test]
async fn a_terminals_bandwidth_is_the_pace_of_all_its_downloads_together() {
    let mock = Mock::start().await;
    let code = external(&mock).await;
    let url = url(&mock, &code).await;
    bandwidth(&mock, &code, 200_000).await;
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

/// Fetches slowly over HTTP/1.1 or HTTP/2, does something on the way, and says whether the body came whole.
async fn fetched_while(mock: &Mock, code: &str, version: Version, act: impl AsyncFnOnce()) -> bool {
    let url = url(mock, code).await;
    bandwidth(mock, code, 50_000).await;
    let client = trusting(&mock.ca_pem);
    let client = if version == Version::HTTP_11 { client.http1_only() } else { client }.build().unwrap();
    let request = client.get(format!("https://{}{url}", mock.backend)).header("range", "bytes=0-149999");
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
        let clock = json!({"mode": "frozen", "now": EVENING});
        let readings = json!({"download_runs_on": runs_on});
        let code = mock.create_with(json!({"template": "9910000034", "clock": clock, "readings": readings})).await;
        let closing = async || {
            mock.advance(&code, "2026-01-20T05:00:00+09:00").await;
        };
        assert_eq!(fetched_while(&mock, &code, Version::HTTP_2, closing).await, whole, "download_runs_on {runs_on}");
        let entry = mock.last_entry(&code).await;
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
        let code = external(&mock).await;
        let change = async || {
            campaign(&mock, &code, input).await;
        };
        assert!(!fetched_while(&mock, &code, Version::HTTP_11, change).await, "{error}");
        assert_eq!(mock.last_entry(&code).await["error"]["id"], error);
    }
}

#[tokio::test]
async fn a_package_of_four_gibibytes_is_offered_once_its_hash_is_known() {
    let mock = Mock::start().await;
    let code = external(&mock).await;
    let size: u64 = 4 * 1024 * 1024 * 1024;
    let package = json!({"component": "linkage_application", "version": "6.0.0", "size": size});
    let shown = campaign(&mock, &code, json!({"id": "own", "starts": "tonight", "packages": [package]})).await;
    assert_eq!((&shown["packages"][0]["size"], &shown["packages"][0]["sha256"]), (&json!(size), &Value::Null));
    let polled = poll(&mock, &code, "").await.body;
    assert_eq!((&polled["update"], &polled["poll_after"]), (&Value::Null, &json!("PT30S")));
    assert_eq!(polled["preparing"], json!([{"component": "linkage_application", "version": "6.0.0"}]));
    let url = format!("/delivery/v1/packages/own/linkage_application/6.0.0?terminal={code}-T1");
    assert_eq!(refusal(fetch(&mock, &url).await).await, (503, json!("MOCK0609E"), Some(30)));
    let declared = json!({"component": "linkage_application", "version": "6.0.0", "size": size, "sha256": "ab".repeat(32)});
    campaign(&mock, &code, json!({"id": "own", "starts": "tonight", "packages": [declared]})).await;
    assert_eq!(poll(&mock, &code, "").await.body["update"]["packages"][0]["sha256"], "ab".repeat(32), "a declared hash is believed");
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
    let code = external(&mock).await;
    let offers = loop {
        let polled = poll(&mock, &code, "").await.body;
        if polled["preparing"].is_null() {
            break polled["update"]["packages"].clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let hash: String =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &content).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((&offers[1]["size"], &offers[1]["sha256"]), (&json!(content.len()), &json!(hash)));
    assert_eq!(offers[0]["size"], 12_000_000, "a package without a file is made up as ever");
    let url = offers[1]["url"].as_str().unwrap();
    assert_eq!(mock.backend(Method::GET, url).send().await.unwrap().bytes().await.unwrap(), content);
    let parts = mock.backend(Method::GET, url).header("range", "bytes=900000-900003,0-3").send().await.unwrap().bytes().await.unwrap();
    assert!(parts.windows(4).any(|bytes| bytes == &content[900_000..900_004]));

    let change = async || std::fs::write(&file, &content[4..]).unwrap();
    bandwidth(&mock, &code, 50_000).await;
    let mut answer = mock.backend(Method::GET, url).send().await.unwrap();
    assert!(answer.chunk().await.unwrap().is_some());
    change().await;
    while let Ok(chunk) = answer.chunk().await {
        assert!(chunk.is_some(), "the body did not come whole");
    }
    let entry = mock.last_entry(&code).await;
    assert_eq!(entry["error"]["id"], "package_unavailable", "{entry}");
    assert_eq!(refusal(fetch(&mock, url).await).await.1, "MOCK0610E");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(refusal(fetch(&mock, url).await).await.1, "MOCK0610E");
    for path in ["..%2F..%2Fetc%2Fpasswd", "5.3.0%2F..%2F5.3.0", "%2Fetc%2Fpasswd"] {
        let answer = fetch(&mock, &format!("/delivery/v1/packages/2026-01/linkage_application/{path}?terminal={code}-T1")).await;
        assert_eq!(refusal(answer).await.1, "MOCK0601E", "{path}");
    }
}

#[tokio::test]
async fn terminals_that_have_been_silent_for_long_are_listed() {
    let mock = Mock::start().await;
    let clock = json!({"mode": "frozen", "now": EVENING});
    let terminals = json!({"T2": {"driver": "external"}, "T3": {"driver": "virtual"}});
    let code = mock.create_with(json!({"template": "9910000034", "clock": clock, "terminals": terminals})).await;
    let silent = async |query: &str| {
        let shown = mock.set(Method::GET, &format!("/v1/institutions/{code}/terminals{query}"), Value::Null).await;
        shown["terminals"].as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ")
    };
    poll(&mock, &code, "").await;
    assert_eq!(silent("?silent_for=PT1H").await, "T2 T3", "never heard of");
    mock.advance(&code, "2026-01-20T20:59:59+09:00").await;
    assert_eq!(silent("?silent_for=P1D").await, "T2", "T3 polls by itself");
    mock.advance(&code, EVENING.replace("19T", "20T").as_str()).await;
    assert_eq!(silent("?silent_for=P1D").await, "T1 T2");
    assert_eq!(silent("").await, "T1 T2 T3");
    for query in ["?silent_for=1d", "?silent_for=P1M", "?silent=P1D"] {
        let (status, problem) = mock.control(Method::GET, &format!("/v1/institutions/{code}/terminals{query}"), Value::Null).await;
        assert_eq!((status, &problem["type"]), (StatusCode::BAD_REQUEST, &json!("urn:onshi-mock:problem:query")), "{query}");
    }
}

#[tokio::test]
async fn the_page_of_delivery_results_tells_staff_how_far_each_terminal_is() {
    let mock = Mock::start().await;
    let code = mock.create("9940000018", "2026-01-20T10:00:00+09:00").await;
    let path = format!("/v1/institutions/{code}/delivery-results");
    let page = async || mock.set(Method::GET, &path, Value::Null).await.as_str().unwrap().to_owned();
    let shown = page().await;
    for words in [
        "<html lang=\"ja\">",
        "模擬画面です",
        "2026年1月 資格確認端末アプリケーション更新",
        "配信時間外",
        "2026年1月20日 20:00:00 から",
        "2 台（2 台中）",
        &format!("資格確認端末 {code}-T2"),
        "最終通信日時",
        "顔認証付きカードリーダーアプリケーション",
        "配信完了",
        "再起動待ち",
    ] {
        assert!(shown.contains(words), "the page lacks {words}");
    }
    assert!(!shown.contains("<script") && !shown.contains("http://") && shown.matches("<style>").count() == 1);
    campaign(&mock, &code, json!({"down": true})).await;
    assert!(page().await.contains("配信サーバー停止中"));
}
