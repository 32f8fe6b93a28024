//! The extractors for path and query. A URL that cannot be read is refused, and recorded in the
//! journal like other errors.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::response::Response;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::finish;
use super::incoming_request::IncomingRequest;
use crate::app::access::RequestContext;
use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::operation::Operation;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::openapi::{self, DescribedInput};

/// The parameters in the path.
pub struct BackendPath<T>(pub T);

/// The parameters in the query.
pub struct BackendQuery<T>(pub T);

impl<T> DescribedInput for BackendPath<T> {
    fn describe(operation: &mut openapi::Operation<'_>) {
        operation.catalogue_problems(&[ErrorId::MalformedRequest]);
    }
}

impl<T: JsonSchema> DescribedInput for BackendQuery<T> {
    fn describe(operation: &mut openapi::Operation<'_>) {
        operation.query::<T>();
        operation.catalogue_problems(&[ErrorId::MalformedRequest]);
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for BackendPath<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let read = Path::from_request_parts(parts, app).await;
        match read {
            Ok(Path(names)) => Ok(Self(names)),
            Err(error) => Err(unreadable(app, parts, &error.body_text()).await),
        }
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<App>> for BackendQuery<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let read = Query::from_request_parts(parts, app).await.map_err(|error| error.body_text());
        match read {
            Ok(Query(fields)) => Ok(Self(fields)),
            Err(error) => Err(unreadable(app, parts, &error).await),
        }
    }
}

async fn unreadable(app: &Arc<App>, parts: &Parts, error: &str) -> Response {
    let request = Request::from_parts(parts.clone(), Body::empty());
    let incoming = IncomingRequest::without_body(app, Operation::Unknown, request);
    let detail = Text::new(format!("URL が正しくありません（{error}）。"), format!("The URL: {error}."));
    finish::refuse(app, incoming, RequestContext::default(), &Refusal::quoting(ErrorId::MalformedRequest, detail)).await
}
