//! Packages against RFC 9110 (8.8.3 entity tags, 9.3.2 HEAD, 13.1 conditions, 14 ranges, 15
//! statuses) and RFC 9530 (digests): one row a case.

use reqwest::{Method, Response};
use serde_json::json;

use crate::support::{Mock, template};

const SIZE: u64 = 2_500_000;
const GET: Method = Method::GET;
const HEAD: Method = Method::HEAD;

/// What a case expects of the answer's body and of the headers that tell of it.
#[derive(Clone, Copy, Debug)]
enum Expectation {
    /// 200 with everything.
    Whole,
    /// 206 with this one range: first and last byte.
    Part(u64, u64),
    /// 206 with `multipart/byteranges`: these, in this order.
    Parts(&'static [(u64, u64)]),
    /// 304 without a body.
    NotModified,
    /// 412, a problem.
    Failed,
    /// 416 with the size, a problem.
    Unsatisfiable,
}
use Expectation::{Failed, NotModified, Part, Parts, Unsatisfiable, Whole};

/// Section, method, headers (`{tag}` is the package's strong tag), what is expected.
type Row = (&'static str, Method, &'static [(&'static str, &'static str)], Expectation);

const ROWS: &[Row] = &[
    ("9.3.1 GET", GET, &[], Whole),
    ("9.3.2 HEAD", HEAD, &[], Whole),
    ("9.3.2 HEAD ignores Range", HEAD, &[("range", "bytes=0-9")], Whole),
    // 13.1.1 If-Match: strong comparison.
    ("13.1.1 the tag", GET, &[("if-match", "{tag}")], Whole),
    ("13.1.1 a list with the tag", GET, &[("if-match", "\"a\", {tag}")], Whole),
    ("13.1.1 any", GET, &[("if-match", "*")], Whole),
    ("13.1.1 another", GET, &[("if-match", "\"a\"")], Failed),
    ("13.1.1 weak never matches", GET, &[("if-match", "W/{tag}")], Failed),
    ("13.1.1 no tag at all", GET, &[("if-match", "nonsense")], Failed),
    ("13.1.1 HEAD", HEAD, &[("if-match", "\"a\"")], Failed),
    ("13.1.1 before Range", GET, &[("if-match", "\"a\""), ("range", "bytes=0-9")], Failed),
    ("13.1.1 with Range", GET, &[("if-match", "{tag}"), ("range", "bytes=0-9")], Part(0, 9)),
    // 13.1.2 If-None-Match: weak comparison.
    ("13.1.2 the tag", GET, &[("if-none-match", "{tag}")], NotModified),
    ("13.1.2 weak matches", GET, &[("if-none-match", "W/{tag}")], NotModified),
    ("13.1.2 a list with the tag", GET, &[("if-none-match", "\"a\", W/{tag}")], NotModified),
    ("13.1.2 a comma within a tag", GET, &[("if-none-match", "\"a,b\", {tag}")], NotModified),
    ("13.1.2 two lines", GET, &[("if-none-match", "\"a\""), ("if-none-match", "{tag}")], NotModified),
    ("13.1.2 any", GET, &[("if-none-match", "*")], NotModified),
    ("13.1.2 another", GET, &[("if-none-match", "\"a\", \"b\"")], Whole),
    ("13.1.2 HEAD", HEAD, &[("if-none-match", "{tag}")], NotModified),
    ("13.1.2 before Range", GET, &[("if-none-match", "{tag}"), ("range", "bytes=0-9")], NotModified),
    ("13.2.2 If-Match first", GET, &[("if-match", "\"a\""), ("if-none-match", "{tag}")], Failed),
    // 13.1.3, 13.1.4: there is no modification date.
    ("13.1.3 passed over", GET, &[("if-modified-since", "Mon, 19 Jan 2099 11:00:00 GMT")], Whole),
    ("13.1.4 passed over", GET, &[("if-unmodified-since", "Mon, 19 Jan 1998 11:00:00 GMT")], Whole),
    // 13.1.5 If-Range: strong comparison.
    ("13.1.5 the tag", GET, &[("if-range", "{tag}"), ("range", "bytes=0-9")], Part(0, 9)),
    ("13.1.5 another", GET, &[("if-range", "\"a\""), ("range", "bytes=0-9")], Whole),
    ("13.1.5 weak never matches", GET, &[("if-range", "W/{tag}"), ("range", "bytes=0-9")], Whole),
    ("13.1.5 a date never matches", GET, &[("if-range", "Mon, 19 Jan 2026 11:00:00 GMT"), ("range", "bytes=0-9")], Whole),
    ("13.1.5 no tag at all", GET, &[("if-range", "nonsense"), ("range", "bytes=0-9")], Whole),
    ("13.1.5 without Range", GET, &[("if-range", "\"a\"")], Whole),
    ("13.1.5 another, nothing in range", GET, &[("if-range", "\"a\""), ("range", "bytes=2500000-")], Whole),
    ("13.1.5 the tag, several", GET, &[("if-range", "{tag}"), ("range", "bytes=0-9,5000-5009")], Parts(&[(0, 9), (5000, 5009)])),
    // 14.1.2 byte ranges.
    ("14.1.2 first byte", GET, &[("range", "bytes=0-0")], Part(0, 0)),
    ("14.1.2 last byte", GET, &[("range", "bytes=-1")], Part(2_499_999, 2_499_999)),
    ("14.1.2 open", GET, &[("range", "bytes=2000000-")], Part(2_000_000, 2_499_999)),
    ("14.1.2 beyond the end", GET, &[("range", "bytes=2499000-9999999")], Part(2_499_000, 2_499_999)),
    ("14.1.2 far beyond", GET, &[("range", "bytes=7-99999999999999999999999")], Part(7, 2_499_999)),
    ("14.1.2 suffix beyond the start", GET, &[("range", "bytes=-9999999")], Part(0, 2_499_999)),
    ("14.1.2 across blocks", GET, &[("range", "bytes=1048570-1048620")], Part(1_048_570, 1_048_620)),
    ("14.1 unit in capitals", GET, &[("range", "BYTES=0-9")], Part(0, 9)),
    ("14.1.1 empty elements", GET, &[("range", "bytes=0-9, ,")], Part(0, 9)),
    // 14.2: what may be passed over.
    ("14.2 another unit", GET, &[("range", "lines=0-9")], Whole),
    ("14.1.1 last before first", GET, &[("range", "bytes=9-5")], Whole),
    ("14.1.1 no number", GET, &[("range", "bytes=a-b")], Whole),
    ("14.1.1 no range", GET, &[("range", "bytes=")], Whole),
    ("14.1.1 one of several is wrong", GET, &[("range", "bytes=0-9,9-5")], Whole),
    ("14.2 given twice", GET, &[("range", "bytes=0-9"), ("range", "bytes=5000-5009")], Whole),
    (
        "14.2 too many",
        GET,
        &[(
            "range",
            "bytes=0-0,1000-1000,2000-2000,3000-3000,4000-4000,5000-5000,6000-6000,7000-7000,8000-8000,9000-9000,10000-10000,11000-11000,12000-12000,13000-13000,14000-14000,15000-15000,16000-16000",
        )],
        Whole,
    ),
    (
        "14.2 many tiny ones side by side",
        GET,
        &[("range", "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30,32-32")],
        Part(0, 32),
    ),
    // 15.3.7 206.
    ("15.3.7.2 two", GET, &[("range", "bytes=0-9,5000-5009")], Parts(&[(0, 9), (5000, 5009)])),
    ("15.3.7.2 in the order asked for", GET, &[("range", "bytes=-10, 0-9")], Parts(&[(2_499_990, 2_499_999), (0, 9)])),
    ("15.3.7.2 one of them outside", GET, &[("range", "bytes=0-9,2500000-")], Part(0, 9)),
    ("15.3.7.2 overlapping become one", GET, &[("range", "bytes=0-99,50-149")], Part(0, 149)),
    ("15.3.7.2 a small gap", GET, &[("range", "bytes=0-9,90-99")], Part(0, 99)),
    ("15.3.7.2 three, two of them one", GET, &[("range", "bytes=1000-1999,9000-9009,1500-2499")], Parts(&[(1000, 2499), (9000, 9009)])),
    // 15.5.17 416.
    ("15.5.17 behind the end", GET, &[("range", "bytes=2500000-")], Unsatisfiable),
    ("15.5.17 no last byte", GET, &[("range", "bytes=-0")], Unsatisfiable),
    ("15.5.17 several behind the end", GET, &[("range", "bytes=2500000-,9999999-")], Unsatisfiable),
    ("15.5.17 with If-Range", GET, &[("if-range", "{tag}"), ("range", "bytes=2500000-")], Unsatisfiable),
    // RFC 9530.
    ("9530-4 wanted", GET, &[("want-repr-digest", "sha-256=10, sha-512=3")], Whole),
    ("9530-4 of a part: the whole's", GET, &[("want-repr-digest", "sha-256=1"), ("range", "bytes=0-9")], Part(0, 9)),
];

struct Package {
    url: String,
    tag: String,
    digest: String,
    bytes: Vec<u8>,
}

async fn package(mock: &Mock) -> Package {
    let clinic = mock.clinic(template::EXTERNAL, "2026-01-19T21:00:00+09:00").await;
    clinic.set_terminal(json!({"bandwidth": 1_000_000_000})).await;
    let package = json!({"component": "face_recognition_library", "version": "9.1", "size": SIZE});
    let campaign = json!({"id": "own", "starts": "tonight", "packages": [package]});
    clinic.set_campaign(campaign).await;
    let poll = mock.send(mock.backend(GET, &format!("/delivery/v1/terminals/{clinic}-T1/updates"))).await.body;
    let offer = &poll["update"]["packages"][0];
    let (url, hash) = (offer["url"].as_str().unwrap().to_owned(), offer["sha256"].as_str().unwrap().to_owned());
    let bytes = mock.backend(GET, &url).send().await.unwrap().bytes().await.unwrap().to_vec();
    let octets: Vec<u8> = (0..64).step_by(2).map(|at| u8::from_str_radix(&hash[at..at + 2], 16).unwrap()).collect();
    assert_eq!(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes).as_ref(), octets);
    let digest = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, octets);
    Package { url, tag: format!("\"{hash}\""), digest: format!("sha-256=:{digest}:"), bytes }
}

