//! Tests of tokens, Retry-After and downloads.

use serde_json::json;

use super::{Grade, JournalBuilder, answered, checked, id, refused, time};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::fault::KindName;
use crate::domain::operation::Operation;
use crate::domain::terminal::ReportState;
use crate::journal::{Entry, RenderedText};

fn expired(session: &str) -> Entry {
    refused(ErrorId::TokenExpired).with(session)
}

/// Creates a message with one header.
fn header(name: &str, value: &str) -> Option<RenderedText> {
    Some(RenderedText { headers: [(name.to_owned(), value.to_owned())].into(), ..RenderedText::default() })
}

#[test]
fn an_expired_session_has_to_be_renewed() {
    let mut builder = JournalBuilder::default();
    builder.entry(1, expired("old"));
    assert_eq!(builder.grade("session_renewed"), Grade::Fail, "nothing came after it");
    builder.entry(1, answered(Operation::Login));
    assert_eq!(builder.grade("session_renewed"), Grade::Fail, "a login without a further request");
    builder.entry(1, checked().with("new"));
    assert_eq!(builder.grade("session_renewed"), Grade::Pass);
    for _ in 0..3 {
        builder.entry(1, expired("old"));
    }
    assert_eq!(builder.grade("session_renewed"), Grade::Fail, "three more uses of the old one");
}

#[test]
fn going_on_without_a_token_is_no_renewal() {
    let mut builder = JournalBuilder::default();
    builder.entry(1, expired("old"));
    builder.entry(1, checked().of("p1"));
    assert_eq!(builder.grade("session_renewed"), Grade::Fail);
}

#[test]
fn retry_after_has_to_be_waited_for_by_either_clock() {
    let updates = || answered(Operation::Updates);
    let busy = || Entry { answer: header("retry-after", "30"), ..updates() };
    let mut builder = JournalBuilder::default();
    builder.entry(1, busy());
    assert_eq!(builder.grade("retry_after_honoured"), Grade::Inconclusive, "it did not ask again");
    builder.entry(10, answered(Operation::Search));
    builder.entry(20, updates());
    assert_eq!(builder.grade("retry_after_honoured"), Grade::Pass, "another operation does not count");
    builder.entry(1, busy());
    builder.entry(5, updates().at("T2"));
    builder.entry(5, updates());
    builder.entries.last_mut().unwrap().at = time(9999);
    assert_eq!(builder.grade("retry_after_honoured"), Grade::Pass, "another terminal, and an advanced clock");
    builder.entry(1, busy());
    builder.entry(28, updates());
    let ruling = builder.ruling("retry_after_honoured");
    assert_eq!((ruling.result, ruling.entries), (Grade::Fail, vec![id(7), id(8)]));
}

fn package() -> Entry {
    let path = "/delivery/v1/packages/2026-01/linkage_application/5.3.0".to_owned();
    Entry { method: "GET".into(), path, ..answered(Operation::Package) }
}

fn bytes(first: u64, last: u64) -> Entry {
    let answer = header("content-range", &format!("bytes {first}-{last}/100"));
    Entry { status: Some(206), answer, ..package() }
}

fn installed() -> Entry {
    report(ReportState::Installed)
}

fn downloaded() -> Entry {
    report(ReportState::Downloaded)
}

fn report(state: ReportState) -> Entry {
    let body = json!({"state": state, "component": "linkage_application", "version": "5.3.0"}).to_string();
    Entry { request: Some(RenderedText { body: Some(body), ..RenderedText::default() }), ..answered(Operation::Reports) }
}

#[test]
fn what_is_reported_as_installed_has_to_have_been_received_whole() {
    let mut builder = JournalBuilder::default();
    assert_eq!(builder.grade("download_verified"), Grade::NotExercised);
    builder.entry(1, bytes(0, 49));
    builder.entry(1, bytes(50, 99));
    builder.entry(1, installed());
    assert_eq!(builder.grade("download_verified"), Grade::Pass);
    let mut builder = JournalBuilder::default();
    builder.entry(1, bytes(0, 49));
    builder.entry(1, bytes(51, 99));
    builder.entry(1, installed());
    assert_eq!(builder.grade("download_verified"), Grade::Fail, "byte 50 is missing");
    let mut evidence = builder.evidence();
    evidence.evicted = 7;
    assert_eq!(super::of(&evidence, "download_verified").result, Grade::Inconclusive, "it may be among what was evicted");
}

#[test]
fn a_transfer_that_was_cut_counts_up_to_where_the_next_goes_on() {
    let mut builder = JournalBuilder::default();
    builder.entry(1, bytes(0, 99));
    let cut = refused(ErrorId::WindowClosed).outcome;
    builder.entry(1, Entry { status: None, outcome: cut, ..package() });
    builder.entry(1, installed());
    assert_eq!(builder.grade("download_verified"), Grade::Fail, "it was cut");
    builder.entries.pop();
    builder.entry(1, bytes(40, 99));
    builder.entry(1, installed());
    assert_eq!(builder.grade("download_verified"), Grade::Pass, "it went on at byte 40");
}

#[test]
fn what_came_spoilt_must_not_be_installed() {
    let corrupted = || bytes(0, 99).corrupted_by(KindName::WrongHash);
    let mut builder = JournalBuilder::default();
    builder.entry(1, corrupted());
    assert_eq!(builder.grade("download_verified"), Grade::Inconclusive);
    builder.entry(1, installed());
    assert_eq!(builder.grade("download_verified"), Grade::Fail);
    let mut builder = JournalBuilder::default();
    builder.entry(1, corrupted());
    builder.entry(1, bytes(0, 99));
    builder.entry(1, installed());
    assert_eq!(builder.grade("download_verified"), Grade::Pass, "it was fetched again");
}

#[test]
fn another_terminal_that_goes_on_with_its_own_token_is_no_renewal() {
    let mut builder = JournalBuilder::default();
    builder.entry(1, expired("a"));
    builder.entry(1, checked().with("b").at("T2"));
    assert_eq!(builder.grade("session_renewed"), Grade::Fail);
}

#[test]
fn an_installation_of_before_the_journal_is_no_proof_of_anything() {
    let mut builder = JournalBuilder::default();
    builder.entry(1, installed());
    assert_eq!(builder.grade("download_verified"), Grade::Inconclusive);
    builder.entry(1, downloaded());
    builder.entry(1, installed());
    assert_eq!(builder.grade("download_verified"), Grade::Fail, "it said that it had downloaded, and nothing was sent");
}

#[test]
fn an_answer_of_304_sends_no_bytes() {
    let mut builder = JournalBuilder::default();
    builder.entry(1, bytes(0, 99));
    let mut unchanged = Entry { status: Some(304), ..package() };
    builder.entry(1, unchanged.clone());
    builder.entry(1, installed());
    assert_eq!(builder.grade("download_verified"), Grade::Pass);
    for held in [304, 416] {
        let mut builder = JournalBuilder::default();
        unchanged.status = Some(held);
        builder.entry(1, unchanged.clone());
        builder.entry(1, downloaded());
        builder.entry(1, installed());
        assert_eq!(builder.grade("download_verified"), Grade::Inconclusive, "{held}: the client had the bytes before the journal began");
    }
}
