//! The response with a page of the console.

use askama::Template;
use axum::response::Html;

/// Returns the page. The router adds the headers that all pages have.
pub(super) fn console_page(page: &impl Template) -> Html<String> {
    Html(page.render().expect("the template formats texts into a String"))
}
