//! What is open without the token: whether the server lives and is ready, and the CA that clients trust.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::http::app::App;

/// `GET /healthz`: it lives.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: it serves. Without a store beside it, it is ready as soon as it answers.
pub async fn readyz() -> &'static str {
    "ready\n"
}

/// `GET /ca.pem`.
pub async fn ca_pem(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/x-pem-file")], app.authority.ca_pem().to_owned())
}
