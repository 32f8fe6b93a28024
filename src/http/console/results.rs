//! `GET …/delivery-results`: the delivery results (配信実績) of all terminals of an institution, as its
//! staff would see them.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::Timestamp;

use super::delivered::DeliveryComparison;
use crate::domain::calendar::{next_window, open_window};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::terminal::Terminal;
use crate::http::app::App;
use crate::http::control::{InstitutionPath, no_institution};
use crate::http::page::Page;
use crate::http::problem::Problem;

#[derive(Template)]
#[template(path = "results.html")]
struct Results<'a> {
    code: &'a str,
    name: &'a str,
    time: String,
    campaign: &'a str,
    /// Whether packages are distributed now, in words.
    now: &'static str,
    next_opening: Option<String>,
    completed: usize,
    terminals: Vec<OfTerminal>,
}

struct OfTerminal {
    address: String,
    last_contact: String,
    progress: Option<String>,
    delivered: DeliveryComparison,
}

/// Shows the delivery results of one institution.
///
/// # Errors
/// No such institution.
pub async fn delivery_results(State(app): State<Arc<App>>, InstitutionPath(code): InstitutionPath) -> Result<Page, Problem> {
    let page = app.institutions.read(&code, |tenant, moment| render(&tenant.institution, moment.now)).await?;
    page.map(Page::new).ok_or_else(|| no_institution(&code))
}

fn render(institution: &Institution, now: Timestamp) -> String {
    let campaign = &institution.campaign;
    let windows = campaign.windows(&institution.readings);
    let open = open_window(&windows, now).is_some();
    let terminals: Vec<OfTerminal> = institution.terminals.values().map(|terminal| OfTerminal::new(institution, terminal, now)).collect();
    let page = Results {
        code: institution.code.as_str(),
        name: &institution.name.ja,
        time: japan::format_japanese(now),
        campaign: &campaign.title.ja,
        now: match (campaign.down, campaign.suspended, open) {
            (true, _, _) => "配信サーバー停止中",
            (_, true, _) => "配信停止中",
            (_, _, true) => "配信時間内",
            _ => "配信時間外",
        },
        next_opening: next_window(&windows, now).filter(|_| !open).map(|window| japan::format_japanese(window.start)),
        completed: terminals.iter().filter(|terminal| terminal.delivered.completed).count(),
        terminals,
    };
    page.render().expect("the template formats texts into a String")
}

impl OfTerminal {
    fn new(institution: &Institution, terminal: &Terminal, now: Timestamp) -> Self {
        let progress = terminal.progress(now).map(|progress| {
            let size = institution.campaign.package(progress.component).map_or(progress.received, |package| package.size);
            format!("{} {}（{} / {size} バイト）", progress.component.title().ja, progress.version, progress.received.min(size))
        });
        Self {
            address: format!("{}-{}", institution.code, terminal.id),
            last_contact: terminal.last_contact(now).map_or_else(|| "通信なし".to_owned(), japan::format_japanese),
            progress,
            delivered: DeliveryComparison::of(institution, terminal),
        }
    }
}
