//! The response with a page of the console, and the parts of pages that are kept current.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::response::Html;

/// The HTML of the parts of a live page, by the id of their element.
pub(super) type Parts = BTreeMap<&'static str, Arc<str>>;

/// The parts of a live page as they are now.
#[derive(Clone)]
pub(super) struct Rendering {
    pub(super) parts: Parts,
    /// The time after which they may be different although nothing was notified.
    pub(super) due: Option<Duration>,
}

/// Returns the page. The router adds the headers that all pages have.
pub(super) fn console_page(page: &impl Template) -> Html<String> {
    Html(page.render().expect("the template formats texts into a String"))
}
