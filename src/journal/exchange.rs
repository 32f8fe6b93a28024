//! What is recorded at a request: cheap to make, with its secrets and the bytes as they came. Most of it is evicted before it is stored; what
//! is stored becomes an [`Entry`].

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

/// One request and its answer, as they came.
#[derive(Clone)]
pub struct Exchange {
    /// What it was.
    pub operation: Operation,
    /// The HTTP method; [`FILE`](super::FILE) for a request in the linkage folder.
    pub method: Cow<'static, str>,
    /// The path, or the file's name; at most 256 characters.
    pub path: String,
    /// The terminal that it was about.
    pub terminal: Option<TerminalId>,
    /// How the request found that terminal.
    pub found: Option<TerminalCondition>,
    /// How the file that answers it comes into being: the terminal's setting `result_files`.
    pub result_files: Option<ResultFiles>,
    /// The HTTP status of the answer; none where there was no HTTP, or no answer.
    pub status: Option<u16>,
    /// How it ended.
    pub outcome: Outcome,
    /// What decided it, in both languages.
    pub why: Text,
    /// What else is worth knowing: a certificate that is not ours, a missing token; last, the fault that fired.
    pub notes: Vec<Note>,
    /// The fault that fired.
    pub fault: Option<FaultMark>,
    /// The token that was presented.
    pub session: Option<Box<str>>,
    /// Whom a check asked for.
    pub inquiry: Option<Box<PatientKey>>,
    /// The request.
    pub request: Option<Message>,
    /// The answer, where there was one.
    pub answer: Option<Message>,
    /// How long a request took; none of what only comes behind one, or was done over the control API.
    pub took: Option<Duration>,
}

/// An exchange with its time and place, before pseudonyms and rendering.
pub struct RecordedExchange {
    /// The id that the answer carried as `X-Onshi-Journal`.
    pub id: Uuid,
    /// By the institution's clock; by the machine's where none was found.
    pub at: Timestamp,
    /// By the machine's clock.
    pub wall: Timestamp,
    /// Whom it was for, where it could be told.
    pub institution: Option<InstitutionCode>,
    /// What was asked and answered.
    pub exchange: Exchange,
}

impl Exchange {
    /// One of which no more is known.
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
    /// As it is stored and listed: without secrets, bytes as text.
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

    /// About how many bytes it takes, in memory as well as written.
    pub fn weight(&self) -> usize {
        const FRAME: usize = 1024;
        let Exchange { session, request, answer, why, notes, .. } = &self.exchange;
        let texts = notes.iter().map(Note::weight).chain([why.ja.len(), why.en.len()]);
        let messages = [request, answer].into_iter().flatten().map(Message::weight);
        FRAME + session.as_ref().map_or(0, |token| token.len()) + texts.chain(messages).sum::<usize>()
    }
}
