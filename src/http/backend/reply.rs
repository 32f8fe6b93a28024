//! A response before it is converted for HTTP: status, headers and body, or no response at all.

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use serde::Serialize;

use super::incoming_request::IncomingRequest;
use crate::domain::check::Refusal;
use crate::domain::encoding::Encoding;
use crate::domain::error_catalogue::Entry;
use crate::http::connection::NoResponse;
use crate::http::problem::{Problem, is_for_a_browser};
use crate::wire::charset::Encoded;

/// The initial capacity of a buffer for JSON in bytes; most responses are shorter.
const INITIAL_CAPACITY: usize = 2048;

/// The reply to a request.
pub(super) enum BackendReply {
    /// A response.
    Response(Content),
    /// No response: the connection is closed, or the HTTP/2 stream is reset.
    NoResponse(NoResponse),
}

/// A response.
pub(super) struct Content {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Payload,
}

/// The body of a response.
pub(super) enum Payload {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A stream that is produced while it is sent. Its length is in the headers.
    Stream(Body),
}

impl Content {
    /// Creates a response with this body.
    pub(super) fn new(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Self {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(CONTENT_TYPE, content_type);
        Self { status, headers, body: Payload::Bytes(body.into()) }
    }

    /// Creates a response without a body.
    pub(super) fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Payload::Bytes(Bytes::new()) }
    }

    /// Returns the length of the body: that of the `Content-Length` header, or else that of the
    /// bytes. `None` for a stream of unknown length.
    pub(super) fn length(&self) -> Option<u64> {
        let announced = self.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        announced.or(match &self.body {
            Payload::Bytes(bytes) => Some(bytes.len() as u64),
            Payload::Stream(_) => None,
        })
    }
}

impl Payload {
    /// Converts the payload into an HTTP body.
    pub(super) fn into_body(self) -> Body {
        match self {
            Self::Bytes(bytes) => Body::from(bytes),
            Self::Stream(body) => body,
        }
    }
}

impl BackendReply {
    /// Converts the reply into an HTTP response.
    pub(super) fn into_response(self) -> Response {
        let mut response = Response::default();
        match self {
            Self::Response(Content { status, headers, body }) => {
                *response.status_mut() = status;
                *response.headers_mut() = headers;
                *response.body_mut() = body.into_body();
            }
            Self::NoResponse(no_answer) => {
                response.extensions_mut().insert(no_answer);
            }
        }
        response
    }
}

impl From<Content> for BackendReply {
    fn from(content: Content) -> Self {
        Self::Response(content)
    }
}

/// Creates a response with a value as JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Content {
    let mut bytes = Vec::with_capacity(INITIAL_CAPACITY);
    serde_json::to_writer(&mut bytes, body).expect("answers hold texts, numbers and lists only");
    json_bytes(status, bytes)
}

/// Creates a response with JSON that is already serialized.
pub(super) fn json_bytes(status: StatusCode, bytes: Vec<u8>) -> Content {
    Content::new(status, HeaderValue::from_static("application/json;charset=UTF-8"), bytes)
}

/// Creates a response with a message in XML.
pub(super) fn xml(status: StatusCode, written: Encoded, encoding: Encoding) -> Content {
    let content_type = match encoding {
        Encoding::Utf8 => "application/xml;charset=UTF-8",
        Encoding::ShiftJis => "application/xml;charset=Shift_JIS",
    };
    Content::new(status, HeaderValue::from_static(content_type), written.bytes)
}

/// Creates a problem document from a refusal, or a page if the client is a browser. Routes in the
/// mock's own protocol respond with it.
pub(super) fn problem(incoming: &IncomingRequest, refusal: &Refusal, entry: &Entry) -> Content {
    let problem = Problem::from_catalogue(entry, &refusal.message(entry));
    let (status, mut headers, body) = problem.render(is_for_a_browser(incoming.method.as_str(), &incoming.headers));
    headers.extend(refusal.retry_after.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
    Content { status, headers, body: Payload::Bytes(body) }
}
