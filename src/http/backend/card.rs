//! `POST /linkage/v1/terminals/{id}/cards`: a card at the reader of a terminal elsewhere, answered with what is shown and the face result file.
//! The route is the mock's own.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::call::{Call, UNREADABLE, json, refusal_with, unreadable};
use super::delivery::{self, change_terminal};
use super::url::InPath;
use crate::domain::card::{Card, CardOutcome};
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::consent::Consents;
use crate::domain::linkage::ResultFiles;
use crate::domain::operation::Operation;
use crate::domain::person::Person;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body::closing;
use crate::http::openapi;
use crate::linkage::folder::Outgoing;
use crate::linkage::{self, FaceFile, Seen};
use crate::wire::document;
use crate::wire::said::in_japanese;

/// Whose card, what they consent to, and whether it is the right card.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({"person": "valid", "consents": {"limit_certificate": "given"}}))]
struct CardRequest {
    person: String,
    #[serde(default)]
    consents: Consents,
    #[serde(default)]
    card: Card,
}

/// What came of it.
#[derive(Serialize, JsonSchema)]
struct CardAnswer {
    outcome: CardOutcome,
    shown: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<CardFile>,
}

/// The face result file: its bytes are in the terminal's character set, or a zip; its text is for people. How it is to come into being is
/// the terminal's setting.
#[derive(Serialize, JsonSchema)]
struct CardFile {
    name: String,
    base64: String,
    text: String,
    result_files: ResultFiles,
}

/// What its signature does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    operation.takes::<CardRequest>();
    operation.answers::<CardAnswer>(200);
    delivery::describe(operation);
    operation.refuses_with(UNREADABLE);
}

/// Handles one card.
pub async fn card(State(app): State<Arc<App>>, InPath(id): InPath<String>, request: Request) -> Response {
    let (mut call, body) = Call::begin(app, Operation::Card, request);
    let bytes = match call.read(body).await {
        Ok(bytes) => bytes,
        Err(fault) => return closing(call.refuse_as_problem(&unreadable(fault)).await),
    };
    let seen = match read(&bytes) {
        Ok(asked) => present(&mut call, &id, &asked).await,
        Err(refusal) => Err(refusal),
    };
    match seen {
        Err(refusal) => call.refuse_as_problem(&refusal).await,
        Ok(Seen { outcome, shown, face, exchange }) => {
            call.notes.extend(exchange.notes);
            call.sought = exchange.inquiry.map(|sought| *sought);
            call.result_files = exchange.result_files;
            let file = face.map(|FaceFile { file: Outgoing { name, bytes, result_files }, text }| CardFile {
                name,
                base64: BASE64_STANDARD.encode(&bytes),
                text,
                result_files,
            });
            let answer = CardAnswer { outcome, shown, file };
            call.answer(exchange.outcome, exchange.why, json(axum::http::StatusCode::OK, &answer))
        }
    }
}

fn read(bytes: &[u8]) -> Result<CardRequest, Refusal> {
    let value = document::json(bytes).map_err(|detail| refusal_with(ErrorId::MalformedRequest, detail))?;
    if !value.is_object() {
        return Err(refusal_with(ErrorId::MalformedRequest, Text::new("JSON オブジェクトが必要です。", "A JSON object was expected.")));
    }
    serde_json::from_value(value).map_err(|error| {
        let said = error.to_string();
        refusal_with(ErrorId::MalformedRequest, Text::new(in_japanese(&said), format!("The card: {said}.")))
    })
}

async fn present(call: &mut Call, id: &str, asked: &CardRequest) -> Result<Seen, Refusal> {
    let app = Arc::clone(&call.app);
    change_terminal(call, id, |tenant, address, moment| {
        let institution = &mut tenant.institution;
        let own = institution.persons.clone();
        let fixtures = app.fixtures();
        let register = fixtures.register(own.as_deref());
        let person = register.person(&asked.person).ok_or_else(|| unknown_person(register.persons, &asked.person))?;
        let seen = linkage::present(&fixtures, institution, &address.terminal, moment, person, &asked.consents, asked.card);
        Ok(seen.expect("admission found the terminal"))
    })
    .await
}

fn unknown_person(persons: &[Person], id: &str) -> Refusal {
    let known: Vec<&str> = persons.iter().map(|person| person.id.as_str()).collect();
    let (id, known) = (id.chars().take(64).collect::<String>(), known.join(", "));
    let detail = Text::new(format!("被保険者 {id} はいません。使える id: {known}"), format!("There is no person {id}; there are {known}."));
    refusal_with(ErrorId::MalformedRequest, detail)
}
