//! The page of one request: what was asked and answered, why, and what to do next. Persons are
//! masked unless the URL asks for them.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use serde::Deserialize;

use super::body_text::readable;
use super::entry_words::{OutcomeWords, way};
use super::language::Language;
use super::layout::{Layout, Place};
use super::page::console_page;
use super::patients::Patients;
use super::visible::{shortened, visible};
use super::words::time_of;
use crate::domain::ids::InstitutionCode;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::control::{InstitutionPath, no_institution};
use crate::http::problem::Problem;
use crate::journal::{Explanation, ListedEntry, MAX_ENTRIES, RenderedText, explain};

/// The maximum number of characters of a body on the page. A link leads to the rest.
const MAX_BODY: usize = 4_000;
/// The maximum number of characters of a header's value on the page.
const MAX_HEADER: usize = 300;

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MaskQuery {
    /// `false` shows persons.
    mask: Option<String>,
}

#[derive(Template)]
#[template(path = "console/exchange.html")]
struct ExchangePage<'a> {
    lang: Language,
    layout: Layout,
    /// The path of the rehearsal, and that of this page.
    rehearsal: String,
    page: String,
    masked: bool,
    number: u64,
    title: String,
    outcome: OutcomeWords,
    person: Option<&'a str>,
    terminal: Option<String>,
    way: &'static str,
    at: String,
    wall: String,
    method: String,
    path: String,
    status: Option<u16>,
    explanation: &'a Explanation,
    request: Option<Side>,
    answer: Option<Side>,
}

/// The request or the response.
struct Side {
    /// The last part of the path of the whole text.
    name: &'static str,
    headers: Vec<(String, String)>,
    body: Option<String>,
    /// Whether the page shows only the beginning.
    cut: bool,
    /// Whether the journal kept only the beginning.
    truncated: bool,
    bytes: usize,
}

/// An entry of the journal, masked if requested.
struct FoundEntry {
    listed: ListedEntry,
    person: Option<String>,
    own_persons: Option<usize>,
    masked: bool,
}

impl ExchangePage<'_> {
    /// Returns a text that may quote the client.
    fn text(&self, text: &Text) -> String {
        visible(self.lang.of(text))
    }
}

impl MaskQuery {
    fn masks(&self) -> bool {
        self.mask.as_deref() != Some("false")
    }

    /// Returns the query of a URL that masks as this one.
    fn query(masked: bool) -> &'static str {
        if masked { "" } else { "?mask=false" }
    }
}

/// Returns the routes of the page.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/console/institutions/{code}/entries/{number}", get(exchange))
        .route("/console/institutions/{code}/entries/{number}/{side}", get(whole_text))
}

/// `GET …/entries/{number}`: shows one request.
///
/// # Errors
/// No such institution or request.
async fn exchange(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Path((_, number)): Path<(String, String)>,
    Query(query): Query<MaskQuery>,
    lang: Language,
) -> Result<Html<String>, Problem> {
    let found = find(&app, &code, &number, query.masks()).await?;
    let ListedEntry { number, entry } = &found.listed;
    let explanation = explain(entry, found.own_persons);
    let rehearsal = format!("/console/institutions/{code}");
    let page = ExchangePage {
        lang,
        layout: Layout::new(lang, Place::Rehearsal, Some(&code)),
        page: format!("{rehearsal}/entries/{number}"),
        rehearsal,
        masked: found.masked,
        number: *number,
        title: lang.of(&entry.operation.title()).to_owned(),
        outcome: OutcomeWords::of(lang, entry),
        person: found.person.as_deref(),
        terminal: entry.terminal().map(ToString::to_string),
        way: way(lang, entry),
        at: time_of(lang, entry.at),
        wall: time_of(lang, entry.wall),
        method: visible(&entry.method),
        path: visible(&entry.path),
        status: entry.status,
        explanation: &explanation,
        request: entry.request.as_ref().map(|message| Side::new("request", message)),
        answer: entry.answer.as_ref().map(|message| Side::new("answer", message)),
    };
    Ok(console_page(&page))
}

/// `GET …/entries/{number}/{side}`: the whole request or answer, as far as it is kept, as text.
///
/// # Errors
/// No such institution, request or side.
async fn whole_text(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Path((_, number, side)): Path<(String, String, String)>,
    Query(query): Query<MaskQuery>,
) -> Result<impl IntoResponse, Problem> {
    let found = find(&app, &code, &number, query.masks()).await?;
    let entry = found.listed.entry;
    let message = match &*side {
        "request" => entry.request,
        "answer" => entry.answer,
        _ => None,
    };
    let RenderedText { headers: lines, body, .. } = message.ok_or_else(no_entry)?;
    let mut text: String = lines.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
    text.push('\n');
    text.extend(body);
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], text))
}

async fn find(app: &App, code: &InstitutionCode, number: &str, masked: bool) -> Result<FoundEntry, Problem> {
    let number: u64 = number.parse().map_err(|_| no_entry())?;
    let page = app.institutions.entries(code, MAX_ENTRIES).await?.ok_or_else(|| no_institution(code))?;
    let place = page.entries.iter().position(|listed| listed.number == number).ok_or_else(no_entry)?;
    let fixtures = app.fixtures();
    let read = app.institutions.read(code, |tenant, _| {
        let institution = &tenant.institution;
        let own = institution.persons.as_deref();
        let patients = Patients::new(fixtures.register(own), &page.entries, &institution.events);
        let person = patients.of(&page.entries[place].entry).map(|person| person.name.clone());
        (person, own.map(<[_]>::len))
    });
    let (person, own_persons) = read.await?.ok_or_else(|| no_institution(code))?;
    let ListedEntry { number, entry } = page.entries.into_iter().nth(place).expect("it was found there");
    let entry = if masked { entry.masked() } else { entry };
    Ok(FoundEntry { listed: ListedEntry { number, entry }, person, own_persons, masked })
}

fn no_entry() -> Problem {
    Problem::not_found(Text::new(
        "この医療機関に、その要求の記録はありません。古いものから消えます。",
        "This institution has no such request; the oldest ones go.",
    ))
    .remedy(Text::new("リハーサルの画面の「要求」から選んでください", "Choose one among the requests of the rehearsal"))
}

impl Side {
    fn new(name: &'static str, message: &RenderedText) -> Self {
        let RenderedText { headers, body, bytes, truncated } = message;
        let is_cut = |text: &str, most: usize| text.chars().nth(most).is_some();
        let cut = headers.values().any(|value| is_cut(value, MAX_HEADER)) || body.as_ref().is_some_and(|body| is_cut(body, MAX_BODY));
        Self {
            name,
            headers: headers.iter().map(|(name, value)| (shortened(name, MAX_HEADER), shortened(value, MAX_HEADER))).collect(),
            body: body.as_ref().map(|body| readable(&shortened(body, MAX_BODY))),
            cut,
            truncated: *truncated,
            bytes: *bytes,
        }
    }
}
