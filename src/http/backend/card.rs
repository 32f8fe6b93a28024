//! `POST /linkage/v1/terminals/{id}/cards`: presents a card at the reader of a remote terminal. The
//! response has what the reader shows and the face result file. The route is the mock's own.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::delivery::{self, update_terminal};
use super::finish::{Completion, finish, refuse};
use super::incoming_request::{IncomingRequest, UNREADABLE, from_object};
use super::reply::json;
use super::url::BackendPath;
use crate::app::access::{RequestContext, RequestOutcome};
use crate::domain::card::{Card, CardOutcome};
use crate::domain::check::Refusal;
use crate::domain::consent::Consents;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::linkage::ResultFiles;
use crate::domain::operation::Operation;
use crate::domain::person::{AmbiguousPerson, find_person};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body::with_connection_close;
use crate::http::openapi;
use crate::journal::Exchange;
use crate::linkage::folder::OutputFile;
use crate::linkage::{self, CardResult, FaceFile};

/// The person whose card is presented, their consents, and the kind of card.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({"person": "valid", "consents": {"limit_certificate": "given"}}))]
struct CardRequest {
    /// The person's id, name (in kanji or kana) or card number (番号). A name or number must be
    /// unique.
    person: String,
    #[serde(default)]
    consents: Consents,
    #[serde(default)]
    card: Card,
}

/// The result.
#[derive(Serialize, JsonSchema)]
struct CardAnswer {
    outcome: CardOutcome,
    shown: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<CardFile>,
}

/// The face result file. Its bytes are in the terminal's character set, or a zip file; `text` is
/// for human readers. The terminal's setting says how to create the file.
#[derive(Serialize, JsonSchema)]
struct CardFile {
    name: String,
    base64: String,
    text: String,
    result_files: ResultFiles,
}

/// Adds what the signature of the request handler does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    operation.request_body::<CardRequest>();
    operation.response::<CardAnswer>(200);
    delivery::describe(operation);
    operation.catalogue_problems(UNREADABLE);
}

/// Handles one presented card.
pub async fn card(State(app): State<Arc<App>>, BackendPath(id): BackendPath<String>, request: Request) -> Response {
    let (incoming, read_whole) = IncomingRequest::with_body(&app, Operation::Card, request).await;
    if let Err(refusal) = read_whole {
        return with_connection_close(refuse(&app, incoming, RequestContext::default(), &refusal).await);
    }
    let RequestOutcome { result, request_context } = match incoming.json().and_then(from_object) {
        Ok(card) => present(&app, &incoming, &id, &card).await,
        Err(refusal) => RequestOutcome::refused(None, refusal),
    };
    match result {
        Err(refusal) => refuse(&app, incoming, request_context, &refusal).await,
        Ok(CardResult { outcome, shown, face, exchange }) => {
            let answer = CardAnswer { outcome, shown, file: face.map(CardFile::of) };
            let reply = json(StatusCode::OK, &answer).into();
            let Exchange { outcome, why, notes, inquiry, result_files, .. } = exchange;
            let completion = Completion { reply, outcome, why, notes, patient: inquiry.map(|patient| *patient), result_files };
            finish(&app, incoming, request_context, completion)
        }
    }
}

impl CardFile {
    fn of(FaceFile { file: OutputFile { name, bytes, result_files }, text }: FaceFile) -> Self {
        Self { name, base64: BASE64_STANDARD.encode(&bytes), text, result_files }
    }
}

async fn present(app: &App, incoming: &IncomingRequest, id: &str, card_request: &CardRequest) -> RequestOutcome<CardResult> {
    let presented = update_terminal(app, incoming, id, |tenant, address, moment| {
        let institution = &mut tenant.institution;
        let own = institution.persons.clone();
        let fixtures = app.fixtures();
        let register = fixtures.register(own.as_deref());
        let person = find_person(register.persons, &card_request.person).map_err(|error| ambiguous_person_refusal(&error))?;
        let seen =
            linkage::present_card(&fixtures, institution, &address.terminal, moment, person, &card_request.consents, card_request.card);
        Ok(seen.expect("admission found the terminal"))
    });
    presented.await
}

fn ambiguous_person_refusal(AmbiguousPerson { text, candidates }: &AmbiguousPerson<'_>) -> Refusal {
    let ids = candidates.iter().map(|person| person.id.as_str()).collect::<Vec<_>>().join(", ");
    let detail = Text::new(format!("{}使える ID: {ids}", text.ja), format!("{} The ids are {ids}.", text.en));
    Refusal::quoting(ErrorId::MalformedRequest, detail)
}
