//! The page with all requests of a rehearsal that meet the conditions of its URL.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;

use super::requests;
use super::state::{self, RequestFilter};
use crate::http::app::App;
use crate::http::console::language::Language;
use crate::http::console::layout::{Layout, Place};
use crate::http::console::page::console_page;
use crate::http::control::{InstitutionPath, no_institution};
use crate::http::problem::Problem;

#[derive(Template)]
#[template(path = "console/all_requests.html")]
struct AllRequests {
    lang: Language,
    layout: Layout,
    /// The path of the rehearsal.
    rehearsal: String,
    requests: String,
}

/// `GET …/entries`: shows all requests. The page does not change while it is open.
///
/// # Errors
/// No such institution.
pub(super) async fn all_requests(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Query(filter): Query<RequestFilter>,
    lang: Language,
) -> Result<Html<String>, Problem> {
    let state = state::read(&app, &code, lang, &filter).await?.ok_or_else(|| no_institution(&code))?;
    let mut layout = Layout::new(lang, Place::Rehearsal, Some(&code));
    layout.who = state.who();
    let rehearsal = format!("/console/institutions/{code}");
    Ok(console_page(&AllRequests { lang, layout, rehearsal, requests: requests::render_all(&state) }))
}
