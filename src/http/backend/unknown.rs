//! The fallback for requests that match no route of the backend. They are refused and recorded in
//! the journal.

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::response::Response;

use super::finish;
use super::incoming_request::IncomingRequest;
use crate::app::access::RequestContext;
use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::operation::Operation;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::listener::Listener;

/// Refuses a path that does not exist.
pub async fn route(State(app): State<Arc<App>>, request: Request) -> Response {
    let detail = app.paths.for_unknown_path(Listener::Backend, request.uri().path());
    refuse(app, request, ErrorId::UnknownRoute, detail).await
}

/// Refuses a method that the path does not have.
pub async fn method(State(app): State<Arc<App>>, path: MatchedPath, request: Request) -> Response {
    let methods = app.paths.methods(Listener::Backend, path.as_str());
    let detail = Text::new(format!("使えるメソッド：{methods}"), format!("It takes {methods}."));
    refuse(app, request, ErrorId::MethodNotAllowed, detail).await
}

async fn refuse(app: Arc<App>, request: Request, error: ErrorId, detail: Text) -> Response {
    let incoming = IncomingRequest::without_body(&app, Operation::Unknown, request);
    finish::refuse(&app, incoming, RequestContext::default(), &Refusal::quoting(error, detail)).await
}
