//! The page of a rehearsal. It consists of parts that are replaced while it is open.

mod all_requests;
mod bursts;
mod clock;
mod connection;
mod events;
mod fault_words;
mod faults;
mod next;
mod next_facts;
mod next_step;
mod questions;
mod reasons;
mod requests;
mod state;
mod terminals;
mod timeline;
mod verdict;
mod waiting;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::Html;
use axum::routing::get;
use jiff::SignedDuration;

use super::language::Language;
use super::layout::{Layout, Place};
use super::page::{Parts, Rendering, console_page};
use crate::app::Session;
use crate::domain::ids::InstitutionCode;
use crate::http::app::App;
use crate::http::control::{InstitutionPath, no_institution};
use crate::http::problem::Problem;
use crate::store::StoreError;

use state::RehearsalState;
pub(super) use state::RequestFilter;

/// A part of the page: the id of its element, and what renders it.
type Part = (&'static str, fn(&RehearsalState) -> String);

/// The parts of the page.
const PARTS: [Part; 9] = [
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
        .route("/console/institutions/{code}/entries", get(all_requests::all_requests))
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
    session: Session,
) -> Result<Html<String>, Problem> {
    let live = format!("/console/institutions/{code}/live{}", filter.query());
    let state = state::read(&app, &code, lang, &filter).await?.ok_or_else(|| no_institution(&code))?;
    let mut layout = Layout::new(lang, Place::Rehearsal, Some(&code));
    layout.session = Some(session.name);
    layout.who = state.who();
    let page = RehearsalPage { lang, layout, code, live, parts: parts(&state) };
    Ok(console_page(&page))
}

/// Renders the parts; `None` if there is no such institution.
///
/// # Errors
/// The store does not work.
pub(super) async fn render(
    app: &App,
    code: &InstitutionCode,
    lang: Language,
    filter: &RequestFilter,
) -> Result<Option<Rendering>, StoreError> {
    let state = state::read(app, code, lang, filter).await?;
    Ok(state.map(|state| {
        let institution = state.institution();
        // A terminal that starts is ready without an event.
        let ready = institution.terminals.values().map(|terminal| terminal.boot.ready_at).filter(|at| *at > state.moment.now);
        let due = institution.next_due().into_iter().chain(ready).min().and_then(|due| institution.clock.wall_at(due));
        let due = due.map(|due| due.duration_since(state.moment.wall).max(SignedDuration::ZERO).unsigned_abs());
        Rendering { parts: parts(&state), due }
    }))
}

fn parts(state: &RehearsalState) -> Parts {
    PARTS.iter().map(|(id, render)| (*id, render(state).into())).collect()
}
