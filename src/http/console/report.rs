//! The page 報告書: the report of a rehearsal, to read and to save.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde::Deserialize;

use super::language::Language;
use super::layout::{Layout, Place};
use super::page::console_page;
use super::words::who;
use crate::app::evidence_of;
use crate::chart::{History, Range, Request, Words};
use crate::domain::ids::InstitutionCode;
use crate::domain::japan;
use crate::domain::operation::Operation;
use crate::domain::rehearsal::Rehearsal;
use crate::domain::terminal::Terminal;
use crate::http::app::App;
use crate::http::control::{InstitutionPath, no_institution};
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::institutions::{Moment, Tenant};
use crate::journal::{EntryPage, ListedEntry, Outcome};
use crate::store::StoreError;
use crate::verdict::{self, Overall, Verdict, judge};

/// The maximum number of terminals in the drawing.
const MAX_DRAWN: usize = 8;

#[derive(Template)]
#[template(path = "console/report.html")]
struct ReportPage {
    lang: Language,
    layout: Layout,
    code: InstitutionCode,
    rehearsal: Rehearsal,
    /// The report, as HTML.
    report: String,
}

/// The fields of the page's URL.
#[derive(Deserialize)]
pub(super) struct ReportQuery {
    /// Whether the report is to be saved as a file.
    #[serde(default)]
    save: u8,
}

/// `GET …/report`: shows the report; with `save=1`, answers it as a file.
///
/// # Errors
/// No such institution.
pub(super) async fn report(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Query(query): Query<ReportQuery>,
    lang: Language,
) -> Result<Response, Problem> {
    let (verdict, drawing) = judged(&app, &code).await?.ok_or_else(|| no_institution(&code))?;
    if query.save != 0 {
        let today = japan::civil(app.institutions.wall()).date();
        let disposition = format!("attachment; filename=\"{}\"", file_name(&code, &verdict, today));
        return Ok(([(CONTENT_DISPOSITION, disposition)], Page::new(verdict::page(&verdict, Some(&drawing)))).into_response());
    }
    let mut layout = Layout::new(lang, Place::Report, Some(&code));
    layout.who = who(lang, &verdict.evidence.rehearsal);
    Ok(console_page(&ReportPage {
        lang,
        layout,
        code,
        rehearsal: verdict.evidence.rehearsal.clone(),
        report: verdict::report(&verdict, Some(&drawing)),
    })
    .into_response())
}

/// Returns the name of the file: ASCII only, as institution codes and scenario ids are.
fn file_name(code: &InstitutionCode, verdict: &Verdict, today: Date) -> String {
    let scenario = verdict.scenario.as_ref().map(|scenario| format!("-{scenario}")).unwrap_or_default();
    let overall = match verdict.overall {
        Overall::Pass => "pass",
        Overall::Fail => "fail",
        Overall::Incomplete => "incomplete",
    };
    format!("onshi-mock-{code}{scenario}-{overall}-{today}.html")
}

/// Returns the verdict on an institution's clients, and a drawing of what happened as SVG; `None`
/// if there is no such institution.
async fn judged(app: &App, code: &InstitutionCode) -> Result<Option<(Verdict, String)>, StoreError> {
    let found = app.institutions.with_journal(code).await?;
    Ok(found.map(|(tenant, moment, page)| {
        let verdict = judge(&evidence_of(&app.fixtures(), app.strictness, &tenant, &page));
        (verdict, drawing(&tenant, moment, &page))
    }))
}

fn drawing(tenant: &Tenant, moment: Moment, page: &EntryPage) -> String {
    let institution = &tenant.institution;
    let terminals: Vec<&Terminal> = institution.terminals.values().take(MAX_DRAWN).collect();
    let requests = page.entries.iter().filter_map(request).collect();
    let history = History { institution, terminals, requests, now: moment.now, words: Words::Japanese, first_linked_event: 0 };
    history.chart(Range::Whole).svg()
}

/// Returns a request about a patient; `None` for logins and what terminals ask.
fn request(ListedEntry { number, entry }: &ListedEntry) -> Option<Request> {
    matches!(entry.operation, Operation::Search | Operation::Linkage | Operation::Card).then(|| Request {
        at: entry.at,
        terminal: entry.terminal().cloned(),
        refused: matches!(entry.outcome, Outcome::Refused { .. }),
        title: format!("#{number}"),
        link: Some(format!("#entry-{number}")),
    })
}
