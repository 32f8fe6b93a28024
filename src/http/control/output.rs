//! Responses that need more than a JSON body.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::http::openapi::{DescribedOutput, Operation, content};

/// The response about something that was created.
pub struct Created<T> {
    /// The path of the new resource; `None` if it has none.
    pub location: Option<String>,
    /// The body.
    pub view: T,
}

/// A certificate as PEM.
pub struct Pem(pub String);

const PEM: &str = "application/x-pem-file";

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::CREATED, Json(self.view)).into_response();
        if let Some(location) = self.location {
            let location = HeaderValue::from_str(&location).expect("codes and names in paths are visible ASCII");
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}

impl<T: JsonSchema> DescribedOutput for Created<T> {
    fn describe(operation: &mut Operation<'_>) {
        operation.response::<T>(201);
        operation.response_header(201, "Location", "The path of the created resource.");
    }
}

impl IntoResponse for Pem {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, PEM)], self.0).into_response()
    }
}

impl DescribedOutput for Pem {
    fn describe(operation: &mut Operation<'_>) {
        operation.response_content(200, "PEM", content(PEM, json!({ "type": "string" })));
    }
}
