//! One request to the backend on its way: who presented what, and the one journal entry with which it leaves.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use uuid::Uuid;

use super::faults;
use crate::answers::Answer;
use crate::domain::catalogue::{Entry, ErrorId};
use crate::domain::check::Refusal;
use crate::domain::encoding::Encoding;
use crate::domain::fault::Fired;
use crate::domain::found::Found;
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::domain::inquiry::Sought;
use crate::domain::linkage::ResultFiles;
use crate::domain::operation::Operation;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body::{self, BodyFault};
use crate::http::connection::{Connection, NoAnswer};
use crate::http::negotiation::{APPLICATION_XML, JSON, TEXT_XML, preferred};
use crate::http::problem::{self, Problem};
use crate::journal::{Exchange, FaultMark, JournalError, Message, Outcome};
use crate::tls::ClientCertificate;
use crate::wire::tree::Group;
use crate::wire::xml;

/// The version of the program.
const MOCK: HeaderName = HeaderName::from_static("x-onshi-mock");
/// The id of the journal's entry.
pub(in crate::http) const JOURNAL: HeaderName = HeaderName::from_static("x-onshi-journal");

/// How a body that cannot be read is refused.
pub(super) const UNREADABLE: &[ErrorId] = &[ErrorId::MalformedRequest, ErrorId::BodyTimeout, ErrorId::BodyTooLarge, ErrorId::BodyEncoded];

/// One request.
pub(super) struct Call {
    pub(super) app: Arc<App>,
    pub(super) certificate: ClientCertificate,
    pub(super) headers: HeaderMap,
    /// Whom it is for, once that is known: where it is journalled.
    pub(super) institution: Option<InstitutionCode>,
    pub(super) terminal: Option<TerminalId>,
    pub(super) notes: Vec<Text>,
    /// How it found the terminal, once that is known.
    pub(super) found: Option<Found>,
    /// How the file that answers it comes into being, where one does.
    pub(super) result_files: Option<ResultFiles>,
    /// Whom a check asks for, once it could be read.
    pub(super) sought: Option<Sought>,
    /// The fault that its institution lets fire at it.
    pub(super) fault: Option<Fired>,
    /// What it is, as the journal has it.
    pub(super) operation: Operation,
    method: String,
    path: String,
    body: Bytes,
    began: Instant,
}

impl Call {
    /// Takes a request apart.
    pub(super) fn begin(app: Arc<App>, operation: Operation, request: Request) -> (Self, Body) {
        let (Parts { method, uri, headers, extensions, .. }, body) = request.into_parts();
        let connection = extensions.get::<Arc<Connection>>();
        let presented = connection.and_then(|connection| connection.client_certificates.as_deref());
        let certificate = app.authority.identify(presented, app.institutions.wall());
        let mut notes = Vec::new();
        if let ClientCertificate::Foreign { reason } = &certificate {
            notes.push(Text::new(
                format!("提示されたクライアント証明書は、この模擬サーバーのものではないため無視しました（{reason}）。"),
                format!("The client certificate presented is not one of this mock's and counts as none ({reason})."),
            ));
        }
        let call = Self {
            app,
            certificate,
            headers,
            institution: None,
            terminal: None,
            notes,
            found: None,
            result_files: None,
            sought: None,
            fault: None,
            operation,
            method: beginning(method.as_str(), 16),
            path: beginning(uri.path(), 256),
            body: Bytes::new(),
            began: Instant::now(),
        };
        (call, body)
    }

