//! `GET …/terminals/{terminal}/screen`: what staff see on the terminal (N8), which is the error
//! screen and the delivery results. The page is marked as the mock's own.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;

use super::language::Language;
use super::terminal_screen::ScreenView;
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::terminal::Terminal;
use crate::http::app::App;
use crate::http::control::{TerminalPath, no_institution, no_terminal};
use crate::http::page::Page;
use crate::http::problem::Problem;

#[derive(Template)]
#[template(path = "screen.html")]
struct ScreenPage<'a> {
    lang: Language,
    address: String,
    name: &'a str,
    time: String,
    campaign: &'a str,
    screen: ScreenView,
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
    let lang = Language::Japanese;
    let page = ScreenPage {
        lang,
        address: format!("{}-{}", institution.code, terminal.id),
        name: &institution.name.ja,
        time: japan::format_japanese(now),
        campaign: &institution.campaign.title.ja,
        screen: ScreenView::of(lang, &app.fixtures(), institution, terminal, now),
    };
    page.render().expect("the template formats texts into a String")
}
