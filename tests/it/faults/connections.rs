//! Faults of the connection and of the body's bytes, over HTTP/1.1 and HTTP/2: as a client sees
//! them.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode, Version};
use serde_json::{Value, json};

use crate::faults::answers::with_faults;
use crate::support::eventually::eventually;
use crate::support::{Clinic, Mock, SEARCH, frozen, template, trusting};
use crate::wire::raw::{Raw, post};

/// A client of each version of HTTP.
fn clients(mock: &Mock) -> [(Version, Client); 2] {
    let client = |builder: reqwest::ClientBuilder| builder.timeout(Duration::from_secs(20)).build().unwrap();
    [(Version::HTTP_11, client(trusting(&mock.ca_pem).http1_only())), (Version::HTTP_2, client(trusting(&mock.ca_pem)))]
}

/// A check by one of them.
async fn check(client: &Client, clinic: &Clinic<'_>) -> reqwest::Result<reqwest::Response> {
    client.post(format!("https://{}{SEARCH}", clinic.mock.backend)).json(&clinic.inquiry()).send().await
}

/// All that an error says.
fn error_chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut causes = Vec::new();
    let mut cause = Some(error);
    while let Some(error) = cause {
        causes.push(format!("{error} {error:?}"));
        cause = error.source();
    }
    causes.join(" / ")
}

#[tokio::test]
async fn an_answer_is_late_by_what_was_set() {
    let mock = Mock::start().await;
    let clinic = with_faults(
        &mock,
        json!([{"kind": "delay", "delay": "PT0.4S", "nth": 1}, {"kind": "delay", "delay": ["PT0.3S", "PT0.5S"], "nth": 2}]),
    )
    .await;
    for (_, client) in clients(&mock) {
        let start = Instant::now();
        assert_eq!(check(&client, &clinic).await.unwrap().status(), StatusCode::OK);
        assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    }
    assert_eq!(clinic.last_entry().await["fault"], json!({"id": "fault-2", "kind": "delay", "answered": true}));
}

#[tokio::test]
async fn a_connection_is_reset_over_http_1_and_a_stream_over_http_2() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"kind": "reset", "nth": [1, 2]}])).await;
    let body = clinic.inquiry().to_string();
    let mut raw = Raw::backend(&mock).await;
    raw.write(&post(SEARCH, body.len(), "", body.as_bytes())).await;
    assert_eq!(raw.ended().await, (String::new(), Some(ErrorKind::ConnectionReset)));
    let entry = clinic.last_entry().await;
    assert_eq!((&entry["fault"]["kind"], &entry["status"]), (&json!("reset"), &Value::Null));
    let [_, (_, http2)] = clients(&mock);
    let error = check(&http2, &clinic).await.unwrap_err();
    assert!(error_chain(&error).contains("INTERNAL_ERROR"), "{}", error_chain(&error));
    assert_eq!(check(&http2, &clinic).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_connection_closes_without_an_answer() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"kind": "close", "nth": [1, 2]}])).await;
    let body = clinic.inquiry().to_string();
    let mut raw = Raw::backend(&mock).await;
    raw.write(&post(SEARCH, body.len(), "", body.as_bytes())).await;
    let (text, error) = raw.ended().await;
    assert_eq!(text, "");
    assert_ne!(error, Some(ErrorKind::ConnectionReset));
    let [_, (_, http2)] = clients(&mock);
    let error = check(&http2, &clinic).await.unwrap_err();
    assert!(error_chain(&error).contains("INTERNAL_ERROR"), "{}", error_chain(&error));
}

#[tokio::test]
async fn no_answer_comes_and_the_client_leaves() {
    let mut mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"kind": "black_hole", "nth": [1, 2]}])).await;
    for (_, client) in clients(&mock) {
        let url = format!("https://{}{SEARCH}", mock.backend);
        let asked = client.post(url).json(&clinic.inquiry()).timeout(Duration::from_millis(700)).send().await;
        assert!(asked.unwrap_err().is_timeout());
        assert_eq!(clinic.last_entry().await["fault"], json!({"id": "fault-1", "kind": "black_hole", "answered": false}));
    }
    mock.stop().await;
}

