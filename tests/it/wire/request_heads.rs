//! What the head of a request decides before its body is read: no `100 Continue` where the answer
//! is a refusal anyway, no compressed bodies, no more header fields than are read.

use std::convert::Infallible;

use bytes::Bytes;
use http_body_util::StreamBody;
use hyper::body::Frame;
use reqwest::{Method, StatusCode};
use rustls::version::TLS13;
use serde_json::{Value, json};

use crate::support::{LOGIN, Mock, SEARCH, TOKEN, inquiry};
use crate::wire::raw::{Raw, post};

const EXPECT: &str = "Expect: 100-continue\r\n";
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

#[tokio::test]
async fn a_content_length_above_the_limit_is_refused_without_100_continue() {
    let mock = Mock::start().await;
    let mut raw = Raw::backend(&mock).await;
    raw.write(&post(SEARCH, 2 * 1024 * 1024, EXPECT, b"")).await;
    let answer = raw.answer().await;
    let (code, message) = answer.error();
    assert_eq!((answer.status, code.as_str(), answer.headers["connection"].as_str()), (413, "MOCK0003E", "close"), "{message}");

    let mut raw = Raw::connect(&mock, mock.control, &TLS13, "http/1.1").await;
    let more = format!("{EXPECT}Authorization: Bearer {TOKEN}\r\n");
    raw.write(&post("/v1/institutions", 2 * 1024 * 1024, &more, b"")).await;
    let answer = raw.answer().await;
    assert_eq!((answer.status, &answer.json()["type"]), (413, &json!("urn:onshi-mock:problem:body-too-large")));
}

#[tokio::test]
async fn a_body_within_the_limit_is_asked_for_with_100_continue() {
    let mock = Mock::start().await;
    let body = inquiry("9910000018").to_string();
    let mut raw = Raw::backend(&mock).await;
    raw.write(&post(SEARCH, body.len(), &format!("{EXPECT}Connection: close\r\n"), b"")).await;
    raw.comes(CONTINUE).await;
    raw.write(body.as_bytes()).await;
    let answer = raw.answer().await;
    assert_eq!((answer.status, answer.error().0.as_str()), (200, ""));
}

#[tokio::test]
async fn what_the_control_token_or_the_path_decides_comes_without_100_continue() {
    let mock = Mock::start().await;
    for (path, status) in [("/v1/institutions", 401), ("/healthz", 405)] {
        let mut raw = Raw::connect(&mock, mock.control, &TLS13, "http/1.1").await;
        raw.write(&post(path, 2, EXPECT, b"")).await;
        assert_eq!(raw.answer().await.status, status, "{path}");
    }
}

#[tokio::test]
async fn over_http2_a_refusal_of_the_head_comes_at_once() {
    let mock = Mock::start().await;
    let never = StreamBody::new(futures_util::stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let request = mock.backend(Method::POST, SEARCH).header("expect", "100-continue").header("content-length", 2 * 1024 * 1024);
    let answer = mock.send(request.body(reqwest::Body::wrap(never))).await;
    assert_eq!((answer.status, answer.error_code()), (StatusCode::PAYLOAD_TOO_LARGE, &json!("MOCK0003E")));
}

/// Each route of the backend that reads a body, and how its answer names its error.
const READ_A_BODY: [(&str, &str); 5] = [
    (SEARCH, "/XmlMsg/MessageHeader/ErrorCode"),
    (LOGIN, "/status"),
    ("/delivery/v1/terminals/9910000018-T1/reports", "/code"),
    ("/linkage/v1/terminals/9910000018-T1/files/OQSsiquc01req_1.xml", "/code"),
    ("/linkage/v1/terminals/9910000018-T1/cards", "/code"),
];

#[tokio::test]
async fn a_compressed_body_is_refused_by_the_name_of_its_coding() {
    let mock = Mock::start().await;
    for (path, code) in READ_A_BODY {
        let request = mock.backend(Method::POST, path).header("content-encoding", "gzip").header("content-type", "application/json");
        let response = request.body(b"\x1f\x8b\x08".to_vec()).send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        assert_eq!((status, &headers["accept-encoding"]), (StatusCode::UNSUPPORTED_MEDIA_TYPE, &"identity".parse().unwrap()), "{path}");
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer.pointer(code), Some(&json!("MOCK0007E")), "{path}: {answer}");
        assert!(answer.to_string().contains("Content-Encoding が「gzip」です"), "{answer}");
    }
    let entries = mock.get("/v1/journal?error=MOCK0007E").await;
    assert_eq!(entries["entries"].as_array().map(Vec::len), Some(READ_A_BODY.len() - 1), "the report says whose it is: {entries}");

    let request = mock.backend(Method::POST, SEARCH).header("content-encoding", "deflate").header("content-type", "text/xml");
    let refused = request.body("x").send().await.unwrap();
    assert_eq!(refused.headers()["content-type"], "application/xml;charset=UTF-8");
    assert!(refused.text().await.unwrap().contains("<ErrorCode>MOCK0007E</ErrorCode>"));
}

#[tokio::test]
async fn a_compressed_body_is_refused_by_the_control_api_too() {
    let mock = Mock::start().await;
    for path in ["/v1/institutions", "/v1/institutions/9910000018/restore"] {
        let request = mock.client.post(format!("https://{}{path}", mock.control)).bearer_auth(TOKEN);
        let refused = request.header("content-encoding", "br").body("x").send().await.unwrap();
        assert_eq!((refused.status().as_u16(), &refused.headers()["accept-encoding"]), (415, &"identity".parse().unwrap()), "{path}");
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["type"], "urn:onshi-mock:problem:content-encoding");
        assert!(problem["detail"].as_str().unwrap().contains("「br」"), "{problem}");
    }
}

#[tokio::test]
async fn a_body_whose_coding_is_identity_is_read() {
    let mock = Mock::start().await;
    for coding in ["identity", "Identity", ""] {
        let request = mock.backend(Method::POST, SEARCH).header("content-encoding", coding);
        mock.send(request.json(&inquiry("9910000018"))).await.note(coding).expect_qualified();
    }
}

#[tokio::test]
async fn more_than_a_hundred_header_fields_are_refused_in_words() {
    let mock = Mock::start().await;
    let fields = |many: usize| (0..many).map(|n| format!("X-{n}: 1\r\n")).collect::<String>();
    for (address, path) in [(mock.backend, SEARCH), (mock.control, "/healthz")] {
        // Four more are beside them: Host, Content-Type, Connection, Content-Length.
        for many in [97, 1000] {
            let mut raw = Raw::connect(&mock, address, &TLS13, "http/1.1").await;
            raw.write(&post(path, 2, &(fields(many) + "Connection: close\r\n"), b"{}")).await;
            let answer = raw.answer().await;
            assert_eq!((answer.status, answer.headers["connection"].as_str()), (431, "close"), "{many}");
            assert!(answer.body.contains("ヘッダーは100個まで") && answer.body.contains("at most 100"), "{}", answer.body);
        }
        let mut raw = Raw::connect(&mock, address, &TLS13, "http/1.1").await;
        raw.write(&post(path, 2, &(fields(96) + "Connection: close\r\n"), b"{}")).await;
        assert_ne!(raw.answer().await.status, 431, "a hundred are read");
    }
    let mut raw = Raw::backend(&mock).await;
    raw.write(format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: {}\r\n\r\n", "x".repeat(200_000)).as_bytes()).await;
    assert!(raw.answer().await.body.contains("64 KiB"));
}
