//! `Range` and conditional headers of a package: what is sent is the right part of the package,
//! and the status is that of RFC 9110.

#![no_main]

use std::ops::Range;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use axum::body::Body;
use axum::http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use onshi_core::domain::ids::InstitutionCode;
use onshi_mock_fuzz::server::{Answer, Server};
use serde_json::json;

/// The size of the package.
const SIZE: u64 = 5_000;
/// What lies between two ranges that may be sent as one.
const MAX_GAP: u64 = 128;

static SETUP: LazyLock<Setup> = LazyLock::new(Setup::new);

struct Setup {
    server: Server,
    codes: [InstitutionCode; 1],
    path: String,
    etag: String,
    package: Vec<u8>,
}

impl Setup {
    fn new() -> Self {
        let server = Server::start();
        let packages = json!([{ "component": "linkage_application", "version": "5.3.0", "size": SIZE }]);
        let campaign = json!({ "id": "small", "starts": "2026-01-18", "all_day_from": "2026-01-19", "packages": packages });
        let created = server.set("POST", "/v1/institutions", &json!({ "template": "9910000075", "campaign": campaign }));
        let code = created["code"].as_str().expect("a code").to_owned();
        let path = format!("/delivery/v1/packages/small/linkage_application/5.3.0?terminal={code}-T1");
        let codes = [InstitutionCode::parse(&code).expect("a code")];
        let get = || server.backend(Request::get(&path).body(Body::empty()).expect("a request"));
        let mut whole = get();
        while whole.status == 503 {
            // Until its hash was computed.
            std::thread::yield_now();
            whole = get();
        }
        assert_eq!(whole.status, 200, "{}", whole.text());
        let etag = whole.headers["etag"].to_str().expect("a tag").to_owned();
        Self { server, codes, path, etag, package: whole.body.expect("it is small") }
    }
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    is_head: bool,
    range: Option<RangeHeader<'a>>,
    if_match: Option<Vec<Tag>>,
    if_none_match: Option<Vec<Tag>>,
    if_range: Option<Tag>,
}