    /// The Authorization header; none where it is absent or empty. One that is no ASCII can be no token of ours either.
    pub(super) fn authorization(&self) -> Option<&str> {
        self.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("?")).map(str::trim).filter(|value| !value.is_empty())
    }

    /// The whole body within its limits.
    pub(super) async fn read(&mut self, body: Body) -> Result<Bytes, BodyFault> {
        self.body = body::read(body, &self.headers, self.app.body).await?;
        Ok(self.body.clone())
    }

    /// The catalogue's entry, with what the institution that it is for has put in its place.
    pub(super) async fn entry(&self, id: ErrorId) -> Entry {
        entry(&self.app, self.institution.as_ref(), id).await
    }

    /// Notes the elements of a request that were passed over.
    pub(super) fn passed_over(&mut self, pointers: &[String]) {
        self.notes.extend(pointers.iter().map(|pointer| {
            Text::new(format!("知らない要素 {pointer} を無視しました。"), format!("The unknown element {pointer} was passed over."))
        }));
    }

    /// What to keep of it for as long as its answer is on its way.
    pub(super) fn trace(&self) -> Trace {
        Trace {
            app: Arc::clone(&self.app),
            institution: self.institution.clone(),
            terminal: self.terminal.clone(),
            operation: self.operation,
            method: self.method.clone(),
            path: self.path.clone(),
        }
    }

    /// Leaves with an answer as asked, or with what a fault makes of it.
    pub(super) fn answer(mut self, outcome: Outcome, why: Text, mut response: Response) -> Response {
        if let Some(fired) = &self.fault {
            self.notes.push(fired.note());
            response = faults::spoil(fired, response, self.app.institutions.wall());
        }
        if let Outcome::Refused { error, .. } = &outcome {
            let institution = self.institution.as_ref().map_or("-", |code| code.as_str());
            tracing::info!(operation = self.operation.name(), institution, code = error.code, why = why.en, "refused");
        }
        let answered = response.extensions().get::<NoAnswer>().is_none();
        let (mut response, body) = with_body(response);
        let exchange = Exchange {
            session: self.authorization().map(Box::from),
            request: Some(Message::new(lines(&self.headers), &self.body)),
            answer: answered.then(|| Message::new(lines(response.headers()), &body)),
            status: answered.then(|| response.status().as_u16()),
            terminal: self.terminal,
            found: self.found,
            result_files: self.result_files,
            inquiry: self.sought.map(Box::new),
            notes: self.notes,
            fault: self.fault.as_ref().map(FaultMark::of),
            took: Some(self.began.elapsed()),
            ..Exchange::new(self.operation, self.method, self.path, outcome, why)
        };
        let id = self.app.institutions.record(self.institution.as_ref(), exchange);
        let headers = response.headers_mut();
        headers.insert(MOCK, HeaderValue::from_static(env!("CARGO_PKG_VERSION")));
        let id = HeaderValue::from_str(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        headers.insert(JOURNAL, id.expect("a UUID is visible ASCII"));
        response
    }

    /// Leaves with an answer of the mock's own protocol.
    pub(super) fn answer_json(self, body: &impl serde::Serialize, why: Text) -> Response {
        self.answer(Outcome::Answered, why, json(StatusCode::OK, body))
    }

    /// Leaves with what a check came to: its message in `form`, or no answer at all.
    pub(super) fn leave(self, answer: Answer, form: Form, encoding: Encoding) -> Response {
        let Answer { message, status, outcome, why } = answer;
        let Some(message) = message else {
            return self.answer(outcome, why, no_answer());
        };
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let response = match form {
            Form::Json => json(status, &message),
            Form::Xml => return self.leave_in_xml(&message, status, encoding, outcome, why),
        };
        self.answer(outcome, why, response)
    }

    fn leave_in_xml(mut self, message: &Group, status: StatusCode, encoding: Encoding, outcome: Outcome, why: Text) -> Response {
        let written = xml::write(message, encoding, self.app.fixtures().invented.linkage.replacement);
        self.notes.extend(written.note(encoding));
        let content_type = match encoding {
            Encoding::Utf8 => "application/xml;charset=UTF-8",
            Encoding::ShiftJis => "application/xml;charset=Shift_JIS",
        };
        self.answer(outcome, why, (status, [(CONTENT_TYPE, content_type)], written.bytes).into_response())
    }

    /// Leaves with an error of the catalogue, rendered by the surface.
    pub(super) fn refuse(self, refusal: &Refusal, entry: &Entry, response: Response) -> Response {
        let why = refusal.why(entry);
        let error = JournalError::new(entry, refusal.message(entry));
        self.answer(Outcome::Refused { error, error_profile: None }, why, response)
    }

    /// Leaves with an error of the catalogue as a problem document, or a page for a browser: what routes in the mock's own protocol
    /// answer.
    pub(super) async fn refuse_as_problem(self, refusal: &Refusal) -> Response {
        let entry = self.entry(refusal.error).await;
        let mut problem = Problem::of_catalogue(&entry, &refusal.message(&entry)).into_response();
        if let Some(seconds) = refusal.retry_after {
            problem.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if problem::is_for_a_browser(&self.method, &self.headers) {
            problem = problem::as_page(problem);
        }
        self.refuse(refusal, &entry, problem)
    }
}

/// What is kept of a request whose answer is still on its way.
pub(super) struct Trace {
    pub(super) app: Arc<App>,
    institution: Option<InstitutionCode>,
    terminal: Option<TerminalId>,
    operation: Operation,
    method: String,
    path: String,
}

impl Trace {
    /// Journals that the answer was cut off, and why.
    pub(super) async fn record(&self, refusal: &Refusal, note: Text) {
        let entry = entry(&self.app, self.institution.as_ref(), refusal.error).await;
        tracing::warn!(operation = self.operation.name(), path = self.path, why = refusal.why.en, note = note.en, "an answer was cut off");
        let error = JournalError::new(&entry, refusal.message(&entry));
        let outcome = Outcome::Refused { error, error_profile: None };
        let exchange = Exchange {
            terminal: self.terminal.clone(),
            notes: vec![note],
            ..Exchange::new(self.operation, self.method.clone(), self.path.clone(), outcome, refusal.why.clone())
        };
        self.app.institutions.record(self.institution.as_ref(), exchange);
    }
}

/// At most so many characters of a text.
fn beginning(text: &str, characters: usize) -> String {
    if text.len() <= characters { text.to_owned() } else { text.chars().take(characters).collect() }
}

/// An answer with its body at hand; nothing of one that is a stream.
fn with_body(response: Response) -> (Response, Bytes) {
    let (parts, body) = response.into_parts();
    if body.size_hint().exact().is_none() {
        return (Response::from_parts(parts, body), Bytes::new());
    }
    let whole = body.collect().now_or_never().and_then(Result::ok).map(|collected| collected.to_bytes()).unwrap_or_default();
    (Response::from_parts(parts, Body::from(whole.clone())), whole)
}

/// Headers as the journal takes them.
fn lines(headers: &HeaderMap) -> impl Iterator<Item = (&str, &[u8])> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
}

