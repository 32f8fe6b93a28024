//! `GET …/terminals/{terminal}/screen`: what staff see on the terminal (N8), which is the error
//! screen and the delivery results. The page is marked as the mock's own.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;

use super::delivered::DeliveryComparison;
use crate::domain::call_centre::CallCentre;
use crate::domain::card::CardOutcome;
use crate::domain::check::shown_error;
use crate::domain::error_catalogue::{Entry, ErrorId, Mark};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::terminal::{Power, Terminal};
use crate::http::app::App;
use crate::http::control::{TerminalPath, no_institution, no_terminal};
use crate::http::page::Page;
use crate::http::problem::Problem;

#[derive(Template)]
#[template(path = "screen.html")]
struct Screen<'a> {
    address: String,
    name: &'a str,
    time: String,
    off: bool,
    error: Option<ErrorScreen>,
    card: Option<CardScreen>,
    campaign: &'a str,
    delivered: DeliveryComparison,
    call_centre: Option<&'a CallCentre>,
    call_centre_answers: String,
}

struct ErrorScreen {
    entry: Entry,
    message: String,
    invented: bool,
    source: String,
}

/// The last card at the reader.
struct CardScreen {
    time: String,
    shown: String,
    refused: bool,
}

/// Shows the screen of one terminal.
///
/// # Errors
/// No such institution or terminal.
pub async fn screen(State(app): State<Arc<App>>, TerminalPath(code, id): TerminalPath) -> Result<Page, Problem> {
    let page = app.institutions.read(&code, |tenant, moment| {
        let terminal = tenant.institution.terminals.get(&id);
        terminal.map(|terminal| render(&app, &tenant.institution, terminal, moment.now))
    });
    let page = page.await?.ok_or_else(|| no_institution(&code))?.ok_or_else(|| no_terminal(&code, &id))?;
    Ok(Page::new(page))
}

fn render(app: &App, institution: &Institution, terminal: &Terminal, now: Timestamp) -> String {
    let fixtures = app.fixtures();
    let call_centre = &fixtures.call_centre;
    let off = terminal.power != Power::On;
    let refused = shown_error(institution, terminal, call_centre, now).filter(|_| !off);
    let shows_call_centre = refused.as_ref().is_some_and(|refused| refused.error == ErrorId::RestartDidNotHelp);
    let error = refused.map(|refused| {
        let entry = institution.presentation.entry(&app.fixtures().catalogue, refused.error);
        ErrorScreen {
            message: refused.message(&entry).ja,
            invented: entry.provenance.code == Mark::Invented,
            source: source(&entry),
            entry,
        }
    });
    let page = Screen {
        address: format!("{}-{}", institution.code, terminal.id),
        name: &institution.name.ja,
        time: japan::format_japanese(now),
        off,
        error,
        card: terminal.last_card.as_ref().map(|card| CardScreen {
            time: japan::format_japanese(card.at),
            shown: card.shown.ja.clone(),
            refused: card.outcome != CardOutcome::FaceResult,
        }),
        campaign: &institution.campaign.title.ja,
        delivered: DeliveryComparison::of(institution, terminal),
        call_centre: shows_call_centre.then_some(call_centre),
        call_centre_answers: call_centre.opening_status(now).text().ja,
    };
    page.render().expect("the template formats texts into a String")
}

fn source(entry: &Entry) -> String {
    let source = &entry.provenance.source;
    if source.starts_with('N') { format!("お知らせ {source}") } else { "この模擬環境".to_owned() }
}
