//! The journals of an institution and of requests that belong to none: lists entries by filter and
//! page, explains one, and clears a journal.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{NoContent, Response};
use schemars::JsonSchema;
use serde::Serialize;

use super::input::{ControlQuery, InstitutionPath, bad_path, no_institution};
use super::journal_query::{EXPECTED_REFERENCE, EntryQuery, JournalQuery, known_error, position};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::error_presentation::ErrorPresentation;
use crate::domain::ids::InstitutionCode;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::console;
use crate::http::problem::Problem;
use crate::journal::{Entry, EntryPage, ListedEntry, MAX_ENTRIES, Selection, Start, explain};

/// Entries, oldest first.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "JournalListing")]
pub struct JournalPage {
    entries: Vec<ListedEntry>,
    /// The number of older entries that were removed because of the journal's limit or by `DELETE
    /// …/journal`.
    evicted: u64,
    /// Whether, in a store shared by several servers, one of them has not yet written its
    /// responses.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    incomplete: bool,
    /// The value of `after` or `before` for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
}

/// The start of the next page.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "NextPage")]
enum Next {
    /// The value of `after`: the next page starts after the entry with this number.
    After(u64),
    /// The value of `before`: the next page starts before the entry with this number.
    Before(u64),
}

/// `GET …/journal`.
///
/// # Errors
/// No such institution, an invalid query parameter, or no such entry to start from.
pub async fn institution_journal(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    ControlQuery(query): ControlQuery<JournalQuery>,
) -> Result<Json<JournalPage>, Problem> {
    let (masks, selection) = (query.masks()?, query.selection()?);
    let page = read(&app, Some(&code), selection.read_limit()).await?;
    if let Some(error) = &selection.filter.error {
        known_error(error, &errors_of(&app, &code).await?, &page.entries)?;
    }
    journal_page(page, &selection, masks).map(Json)
}

/// `GET /v1/journal`.
///
/// # Errors
/// An invalid query parameter, or no such entry to start from.
pub async fn stray_journal(
    State(app): State<Arc<App>>,
    ControlQuery(query): ControlQuery<JournalQuery>,
) -> Result<Json<JournalPage>, Problem> {
    let (masks, selection) = (query.masks()?, query.selection()?);
    let page = read(&app, None, selection.read_limit()).await?;
    if let Some(error) = &selection.filter.error {
        known_error(error, &errors(&app, &ErrorPresentation::default()), &page.entries)?;
    }
    journal_page(page, &selection, masks).map(Json)
}

/// `GET …/journal/{entry}`: returns an entry by its ID or number, with an explanation; as JSON, a
/// page or plain text according to `Accept`.
///
/// # Errors
/// No such institution or entry.
pub async fn institution_entry(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Path((_, entry)): Path<(String, String)>,
    ControlQuery(query): ControlQuery<EntryQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let masks = query.masks()?;
    let page = read(&app, Some(&code), MAX_ENTRIES).await?;
    let own = app.institutions.read(&code, |tenant, _| tenant.institution.persons.as_ref().map(|persons| persons.len())).await?;
    explain_entry((page, &entry), masks, own.flatten(), &headers)
}

/// `GET /v1/journal/{entry}`.
///
/// # Errors
/// No such entry.
pub async fn stray_entry(
    State(app): State<Arc<App>>,
    entry: Result<Path<String>, PathRejection>,
    ControlQuery(query): ControlQuery<EntryQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Path(entry) = entry.map_err(|_| no_such_name())?;
    let masks = query.masks()?;
    let page = read(&app, None, MAX_ENTRIES).await?;
    explain_entry((page, &entry), masks, None, &headers)
}

/// `DELETE …/journal`: clears the journal. Its entries count as evicted, and the numbers continue.
///
/// # Errors
/// No such institution.
pub async fn clear_journal(State(app): State<Arc<App>>, InstitutionPath(code): InstitutionPath) -> Result<NoContent, Problem> {
    let cleared = app.institutions.clear_journal(&code).await?;
    if cleared { Ok(NoContent) } else { Err(no_institution(&code)) }
}

/// `DELETE /v1/journal`.
///
/// # Errors
/// The store does not work.
pub async fn clear_strays(State(app): State<Arc<App>>) -> Result<NoContent, Problem> {
    app.institutions.clear_strays().await?;
    Ok(NoContent)
}

/// Returns the errors that the institution's responses can contain now.
async fn errors_of(app: &App, code: &InstitutionCode) -> Result<Vec<(&'static str, String)>, Problem> {
    let found = app.institutions.read(code, |tenant, _| errors(app, &tenant.institution.presentation));
    found.await?.ok_or_else(|| no_institution(code))
}

/// Returns each error by name with its code in the catalogue; and a second time with the code that
/// replaces it, if there is one.
fn errors(app: &App, presentation: &ErrorPresentation) -> Vec<(&'static str, String)> {
    let fixtures = app.fixtures();
    let codes = |id: &ErrorId| [fixtures.catalogue.entry(*id).code.clone(), presentation.entry(&fixtures.catalogue, *id).code];
    let mut errors: Vec<_> = ErrorId::ALL.iter().flat_map(|id| codes(id).map(|code| (id.name(), code))).collect();
    errors.dedup();
    errors
}

async fn read(app: &App, code: Option<&InstitutionCode>, newest: usize) -> Result<EntryPage, Problem> {
    match code {
        Some(code) => app.institutions.entries(code, newest).await?.ok_or_else(|| no_institution(code)),
        None => Ok(app.institutions.stray_entries(newest).await?),
    }
}

fn journal_page(page: EntryPage, selection: &Selection, masks: bool) -> Result<JournalPage, Problem> {
    let selected = selection.select_from(page.entries).ok_or_else(no_entry)?;
    let next = match (selection.start, selected.entries.first().zip(selected.entries.last()).filter(|_| selected.more)) {
        (_, None) => None,
        (Start::After(_), Some((_, last))) => Some(Next::After(last.number)),
        (Start::Newest | Start::Before(_), Some((first, _))) => Some(Next::Before(first.number)),
    };
    let entries = selected.entries.into_iter().map(|listed| journal_entry_view(listed, masks)).collect();
    Ok(JournalPage { entries, evicted: page.evicted, incomplete: !page.complete, next })
}

fn explain_entry(
    (page, entry): (EntryPage, &str),
    masks: bool,
    own_persons: Option<usize>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let place = position(entry).ok_or_else(no_such_name)?;
    let listed = page.entries.into_iter().find(|listed| place.refers_to(listed)).ok_or_else(no_entry)?;
    let listed = journal_entry_view(listed, masks);
    Ok(console::explanation(&listed, &explain(&listed.entry, own_persons), headers))
}

/// Masks persons in an entry if requested.
fn journal_entry_view(listed: ListedEntry, masks: bool) -> ListedEntry {
    let entry = if masks { Entry::masked } else { std::convert::identity };
    ListedEntry { entry: entry(listed.entry), ..listed }
}

fn no_such_name() -> Problem {
    let detail = Text::new("エントリーは番号または id で指定してください。", "An entry is named by its number or its id.");
    bad_path(detail).expected(EXPECTED_REFERENCE)
}

fn no_entry() -> Problem {
    Problem::not_found(Text::new(
        "このジャーナルにそのエントリーはありません。古いものから消えます（evicted）。",
        "This journal has no such entry; the oldest ones go (evicted).",
    ))
    .remedy(Text::new(
        "GET …/journal で一覧を確認してください。医療機関が分からない要求は GET /v1/journal にあります",
        "See GET …/journal; what fitted no institution is in GET /v1/journal",
    ))
}
