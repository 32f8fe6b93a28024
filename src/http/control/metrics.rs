//! `GET /metrics`: metrics for Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::http::app::App;
use crate::http::openapi::{DescribedOutput, Operation, content};
use crate::metrics;

/// Metrics in the text format of Prometheus.
pub struct Exposition(String);

/// `GET /metrics`.
pub async fn metrics(State(app): State<Arc<App>>) -> Exposition {
    Exposition(app.institutions.metrics((app.streams.open(), app.streams.max())).await)
}

impl IntoResponse for Exposition {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], self.0).into_response()
    }
}

impl DescribedOutput for Exposition {
    fn describe(operation: &mut Operation<'_>) {
        let example = "onshi_mock_requests_total{operation=\"search\",outcome=\"refused\"} 3\n";
        operation.response_content(
            200,
            "Prometheus のテキスト形式。 The Prometheus text format.",
            content("text/plain", json!({ "type": "string", "examples": [example] })),
        );
    }
}
