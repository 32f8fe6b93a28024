//! `GET /`: the start page with links to all other pages: the template `landing.html`.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use crate::http::app::App;
use crate::http::page::Page;

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing<'a> {
    version: &'a str,
    backend: &'a str,
    control: &'a str,
    /// Why the server is not ready; `None` if it is.
    trouble: Option<String>,
}

/// Shows the start page.
pub async fn landing(State(app): State<Arc<App>>) -> Page {
    let page = Landing {
        version: env!("CARGO_PKG_VERSION"),
        backend: &app.addresses.backend,
        control: &app.addresses.control,
        trouble: app.institutions.store().last_error().map(|error| error.text().ja),
    };
    Page::new(page.render().expect("the template formats texts into a String"))
}
