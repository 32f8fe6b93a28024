//! What a URL says. One that cannot be read is refused and journalled as every other mistake.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::response::Response;
use serde::de::DeserializeOwned;

use super::call::{Call, refusal_with};
use crate::domain::catalogue::ErrorId;
use crate::domain::text::Text;
use crate::http::app::App;

/// The names in its path.
pub struct InPath<T>(pub T);

/// The fields of its query.
pub struct InQuery<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for InPath<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let read = Path::from_request_parts(parts, app).await;
        read.map(|Path(names)| Self(names)).map_err(|error| unreadable(app, parts, &error.body_text()))
    }
}

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for InQuery<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let read = Query::from_request_parts(parts, app).await;
        read.map(|Query(fields)| Self(fields)).map_err(|error| unreadable(app, parts, &error.body_text()))
    }
}

fn unreadable(app: &Arc<App>, parts: &Parts, error: &str) -> Response {
    let (call, _) = Call::begin(Arc::clone(app), "unknown", Request::from_parts(parts.clone(), Body::empty()));
    let detail = Text::new(format!("URL が正しくありません（{error}）。"), format!("The URL: {error}."));
    call.refuse_as_problem(&refusal_with(ErrorId::MalformedRequest, detail))
}
