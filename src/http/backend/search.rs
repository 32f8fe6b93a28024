//! `POST /oqs-api-pro/MSA01030/ILI01030SV01/search`: the check by card data. A terminal that installed and did not restart refuses it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use serde_json::{Value, json};

use super::call::{Call, Form, UNREADABLE, refusal_with, unreadable};
use super::faults;
use super::identity::{TokenRule, UNIDENTIFIED, Who, identify, unknown_institution, unstored};
use crate::answers::{self, Answer, Desk, Place};
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::element_order::ElementOrder;
use crate::domain::encoding::Encoding;
use crate::domain::inquiry::Inquiry;
use crate::domain::institution::Institution;
use crate::domain::operation::Operation;
use crate::domain::surfacing::Surfacing;
use crate::domain::terminal::Settings;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body::closing;
use crate::http::openapi::{self, CheckAnswer, CheckRequest, JSON, XML};
use crate::institutions::{Moment, Tenant};
use crate::store::StoreError;
use crate::tls::ClientCertificate;
use crate::wire::charset;
use crate::wire::document::Document;
use crate::wire::message::MessageKind;
use crate::wire::request::{self, Read, Sender};

/// Errors that a terminal gives in place of a check.
const REFUSED: &[ErrorId] = &[
    ErrorId::TokenMissing,
    ErrorId::TerminalOff,
    ErrorId::TerminalStarting,
    ErrorId::RestartRequired,
    ErrorId::RestartDidNotHelp,
    ErrorId::UpdateMissing,
];

/// What its signature does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    let (asked, answered) = (operation.schema::<CheckRequest>(), operation.schema::<CheckAnswer>());
    let in_both = |schema: Value| json!({ JSON: { "schema": schema }, XML: { "schema": schema } });
    operation.takes_content(in_both(asked));
    operation.answers_content(200, "結果、またはエラー。 The result, or an error.", in_both(answered.clone()));
    for id in UNREADABLE.iter().chain(UNIDENTIFIED).chain(REFUSED) {
        operation.answers_error(*id, in_both(answered.clone()));
    }
    operation.note(
        "エラーは通常 HTTP 200 の電文の中に入ります（`error_profile`: envelope・bare）。`http` ではこの表の HTTP ステータスになり、`silent` では応答がありません。\
         読み取れない要求には、どの設定でも HTTP ステータスで応答します。 \
         Errors come inside a message with HTTP 200 (`error_profile` envelope, bare), under the statuses told here (`http`), or as no answer at all (`silent`). \
         A request that cannot be read is always answered under its status.",
    );
}

/// Handles one check.
pub async fn search(State(app): State<Arc<App>>, request: Request) -> Response {
    let (mut call, body) = Call::begin(app, Operation::Search, request);
    let bytes = match call.read(body).await {
        Ok(bytes) => bytes,
        Err(fault) => {
            let form = Form::of_body(&call.headers, b"");
            return unread(call, &unreadable(fault), form).await;
        }
    };
    let of_body = Form::of_body(&call.headers, &bytes);
    let document = match document(&call, of_body, &bytes) {
        Ok(document) => document,
        Err(detail) => return unread(call, &refusal_with(ErrorId::MalformedRequest, detail), of_body).await,
    };
    let form = Form::of_answer(&call.headers, of_body);
    let sender = Sender::of(&document);
    let (answer, encoding) = decide(&mut call, &document, &sender, form).await;
    call.leave(answer, form, encoding)
}

fn document(call: &Call, form: Form, bytes: &[u8]) -> Result<Document, Text> {
    match form {
        Form::Json => Document::json(bytes),
        Form::Xml => {
            let content_type = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
            let mut parameters = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
            let charset = parameters.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
            Document::xml(&charset::decode(bytes, charset.map(|(_, label)| label.trim().trim_matches('"')))?)
        }
    }
}

/// The answer, and the character set in which it says to be.
async fn decide(call: &mut Call, document: &Document, sender: &Sender, form: Form) -> (Answer, Encoding) {
    let request = match request::check(document) {
        Ok(request) => request,
        Err(detail) => {
            call.institution.clone_from(&sender.institution);
            return refused(call, sender, &refusal_with(ErrorId::MalformedRequest, detail), form).await;
        }
    };
    call.passed_over(&request.ignored);
    let answered = answered(call, &request, sender, form).await;
    call.sought = Some(request.content.sought());
    answered
}

