//! The console's scripts, style and icon.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

/// A file: its name, its content type, and its text.
type Asset = (&'static str, &'static str, &'static str);

const ASSETS: [Asset; 4] = [
    (
        "console.css",
        "text/css; charset=utf-8",
        concat!(include_str!("../../../templates/tokens.css"), include_str!("../../../templates/console/console.css")),
    ),
    ("console.js", "text/javascript; charset=utf-8", include_str!("../../../templates/console/console.js")),
    ("idiomorph.js", "text/javascript; charset=utf-8", include_str!("../../../templates/console/idiomorph.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../../templates/console/icon.svg")),
];

/// Returns the path of a file.
pub(super) fn url(name: &str) -> String {
    format!("/console/assets/{name}")
}

/// `GET /console/assets/{name}`.
pub(super) async fn asset(Path(name): Path<String>) -> Response {
    match ASSETS.iter().find(|(of, ..)| *of == name) {
        Some((_, content_type, text)) => ([(CONTENT_TYPE, *content_type)], *text).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
