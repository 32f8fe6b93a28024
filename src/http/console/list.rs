//! The page 一覧: the institutions, page by page, with a search.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use form_urlencoded::Serializer;
use serde::Deserialize;

use super::language::Language;
use super::layout::{Layout, Place};
use super::page::console_page;
use super::words::{phase_of, time_of, who};
use crate::domain::clock::Mode;
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::fixtures::Fixtures;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::institutions::{Moment, Tenant};
use crate::store::StoreError;

/// The number of institutions on one page.
const PAGE_SIZE: usize = 50;
/// The maximum number of institutions that one search looks at.
const MAX_SEARCHED: usize = 1_000;
/// The length of a code.
const CODE_LENGTH: usize = 10;

#[derive(Template)]
#[template(path = "console/list.html")]
struct ListPage {
    lang: Language,
    layout: Layout,
    /// What is searched for; empty for all.
    text: String,
    rows: Vec<Row>,
    /// The queries of the first page and of the next one.
    first: String,
    next: Option<String>,
    /// Whether the search ended at its limit.
    limited: bool,
    /// Whether this is not the first page.
    continued: bool,
}

/// An institution.
struct Row {
    code: InstitutionCode,
    name: String,
    scenario: Option<String>,
    who: Option<String>,
    clock: String,
    clock_state: &'static str,
    terminals: Vec<TerminalRow>,
    expires: Option<String>,
}

struct TerminalRow {
    id: TerminalId,
    /// The CSS class, the sign and the words of its phase.
    phase: (&'static str, &'static str, &'static str),
}

/// The fields of the page's URL.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    /// What is searched for.
    text: String,
    /// The last code of the page before.
    after: Option<String>,
}

/// What was found.
struct Found {
    rows: Vec<Row>,
    /// The last code that was looked at, if there may be more.
    next: Option<InstitutionCode>,
    limited: bool,
}

/// `GET /console/institutions`: shows the institutions.
///
/// # Errors
/// The store does not work.
pub(super) async fn list(State(app): State<Arc<App>>, Query(query): Query<ListQuery>, lang: Language) -> Result<Html<String>, Problem> {
    let text = query.text.trim();
    let after = query.after.as_deref().and_then(|after| InstitutionCode::parse(after).ok());
    let found = search(&app, lang, text, after.as_ref()).await?;
    let query = |after: Option<&InstitutionCode>| {
        let fields = [("text", Some(text)), ("after", after.map(InstitutionCode::as_str))];
        Serializer::new(String::new()).extend_pairs(fields.into_iter().filter_map(|(name, value)| Some((name, value?)))).finish()
    };
    let page = ListPage {
        lang,
        layout: Layout::new(lang, Place::List, None),
        text: text.to_owned(),
        rows: found.rows,
        first: query(None),
        next: found.next.as_ref().map(|code| query(Some(code))),
        limited: found.limited,
        continued: after.is_some(),
    };
    Ok(console_page(&page))
}

/// Returns the institutions whose code begins with a text; or, if it is no beginning of a code,
/// whose name or scenario contains it.
async fn search(app: &App, lang: Language, text: &str, after: Option<&InstitutionCode>) -> Result<Found, StoreError> {
    let fixtures = app.fixtures();
    let mut found = Found { rows: Vec::new(), next: None, limited: false };
    if let Ok(code) = InstitutionCode::parse(text) {
        found.rows.extend(app.institutions.read(&code, |tenant, moment| Row::new(lang, &fixtures, tenant, moment)).await?);
        return Ok(found);
    }
    let is_prefix = text.len() < CODE_LENGTH && text.bytes().all(|byte| byte.is_ascii_digit());
    let (prefix, most) = if is_prefix { (text, PAGE_SIZE) } else { ("", MAX_SEARCHED) };
    let wanted = text.to_lowercase();
    let codes = app.institutions.codes_with_prefix(prefix, after, most).await?;
    for code in &codes {
        let read = app.institutions.read(code, |tenant, moment| {
            (is_prefix || contains(&fixtures, tenant, &wanted)).then(|| Row::new(lang, &fixtures, tenant, moment))
        });
        found.rows.extend(read.await?.flatten());
        if found.rows.len() == PAGE_SIZE {
            found.next = Some(code.clone());
            return Ok(found);
        }
    }
    found.next = codes.last().filter(|_| codes.len() == most).cloned();
    found.limited = !is_prefix && found.next.is_some();
    Ok(found)
}

/// Whether the name or the scenario of an institution contains a text in lower case.
fn contains(fixtures: &Fixtures, tenant: &Tenant, text: &str) -> bool {
    let institution = &tenant.institution;
    let id = institution.scenario.as_ref().map(|timeline| &timeline.id);
    let title = id.and_then(|id| fixtures.scenarios.find(id)).map(|scenario| &scenario.about.title);
    let titles = title.into_iter().chain([&institution.name]).flat_map(|name| [name.ja.as_str(), name.en.as_str()]);
    let rehearsal = &tenant.spec.rehearsal;
    let rehearsal = [&rehearsal.product, &rehearsal.version, &rehearsal.tester].into_iter().filter_map(|name| name.as_deref());
    titles.chain(id.map(|id| id.as_str())).chain(rehearsal).any(|name| name.to_lowercase().contains(text))
}

impl Row {
    fn new(lang: Language, fixtures: &Fixtures, tenant: &Tenant, moment: Moment) -> Self {
        let institution = &tenant.institution;
        let scenario = institution.scenario.as_ref().map(|timeline| {
            let scenario = fixtures.scenarios.find(&timeline.id);
            scenario.map_or_else(|| timeline.id.to_string(), |scenario| lang.of(&scenario.about.title).to_owned())
        });
        let terminals = institution.terminals.values();
        Self {
            code: institution.code.clone(),
            name: lang.of(&institution.name).to_owned(),
            scenario,
            who: who(lang, &tenant.spec.rehearsal),
            clock: time_of(lang, moment.now),
            clock_state: match institution.clock.setting(moment.wall).mode {
                Mode::System => lang.say("実時刻", "real time"),
                Mode::Frozen => lang.say("停止中", "stopped"),
                Mode::Running => lang.say("動作中", "running"),
            },
            terminals: terminals
                .map(|terminal| TerminalRow {
                    id: terminal.id.clone(),
                    phase: phase_of(lang, terminal.phase(&institution.campaign, moment.now)),
                })
                .collect(),
            expires: tenant.expires.map(|expires| time_of(lang, expires)),
        }
    }
}
