//! `GET …/journal/{entry}`: the explanation of a response, as JSON, as a page, or as plain text.

use askama::Template;
use axum::Json;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::domain::japan;
use crate::domain::text::Text;
use crate::http::negotiation::{JSON, TEXT_HTML, TEXT_PLAIN, preferred};
use crate::http::openapi::{self, Operation};
use crate::journal::{Explanation, ListedEntry};

#[derive(Template)]
#[template(path = "explanation.html")]
struct ExplanationPage<'a> {
    number: u64,
    operation: &'static str,
    path: &'a str,
    at: String,
    sections: Vec<(Text, Vec<Text>)>,
    entry: String,
}

/// A journal entry and its explanation.
#[derive(Serialize, JsonSchema)]
struct Explained<'a> {
    entry: &'a ListedEntry,
    explanation: &'a Explanation,
}

/// Adds what the signatures of request handlers that return an explanation do not say.
pub fn describe_explanation(operation: &mut Operation<'_>) {
    let explained = operation.schema::<Explained<'_>>();
    let text = json!({ "schema": { "type": "string" } });
    let forms = json!({ openapi::JSON: { "schema": explained }, "text/html": text, "text/plain": text });
    operation.response_content(
        200,
        "エントリーとその理由。形式（JSON、ページ、テキスト）は `Accept` で指定します。 The entry and its explanation as JSON, a page or text, as requested by `Accept`.",
        forms,
    );
    operation.problem(404);
}

/// The form of the explanation.
#[derive(Clone, Copy)]
enum Form {
    Json,
    Page,
    Text,
}

/// Returns the explanation of an entry in the form that `Accept` prefers.
pub fn explanation(listed: &ListedEntry, explanation: &Explanation, headers: &HeaderMap) -> Response {
    match preferred(headers, &[(JSON, Form::Json), (TEXT_HTML, Form::Page), (TEXT_PLAIN, Form::Text)]) {
        Form::Page => crate::http::page::Page::new(page(listed, explanation)).into_response(),
        Form::Text => ([(CONTENT_TYPE, "text/plain; charset=utf-8")], explanation.plain()).into_response(),
        Form::Json => Json(Explained { entry: listed, explanation }).into_response(),
    }
}

fn page(listed: &ListedEntry, explanation: &Explanation) -> String {
    let entry = &listed.entry;
    let page = ExplanationPage {
        number: listed.number,
        operation: entry.operation.name(),
        path: &entry.path,
        at: japan::format_japanese(entry.at),
        sections: explanation.sections(),
        entry: serde_json::to_string_pretty(&json!(listed)).expect("an entry is plain data"),
    };
    page.render().expect("the template formats texts into a String")
}
