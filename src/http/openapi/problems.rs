//! The errors of the OpenAPI document: the control API's problems by status, and the errors of the
//! catalogue that an operation may return.

use schemars::SchemaGenerator;
use serde_json::{Value, json};

use super::content::content;
use crate::domain::check::Refusal;
use crate::domain::error_catalogue::{Catalogue, Entry, ErrorId};
use crate::domain::text::Text;
use crate::http::problem::Problem;

/// The media type of a problem document.
pub(super) const PROBLEM: &str = "application/problem+json";

/// The statuses of the control API: for each, the last parts of its problem `type`s, and their
/// common description.
const KINDS: [(u16, &[&str], &str); 10] = [
    (400, &["path", "query", "not-json", "body-broken"], "要求を読み取れません。 The request cannot be read."),
    (401, &["control-token"], "管理トークンがないか、違います。 The control token is missing or wrong."),
    (404, &["not-found"], "存在しません。 It does not exist."),
    (405, &["method-not-allowed"], "このメソッドは使えません。 The method is not allowed."),
    (408, &["body-timeout"], "本文が時間内に届きませんでした。 The body did not arrive in time."),
    (409, &["conflict"], "現在の状態ではできません。 The current state does not allow the request."),
    (413, &["body-too-large"], "本文が大きすぎます。 The body is too large."),
    (415, &["content-encoding"], "本文が圧縮されています。 The body is compressed."),
    (
        422,
        &["field", "fixtures"],
        "項目の値またはフィクスチャが正しくありません。 A field is invalid or unknown, or the fixtures are invalid.",
    ),
    (
        503,
        &["store-unavailable", "linkage-folder", "too-many-streams"],
        "今は応答できません（保存先または連携フォルダーの障害、ストリームの数の上限）。 The server cannot respond now: the store or the linkage folder does not work, or too many streams are open.",
    ),
];

/// Returns the reference to the problems of a status.
pub(super) fn reference(status: u16) -> Value {
    json!({ "$ref": format!("#/components/responses/Problem{status}") })
}

/// Returns the responses that the references point to.
pub(super) fn responses(schemas: &mut SchemaGenerator) -> Value {
    let schema = schemas.subschema_for::<Problem>().to_value();
    let response = |(status, kinds, about): (u16, &[&str], &str)| {
        let types: Vec<String> = kinds.iter().map(|kind| format!("`urn:onshi-mock:problem:{kind}`")).collect();
        let mut content = content(PROBLEM, schema.clone());
        if let Some(example) = example(status) {
            content[PROBLEM]["example"] = example;
        }
        (format!("Problem{status}"), json!({ "description": format!("{about} `type`: {}", types.join(", ")), "content": content }))
    };
    Value::Object(KINDS.into_iter().map(response).collect())
}

fn example(status: u16) -> Option<Value> {
    let problem = match status {
        404 => Problem::not_found(Text::new("医療機関 9910000083 はありません。", "There is no institution 9910000083.")),
        409 => Problem::conflict(Text::new("端末 T2 はすでにあります。", "Terminal T2 exists already.")).with_pointer("/id"),
        422 => Problem::field("/terminals/T1/bandwith", Text::new("項目「bandwith」はありません。", "unknown field `bandwith`")),
        _ => return None,
    };
    Some(problem.document())
}

/// Adds an error to the description and the `x-errors` of a response, unless it is already listed.
pub(super) fn add_error(answer: &mut Value, entry: &Entry) {
    let error = json!({ "id": entry.id, "code": entry.code, "provenance": entry.provenance.code });
    let mut errors = answer["x-errors"].as_array().cloned().unwrap_or_default();
    if errors.contains(&error) {
        return;
    }
    let line = format!("`{}` {}", entry.code, entry.id.name());
    answer["description"] = match answer["description"].as_str() {
        None | Some("") => json!(line),
        Some(before) => json!(format!("{before}, {line}")),
    };
    errors.push(error);
    answer["x-errors"] = json!(errors);
}

/// Returns the reference to the example of an error.
pub(super) fn example_reference(id: ErrorId) -> Value {
    json!({ "$ref": format!("#/components/examples/{}", id.name()) })
}

/// Returns the examples that the references point to: each error of the catalogue as a problem
/// document.
pub(super) fn examples(catalogue: &Catalogue) -> Value {
    let example = |id: &ErrorId| {
        let entry = catalogue.entry(*id);
        let refusal = Refusal::detailed(*id, Text::same("…"));
        let problem = Problem::from_catalogue(entry, &refusal.message(entry)).document();
        (id.name().to_owned(), json!({ "summary": entry.code, "value": problem }))
    };
    Value::Object(ErrorId::ALL.iter().map(example).collect())
}
