//! Pages that people read, in Japanese, as staff would: one stylesheet, no script.

mod delivered;
mod explanation;
mod results;
mod screen;

use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;

pub use explanation::explanation;
pub use results::results;
pub use screen::screen;

use crate::domain::japan;

/// A page, which may load nothing and run nothing.
fn page_response(page: String) -> Response {
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    ([(CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
}

fn time_of_day(at: Timestamp) -> String {
    japan::civil(at).strftime("%Y年%-m月%-d日 %H:%M:%S").to_string()
}