async fn ask(mock: &Mock, package: &Package, method: Method, headers: &[(&str, &str)]) -> Response {
    let request = mock.backend(method, &package.url);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value.replace("{tag}", &package.tag)));
    request.send().await.unwrap()
}

fn header(answer: &Response, name: &str) -> Option<String> {
    answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_row_of_the_table_is_kept() {
    let mock = Mock::start().await;
    let package = package(&mock).await;
    for (section, method, headers, want) in ROWS {
        let answer = ask(&mock, &package, method.clone(), headers).await;
        let status = answer.status().as_u16();
        let header_values = ["content-type", "content-range", "content-length"].map(|name| header(&answer, name));
        let [content_type, content_range, content_length] = header_values.each_ref().map(Option::as_deref);
        let selected = matches!(want, Whole | Part(..) | Parts(_));
        assert!(answer.headers().contains_key("x-onshi-journal"), "{section}");
        if selected || matches!(want, NotModified) {
            assert_eq!(header(&answer, "etag"), Some(package.tag.clone()), "{section}: 8.8.3");
            assert_eq!(header(&answer, "accept-ranges").as_deref(), Some("bytes"), "{section}: 14.3");
        }
        assert_eq!(header(&answer, "repr-digest"), selected.then(|| package.digest.clone()), "{section}: RFC 9530");
        let body = answer.bytes().await.unwrap().to_vec();
        if *method == GET && selected {
            assert_eq!(content_length, Some(body.len().to_string().as_str()), "{section}");
        }
        let range = |(first, last): (u64, u64)| format!("bytes {first}-{last}/{SIZE}");
        match *want {
            Whole => {
                assert_eq!((status, content_type, content_range), (200, Some("application/octet-stream"), None), "{section}");
                assert_eq!(content_length, Some("2500000"), "{section}: 9.3.2, HEAD as GET");
                assert!(if *method == HEAD { body.is_empty() } else { body == package.bytes }, "{section}");
            }
            Part(first, last) => {
                assert_eq!((status, content_type), (206, Some("application/octet-stream")), "{section}");
                assert_eq!(content_range, Some(range((first, last)).as_str()), "{section}");
                assert!(body == package.bytes[first as usize..=last as usize], "{section}");
            }
            Parts(ranges) => {
                assert_eq!((status, content_range), (206, None), "{section}: no Content-Range beside the parts'");
                let boundary = content_type.unwrap().strip_prefix("multipart/byteranges; boundary=").unwrap();
                let mut expected: Vec<u8> = Vec::new();
                for (i, part) in ranges.iter().enumerate() {
                    let line_end = if i == 0 { "" } else { "\r\n" };
                    let head = format!(
                        "{line_end}--{boundary}\r\nContent-Type: application/octet-stream\r\nContent-Range: {}\r\n\r\n",
                        range(*part)
                    );
                    expected.extend(head.as_bytes());
                    expected.extend(&package.bytes[part.0 as usize..=part.1 as usize]);
                }
                expected.extend(format!("\r\n--{boundary}--\r\n").as_bytes());
                assert!(body == expected, "{section}: {}", String::from_utf8_lossy(&body[..200.min(body.len())]));
            }
            NotModified => assert_eq!((status, content_type, content_range, body.len()), (304, None, None, 0), "{section}"),
            Failed => assert_eq!((status, content_type, content_range), (412, Some("application/problem+json"), None), "{section}"),
            Unsatisfiable => {
                let expected = (416, Some("application/problem+json"), Some("bytes */2500000"));
                assert_eq!((status, content_type, content_range), expected, "{section}");
            }
        }
    }
}

#[tokio::test]
async fn head_tells_what_get_tells() {
    let mock = Mock::start().await;
    let package = package(&mock).await;
    let headers = async |method: Method| {
        let answer = ask(&mock, &package, method, &[]).await;
        let mut headers = answer.headers().clone();
        for name in ["date", "x-onshi-journal"] {
            headers.remove(name);
        }
        headers
    };
    assert_eq!(headers(HEAD).await, headers(GET).await);
}

#[tokio::test]
async fn a_digest_that_is_not_wanted_is_left_out() {
    let mock = Mock::start().await;
    let package = package(&mock).await;
    for (wanted, told) in [("sha-256=0", false), ("sha-512=5, sha-256=0", false), ("sha-512=5", true), ("sha-256=0, sha-256=3", true)] {
        let answer = ask(&mock, &package, HEAD, &[("want-repr-digest", wanted)]).await;
        assert_eq!(header(&answer, "repr-digest").is_some(), told, "{wanted}");
    }
}

#[tokio::test]
async fn another_method_is_refused_and_names_the_ones_there_are() {
    let mock = Mock::start().await;
    let package = package(&mock).await;
    let answer = ask(&mock, &package, Method::PUT, &[("range", "bytes=0-9")]).await;
    assert_eq!((answer.status().as_u16(), header(&answer, "allow").as_deref()), (405, Some("GET,HEAD")));
}