/// The catalogue's entry, with what the institution has put in its place.
async fn entry(app: &App, institution: Option<&InstitutionCode>, id: ErrorId) -> Entry {
    let fixtures = app.fixtures();
    let catalogue = &fixtures.catalogue;
    let Some(code) = institution else {
        return catalogue.entry(id).clone();
    };
    // Where the store does not work, the catalogue's own words have to do.
    let of_institution = app.institutions.look(code, |tenant, _| tenant.institution.surfacing.entry(catalogue, id)).await;
    of_institution.ok().flatten().unwrap_or_else(|| catalogue.entry(id).clone())
}

/// The form of a check's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Xml,
}

impl Form {
    /// The form of a body: XML where its Content-Type says so, or says nothing and the body begins like XML.
    pub(super) fn of_body(headers: &HeaderMap, body: &[u8]) -> Self {
        let begins_like_xml = || body.trim_ascii_start().starts_with(b"<") || body.starts_with(b"\xEF\xBB\xBF<");
        match headers.get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or_default()) {
            Some(content_type) if is_xml(content_type) => Self::Xml,
            Some(content_type) if !content_type.trim().is_empty() => Self::Json,
            _ if begins_like_xml() => Self::Xml,
            _ => Self::Json,
        }
    }

    /// The form of the answer: what `Accept` prefers, else the body's.
    pub(super) fn of_answer(headers: &HeaderMap, of_body: Self) -> Self {
        let mut forms = [(JSON, Self::Json), (APPLICATION_XML, Self::Xml), (TEXT_XML, Self::Xml)];
        if of_body == Self::Xml {
            forms.rotate_left(1);
        }
        preferred(headers, &forms)
    }
}

fn is_xml(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/xml" || essence == "text/xml"
}

/// A response that is never sent: the connection closes instead, or the HTTP/2 stream is reset.
fn no_answer() -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(NoAnswer::Closed);
    response
}

/// Bytes for which an answer makes room at once: most have fewer.
const ROOM: usize = 2048;

/// A JSON answer.
pub(super) fn json(status: StatusCode, body: &impl serde::Serialize) -> Response {
    let mut bytes = Vec::with_capacity(ROOM);
    serde_json::to_writer(&mut bytes, body).expect("answers hold texts, numbers and lists only");
    (status, [(CONTENT_TYPE, "application/json;charset=UTF-8")], bytes).into_response()
}

/// Characters of a detail: it quotes the client's own words, and the journal keeps it.
const LONGEST_DETAIL: usize = 600;

/// The refusal of a body that could not be read.
pub(super) fn unreadable(fault: BodyFault) -> Refusal {
    match fault {
        BodyFault::Encoded(detail) => refusal_with(ErrorId::BodyEncoded, detail),
        BodyFault::TooLarge(detail) => refusal_with(ErrorId::BodyTooLarge, detail),
        BodyFault::Late(detail) => refusal_with(ErrorId::BodyTimeout, detail),
        BodyFault::Broken(detail) => refusal_with(ErrorId::MalformedRequest, detail),
    }
}

/// A refusal whose message has the mark `{detail}`.
pub(super) fn refusal_with(error: ErrorId, detail: Text) -> Refusal {
    Refusal::detailed(error, detail.clipped(LONGEST_DETAIL))
}
