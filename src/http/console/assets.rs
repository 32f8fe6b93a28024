//! `GET /console/assets/{name}`: the scripts and stylesheets of the console, compiled in. They need
//! no session. A URL with the asset's hash can be cached for ever.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::{Path, RawQuery};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::domain::text::Text;
use crate::hex;
use crate::http::problem::Problem;

/// The assets: name, media type, content.
const ASSETS: [(&str, &str, &str); 6] = [
    (
        "console.css",
        "text/css; charset=utf-8",
        concat!(
            include_str!("../../../templates/tokens.css"),
            include_str!("../../../templates/console/console.css"),
            include_str!("../../../templates/chart.css"),
            include_str!("../../../templates/report.css")
        ),
    ),
    ("console.js", "text/javascript; charset=utf-8", include_str!("../../../templates/console/console.js")),
    ("icon.svg", "image/svg+xml", include_str!("../../../templates/console/icon.svg")),
    ("idiomorph.js", "text/javascript; charset=utf-8", include_str!("../../../templates/console/idiomorph.js")),
    ("signin.js", "text/javascript; charset=utf-8", include_str!("../../../templates/console/signin.js")),
    (
        "style.css",
        "text/css; charset=utf-8",
        concat!(include_str!("../../../templates/tokens.css"), include_str!("../../../templates/style.css")),
    ),
];

/// The number of digits of a hash in a URL.
const HASH_DIGITS: usize = 8;

/// The first digits of the hash of each asset.
static HASHES: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
    let hash = |content: &str| hex::encode(digest(&SHA256, content.as_bytes()))[..HASH_DIGITS].to_owned();
    ASSETS.iter().map(|(name, _, content)| (*name, hash(content))).collect()
});

/// Returns the URL of an asset, with its hash.
///
/// # Panics
/// There is no asset of this name.
pub fn url(name: &str) -> String {
    let hash = HASHES.get(name).expect("pages name only assets that exist");
    format!("/console/assets/{name}?v={hash}")
}

/// Returns an asset.
///
/// # Errors
/// There is none of this name.
pub(super) async fn asset(Path(name): Path<String>, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let Some((name, media_type, content)) = ASSETS.iter().find(|(asset, ..)| *asset == name) else {
        return Err(Problem::not_found(Text::new("このファイルはありません。", "There is no such file.")));
    };
    let is_current = query.is_some_and(|query| query.strip_prefix("v=") == HASHES.get(name).map(String::as_str));
    let caching = if is_current { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, &caching)];
    Ok((headers.map(|(name, value)| (name, HeaderValue::from_static(value))), *content).into_response())
}
