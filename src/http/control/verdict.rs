//! `GET …/verdict`: the verdict on the institution's clients as JSON, JUnit XML or a page,
//! according to `format` or `Accept`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::input::{ControlQuery, InstitutionPath, no_institution};
use crate::app::evidence;
use crate::http::app::App;
use crate::http::negotiation::{APPLICATION_XML, JSON, TEXT_HTML, TEXT_XML, preferred};
use crate::http::openapi::{self, Operation, XML};
use crate::http::problem::Problem;
use crate::verdict::{Verdict, judge, junit, page};

/// The fields of the verdict's URL.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerdictQuery {
    /// `json`, `junit` or `html`; takes precedence over `Accept`.
    format: Option<Form>,
    /// `true`: in JUnit XML, what keeps the overall result from PASS is a failure, not skipped.
    #[serde(default)]
    require_green: bool,
}

/// A format of the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "VerdictForm")]
enum Form {
    Json,
    Junit,
    Html,
}

/// Adds what the signature of the request handler does not say.
pub fn describe_verdict(operation: &mut Operation<'_>) {
    let verdict = operation.schema::<Verdict>();
    let text = json!({ "schema": { "type": "string" } });
    let forms = json!({ openapi::JSON: { "schema": verdict }, XML: text, "text/html": text });
    operation.response_content(
        200,
        "判定。形式（JSON、JUnit XML、ページ）は `format` または `Accept` で指定します。 The verdict as JSON, JUnit XML or a page, as requested by `format` or `Accept`.",
        forms,
    );
}

/// `GET …/verdict`.
///
/// # Errors
/// No such institution, no such format, or a store that does not work.
pub async fn verdict(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    ControlQuery(query): ControlQuery<VerdictQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let evidence = evidence(&app.institutions, app.strictness, &code).await?.ok_or_else(|| no_institution(&code))?;
    let verdict = judge(&evidence);
    let (content_type, body) = match query.format.unwrap_or_else(|| Form::preferred(&headers)) {
        Form::Json => ("application/json", verdict.json()),
        Form::Junit => ("application/xml;charset=UTF-8", junit(&verdict, query.require_green)),
        Form::Html => ("text/html;charset=UTF-8", page(&verdict, None)),
    };
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    Ok(([(CONTENT_TYPE, content_type), (VARY, "Accept"), (CONTENT_SECURITY_POLICY, policy)], body).into_response())
}

impl Form {
    /// Returns the format that `Accept` prefers; JSON if it names none.
    fn preferred(headers: &HeaderMap) -> Self {
        let forms = [(JSON, Self::Json), (APPLICATION_XML, Self::Junit), (TEXT_XML, Self::Junit), (TEXT_HTML, Self::Html)];
        preferred(headers, &forms)
    }
}
