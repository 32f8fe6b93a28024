//! `GET /v1/failed-handshakes`: lists clients that could not connect, and why.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use crate::http::app::App;
use crate::http::handshakes::FailedHandshake;

/// The TLS handshakes that failed on either port since the start.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FailedHandshakeListing")]
pub struct FailedHandshakeList {
    /// The last 100 failed handshakes, oldest first.
    failed: Vec<FailedHandshake>,
}

/// `GET /v1/failed-handshakes`.
pub async fn failed_handshakes(State(app): State<Arc<App>>) -> Json<FailedHandshakeList> {
    Json(FailedHandshakeList { failed: app.handshakes.recent() })
}
