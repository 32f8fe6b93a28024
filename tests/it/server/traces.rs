//! Traces over OTLP: a span for each request, within the client's trace, at the collector that was
//! named at the start; an end that no collector delays.

use std::time::{Duration, Instant};

use reqwest::{Method, Url};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock as Receiver, MockServer, ResponseTemplate};

use crate::support::{Mock, SEARCH, inquiry, template};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn each_request_is_a_span_of_its_clients_trace() {
    let collector = MockServer::start().await;
    let taken = Receiver::given(method("POST")).and(path("/v1/traces")).and(header("content-type", "application/x-protobuf"));
    taken.respond_with(ResponseTemplate::new(200)).mount(&collector).await;
    let url = Url::parse(&format!("{}/v1/traces", collector.uri())).unwrap();
    let mut mock = Mock::start_with(|config| config.otlp_url = Some(url)).await;
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let check = mock.backend(Method::POST, SEARCH).header("traceparent", parent).json(&inquiry("9910000026"));
    let journal = mock.send(check).await.journal;
    mock.institution(template::PENDING).show().await;
    // What waits is sent at the end.
    mock.stop().await;
    let sent = collector.received_requests().await.unwrap().into_iter().flat_map(|request| request.body).collect::<Vec<u8>>();
    let trace: Vec<u8> = (0..16).map(|i| u8::from_str_radix(&TRACE[2 * i..2 * i + 2], 16).unwrap()).collect();
    let route = format!("POST {SEARCH}");
    for part in [route.as_bytes(), b"GET /v1/institutions/{code}", b"onshi_mock.journal", journal.as_bytes(), b"service.name", &trace] {
        assert!(contains(&sent, part), "no {}", String::from_utf8_lossy(part));
    }
    assert!(!contains(&sent, b"11010203"), "nothing of what was asked");
}

#[tokio::test]
async fn a_collector_that_never_answers_delays_neither_requests_nor_the_end() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/v1/traces", silent.local_addr().unwrap())).unwrap();
    let mut mock = Mock::start_with(|config| config.otlp_url = Some(url)).await;
    for _ in 0..20 {
        mock.institution(template::UP_TO_DATE).check().await;
    }
    let began = Instant::now();
    mock.stop().await;
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
}