#[tokio::test]
async fn a_body_breaks_off() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"kind": "cut", "nth": 1, "after": 20}, {"kind": "cut"}])).await;
    let body = clinic.inquiry().to_string();
    let mut raw = Raw::backend(&mock).await;
    raw.write(&post(SEARCH, body.len(), "", body.as_bytes())).await;
    let (text, _) = raw.ended().await;
    let (head, rest) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK") && head.contains("content-length: "), "{head}");
    assert_eq!(rest.len(), 20, "{rest}");
    for (version, client) in clients(&mock) {
        let answer = check(&client, &clinic).await.unwrap();
        assert_eq!((answer.status(), answer.version()), (StatusCode::OK, version));
        let announced = answer.content_length().unwrap();
        let error = answer.bytes().await.unwrap_err();
        assert!(announced > 200 && error.is_decode() | error.is_body(), "{error:?}");
    }
}

#[tokio::test]
async fn a_body_drips_and_is_whole_in_the_end() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"kind": "drip", "bytes": 300, "every": "PT0.1S"}])).await;
    for (_, client) in clients(&mock) {
        let start = Instant::now();
        let answer = check(&client, &clinic).await.unwrap();
        let length = answer.content_length().unwrap();
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["XmlMsg"]["MessageBody"]["QualificationValidity"], "1");
        let pauses = u32::try_from(length.div_ceil(300) - 1).unwrap();
        assert!(pauses >= 2 && start.elapsed() >= Duration::from_millis(100) * pauses, "{length} {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn more_bytes_are_announced_than_come() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"kind": "wrong_length", "off_by": 10}])).await;
    for (version, client) in clients(&mock) {
        let url = format!("https://{}{SEARCH}", mock.backend);
        let answer = client.post(url).json(&clinic.inquiry()).timeout(Duration::from_millis(1500)).send().await.unwrap();
        assert!(answer.content_length().is_some());
        let error = answer.bytes().await.unwrap_err();
        assert!(error.is_timeout(), "{version:?} {error:?}: the rest never comes");
    }
}

#[tokio::test]
async fn fewer_bytes_are_announced_than_the_body_has() {
    let mock = Mock::start().await;
    let clinic = with_faults(&mock, json!([{"kind": "wrong_length", "off_by": -10}])).await;
    let [(_, http1), (_, http2)] = clients(&mock);
    let text = check(&http1, &clinic).await.unwrap().text().await.unwrap();
    assert!(
        serde_json::from_str::<Value>(&text).is_err() && text.starts_with("{\"XmlMsg\""),
        "HTTP/1.1 reads as many as are announced: {text}"
    );
    let broken = async { check(&http2, &clinic).await?.bytes().await };
    let error = broken.await.unwrap_err();
    assert!(error_chain(&error).contains("PROTOCOL_ERROR"), "{}", error_chain(&error));
}

