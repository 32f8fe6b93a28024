//! A received request to the backend. It is read once, and does not change afterwards.

use std::time::Instant;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::sync::Arc;

use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::operation::Operation;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body::{self, BodyError};
use crate::http::connection::Connection;
use crate::json::{JsonError, parse_value};
use crate::tls::ClientCertificate;
use crate::wire::document;

/// The errors with which an unreadable body is refused.
pub(super) const UNREADABLE: &[ErrorId] = &[ErrorId::MalformedRequest, ErrorId::BodyTimeout, ErrorId::BodyTooLarge, ErrorId::BodyEncoded];

/// A received request.
pub(super) struct IncomingRequest {
    pub(super) operation: Operation,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) certificate: ClientCertificate,
    /// The body; empty if the operation has none or it could not be read.
    pub(super) body: Bytes,
    pub(super) began: Instant,
}

impl IncomingRequest {
    /// Takes a request without reading its body.
    pub(super) fn without_body(app: &App, operation: Operation, request: Request) -> Self {
        Self::split(app, operation, request).0
    }

    /// Takes a request and reads its body, within the limits of size and time.
    pub(super) async fn with_body(app: &App, operation: Operation, request: Request) -> (Self, Result<(), Refusal>) {
        let (incoming, body) = Self::split(app, operation, request);
        match body::read(body, &incoming.headers, app.body).await {
            Ok(body) => (Self { body, ..incoming }, Ok(())),
            Err(fault) => (incoming, Err(unreadable(fault))),
        }
    }

    fn split(app: &App, operation: Operation, request: Request) -> (Self, Body) {
        let (Parts { method, uri, headers, extensions, .. }, body) = request.into_parts();
        let connection = extensions.get::<Arc<Connection>>();
        let presented = connection.and_then(|connection| connection.client_certificates.as_deref());
        let certificate = app.authority.identify(presented, app.institutions.wall());
        let path = uri.path().to_owned();
        (Self { operation, method, path, headers, certificate, body: Bytes::new(), began: Instant::now() }, body)
    }

    /// Parses the body as JSON.
    pub(super) fn json(&self) -> Result<Value, Refusal> {
        document::json(&self.body).map_err(malformed)
    }

    /// Returns the `Authorization` header; `None` if it is absent or empty. A value that is not
    /// ASCII is replaced by `?`, which is not a valid token either.
    pub(super) fn authorization(&self) -> Option<&str> {
        let value = self.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("?"));
        value.map(str::trim).filter(|value| !value.is_empty())
    }

    /// Returns the journal's note on a certificate that was ignored.
    pub(super) fn certificate_note(&self) -> Option<Text> {
        let ClientCertificate::Foreign { reason } = &self.certificate else {
            return None;
        };
        Some(Text::new(
            format!("提示されたクライアント証明書は、この模擬サーバーのものではないため無視しました（{reason}）。"),
            format!("The client certificate presented is not one of this mock's and counts as none ({reason})."),
        ))
    }
}

/// Converts a JSON object to a type. The refusal says what is wrong, with its JSON pointer.
pub(super) fn from_object<T: DeserializeOwned>(value: Value) -> Result<T, Refusal> {
    if !value.is_object() {
        return Err(malformed(JsonError::NotAnObject.text()));
    }
    parse_value(value, "").map_err(|error| malformed(error.located_text()))
}

fn malformed(detail: Text) -> Refusal {
    Refusal::quoting(ErrorId::MalformedRequest, detail)
}

fn unreadable(fault: BodyError) -> Refusal {
    match fault {
        BodyError::Encoded(detail) => Refusal::quoting(ErrorId::BodyEncoded, detail),
        BodyError::TooLarge(detail) => Refusal::quoting(ErrorId::BodyTooLarge, detail),
        BodyError::Timeout(detail) => Refusal::quoting(ErrorId::BodyTimeout, detail),
        BodyError::Incomplete(detail) => malformed(detail),
    }
}
