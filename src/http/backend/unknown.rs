//! What fits no route of the backend: answered clearly, and journalled all the same.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;

use super::call::{Call, refusal_with};
use crate::domain::catalogue::ErrorId;
use crate::domain::text::Text;
use crate::http::app::App;

const ROUTES: &str = "POST /oqs-api-pro/MSA12020/ILI12020SV01/auth, POST /oqs-api-pro/MSA01030/ILI01030SV01/search, \
GET /delivery/v1/terminals/{id}/updates, GET /delivery/v1/packages/{campaign}/{component}/{version}, \
POST /delivery/v1/terminals/{id}/reports, GET /delivery/v1/terminals/{id}/results, \
POST /linkage/v1/terminals/{id}/files/{name}, POST /linkage/v1/terminals/{id}/cards, GET /notices/v1";

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
    let detail = Text::new(format!("使えるもの: {ROUTES}"), format!("There are: {ROUTES}"));
    call.refuse_as_problem(&refusal_with(error, detail)).await
}
