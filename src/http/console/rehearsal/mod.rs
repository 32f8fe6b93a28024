//! The page of a rehearsal. It consists of parts that are replaced while it is open.

mod clock;
mod connection;
mod events;
mod faults;
mod live;
mod next;
mod requests;
mod state;
mod terminals;
mod timeline;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use axum::routing::get;
use axum::{Json, Router};

use super::language::Language;
use super::layout::{Layout, Place};
use super::page::console_page;
use crate::domain::ids::InstitutionCode;
use crate::http::app::App;
use crate::http::control::{InstitutionPath, no_institution};
use crate::http::problem::Problem;

pub use live::LiveViews;
use live::{ViewKey, stream};
use state::{RehearsalState, RequestFilter};

/// The HTML of the parts, by the id of their element.
type Parts = BTreeMap<&'static str, Arc<str>>;

/// The parts of the page: the id of the element, and what renders it.
const PARTS: [(&str, fn(&RehearsalState) -> String); 9] = [
    ("clock", clock::render),
    ("next", next::render),
    ("timeline", timeline::render),
    ("terminals", terminals::render),
    ("requests", requests::render),
    ("events", events::render),
    ("verdict", verdict::render),
    ("connection", connection::render),
    ("faults", faults::render),
];

#[derive(Template)]
#[template(path = "console/rehearsal.html")]
struct RehearsalPage {
    lang: Language,
    layout: Layout,
    code: InstitutionCode,
    /// The path of the stream of parts.
    live: String,
    parts: Parts,
}

/// Returns the routes of the page.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/console/institutions/{code}", get(rehearsal))
        .route("/console/institutions/{code}/live", get(stream))
        .route("/console/institutions/{code}/parts", get(parts))
}

/// `GET /console/institutions/{code}`: shows the rehearsal.
///
/// # Errors
/// No such institution.
async fn rehearsal(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Query(filter): Query<RequestFilter>,
    lang: Language,
) -> Result<Html<String>, Problem> {
    let live = format!("/console/institutions/{code}/live{}", filter.query());
    let view = ViewKey { code: code.clone(), lang, filter };
    let state = state::read(&app, &view).await?.ok_or_else(|| no_institution(&code))?;
    let mut layout = Layout::new(lang, Place::Rehearsal, Some(&code));
    layout.who = state.who();
    let page = RehearsalPage { lang, layout, code, live, parts: render(&state) };
    Ok(console_page(&page))
}

/// `GET …/parts`: the parts as JSON, for a page that could not open a stream.
///
/// # Errors
/// No such institution.
async fn parts(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Query(filter): Query<RequestFilter>,
    lang: Language,
) -> Result<Json<Parts>, Problem> {
    let view = ViewKey { code: code.clone(), lang, filter };
    app.live_views.current(&app, &view).await?.map(Json).ok_or_else(|| no_institution(&code))
}

fn render(state: &RehearsalState) -> Parts {
    PARTS.iter().map(|(id, render)| (*id, render(state).into())).collect()
}
