//! The response with a page of the console.

use askama::Template;
use axum::response::{IntoResponse, Response};

use super::access::page_headers;

/// Returns the page with the headers of the console.
pub(super) fn console_page(page: &impl Template) -> Response {
    let html = page.render().expect("the template formats texts into a String");
    (page_headers(), html).into_response()
}
