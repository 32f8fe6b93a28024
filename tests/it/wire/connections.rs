//! How connections behave on both listeners: versions of TLS and HTTP, pipelining, many at once,
//! and what is not HTTP at all.

use std::net::SocketAddr;

use reqwest::{StatusCode, Version, tls};
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Mock, SEARCH, inquiry, template, trusting};
use crate::wire::raw::{Raw, post};

const NOTICES: &str = "/notices/v1?institution=9910000018";

fn check() -> String {
    inquiry("9910000018").to_string()
}

/// Where each listener answers without a body or token.
fn listeners(mock: &Mock) -> [(SocketAddr, &'static str); 2] {
    [(mock.backend, NOTICES), (mock.control, "/healthz")]
}

#[tokio::test]
async fn http_1_and_2_over_tls_1_2_and_1_3_work_on_both_listeners() {
    let mock = Mock::start().await;
    for (address, path) in listeners(&mock) {
        for version in [&TLS12, &TLS13] {
            let mut raw = Raw::connect(&mock, address, version, "http/1.1").await;
            raw.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes()).await;
            assert_eq!(raw.answer().await.status, 200, "{path} {version:?}");
        }
        for version in [tls::Version::TLS_1_2, tls::Version::TLS_1_3] {
            let client = trusting(&mock.ca_pem).tls_version_min(version).tls_version_max(version).build().unwrap();
            let answer = client.get(format!("https://{address}{path}")).send().await.unwrap();
            assert_eq!((answer.status(), answer.version()), (StatusCode::OK, Version::HTTP_2), "{path} {version:?}");
        }
    }
}

#[tokio::test]
async fn plain_http_gets_the_hint_on_both_listeners() {
    let mock = Mock::start().await;
    for (address, path) in listeners(&mock) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("HTTPS 専用です") && answer.contains("https://"), "{answer}");
    }
}

#[tokio::test]
async fn a_request_of_http_1_0_is_answered_and_the_connection_ends() {
    let mock = Mock::start().await;
    let body = check();
    let request =
        String::from_utf8(post(SEARCH, body.len(), "", body.as_bytes())).unwrap().replace("HTTP/1.1\r\nHost: localhost", "HTTP/1.0");
    let mut raw = Raw::backend(&mock).await;
    raw.write(request.as_bytes()).await;
    let answer = raw.answer().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["XmlMsg"]["MessageBody"]["QualificationValidity"], "1");
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let mock = Mock::start().await;
    let (good, pending) = (check(), inquiry("9910000026").to_string());
    let mut raw = Raw::backend(&mock).await;
    let requests = [
        post(SEARCH, good.len(), "", good.as_bytes()),
        post(SEARCH, pending.len(), "", pending.as_bytes()),
        post(SEARCH, good.len(), "Connection: close\r\n", good.as_bytes()),
    ];
    raw.write(&requests.concat()).await;
    let codes: Vec<String> = raw.answers().await.iter().map(|answer| answer.error().0).collect();
    assert_eq!(codes, ["", "MOCK0501E", ""]);
}

#[tokio::test]
async fn a_request_behind_a_broken_one_is_not_answered() {
    let mock = Mock::start().await;
    let good = check();
    let mut raw = Raw::backend(&mock).await;
    raw.write(&[post(SEARCH, 3, "", b"{\"X"), post(SEARCH, good.len(), "", good.as_bytes())].concat()).await;
    assert_eq!(raw.answer().await.status, 400, "nothing that follows can be trusted");
}

#[tokio::test]
async fn bytes_that_are_no_http_end_the_connection_and_nothing_else() {
    let mock = Mock::start().await;
    for bytes in [
        "こんにちは\r\n\r\n".as_bytes(),
        b"\0\0\0\0\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut raw = Raw::backend(&mock).await;
        raw.write(bytes).await;
        let answer = raw.until_gone().await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{bytes:?}: {answer}");
    }
    mock.institution(template::UP_TO_DATE).check().await.expect_qualified();
}

#[tokio::test]
async fn a_hundred_connections_at_once_are_all_served() {
    let mock = Mock::start().await;
    let body = check();
    let mut open = Vec::new();
    for _ in 0..100 {
        open.push(Raw::backend(&mock).await);
    }
    for raw in &mut open {
        raw.write(&post(SEARCH, body.len(), "Connection: close\r\n", body.as_bytes())).await;
    }
    for raw in open {
        let answer = raw.answer().await;
        assert_eq!((answer.status, answer.error().0.as_str()), (200, ""));
    }
}
