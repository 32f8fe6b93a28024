//! `POST /oqs-api-pro/MSA01030/ILI01030SV01/search`: the check by card data. A terminal that has
//! installed an update and was not restarted refuses checks.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::finish::{Completion, catalogue_entry, finish};
use super::form::Form;
use super::identity::{IDENTITY_ERRORS, IdentityError, TokenRule, identify, token_note};
use super::incoming_request::{IncomingRequest, UNREADABLE};
use super::reply::{self, BackendReply};
use crate::answers::Answer;
use crate::app::access::{Access, RequestContext, RequestOutcome};
use crate::app::check::{AnsweredCheck, answer_check, refuse_check};
use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::ids::TerminalId;
use crate::domain::inquiry::Inquiry;
use crate::domain::operation::{Operation, Surface};
use crate::http::app::App;
use crate::http::body::with_connection_close;
use crate::http::connection::NoResponse;
use crate::http::openapi::{self, CheckAnswer, CheckRequest, JSON, XML};
use crate::journal::Note;
use crate::tls::ClientCertificate;
use crate::wire::request::{self, ParsedRequest, Sender, note_of_ignored};
use crate::wire::xml;

/// The errors with which a terminal refuses a check.
const TERMINAL_ERRORS: &[ErrorId] = &[
    ErrorId::TokenMissing,
    ErrorId::TerminalOff,
    ErrorId::TerminalStarting,
    ErrorId::RestartRequired,
    ErrorId::RestartDidNotHelp,
    ErrorId::UpdateMissing,
];

/// Adds what the signature of the request handler does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    let (asked, answered) = (operation.schema::<CheckRequest>(), operation.schema::<CheckAnswer>());
    let in_both = |schema: Value| json!({ JSON: { "schema": schema }, XML: { "schema": schema } });
    operation.request_body_content(in_both(asked));
    operation.response_content(200, "結果、またはエラー。 The result, or an error.", in_both(answered.clone()));
    for id in UNREADABLE.iter().chain(IDENTITY_ERRORS).chain(TERMINAL_ERRORS) {
        operation.catalogue_error(*id, in_both(answered.clone()));
    }
    operation.note(
        "エラーは通常 HTTP 200 の電文の中に入ります（`error_profile`: envelope・bare）。`http` ではこの表の HTTP ステータスになり、`silent` では応答がありません。\
         読み取れない要求には、どの設定でも HTTP ステータスで応答します。 \
         Errors are usually returned inside a message with HTTP 200 (`error_profile` `envelope` or `bare`). With `http`, they have the HTTP statuses listed here; with `silent`, there is no response. \
         A request that cannot be read always gets the HTTP status of its error.",
    );
}

/// Handles one check.
pub async fn search(State(app): State<Arc<App>>, request: Request) -> Response {
    let (incoming, read) = IncomingRequest::with_body(&app, Operation::Search, request).await;
    if let Err(refusal) = read {
        let form = Form::of_body(&incoming.headers, b"");
        return Box::pin(answer_unreadable(&app, incoming, form, &refusal)).await;
    }
    let of_body = Form::of_body(&incoming.headers, &incoming.body);
    let document = match of_body.read(&incoming.headers, &incoming.body) {
        Ok(document) => document,
        Err(detail) => {
            let refusal = Refusal::quoting(ErrorId::MalformedRequest, detail);
            return Box::pin(answer_unreadable(&app, incoming, of_body, &refusal)).await;
        }
    };
    let form = Form::of_answer(&incoming.headers, of_body);
    let sender = Sender::of(&document);
    match request::check(&document) {
        Ok(request) => answer(&app, incoming, form, &sender, request).await,
        Err(detail) => {
            let refusal = Refusal::quoting(ErrorId::MalformedRequest, detail);
            let request_context = RequestContext::of(sender.institution.clone());
            let checked = Box::pin(refuse_before_inquiry(&app, &incoming, (&request_context, form), &sender, &refusal)).await;
            let completion = completion(&app, form, checked, Vec::new());
            finish(&app, incoming, request_context, completion)
        }
    }
}

