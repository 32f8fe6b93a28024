//! Tests that a stored entry is read unchanged, and that nothing else is accepted.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::*;
use crate::domain::error_catalogue::{ErrorId, Mark, Provenance};
use crate::domain::fault::KindName;
use crate::domain::ids::FaultId;
use crate::domain::inquiry::Criterion;
use crate::journal::example::{error, example};

fn text() -> impl Strategy<Value = Text> {
    (".{0,20}", ".{0,20}").prop_map(|(ja, en)| Text::new(ja, en))
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_i64, select(vec![0, 1, 120_000_000])).prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let criterion = (any::<bool>(), ".{0,8}", ".{0,8}").prop_map(|(met, expected, got)| Criterion {
        element: "InsuredCardSymbol".into(),
        met,
        expected,
        got,
    });
    let near_miss = ("[a-z]{1,8}", vec(criterion, 0..4)).prop_map(|(person, criteria)| NearMiss { person, criteria });
    let checked = (select(Validity::ALL.to_vec()), option::of("[a-z]{1,8}"), option::of(near_miss))
        .prop_map(|(validity, person, near_miss)| Outcome::Checked { validity, person, near_miss });
    let marks = select(vec![Mark::Documented, Mark::Invented, Mark::Replaced]);
    let provenance = (marks.clone(), marks).prop_map(|(code, message)| Provenance { code, message, source: "N5".to_owned() });
    let error = (select(ErrorId::ALL.to_vec()), "[!-~]{1,32}", text(), text(), provenance);
    let error = error.prop_map(|(id, code, message, remedy, provenance)| JournalError { id, code, message, remedy, provenance });
    let refused = (error, option::of(select(ErrorProfile::ALL.to_vec())));
    prop_oneof![Just(Outcome::Answered), checked, refused.prop_map(|(error, error_profile)| Outcome::refused(error, error_profile))]
}

fn message() -> impl Strategy<Value = RenderedText> {
    let headers = proptest::collection::btree_map("[a-z-]{1,8}", ".{0,8}", 0..3);
    (headers, option::of(".{0,40}"), any::<u32>(), any::<bool>()).prop_map(|(headers, body, bytes, truncated)| RenderedText {
        headers,
        body,
        bytes: bytes as usize,
        truncated,
    })
}

fn found() -> impl Strategy<Value = TerminalCondition> {
    let phases = vec![Phase::Off, Phase::Starting, Phase::Pending, Phase::Installing, Phase::UpToDate];
    let others = vec("[A-Z0-9]{1,4}".prop_map(|id| TerminalId::parse(&id).unwrap()), 0..3);
    (select(phases), any::<u64>(), others).prop_map(|(phase, last_event, other_terminals)| TerminalCondition {
        phase,
        last_event,
        other_terminals,
    })
}

fn entry() -> impl Strategy<Value = Entry> {
    let terminal =
        prop_oneof!["[A-Za-z0-9]{1,16}".prop_map(|id| EntryTerminal::Named(TerminalId::parse(&id).unwrap())), Just(EntryTerminal::Masked)];
    let fault = (select(KindName::ALL.to_vec()), any::<bool>()).prop_map(|(kind, answered)| FaultMark {
        id: FaultId::parse("f-1").unwrap(),
        kind,
        answered,
    });
    let code = InstitutionCode::parse("9910000018").unwrap();
    let request_parts = (any::<u128>(), time(), time(), option::of(Just(code)), select(Operation::ALL.to_vec()), "[A-Z]{1,8}", ".{0,20}");
    let context_parts =
        (option::of(terminal), option::of(found()), option::of(select(ResultFiles::ALL.to_vec())), option::of(100..600_u16));
    let outcome_parts = (outcome(), text(), vec(text(), 0..3), option::of(fault));
    let stored_parts = (option::of("[0-9a-f]{16}"), option::of("[0-9a-f]{16}"), option::of(message()), option::of(message()));
    (request_parts, context_parts, outcome_parts, stored_parts).prop_map(|(request_parts, context_parts, outcome_parts, stored_parts)| {
        let (id, at, wall, institution, operation, method, path) = request_parts;
        let (terminal, found, result_files, status) = context_parts;
        let (outcome, why, notes, fault) = outcome_parts;
        let (session, inquiry, request, answer) = stored_parts;
        let (id, method) = (Uuid::from_u128(id), method.into());
        let base = Entry { id, at, wall, institution, method, path, terminal, found, ..example(operation, outcome) };
        Entry { result_files, status, why, notes, fault, session, inquiry, request, answer, ..base }
    })
}

