//! Observations of the client's screen: reported by the vendor's UI test or by a person, and
//! listed.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::input::{ControlQuery, Input, InstitutionPath, no_institution};
use super::journal_query::{invalid_parameter, limit};
use super::output::Created;
use crate::domain::ids::InstitutionCode;
use crate::domain::observation::{MAX_NAME, MAX_OBSERVATIONS, MAX_TEXT, Observation, ObservationInput, ObservationKind};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::journal::{EntryPosition, MAX_ENTRIES};

/// Observations, oldest first.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ObservationListing")]
pub struct ObservationList {
    observations: Vec<Observation>,
    /// The number of older items that are no longer kept.
    evicted: u64,
    /// The value of `after` for the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// `?after=NUMBER&limit=N`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObservationQuery {
    /// Only items after this number.
    after: Option<String>,
    /// The maximum number of items: 1 to 1000.
    limit: Option<String>,
}

/// `POST …/observations`.
///
/// # Errors
/// No such institution, terminal or journal entry, or an invalid field.
pub async fn observe(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Input(mut seen): Input<ObservationInput>,
) -> Result<Created<Observation>, Problem> {
    check(&seen)?;
    if let Some(entry) = &mut seen.entry {
        *entry = known_entry(&app, &code, entry).await?;
    }
    let added = app.institutions.update(&code, |tenant, moment| {
        let institution = &mut tenant.institution;
        let unknown = seen.terminal.as_ref().filter(|terminal| !institution.terminals.contains_key(*terminal));
        if let Some(terminal) = unknown {
            let detail = Text::new(format!("端末 {terminal} はありません。"), format!("There is no terminal {terminal}."));
            let known: Vec<&str> = institution.terminals.keys().map(|id| id.as_str()).collect();
            return Err(Problem::field("/terminal", detail).expected(known.join(", ")));
        }
        Ok(institution.observations.add(moment.now, moment.wall, seen.clone()).clone())
    });
    let added = added.await?.ok_or_else(|| no_institution(&code))??;
    Ok(Created { location: None, view: added })
}

/// `GET …/observations`.
///
/// # Errors
/// No such institution, or an invalid query parameter.
pub async fn read_observations(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    ControlQuery(query): ControlQuery<ObservationQuery>,
) -> Result<Json<ObservationList>, Problem> {
    let limit = limit(query.limit.as_deref(), MAX_OBSERVATIONS, MAX_OBSERVATIONS)?;
    let after = query.after.map_or(Ok(0), |after| after.parse().map_err(|_| invalid_parameter("after", "the number of an observation")))?;
    let listed = app.institutions.read(&code, |tenant, _| {
        let all = &tenant.institution.observations;
        let mut observations: Vec<_> = all.iter().filter(|one| one.number > after).take(limit + 1).cloned().collect();
        let more = observations.len() > limit;
        observations.truncate(limit);
        let next = observations.last().filter(|_| more).map(|last| last.number);
        Json(ObservationList { observations, evicted: all.evicted(), next })
    });
    listed.await?.ok_or_else(|| no_institution(&code))
}

fn check(seen: &ObservationInput) -> Result<(), Problem> {
    let needs_text = matches!(seen.kind, ObservationKind::MessageShown | ObservationKind::Other);
    if needs_text && seen.text.as_ref().is_none_or(|text| text.trim().is_empty()) {
        let Text { ja, en } = seen.kind.title();
        let detail = Text::new(
            format!("「{ja}」を選んだときは、「画面の文言」を入力してください。"),
            format!("With \"{en}\", the words on the screen are needed."),
        );
        return Err(Problem::field("/text", detail).expected("the words on the screen"));
    }
    for (pointer, text, longest) in [("/text", &seen.text, MAX_TEXT), ("/by", &seen.by, MAX_NAME)] {
        if text.as_ref().is_some_and(|text| text.chars().count() > longest) {
            let detail = Text::new(format!("{longest}文字までです。"), format!("It has at most {longest} characters."));
            return Err(Problem::field(pointer, detail));
        }
    }
    Ok(())
}

/// Returns the ID of an entry in the institution's journal, in the journal's own notation.
async fn known_entry(app: &App, code: &InstitutionCode, entry: &str) -> Result<String, Problem> {
    let wrong = |detail| Problem::field("/entry", detail).expected("the value of X-Onshi-Journal");
    let id = Uuid::parse_str(entry)
        .map_err(|_| wrong(Text::new("ジャーナルのエントリーの id ではありません。", "This is no id of a journal entry.")))?;
    let page = app.institutions.entries(code, MAX_ENTRIES).await?.ok_or_else(|| no_institution(code))?;
    if page.complete && !page.entries.iter().any(|listed| EntryPosition::Id(id).refers_to(listed)) {
        return Err(wrong(Text::new(
            "この医療機関のジャーナルに、そのエントリーはありません。古いものから消えます（evicted）。",
            "This institution's journal has no such entry; the oldest ones go (evicted).",
        )));
    }
    Ok(id.hyphenated().to_string())
}
