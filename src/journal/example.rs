//! Example entries for tests, to be changed field by field.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Entry, JournalError, Outcome};
use crate::domain::error_catalogue::{ErrorId, Mark, Provenance};
use crate::domain::operation::Operation;
use crate::domain::text::Text;

/// Returns an entry with the required fields only.
pub(crate) fn example(operation: Operation, outcome: Outcome) -> Entry {
    let at: Timestamp = "2026-01-20T00:00:00Z".parse().unwrap();
    Entry {
        id: Uuid::nil(),
        at,
        wall: at,
        institution: None,
        operation,
        method: "POST".into(),
        path: "/".to_owned(),
        terminal: None,
        found: None,
        result_files: None,
        status: None,
        outcome,
        why: Text::same("w"),
        notes: Vec::new(),
        fault: None,
        session: None,
        inquiry: None,
        request: None,
        answer: None,
    }
}

/// Returns an error of the catalogue.
pub(crate) fn error(id: ErrorId) -> JournalError {
    let provenance = Provenance { code: Mark::Invented, message: Mark::Invented, source: "mock".to_owned() };
    JournalError { id, code: "MOCK0000E".to_owned(), message: Text::same("m"), remedy: Text::same("r"), provenance }
}
