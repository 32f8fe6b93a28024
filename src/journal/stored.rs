//! The stored text of an entry: the format version, and the entry as JSON. Unknown fields, or
//! fields that do not fit together, are errors.

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
    /// It has the format of another version of the program.
    #[error("entry {number} has the format {format}; this program reads {FORMAT}")]
    Format {
        /// The number within the journal.
        number: u64,
        /// The version of its format.
        format: u32,
    },
    /// It is no valid entry.
    #[error("entry {number}: {source}")]
    Unreadable {
        /// The number within the journal.
        number: u64,
        /// The parse error.
        source: serde_json::Error,
    },
}

/// Serializes an entry to one line.
pub fn write(entry: &Entry) -> String {
    serde_json::to_string(&(FORMAT, entry)).expect("an entry is plain data")
}

/// Parses a stored entry. `number` is its number within the journal.
///
/// # Errors
/// The text has another format, or is no valid entry.
pub fn read(number: u64, text: &str) -> Result<ListedEntry, EntryError> {
    let unreadable = |source| EntryError::Unreadable { number, source };
    let (format, entry): (u32, &RawValue) = serde_json::from_str(text).map_err(unreadable)?;
    if format != FORMAT {
        return Err(EntryError::Format { number, format });
    }
    Ok(ListedEntry { number, entry: serde_json::from_str(entry.get()).map_err(unreadable)? })
}

/// The fields of an entry, flat as in its JSON.
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
