//! Pages that people read, in Japanese, as staff would: one stylesheet, no script.

mod delivered;
mod docs;
mod explanation;
mod landing;
mod results;
mod schemas;
mod screen;

use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

pub use docs::docs;
pub use explanation::{describe_explanation, explanation};
pub use landing::landing;
pub use results::delivery_results;
pub use screen::screen;

use crate::domain::japan;
use crate::http::openapi::{Gives, Operation, content};

/// A page, which may load nothing and run nothing.
pub struct Page(Bytes);

impl Page {
    /// Of HTML.
    pub fn new(html: String) -> Self {
        Self(html.into())
    }

    /// The headers of every page.
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

impl Gives for Page {
    fn describe(operation: &mut Operation<'_>) {
        operation.answers_content(200, "A page in Japanese.", content("text/html", json!({ "type": "string" })));
    }
}

fn time_of_day(at: Timestamp) -> String {
    japan::civil(at).strftime("%Y年%-m月%-d日 %H:%M:%S").to_string()
}
