//! Any request to the backend, as text: an answer and its journal entry, whatever the fault that is
//! set. The input is a fault as JSON in the first line, if it begins with `{`; then a line
//! `METHOD path`, headers, an empty line, and the body.

#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request};
use libfuzzer_sys::{Corpus, fuzz_target};
use onshi_core::domain::ids::InstitutionCode;
use onshi_mock::journal::Outcome;
use onshi_mock_fuzz::server::Server;

static SETUP: LazyLock<(Server, Vec<InstitutionCode>)> = LazyLock::new(|| {
    let server = Server::reading_within(Duration::from_millis(20));
    let codes = server.app.fixtures().institutions.keys().cloned().collect();
    (server, codes)
});

fuzz_target!(|input: &[u8]| -> Corpus {
    let (server, codes) = &*SETUP;
    let (fault, rest) = match first_line(input) {
        (line, rest) if line.starts_with(b"{") => (Some(line), rest),
        _ => (None, input),
    };
    let Some(request) = request(rest) else { return Corpus::Reject };
    // Up to date and pending.
    let faulty = &codes[..2];
    let faults = |code: &InstitutionCode| format!("/v1/institutions/{code}/faults");
    if let Some(fault) = fault {
        let added: Vec<_> = faulty.iter().map(|code| server.control("POST", &faults(code), fault)).collect();
        if !added.iter().any(|added| added.status.is_success()) {
            return Corpus::Reject;
        }
    }
    let changes = request.method() != "GET";
    let answer = server.backend(request);
    assert!(answer.headers.contains_key("x-onshi-mock"));
    let listed = server.entry_of(&answer, codes);
    assert!(answer.status != 500 || listed.entry.fault.is_some(), "{}", answer.text());
    if let Outcome::Refused { error, .. } = &listed.entry.outcome {
        assert!(!error.message.ja.is_empty() && !error.message.en.is_empty());
    }
    let is_problem = answer.media_type() == "application/problem+json";
    if is_problem && listed.entry.fault.is_none() {
        assert!(matches!(listed.entry.outcome, Outcome::Refused { .. }));
        // An answer to HEAD has no body.
        let problem = answer.json();
        assert!(problem.is_null() || problem["status"] == answer.status.as_u16(), "{problem}");
    }
    for code in faulty.iter().filter(|_| fault.is_some()) {
        server.control("DELETE", &faults(code), b"");
    }
    if changes && listed.entry.institution.is_some() {
        let code = listed.entry.institution.as_ref().expect("it was seen");
        server.control("POST", &format!("/v1/institutions/{code}/reset"), b"");
    }
    Corpus::Keep
});

fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    (bytes[..end].trim_ascii_end(), bytes.get(end + 1..).unwrap_or_default())
}

/// Reads a request; `None` where hyper would not hand it to the program.
fn request(bytes: &[u8]) -> Option<Request<Body>> {
    let (line, mut rest) = first_line(bytes);
    let (method, path) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    if !path.starts_with('/') {
        return None;
    }
    let mut request = Request::builder().method(method).uri(path);
    loop {
        let (line, behind) = first_line(rest);
        rest = behind;
        if line.is_empty() {
            return request.body(Body::from(rest.to_vec())).ok();
        }
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        request = request.header(name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?);
    }
}