proptest! {
    #[test]
    fn an_entry_is_read_as_it_was_written_and_written_as_it_was_read(entry in entry(), number: u64) {
        let text = write(&entry);
        prop_assert!(!text.contains('\n'), "it is one line");
        let listed = read(number, &text).unwrap();
        prop_assert_eq!(&listed, &ListedEntry { number, entry });
        prop_assert_eq!(write(&listed.entry), text);
    }

    #[test]
    fn a_masked_entry_is_an_entry_too_and_is_not_masked_further(entry in entry()) {
        let masked = entry.masked();
        prop_assert_eq!(&read(1, &write(&masked)).unwrap().entry, &masked);
    }
}

#[test]
fn what_a_note_quotes_may_be_long() {
    let long = Text::same("あ".repeat(5_000));
    let entry = Entry { why: long.clone(), notes: vec![long], ..example(Operation::Search, Outcome::Answered) };
    assert_eq!(read(1, &write(&entry)).unwrap().entry, entry);
}

#[test]
fn what_is_no_entry_is_an_error_that_says_which() {
    let outcome = Outcome::refused(error(ErrorId::RestartRequired), Some(ErrorProfile::Bare));
    let written: Value = serde_json::to_value(example(Operation::Search, outcome)).unwrap();
    let with = |name: &str, value: Value| {
        let mut entry = written.clone();
        entry[name] = value;
        read(7, &json!([1, entry]).to_string()).map_err(|error| error.to_string())
    };
    assert!(with("status", json!(200)).is_ok());
    for (name, value) in [
        ("phase", json!("asleep")),
        ("phase", json!("pending")),
        ("last_event", json!(1)),
        ("operation", json!("fax")),
        ("outcome", json!("lost")),
        ("outcome", json!("answered")),
        ("validity", json!("valid")),
        ("terminal", json!("T 1")),
        ("error_profile", json!("loud")),
        ("later", json!(1)),
        ("request", json!({"headers": {}, "bytes": 0, "truncated": false, "later": 1})),
    ] {
        let error = with(name, value).unwrap_err();
        assert!(error.starts_with("entry 7: "), "{name}: {error}");
    }
    assert_eq!(read(8, &json!([2, written]).to_string()).unwrap_err().to_string(), "entry 8 has the format 2; this program reads 1");
    assert!(read(9, "[1,").unwrap_err().to_string().starts_with("entry 9: "));
}

#[test]
fn fields_come_in_the_order_in_which_they_are_told() {
    let found = Some(TerminalCondition { phase: Phase::Pending, last_event: 3, other_terminals: Vec::new() });
    let headers = BTreeMap::from([("accept".to_owned(), "*/*".to_owned())]);
    let request = Some(RenderedText { headers, body: None, bytes: 0, truncated: false });
    let listed = ListedEntry { number: 4, entry: Entry { found, request, ..example(Operation::Updates, Outcome::Answered) } };
    assert_eq!(
        serde_json::to_string(&listed).unwrap(),
        r#"{"number":4,"id":"00000000-0000-0000-0000-000000000000","at":"2026-01-20T09:00:00+09:00","wall":"2026-01-20T09:00:00+09:00","institution":null,"operation":"updates","method":"POST","path":"/","phase":"pending","last_event":3,"outcome":"answered","why":{"ja":"w","en":"w"},"request":{"headers":{"accept":"*/*"},"bytes":0,"truncated":false}}"#
    );
}