/// An institution whose terminal may download, and the URL of its smallest package.
async fn downloading(mock: &Mock, faults: Value) -> (Clinic<'_>, Value) {
    let clock = frozen("2026-01-19T20:30:00+09:00");
    let packages = json!([{"component": "linkage_application", "version": "5.3.0", "size": 2_000_000}]);
    let input =
        json!({"template": template::EXTERNAL, "clock": clock, "campaign": {"id": "faults", "packages": packages}, "faults": faults});
    let clinic = mock.clinic_with(input).await;
    let offered = async || {
        let polled = clinic.poll("").await.body;
        polled["update"]["packages"].get(0).cloned().ok_or(polled)
    };
    let package = eventually("the package's hash", offered).await;
    (clinic, package)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_package_has_another_hash_once_whole_and_in_ranges() {
    let mock = Mock::start().await;
    let (_, package) = downloading(&mock, json!([{"kind": "wrong_hash", "nth": [1, 2, 3]}])).await;
    let url = package["url"].as_str().unwrap();
    let download = async |range: Option<&str>| {
        let mut request = mock.backend(Method::GET, url);
        if let Some(range) = range {
            request = request.header("range", range);
        }
        request.send().await.unwrap()
    };
    let wrong = download(None).await;
    assert!(wrong.headers()["repr-digest"].to_str().unwrap().starts_with("sha-256="));
    let wrong = wrong.bytes().await.unwrap();
    let part = download(Some("bytes=1000000-")).await.bytes().await.unwrap();
    let parts = download(Some("bytes=0-9,500000-500009")).await.bytes().await.unwrap();
    let right = download(None).await.bytes().await.unwrap();
    assert_eq!((wrong.len(), right.len()), (2_000_000, 2_000_000));
    assert_ne!(sha256(&wrong), package["sha256"].as_str().unwrap());
    assert_eq!(sha256(&right), package["sha256"].as_str().unwrap());
    assert_ne!(part, right[1_000_000..]);
    assert!(parts.starts_with(b"--onshi-mock-"), "the frame of several parts stays whole");
}

#[tokio::test]
async fn a_stale_etag_makes_a_resumed_download_begin_again() {
    let mock = Mock::start().await;
    let (_, package) = downloading(&mock, json!([{"kind": "stale_etag", "nth": 1}])).await;
    let url = package["url"].as_str().unwrap();
    let first = mock.backend(Method::GET, url).header("range", "bytes=0-99").send().await.unwrap();
    let etag = first.headers()["etag"].to_str().unwrap().to_owned();
    assert!(etag.starts_with("\"stale-"), "{etag}");
    let resumed = mock.backend(Method::GET, url).header("range", "bytes=100-").header("if-range", &etag).send().await.unwrap();
    assert_eq!(resumed.status(), StatusCode::OK, "the whole package, not its rest");
    let other = resumed.headers()["etag"].to_str().unwrap();
    assert_ne!(other, etag);
    let matching = mock.backend(Method::GET, url).header("if-match", &etag).send().await.unwrap();
    assert_eq!(matching.status(), StatusCode::PRECONDITION_FAILED);
}

#[tokio::test]
async fn a_download_breaks_off_and_can_be_resumed() {
    let mock = Mock::start().await;
    let (_, package) = downloading(&mock, json!([{"kind": "cut", "operation": "package", "after": 500_000, "times": 2}])).await;
    let url = format!("https://{}{}", mock.backend, package["url"].as_str().unwrap());
    for (_, client) in clients(&mock) {
        let mut answer = client.get(&url).send().await.unwrap();
        assert_eq!(answer.content_length(), Some(2_000_000));
        let mut received = 0;
        while let Ok(Some(slice)) = answer.chunk().await {
            received += slice.len();
        }
        assert!((1..=500_000).contains(&received), "{received}");
    }
    let rest = mock.client.get(&url).header("range", "bytes=500000-").send().await.unwrap();
    assert_eq!((rest.status(), rest.content_length()), (StatusCode::PARTIAL_CONTENT, Some(1_500_000)));
}

#[tokio::test]
async fn a_report_whose_answer_is_lost_was_taken_all_the_same() {
    let mock = Mock::start().await;
    let (clinic, package) = downloading(&mock, json!([{"operation": "reports", "kind": "close", "times": 1}])).await;
    let report = json!({"state": "downloading", "component": package["component"], "version": package["version"]});
    let url = format!("/delivery/v1/terminals/{clinic}-T1/reports");
    assert!(mock.backend(Method::POST, &url).json(&report).send().await.is_err());
    assert_eq!(clinic.terminal().await["phase"], "downloading");
    assert_eq!(clinic.last_entry().await["fault"]["answered"], false);
}
