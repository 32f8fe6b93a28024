//! Packages over the wire: whole, in ranges, conditional, or not at all.

use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Mock, template};

const SIZE: usize = 2_500_000;

/// A package of two and a half megabytes: where it is, and its hash.
async fn package(mock: &Mock) -> (String, String) {
    let clinic = mock.clinic(template::EXTERNAL, "2026-01-19T21:00:00+09:00").await;
    let package = json!({"component": "face_recognition_library", "version": "9.1", "size": SIZE});
    clinic.set_campaign(json!({"id": "own", "starts": "tonight", "packages": [package]})).await;
    let poll = clinic.poll("").await.body;
    let package = &poll["update"]["packages"][0];
    (package["url"].as_str().unwrap().to_owned(), package["sha256"].as_str().unwrap().to_owned())
}

async fn get(mock: &Mock, url: &str, headers: &[(&str, &str)]) -> Response {
    let request = headers.iter().fold(mock.backend(Method::GET, url), |request, (name, value)| request.header(*name, *value));
    let answer = request.send().await.unwrap();
    assert!(answer.headers().contains_key("x-onshi-journal") && answer.headers().contains_key("x-onshi-mock"));
    answer
}

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name).map(|value| value.to_str().unwrap())
}

async fn whole(mock: &Mock, url: &str) -> Bytes {
    get(mock, url, &[]).await.bytes().await.unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_package_comes_whole_and_head_tells_the_same_without_it() {
    let mock = Mock::start().await;
    let (url, hash) = package(&mock).await;
    let etag = format!("\"{hash}\"");
    for method in [Method::GET, Method::HEAD] {
        let answer = mock.backend(method.clone(), &url).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(header(&answer, "content-length"), Some("2500000"));
        assert_eq!(header(&answer, "content-type"), Some("application/octet-stream"));
        assert_eq!((header(&answer, "etag"), header(&answer, "accept-ranges")), (Some(etag.as_str()), Some("bytes")));
        let bytes = answer.bytes().await.unwrap();
        if method == Method::GET {
            assert_eq!(sha256(&bytes), hash);
        } else {
            assert!(bytes.is_empty());
        }
    }
}

#[tokio::test]
async fn a_single_range_comes_as_such() {
    let mock = Mock::start().await;
    let (url, _) = package(&mock).await;
    let all = whole(&mock, &url).await;
    for (range, first, last) in [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=1048570-1048620", 1_048_570, 1_048_620),
        ("bytes=2499999-2499999", SIZE - 1, SIZE - 1),
        ("bytes=2499000-9999999", 2_499_000, SIZE - 1),
        ("bytes=2000000-", 2_000_000, SIZE - 1),
        ("bytes=-500", SIZE - 500, SIZE - 1),
        ("bytes=-9999999", 0, SIZE - 1),
    ] {
        let answer = get(&mock, &url, &[("range", range)]).await;
        assert_eq!(answer.status(), StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(header(&answer, "content-range"), Some(format!("bytes {first}-{last}/{SIZE}").as_str()), "{range}");
        assert_eq!(header(&answer, "content-length"), Some((last - first + 1).to_string().as_str()), "{range}");
        assert_eq!(answer.bytes().await.unwrap(), all[first..=last], "{range}");
    }
}

#[tokio::test]
async fn ranges_put_together_have_the_hash_of_the_poll() {
    let mock = Mock::start().await;
    let (url, hash) = package(&mock).await;
    let mut got: Vec<u8> = Vec::new();
    while got.len() < SIZE {
        let range = format!("bytes={}-{}", got.len(), got.len() + 333_332);
        got.extend(get(&mock, &url, &[("range", &range), ("if-range", &format!("\"{hash}\""))]).await.bytes().await.unwrap());
    }
    assert_eq!((got.len(), sha256(&got)), (SIZE, hash));
}

#[tokio::test]
async fn a_range_that_cannot_be_read_gets_the_whole() {
    let mock = Mock::start().await;
    let (url, _) = package(&mock).await;
    for range in ["bytes=9-5", "bytes=", "bytes", "bytes=a-b", "lines=0-1", "0-1", ""] {
        let answer = get(&mock, &url, &[("range", range)]).await;
        assert_eq!((answer.status(), header(&answer, "content-range")), (StatusCode::OK, None), "{range}");
        assert_eq!(header(&answer, "content-length"), Some("2500000"), "{range}");
    }
}

#[tokio::test]
async fn a_range_outside_the_package_is_416_with_its_size() {
    let mock = Mock::start().await;
    let (url, _) = package(&mock).await;
    for range in ["bytes=2500000-", "bytes=2500000-2500001", "bytes=99999999-", "bytes=-0"] {
        let answer = get(&mock, &url, &[("range", range)]).await;
        assert_eq!(answer.status(), StatusCode::RANGE_NOT_SATISFIABLE, "{range}");
        assert_eq!(header(&answer, "content-range"), Some("bytes */2500000"), "{range}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!((&problem["code"], &problem["type"]), (&json!("MOCK0602E"), &json!("urn:onshi-mock:problem:range-not-satisfiable")));
        assert!(problem["detail"].as_str().unwrap().contains("2500000 バイト"), "{problem}");
    }
}

#[tokio::test]
async fn conditions_are_kept() {
    let mock = Mock::start().await;
    let (url, hash) = package(&mock).await;
    let (same, weak, other) = (format!("\"{hash}\""), format!("W/\"{hash}\""), "\"other\"");
    let range = ("range", "bytes=0-9");
    for (headers, status) in [
        (vec![range, ("if-range", same.as_str())], 206),
        (vec![range, ("if-range", other)], 200),
        (vec![range, ("if-range", weak.as_str())], 200),
        (vec![range, ("if-range", "Mon, 19 Jan 2026 11:00:00 GMT")], 200),
        (vec![("if-none-match", same.as_str())], 304),
        (vec![("if-none-match", weak.as_str())], 304),
        (vec![("if-none-match", "*")], 304),
        (vec![("if-none-match", "\"a\", \"b\"")], 200),
        (vec![("if-none-match", other), range], 206),
    ] {
        let answer = get(&mock, &url, &headers).await;
        assert_eq!((answer.status().as_u16(), header(&answer, "etag")), (status, Some(same.as_str())), "{headers:?}");
        assert_eq!(answer.bytes().await.unwrap().is_empty(), status == 304, "{headers:?}");
    }
}

#[tokio::test]
async fn a_package_that_is_not_distributed_is_404_and_says_what_is() {
    let mock = Mock::start().await;
    let (url, _) = package(&mock).await;
    let base = "/delivery/v1/packages";
    let query = url.split_once('?').unwrap().1;
    for path in [
        format!("{base}/2026-01/face_recognition_library/9.1?{query}"),
        format!("{base}/own/face_recognition_library/9.2?{query}"),
        format!("{base}/own/face_recognition_library/v9?{query}"),
        format!("{base}/own/linkage_application/9.1?{query}"),
        format!("{base}/own/printer/9.1?{query}"),
        format!("{base}/own/face_recognition_library/9.1"),
        format!("{base}/%E6%A8%A1%E6%93%AC/x/y"),
    ] {
        let answer = mock.ask(&path).await;
        assert_eq!((answer.status, &answer.body["code"]), (StatusCode::NOT_FOUND, &json!("MOCK0601E")), "{path}");
        let campaign = if path.contains('?') { "own" } else { "2026-01" };
        assert!(answer.body["detail"].as_str().unwrap().contains(campaign), "{path}: {}", answer.body);
    }
    for (terminal, status, code) in [("9910000083-T1", 404, "MOCK0102E"), ("9910000018-T9", 404, "MOCK0102E"), ("T1", 400, "MOCK0001E")] {
        let answer = mock.ask(&format!("{base}/2026-01/linkage_application/5.3.0?terminal={terminal}")).await;
        assert_eq!((answer.status.as_u16(), &answer.body["code"]), (status, &json!(code)), "{terminal}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_ours_is_refused_here_too() {
    let mock = Mock::start().await;
    let path = "/delivery/v1/packages/2026-01/linkage_application/5.3.0";
    let refused = mock.send(mock.backend(Method::GET, path).header("authorization", "nonsense")).await;
    assert_eq!((refused.status, &refused.body["code"]), (StatusCode::UNAUTHORIZED, &json!("MOCK0203E")));
}
