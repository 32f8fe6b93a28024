//! What is open without the token: whether the server lives and is ready, and the CA that clients trust.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::http::app::App;
use crate::http::problem::Problem;
use crate::store::StoreError;

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
        Some(reason) => Err(Problem::from(StoreError::new(reason))),
    }
}

/// `GET /ca.pem`.
pub async fn ca_pem(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/x-pem-file")], app.authority.ca_pem().to_owned())
}
