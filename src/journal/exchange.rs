//! The record of a request: cheap to create, with its secrets and the original bytes. Most records
//! are evicted before they are stored; a record that is stored becomes an [`Entry`].

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::entry::{Entry, EntryTerminal, FaultMark, Outcome};
use super::message::Message;
use super::note::Note;
use super::pseudonym::CachedPseudonyms;
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::domain::inquiry::PatientKey;
use crate::domain::linkage::ResultFiles;
use crate::domain::operation::Operation;
use crate::domain::terminal_condition::TerminalCondition;
use crate::domain::text::Text;

/// One request and its response, unchanged.
#[derive(Clone)]
pub struct Exchange {
    /// The operation.
    pub operation: Operation,
    /// The HTTP method; [`FILE`](super::FILE) for a request in the linkage folder.
    pub method: Cow<'static, str>,
    /// The path, or the file's name; at most 256 characters.
    pub path: String,
    /// The terminal that it is about.
    pub terminal: Option<TerminalId>,
    /// The state of that terminal at the time of the request.
    pub found: Option<TerminalCondition>,
    /// How the response file is created: the terminal's setting `result_files`.
    pub result_files: Option<ResultFiles>,
    /// The HTTP status of the response; `None` without HTTP or without a response.
    pub status: Option<u16>,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason for the outcome, in both languages.
    pub why: Text,
    /// Further notes: a certificate of another CA, a missing token. The note of a fault that fired
    /// is last.
    pub notes: Vec<Note>,
    /// The fault that fired.
    pub fault: Option<FaultMark>,
    /// The token of the request.
    pub session: Option<Box<str>>,
    /// The patient of a check.
    pub inquiry: Option<Box<PatientKey>>,
    /// The request.
    pub request: Option<Message>,
    /// The response, if there was one.
    pub answer: Option<Message>,
    /// The duration of the request; `None` for what follows a request or was done over the control
    /// API.
    pub took: Option<Duration>,
}

/// An exchange with its times and institution, before pseudonyms and rendering.
pub struct RecordedExchange {
    /// The id that the response carried as `X-Onshi-Journal`.
    pub id: Uuid,
    /// The time by the institution's clock; by the machine's if no institution was found.
    pub at: Timestamp,
    /// The time by the machine's clock.
    pub wall: Timestamp,
    /// The institution, if it could be determined.
    pub institution: Option<InstitutionCode>,
    /// The request and its response.
    pub exchange: Exchange,
}

impl Exchange {
    /// Creates an exchange with the required fields only.
    pub fn new(operation: Operation, method: impl Into<Cow<'static, str>>, path: String, outcome: Outcome, why: Text) -> Self {
        Self {
            operation,
            method: method.into(),
            path,
            terminal: None,
            found: None,
            result_files: None,
            status: None,
            outcome,
            why,
            notes: Vec::new(),
            fault: None,
            session: None,
            inquiry: None,
            request: None,
            answer: None,
            took: None,
        }
    }
}

impl RecordedExchange {
    /// Converts the record for storage and listings: without secrets, with bytes as text.
    pub fn into_entry(self, pseudonyms: &mut CachedPseudonyms<'_>) -> Entry {
        let Self { id, at, wall, institution, exchange } = self;
        let Exchange { operation, method, path, terminal, found, result_files, status, outcome, why, notes, fault, .. } = exchange;
        let Exchange { session, inquiry, request, answer, .. } = exchange;
        let is_secret = operation == Operation::Login;
        let shown = |message: Option<Message>| message.map(|message| message.shown(is_secret));
        Entry {
            id,
            at,
            wall,
            institution,
            operation,
            method,
            path,
            terminal: terminal.map(EntryTerminal::Named),
            found,
            result_files,
            status,
            outcome,
            why,
            notes: notes.into_iter().map(Note::into_text).collect(),
            fault,
            session: session.map(|token| pseudonyms.of("session", token)),
            inquiry: inquiry.map(|sought| pseudonyms.of("inquiry", sought.folded().into())),
            request: shown(request),
            answer: shown(answer),
        }
    }

    /// Returns the approximate size in bytes, in memory as well as stored.
    pub fn approximate_size(&self) -> usize {
        const FRAME: usize = 1024;
        let Exchange { session, request, answer, why, notes, .. } = &self.exchange;
        let texts = notes.iter().map(Note::approximate_size).chain([why.ja.len(), why.en.len()]);
        let messages = [request, answer].into_iter().flatten().map(Message::approximate_size);
        FRAME + session.as_ref().map_or(0, |token| token.len()) + texts.chain(messages).sum::<usize>()
    }
}
