//! What fits no route of the backend: answered clearly, and journalled all the same.

use std::sync::{Arc, LazyLock};

use axum::extract::{Request, State};
use axum::response::Response;

use super::call::{Call, refusal_with};
use crate::domain::catalogue::ErrorId;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::openapi::listed;
use crate::http::router::described_backend;

/// What there is.
static ROUTES: LazyLock<String> = LazyLock::new(|| listed(&described_backend()));

/// A path that does not exist.
pub async fn route(State(app): State<Arc<App>>, request: Request) -> Response {
    refuse(app, request, ErrorId::UnknownRoute).await
}

/// A path that exists, asked with another method.
pub async fn method(State(app): State<Arc<App>>, request: Request) -> Response {
    refuse(app, request, ErrorId::MethodNotAllowed).await
}

async fn refuse(app: Arc<App>, request: Request, error: ErrorId) -> Response {
    let (call, _) = Call::begin(app, "unknown", request);
    let detail = Text::new(format!("使えるもの: {}", *ROUTES), format!("There are: {}", *ROUTES));
    call.refuse_as_problem(&refusal_with(error, detail)).await
}