/// Answers a request that could be read.
async fn answer(app: &App, incoming: IncomingRequest, form: Form, sender: &Sender, request: ParsedRequest<Inquiry>) -> Response {
    let mut notes: Vec<Note> = request.ignored.iter().map(|pointer| note_of_ignored(pointer).into()).collect();
    notes.extend(token_note(app, &incoming).map(Note::from));
    let RequestOutcome { result, request_context } =
        match identify(app, &incoming, Some((&request.institution, None)), TokenRule::StrictlyNeeded) {
            Ok(caller) => {
                let access = Access { caller: &caller, operation: Operation::Search, surface: Surface::Http, counted: true };
                answer_check(&app.institutions, &access, &request.content, (sender, form.target()), |checked, _| checked).await
            }
            Err(unidentified) => IdentityError::into_outcome(unidentified),
        };
    let checked = match result {
        Ok(checked) => checked,
        Err(refusal) => Box::pin(refuse_before_inquiry(app, &incoming, (&request_context, form), sender, &refusal)).await,
    };
    let completion = Completion { patient: Some(request.content.patient_key()), ..completion(app, form, checked, notes) };
    finish(app, incoming, request_context, completion)
}

/// Returns the message of a refusal that precedes the inquiry. Its format is that of the identified
/// terminal, or else that of the terminal in the certificate.
async fn refuse_before_inquiry(
    app: &App,
    incoming: &IncomingRequest,
    (request_context, form): (&RequestContext, Form),
    sender: &Sender,
    refusal: &Refusal,
) -> AnsweredCheck {
    let terminal = request_context.terminal.as_ref().or_else(|| terminal_in_certificate(incoming, request_context));
    let mut checked =
        refuse_check(&app.institutions, (request_context.institution.as_ref(), terminal), (sender, form.target()), refusal).await;
    if refusal.error == ErrorId::StoreUnavailable {
        checked.answer.status = app.fixtures().catalogue.entry(refusal.error).status;
    }
    checked
}

fn terminal_in_certificate<'a>(incoming: &'a IncomingRequest, request_context: &RequestContext) -> Option<&'a TerminalId> {
    match &incoming.certificate {
        ClientCertificate::Terminal(address) if request_context.institution.as_ref() == Some(&address.institution) => {
            Some(&address.terminal)
        }
        _ => None,
    }
}

/// Answers a request that could not be read. The error is also in the HTTP status, whatever the
/// error profile. The connection is closed, since the rest of it cannot be trusted.
async fn answer_unreadable(app: &App, incoming: IncomingRequest, of_body: Form, refusal: &Refusal) -> Response {
    let form = Form::of_answer(&incoming.headers, of_body);
    let request_context = RequestContext::default();
    let mut checked = refuse_before_inquiry(app, &incoming, (&request_context, form), &Sender::default(), refusal).await;
    checked.answer.status = catalogue_entry(app, None, refusal.error).await.status;
    let completion = completion(app, form, checked, Vec::new());
    with_connection_close(finish(app, incoming, request_context, completion))
}

/// Converts the result of a check: its message in this form, or no response at all.
fn completion(app: &App, form: Form, checked: AnsweredCheck, mut notes: Vec<Note>) -> Completion {
    let AnsweredCheck { answer: Answer { message, status, outcome, why }, encoding, note } = checked;
    notes.extend(note.map(Note::from));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reply = match (message, form) {
        (None, _) => BackendReply::NoResponse(NoResponse::Closed),
        (Some(message), Form::Json) => reply::json_bytes(status, message.to_json()).into(),
        (Some(message), Form::Xml) => {
            let written = xml::write(&message, encoding, app.fixtures().invented.linkage.replacement);
            notes.extend(written.note(encoding).map(Note::from));
            reply::xml(status, written, encoding).into()
        }
    };
    Completion { notes, ..Completion::new(reply, outcome, why) }
}
