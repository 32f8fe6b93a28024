//! What is open without the token: whether the server lives and is ready, and the CA that clients trust.

use std::sync::Arc;

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::input::QueryParams;
use super::output::Pem;
use crate::http::app::App;
use crate::http::openapi::OpenApiDocument;
use crate::http::problem::Problem;
use crate::listener::Listener;

/// `GET /healthz`: it lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: it serves, and its store works.
///
/// # Errors
/// Why the store does not work.
pub async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    match app.institutions.store().trouble() {
        None => Ok("ready\n"),
        Some(error) => Err(Problem::from(error)),
    }
}

/// `GET /ca.pem`.
pub async fn ca_pem(State(app): State<Arc<App>>) -> Pem {
    Pem(app.authority.ca_pem().to_owned())
}

/// `?listener=backend` or `control`: that one alone.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentQuery {
    listener: Option<Listener>,
}

/// `GET /openapi.json`: this interface, described.
pub async fn openapi(State(app): State<Arc<App>>, QueryParams(query): QueryParams<DocumentQuery>) -> OpenApiDocument {
    app.published().document(query.listener)
}
