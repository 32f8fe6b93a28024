//! What fits no route of the backend: answered clearly, and journalled all the same.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::response::Response;

use super::finish;
use super::incoming_request::IncomingRequest;
use crate::app::access::RequestContext;
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::operation::Operation;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::listener::Listener;

/// A path that does not exist.
pub async fn route(State(app): State<Arc<App>>, request: Request) -> Response {
    let detail = app.paths.of_unknown(Listener::Backend, request.uri().path());
    refuse(app, request, ErrorId::UnknownRoute, detail).await
}

/// A path that exists, asked with another method.
pub async fn method(State(app): State<Arc<App>>, path: MatchedPath, request: Request) -> Response {
    let methods = app.paths.methods(Listener::Backend, path.as_str());
    let detail = Text::new(format!("使えるメソッド: {methods}"), format!("It takes {methods}."));
    refuse(app, request, ErrorId::MethodNotAllowed, detail).await
}

async fn refuse(app: Arc<App>, request: Request, error: ErrorId, detail: Text) -> Response {
    let incoming = IncomingRequest::head(&app, Operation::Unknown, request);
    finish::refuse(&app, incoming, RequestContext::default(), &Refusal::quoting(error, detail)).await
}
