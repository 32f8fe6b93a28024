//! The routes that need no token: liveness, readiness, the CA certificate for clients, and the
//! OpenAPI document.

use std::sync::Arc;

use axum::extract::State;
use schemars::JsonSchema;
use serde::Deserialize;

use super::input::ControlQuery;
use super::output::Pem;
use crate::http::app::App;
use crate::http::openapi::OpenApiDocument;
use crate::http::problem::Problem;
use crate::listener::Listener;

/// `GET /healthz`: the process is alive.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the server accepts requests, and its store works.
///
/// # Errors
/// The store does not work.
pub async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    match app.institutions.store().last_error() {
        None => Ok("ready\n"),
        Some(error) => Err(Problem::from(error)),
    }
}

/// `GET /ca.pem`.
pub async fn ca_pem(State(app): State<Arc<App>>) -> Pem {
    Pem(app.authority.ca_pem().to_owned())
}

/// `?listener=backend` or `control`: only this listener.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DocumentQuery {
    listener: Option<Listener>,
}

/// `GET /openapi.json`.
pub async fn openapi(State(app): State<Arc<App>>, ControlQuery(query): ControlQuery<DocumentQuery>) -> OpenApiDocument {
    app.published().document(query.listener)
}
