//! An HTML page for people.

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

/// An HTML page. It may not load resources or run scripts.
pub struct Page(Bytes);

impl Page {
    /// Creates a page from HTML.
    pub fn new(html: impl Into<Bytes>) -> Self {
        Self(html.into())
    }

    /// Returns the headers of every page.
    pub(super) fn headers() -> HeaderMap {
        let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
        let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, policy)];
        headers.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        (Self::headers(), self.0).into_response()
    }
}
