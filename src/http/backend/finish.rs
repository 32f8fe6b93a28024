//! The end of a request: applies faults to the response, records the journal entry, and builds the
//! HTTP response.

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::header::{HeaderName, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;
use uuid::Uuid;

use super::faults::{self, FaultedReply};
use super::incoming_request::IncomingRequest;
use super::reply::{BackendReply, Content, Payload, json, problem};
use crate::app::access::{RequestContext, RequestOutcome};
use crate::app::log_refusal;
use crate::domain::check::Refusal;
use crate::domain::error_catalogue::{Entry, ErrorId};
use crate::domain::fault::TriggeredFault;
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::domain::inquiry::PatientKey;
use crate::domain::linkage::ResultFiles;
use crate::domain::operation::Operation;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::connection::ResponseDelay;
use crate::journal::{Exchange, FaultMark, JournalError, Message, Note, Outcome};

/// The header with the version of the program.
const MOCK: HeaderName = HeaderName::from_static("x-onshi-mock");
/// The header with the ID of the journal entry.
pub(in crate::http) const JOURNAL: HeaderName = HeaderName::from_static("x-onshi-journal");

/// The maximum number of characters of a path and of a method in the journal.
const MAX_PATH: usize = 256;
const MAX_METHOD: usize = 16;

/// The result of a request.
pub(super) struct Completion {
    /// The response, before faults are applied.
    pub(super) reply: BackendReply,
    /// The outcome for the journal.
    pub(super) outcome: Outcome,
    /// The reason for the outcome.
    pub(super) why: Text,
    /// Further notes for the journal.
    pub(super) notes: Vec<Note>,
    /// The patient of a check; `None` until the request could be read.
    pub(super) patient: Option<PatientKey>,
    /// How the result file is to be written; `None` if there is no such file.
    pub(super) result_files: Option<ResultFiles>,
}

impl Completion {
    /// Creates a result without notes, patient and file.
    pub(super) fn new(reply: impl Into<BackendReply>, outcome: Outcome, why: Text) -> Self {
        Self { reply: reply.into(), outcome, why, notes: Vec::new(), patient: None, result_files: None }
    }

    /// Creates the result of a successful request.
    pub(super) fn answered(reply: impl Into<BackendReply>, why: Text) -> Self {
        Self::new(reply, Outcome::Answered, why)
    }

    /// Creates the result of a request that is refused with an error of the catalogue.
    pub(super) fn refused(reply: Content, refusal: &Refusal, entry: &Entry) -> Self {
        let error = JournalError::new(entry, refusal.message(entry));
        Self::new(reply, Outcome::refused(error, None), refusal.why(entry))
    }
}

/// Ends a request.
pub(super) fn finish(app: &App, incoming: IncomingRequest, request_context: RequestContext, completion: Completion) -> Response {
    let Completion { reply, outcome, why, notes, patient, result_files } = completion;
    let RequestContext { institution, terminal, terminal_condition: found, fault } = request_context;
    log_refusal(incoming.operation, institution.as_ref(), &outcome, &why);
    // Whose terminal was found, or who was answered, exists.
    let exists = found.is_some() || !matches!(outcome, Outcome::Refused { .. });
    if let Some(code) = institution.as_ref().filter(|_| exists && incoming.operation.is_of_client()) {
        app.arrivals.asked.record(code, app.institutions.wall());
    }
    let FaultedReply { reply, delay } = match &fault {
        Some(triggered_fault) => faults::apply_fault(triggered_fault, reply, app.institutions.wall()),
        None => FaultedReply { reply, delay: None },
    };
    let answer = match &reply {
        BackendReply::Response(content) => Some(content),
        BackendReply::NoResponse(_) => None,
    };
    let exchange = Exchange {
        session: incoming.authorization().map(Box::from),
        request: Some(Message::new(header_lines(&incoming.headers), &incoming.body)),
        answer: answer.map(journal_message),
        status: answer.map(|content| content.status.as_u16()),
        terminal,
        found,
        result_files,
        inquiry: patient.map(Box::new),
        notes: all_notes(&incoming, notes, fault.as_ref()),
        fault: fault.as_ref().map(FaultMark::of),
        took: Some(incoming.began.elapsed()),
        ..Exchange::new(incoming.operation, method(&incoming), truncate(incoming.path, MAX_PATH), outcome, why)
    };
    let id = app.institutions.record(institution.as_ref(), exchange);
    let mut response = reply.into_response();
    if let Some(delay) = delay {
        response.extensions_mut().insert(ResponseDelay(delay));
    }
    let headers = response.headers_mut();
    headers.insert(MOCK, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
    let id = HeaderValue::from_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    headers.insert(JOURNAL, id.expect("a UUID is visible ASCII"));
    response
}

/// Ends a request in the mock's own protocol with JSON, or with a problem document.
pub(super) async fn finish_json<T: Serialize>(
    app: &App,
    incoming: IncomingRequest,
    request_outcome: RequestOutcome<T>,
    why: impl FnOnce(&T) -> Text,
) -> Response {
    let RequestOutcome { result, request_context } = request_outcome;
    match result {
        Ok(body) => finish(app, incoming, request_context, Completion::answered(json(StatusCode::OK, &body), why(&body))),
        Err(refusal) => refuse(app, incoming, request_context, &refusal).await,
    }
}

/// Ends a request in the mock's own protocol with a problem document.
pub(super) async fn refuse(app: &App, incoming: IncomingRequest, request_context: RequestContext, refusal: &Refusal) -> Response {
    let entry = catalogue_entry(app, request_context.institution.as_ref(), refusal.error).await;
    let completion = Completion::refused(problem(&incoming, refusal, &entry), refusal, &entry);
    finish(app, incoming, request_context, completion)
}

/// Returns the catalogue entry of an error, with the changes that the institution has made to it.
pub(super) async fn catalogue_entry(app: &App, institution: Option<&InstitutionCode>, id: ErrorId) -> Entry {
    let fixtures = app.fixtures();
    let catalogue = &fixtures.catalogue;
    let Some(code) = institution else {
        return catalogue.entry(id).clone();
    };
    // If the store does not work, the entry is returned without the institution's changes.
    let of_institution = app.institutions.read(code, |tenant, _| tenant.institution.presentation.entry(catalogue, id)).await;
    of_institution.ok().flatten().unwrap_or_else(|| catalogue.entry(id).clone())
}

/// The data of a request that is needed for the journal while its response is being sent.
pub(super) struct TransferRecord {
    pub(super) app: Arc<App>,
    pub(super) institution: Option<InstitutionCode>,
    pub(super) terminal: Option<TerminalId>,
    operation: Operation,
    method: Cow<'static, str>,
    path: String,
}

impl TransferRecord {
    pub(super) fn new(app: Arc<App>, incoming: &IncomingRequest, request_context: &RequestContext) -> Self {
        Self {
            app,
            institution: request_context.institution.clone(),
            terminal: request_context.terminal.clone(),
            operation: incoming.operation,
            method: method(incoming),
            path: truncate(incoming.path.clone(), MAX_PATH),
        }
    }

    /// Records in the journal that the response was cut off, and why.
    pub(super) async fn record(&self, refusal: &Refusal, note: Text) {
        let entry = catalogue_entry(&self.app, self.institution.as_ref(), refusal.error).await;
        let operation = self.operation.name();
        tracing::warn!(operation, path = self.path, why = %format_args!("{} / {}", refusal.why.ja, refusal.why.en), note = %format_args!("{} / {}", note.ja, note.en), "応答が途中で切れました / an answer was cut off");
        let error = JournalError::new(&entry, refusal.message(&entry));
        let outcome = Outcome::refused(error, None);
        let exchange = Exchange {
            terminal: self.terminal.clone(),
            notes: vec![note.into()],
            ..Exchange::new(self.operation, self.method.clone(), self.path.clone(), outcome, refusal.why.clone())
        };
        self.app.institutions.record(self.institution.as_ref(), exchange);
    }
}

/// Returns all notes of a request. The note about its certificate is first, that about its fault
/// last.
fn all_notes(incoming: &IncomingRequest, notes: Vec<Note>, fault: Option<&TriggeredFault>) -> Vec<Note> {
    let before = incoming.certificate_note().map(Note::Text);
    before.into_iter().chain(notes).chain(fault.map(|triggered_fault| Note::Text(triggered_fault.note()))).collect()
}

/// Converts a response for the journal. The body of a stream is left out.
fn journal_message(content: &Content) -> Message {
    match &content.body {
        Payload::Bytes(bytes) => Message::of_own(header_lines(&content.headers), bytes.clone()),
        Payload::Stream(_) => Message::of_own(header_lines(&content.headers), Bytes::new()),
    }
}

fn method(incoming: &IncomingRequest) -> Cow<'static, str> {
    match incoming.method {
        Method::GET => "GET".into(),
        Method::POST => "POST".into(),
        ref other => truncate(other.as_str().to_owned(), MAX_METHOD).into(),
    }
}

/// Returns at most this number of characters of a text.
fn truncate(text: String, characters: usize) -> String {
    if text.len() <= characters { text } else { text.chars().take(characters).collect() }
}

/// Converts headers for the journal.
fn header_lines(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
}