/// The answer to a request that could be read.
async fn answered(call: &mut Call, request: &Read<Inquiry>, sender: &Sender, form: Form) -> (Answer, Encoding) {
    let who = match identify(call, Some((&request.institution, None)), TokenRule::StrictlyNeeded) {
        Ok(who) => who,
        Err(refusal) => return refused(call, sender, &refusal, form).await,
    };
    let code = who.institution.clone();
    call.institution = Some(code.clone());
    match admitted(call, who, sender, &request.content, form).await {
        Ok(Some(answered)) => answered,
        Ok(None) => refused(call, sender, &unknown_institution(&code), form).await,
        Err(error) => refused(call, sender, &unstored(&error), form).await,
    }
}

/// Answers at the institution itself; none if there is no such institution.
async fn admitted(
    call: &mut Call,
    who: Who,
    sender: &Sender,
    inquiry: &Inquiry,
    form: Form,
) -> Result<Option<(Answer, Encoding)>, StoreError> {
    let fixtures = call.app.fixtures();
    let code = who.institution.clone();
    let terminal = who.terminal.clone();
    let answered = faults::look(call, &code, terminal.as_ref(), |call, tenant, moment| {
        let admitted = who.admit(call, tenant, moment);
        let institution = &tenant.institution;
        let (encoding, order) = look_of(call, institution, form);
        let surfacing = &institution.surfacing;
        let register = fixtures.register(institution.persons.as_deref());
        let kind = MessageKind::Check;
        let desk =
            Desk { fixtures: &fixtures, register, surfacing, sender, kind, encoding, order, confirmation_key: None, now: moment.now };
        let answer = match admitted {
            Err(refusal) => desk.refused(&refusal, None),
            Ok(_) if faults::says_processing(call) => answers::processing(&desk, inquiry),
            Ok(id) => {
                let terminal = institution.terminals.get(&id).expect("admission found the terminal");
                let answer = answers::check(&desk, Place { institution, terminal }, inquiry);
                call.notes.extend(answers::note_of_day(&desk, inquiry, &answer));
                answer
            }
        };
        (answer, encoding)
    });
    answered.await
}

/// Character set and order of elements that the terminal has which asks, as far as it is known: by what was found out, by its certificate, else
/// the default terminal.
fn look_of(call: &Call, institution: &Institution, form: Form) -> (Encoding, ElementOrder) {
    let by_certificate = match &call.certificate {
        ClientCertificate::Terminal(address) if address.institution == institution.code => Some(&address.terminal),
        _ => None,
    };
    let id = call.terminal.as_ref().or(by_certificate).unwrap_or(&institution.default_terminal);
    let settings = institution.terminals.get(id).map(|terminal| &terminal.settings);
    let encoding = settings.filter(|_| form == Form::Xml).map_or(Encoding::Utf8, |settings| settings.encoding);
    (encoding, settings.map_or(ElementOrder::Specification, Settings::order_over_web))
}

/// A refusal before the institution itself has been seen; its profile and its terminal's character set count all the same where it exists.
async fn refused(call: &Call, sender: &Sender, refusal: &Refusal, form: Form) -> (Answer, Encoding) {
    let fixtures = &call.app.fixtures();
    let look = |tenant: &Tenant, moment: Moment| {
        let institution = &tenant.institution;
        (institution.surfacing.clone(), look_of(call, institution, form), moment.now)
    };
    let of_institution = match &call.institution {
        // Where the store does not work, the answer looks as that of an institution without settings.
        Some(code) => call.app.institutions.look(code, look).await.ok().flatten(),
        None => None,
    };
    let (surfacing, (encoding, order), now) = of_institution
        .unwrap_or_else(|| (Surfacing::default(), (Encoding::Utf8, ElementOrder::Specification), call.app.institutions.wall()));
    let (register, kind) = (fixtures.register(None), MessageKind::Check);
    let desk = Desk { fixtures, register, surfacing: &surfacing, sender, kind, encoding, order, confirmation_key: None, now };
    let mut answer = desk.refused(refusal, None);
    if refusal.error == ErrorId::StoreUnavailable {
        answer.status = fixtures.catalogue.entry(refusal.error).status;
    }
    (answer, encoding)
}

/// A request that could not be read at all: its HTTP status says so too, and the connection closes, since nothing that follows on it can be trusted.
async fn unread(call: Call, refusal: &Refusal, of_body: Form) -> Response {
    let form = Form::of_answer(&call.headers, of_body);
    let (mut answer, encoding) = refused(&call, &Sender::default(), refusal, form).await;
    answer.status = call.entry(refusal.error).await.status;
    closing(call.leave(answer, form, encoding))
}
