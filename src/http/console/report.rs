//! The page 報告書: the report of a rehearsal, to read and to save.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::language::Language;
use super::layout::{Layout, Place};
use super::page::console_page;
use super::words::who;
use crate::app::evidence;
use crate::domain::ids::InstitutionCode;
use crate::http::app::App;
use crate::http::control::{InstitutionPath, no_institution};
use crate::http::page::Page;
use crate::http::problem::Problem;
use crate::verdict::{self, Verdict, judge};

#[derive(Template)]
#[template(path = "console/report.html")]
struct ReportPage {
    lang: Language,
    layout: Layout,
    code: InstitutionCode,
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
    let evidence = evidence(&app.institutions, app.strictness, &code).await?.ok_or_else(|| no_institution(&code))?;
    let verdict = judge(&evidence);
    if query.save != 0 {
        let disposition = format!("attachment; filename=\"{}\"", file_name(&code, &verdict));
        return Ok(([(CONTENT_DISPOSITION, disposition)], Page::new(verdict::page(&verdict))).into_response());
    }
    let mut layout = Layout::new(lang, Place::Report, Some(&code));
    layout.who = who(lang, &evidence.rehearsal);
    Ok(console_page(&ReportPage { lang, layout, code, report: verdict::report(&verdict) }).into_response())
}

/// Returns the name of the file: ASCII only, as institution codes and scenario ids are.
fn file_name(code: &InstitutionCode, verdict: &Verdict) -> String {
    let scenario = verdict.scenario.as_ref().map(|scenario| format!("-{scenario}")).unwrap_or_default();
    format!("onshi-mock-{code}{scenario}.html")
}
