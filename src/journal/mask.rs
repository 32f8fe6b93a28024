//! Masking of a journal entry, so that reports contain no patient's data. A client's text is kept
//! only if it is one of the words known here.

mod message;
mod words;

use super::FILE;
use super::entry::{Entry, EntryTerminal, JournalError, MASKED, Outcome};
use super::message::RenderedText;
use crate::domain::inquiry::{Criterion, NearMiss};
use crate::domain::text::Text;
use message::masked_message;
use words::{FIELDS, is_method, known_path, known_pointer, quotes};

impl Entry {
    /// Masks everything that may identify a person.
    pub fn masked(self) -> Self {
        // Only an existing terminal has a state.
        let is_known = self.found.is_some() || self.method == FILE;
        let succeeded = is_known && self.error().is_none();
        let quotes = self.error().is_some_and(|error| quotes(error.id));
        let is_impersonal = words::keeps_field(self.operation, quotes);
        let masked_request = |request: RenderedText| masked_message(request, FIELDS, &|name, text| words::known_value(name, text));
        let masked_answer = |answer: RenderedText| masked_message(answer, &[], &is_impersonal);
        let Self {
            id,
            at,
            wall,
            institution,
            operation,
            method,
            path,
            terminal,
            found,
            result_files,
            status,
            outcome,
            why,
            notes,
            fault,
            session,
            inquiry,
            request,
            answer,
        } = self;
        // The last note is the fault's.
        let of_client = notes.len() - usize::from(fault.is_some() && !notes.is_empty());
        Self {
            id,
            at,
            wall,
            institution,
            operation,
            method: if is_method(&method) { method } else { MASKED.into() },
            path: known_path(&path, is_known, succeeded),
            terminal: terminal.map(|terminal| if is_known { terminal } else { EntryTerminal::Masked }),
            found,
            result_files,
            status,
            outcome: masked_outcome(outcome, quotes),
            why: if quotes { masked_quotation(&why) } else { why },
            notes: notes.into_iter().enumerate().map(|(i, note)| if i < of_client { masked_quotation(&note) } else { note }).collect(),
            fault,
            session,
            inquiry,
            request: request.map(masked_request),
            answer: answer.map(masked_answer),
        }
    }
}

fn masked_outcome(outcome: Outcome, quotes: bool) -> Outcome {
    match outcome {
        Outcome::Answered => Outcome::Answered,
        Outcome::Checked { validity, person, near_miss } => {
            Outcome::Checked { validity, person, near_miss: near_miss.map(masked_near_miss) }
        }
        Outcome::Refused { error, error_profile } if quotes => {
            let JournalError { id, code, message, remedy, provenance } = *error;
            Outcome::refused(JournalError { id, code, message: masked_quotation(&message), remedy, provenance }, error_profile)
        }
        Outcome::Refused { error, error_profile } => Outcome::Refused { error, error_profile },
    }
}

fn masked_near_miss(miss: NearMiss) -> NearMiss {
    let NearMiss { person, criteria } = miss;
    let masked = |Criterion { element, met, expected: _, got: _ }| Criterion { element, met, expected: MASKED.into(), got: MASKED.into() };
    NearMiss { person, criteria: criteria.into_iter().map(masked).collect() }
}

/// Keeps only the position in a text that quotes a client.
fn masked_quotation(text: &Text) -> Text {
    let masked =
        |pointer_text: &str| known_pointer(pointer_text).map_or_else(|| MASKED.to_owned(), |pointer| format!("{pointer}: {MASKED}"));
    Text::new(masked(&text.ja), masked(&text.en))
}

#[cfg(test)]
mod tests;
