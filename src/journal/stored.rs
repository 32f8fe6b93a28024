//! The text of an entry in the store: its format's version, and the entry as JSON. A field that is not known, or fields that do not go
//! together, are errors.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::entry::{Entry, EntryTerminal, FaultMark, JournalError, ListedEntry, Outcome};
use super::message::RenderedText;
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::domain::inquiry::{NearMiss, Validity};
use crate::domain::linkage::ResultFiles;
use crate::domain::operation::{Operation, OutcomeName};
use crate::domain::terminal::Phase;
use crate::domain::terminal_condition::TerminalCondition;
use crate::domain::text::{self, Text};

/// The version of the format.
const FORMAT: u32 = 1;

/// Why a stored entry cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// Of another program.
    #[error("entry {number} has the format {format}; this program reads {FORMAT}")]
    Format {
        /// Its number within the journal.
        number: u64,
        /// The version of its format.
        format: u32,
    },
    /// No entry.
    #[error("entry {number}: {source}")]
    Unreadable {
        /// Its number within the journal.
        number: u64,
        /// What is wrong.
        source: serde_json::Error,
    },
}

/// An entry as it is stored: one line.
pub fn write(entry: &Entry) -> String {
    serde_json::to_string(&(FORMAT, entry)).expect("an entry is plain data")
}

/// A stored entry, by its number within the journal.
///
/// # Errors
/// A text of another format, or none of an entry.
pub fn read(number: u64, text: &str) -> Result<ListedEntry, EntryError> {
    let unreadable = |source| EntryError::Unreadable { number, source };
    let (format, entry): (u32, &RawValue) = serde_json::from_str(text).map_err(unreadable)?;
    if format != FORMAT {
        return Err(EntryError::Format { number, format });
    }
    Ok(ListedEntry { number, entry: serde_json::from_str(entry.get()).map_err(unreadable)? })
}

/// An entry's fields side by side, as its JSON has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    id: Uuid,
    at: Timestamp,
    wall: Timestamp,
    institution: Option<InstitutionCode>,
    operation: Operation,
    method: Cow<'static, str>,
    path: String,
    terminal: Option<EntryTerminal>,
    phase: Option<Phase>,
    last_event: Option<u64>,
    #[serde(default)]
    other_terminals: Vec<TerminalId>,
    result_files: Option<ResultFiles>,
    status: Option<u16>,
    outcome: OutcomeName,
    validity: Option<Validity>,
    person: Option<String>,
    near_miss: Option<NearMiss>,
    error: Option<JournalError>,
    error_profile: Option<ErrorProfile>,
    #[serde(deserialize_with = "text::of_any_length")]
    why: Text,
    #[serde(default, deserialize_with = "text::all_of_any_length")]
    notes: Vec<Text>,
    fault: Option<FaultMark>,
    session: Option<String>,
    inquiry: Option<String>,
    request: Option<RenderedText>,
    answer: Option<RenderedText>,
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Fields::deserialize(deserializer)?;
        fields.entry().ok_or_else(|| serde::de::Error::custom("fields of an entry that do not go together"))
    }
}

impl Fields {
    fn entry(self) -> Option<Entry> {
        let Self { validity, person, near_miss, error, error_profile, phase, last_event, other_terminals, .. } = self;
        let found = match (phase, last_event) {
            (Some(phase), Some(last_event)) => Some(TerminalCondition { phase, last_event, other_terminals }),
            (None, None) if other_terminals.is_empty() => None,
            _ => return None,
        };
        let outcome = match (self.outcome, validity, person, near_miss, error, error_profile) {
            (OutcomeName::Answered, None, None, None, None, None) => Outcome::Answered,
            (OutcomeName::Checked, Some(validity), person, near_miss, None, None) => Outcome::Checked { validity, person, near_miss },
            (OutcomeName::Refused, None, None, None, Some(error), error_profile) => Outcome::refused(error, error_profile),
            _ => return None,
        };
        Some(Entry {
            id: self.id,
            at: self.at,
            wall: self.wall,
            institution: self.institution,
            operation: self.operation,
            method: self.method,
            path: self.path,
            terminal: self.terminal,
            found,
            result_files: self.result_files,
            status: self.status,
            outcome,
            why: self.why,
            notes: self.notes,
            fault: self.fault,
            session: self.session,
            inquiry: self.inquiry,
            request: self.request,
            answer: self.answer,
        })
    }
}

#[cfg(test)]
mod tests;
