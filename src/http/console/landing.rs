//! `GET /`: the console for browsers; for others the start page with links to all other pages: the
//! template `landing.html`.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};

use crate::http::app::App;
use crate::http::openapi::{DescribedOutput, Operation};
use crate::http::page::Page;
use crate::http::problem::is_for_a_browser;

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing<'a> {
    version: &'a str,
    backend: &'a str,
    control: &'a str,
    /// Why the server is not ready; `None` if it is.
    trouble: Option<String>,
}

/// Leads browsers to the console, and shows others the start page.
pub async fn landing(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if is_for_a_browser("GET", &headers) {
        return Redirect::to("/console/start").into_response();
    }
    let page = Landing {
        version: env!("CARGO_PKG_VERSION"),
        backend: &app.addresses.backend,
        control: &app.addresses.control,
        trouble: app.institutions.store().last_error().map(|error| error.text().ja),
    };
    Page::new(page.render().expect("the template formats texts into a String")).into_response()
}

/// Describes the response of `GET /`.
pub fn describe_landing(operation: &mut Operation<'_>) {
    Page::describe(operation);
    operation.no_content(303, "`Accept` で `text/html` を優先するとき：コンソールへ。 If `Accept` prefers `text/html`: to the console.");
}