#[derive(Arbitrary, Debug)]
enum RangeHeader<'a> {
    /// Well-formed: the places may lie beyond the end.
    Ranges(Vec<Place>),
    /// Any bytes.
    Raw(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
enum Place {
    From(u16),
    Last(u16),
    Between(u16, u16),
    Far(u64),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Tag {
    Current,
    Weak,
    Other,
    Any,
}

impl Place {
    fn text(&self) -> String {
        match self {
            Self::From(first) => format!("{first}-"),
            Self::Last(length) => format!("-{length}"),
            Self::Between(first, length) => format!("{first}-{}", u32::from(*first) + u32::from(*length)),
            Self::Far(last) => format!("0-{last}"),
        }
    }

    /// The bytes of the package that it names; empty if there are none.
    fn bytes(&self) -> Range<u64> {
        match *self {
            Self::From(first) => u64::from(first).min(SIZE)..SIZE,
            Self::Last(length) => SIZE - u64::from(length).min(SIZE)..SIZE,
            Self::Between(first, length) => u64::from(first).min(SIZE)..(u64::from(first) + u64::from(length) + 1).min(SIZE),
            Self::Far(last) => 0..last.saturating_add(1).min(SIZE),
        }
    }
}

impl Tag {
    fn text(self) -> String {
        match self {
            Self::Current => SETUP.etag.clone(),
            Self::Weak => format!("W/{}", SETUP.etag),
            Self::Other => "\"other\"".to_owned(),
            Self::Any => "*".to_owned(),
        }
    }
}

fuzz_target!(|input: Input| {
    let Setup { server, codes, path, etag, package } = &*SETUP;
    let mut request = Request::builder().method(if input.is_head { "HEAD" } else { "GET" }).uri(path);
    if let Some(range) = &input.range {
        let value = match range {
            RangeHeader::Ranges(places) => format!("bytes={}", list(places.iter().map(Place::text))).into_bytes(),
            RangeHeader::Raw(bytes) => bytes.to_vec(),
        };
        let Ok(value) = HeaderValue::from_bytes(&value) else { return };
        request = request.header("Range", value);
    }
    for (name, tags) in [("If-Match", tags(&input.if_match)), ("If-None-Match", tags(&input.if_none_match))] {
        if let Some(tags) = tags {
            request = request.header(name, tags);
        }
    }
    if let Some(tag) = input.if_range {
        request = request.header("If-Range", tag.text());
    }
    let answer = server.backend(request.body(Body::empty()).expect("a request"));
    server.entry_of(&answer, codes);
    let body = answer.body.as_deref().expect("it is small");
    let expected = expected_status(&input);
    assert!(expected.contains(&answer.status.as_u16()), "{} {input:?}", answer.status);
    match answer.status.as_u16() {
        200 | 206 if input.is_head => assert!(body.is_empty()),
        200 => assert_eq!(body, package),
        206 => check_parts(&answer, body, &input),
        304 => assert!(body.is_empty() && answer.headers["etag"] == etag.as_str()),
        416 => assert_eq!(answer.headers["content-range"], format!("bytes */{SIZE}")),
        _ => {}
    }
    if !input.is_head && matches!(answer.status.as_u16(), 200 | 206) {
        assert_eq!(answer.headers["content-length"], body.len().to_string());
    }
});

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

fn tags(tags: &Option<Vec<Tag>>) -> Option<String> {
    tags.as_ref().map(|tags| list(tags.iter().map(|tag| tag.text())))
}

/// Returns the statuses that RFC 9110, section 13.2.2, allows.
fn expected_status(input: &Input) -> Vec<u16> {
    // A list with `*` among tags is no valid one, so that either outcome is right.
    let is_valid = |tags: &[Tag]| tags.len() == 1 || !(tags.is_empty() || tags.iter().any(|tag| matches!(tag, Tag::Any)));
    let has = |tags: &[Tag], matches: fn(&Tag) -> bool| tags.iter().any(matches);
    let mut statuses = Vec::new();
    if let Some(tags) = &input.if_match {
        let holds = has(tags, |tag| matches!(tag, Tag::Current | Tag::Any));
        if !holds && is_valid(tags) {
            return vec![412];
        }
        if !is_valid(tags) {
            statuses.push(412);
        }
    }
    if let Some(tags) = &input.if_none_match {
        let matched = has(tags, |tag| !matches!(tag, Tag::Other));
        if matched || !is_valid(tags) {
            statuses.push(304);
        }
        if matched && is_valid(tags) {
            return statuses;
        }
    }
    let counts = !input.is_head && input.if_range.is_none_or(|tag| matches!(tag, Tag::Current));
    match &input.range {
        Some(RangeHeader::Ranges(places)) if counts && !places.is_empty() => {
            let some = places.iter().any(|place| !place.bytes().is_empty());
            // A server may ignore the header, but for ranges that it cannot send.
            statuses.extend(if some { [200, 206] } else { [200, 416] });
        }
        Some(RangeHeader::Raw(_)) if counts => statuses.extend([200, 206, 416]),
        _ => statuses.push(200),
    }
    statuses
}

/// The parts are slices of the package, and together what was asked for and little more.
fn check_parts(answer: &Answer, body: &[u8], input: &Input) {
    let package = &SETUP.package;
    let parts = match answer.headers["content-type"].to_str().expect("ASCII").split_once("boundary=") {
        Some((_, boundary)) => multipart(body, boundary),
        None => {
            let range = content_range(answer.headers["content-range"].to_str().expect("ASCII"));
            vec![(range, body.to_vec())]
        }
    };
    assert!(!parts.is_empty());
    for (range, bytes) in &parts {
        assert_eq!(bytes[..], package[range.start as usize..range.end as usize]);
    }
    if let Some(RangeHeader::Ranges(places)) = &input.range {
        let asked: Vec<Range<u64>> = places.iter().map(Place::bytes).filter(|range| !range.is_empty()).collect();
        for range in &asked {
            assert!(parts.iter().any(|(part, _)| part.start <= range.start && range.end <= part.end), "{range:?} is missing");
        }
        for (part, _) in &parts {
            let is_near = |at: u64| asked.iter().any(|range| at + MAX_GAP >= range.start && at < range.end + MAX_GAP);
            assert!(part.clone().all(is_near), "{part:?} was not asked for");
        }
    }
}

/// Reads `bytes 0-9/5000`.
fn content_range(text: &str) -> Range<u64> {
    let (range, size) = text.strip_prefix("bytes ").and_then(|rest| rest.split_once('/')).expect("a range");
    let (first, last) = range.split_once('-').expect("a range");
    assert_eq!(size, SIZE.to_string());
    first.parse().expect("a number")..last.parse::<u64>().expect("a number") + 1
}

/// Reads a `multipart/byteranges` body.
fn multipart(body: &[u8], boundary: &str) -> Vec<(Range<u64>, Vec<u8>)> {
    let mut parts = Vec::new();
    let mut rest = body;
    let first = format!("--{boundary}\r\n");
    rest = rest.strip_prefix(first.as_bytes()).expect("it begins with its boundary");
    loop {
        let end = rest.windows(4).position(|window| window == b"\r\n\r\n").expect("a part has headers");
        let head = std::str::from_utf8(&rest[..end]).expect("ASCII");
        let line = head.lines().find_map(|line| line.strip_prefix("Content-Range: ")).expect("a part has its range");
        let range = content_range(line);
        let (bytes, behind) = rest[end + 4..].split_at((range.end - range.start) as usize);
        parts.push((range, bytes.to_vec()));
        let delimiter = format!("\r\n--{boundary}");
        rest = behind.strip_prefix(delimiter.as_bytes()).expect("a part ends with the boundary");
        match rest.strip_prefix(b"\r\n") {
            Some(next) => rest = next,
            None => {
                assert_eq!(rest, b"--\r\n");
                return parts;
            }
        }
    }
}
