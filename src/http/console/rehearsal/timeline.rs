//! The part `timeline` of a rehearsal's page: a drawing of what happened and what is planned, and
//! the same as a list.

use askama::Template;

use super::events::first_listed;
use super::requests;
use super::state::{RehearsalState, RequestFilter};
use crate::chart::{Chart, History, Item, Range, Request, Words};
use crate::domain::operation::Operation;
use crate::domain::terminal::Terminal;
use crate::http::console::language::Language;
use crate::http::console::words::{time_of, time_of_day};
use crate::journal::{ListedEntry, Outcome};

/// The maximum number of terminals in the drawing. The filter of the page chooses another one.
const MAX_TERMINALS: usize = 8;

#[derive(Template)]
#[template(path = "console/rehearsal/timeline.html")]
struct TimelinePart {
    lang: Language,
    from: String,
    to: String,
    ranges: Vec<RangeLink>,
    svg: String,
    /// What is drawn, each with its time in words.
    items: Vec<(String, Item)>,
    /// The number of terminals that are not drawn.
    left_out: usize,
}

/// A link that shows another part of time.
struct RangeLink {
    name: &'static str,
    path: String,
    current: bool,
}

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    let institution = state.institution();
    let wanted = state.filter.terminal.as_deref().filter(|terminal| !terminal.is_empty());
    let of_filter = |terminal: &&Terminal| wanted.is_none_or(|wanted| terminal.id.as_str() == wanted);
    let mut terminals: Vec<&Terminal> = institution.terminals.values().filter(of_filter).collect();
    let left_out = terminals.len().saturating_sub(MAX_TERMINALS);
    terminals.truncate(MAX_TERMINALS);
    let history = History {
        institution,
        terminals,
        requests: state.journal.entries.iter().filter_map(|entry| request(state, entry)).collect(),
        now: state.moment.now,
        words: if state.lang == Language::Japanese { Words::Japanese } else { Words::English },
        first_linked_event: first_listed(&institution.events),
    };
    let range = range_of(&state.filter);
    let chart: Chart = history.chart(range);
    let part = TimelinePart {
        lang: state.lang,
        from: time_of(state.lang, chart.from),
        to: time_of(state.lang, chart.to),
        ranges: range_links(state, range),
        svg: chart.svg(),
        items: chart.items().into_iter().map(|item| (times_of(state.lang, &item), item)).collect(),
        left_out,
    };
    part.render().expect("the template formats texts into a String")
}

fn times_of(lang: Language, item: &Item) -> String {
    let from = time_of(lang, item.from);
    if item.from == item.to { from } else { format!("{from}–{}", time_of_day(item.to)) }
}

fn range_of(filter: &RequestFilter) -> Range {
    match filter.range.as_deref() {
        Some("night") => Range::Night,
        Some("hour") => Range::Hour,
        _ => Range::Whole,
    }
}

fn range_links(state: &RehearsalState, current: Range) -> Vec<RangeLink> {
    let ranges = [
        (Range::Whole, None, "全体", "all"),
        (Range::Night, Some("night"), "この夜", "this night"),
        (Range::Hour, Some("hour"), "この1時間", "this hour"),
    ];
    let link = |(range, name, ja, en): (Range, Option<&str>, &'static str, &'static str)| {
        let filter = RequestFilter { range: name.map(str::to_owned), ..state.filter.clone() };
        let path = format!("/console/institutions/{}{}", state.code(), filter.query());
        RangeLink { name: state.lang.say(ja, en), path, current: range == current }
    };
    ranges.into_iter().map(link).collect()
}

/// Returns a request about a patient; `None` for logins and what terminals ask. A request without a
/// row on the page has a page of its own.
fn request(state: &RehearsalState, ListedEntry { number, entry }: &ListedEntry) -> Option<Request> {
    if !matches!(entry.operation, Operation::Search | Operation::Linkage | Operation::Card) {
        return None;
    }
    let link = if requests::shown(state).contains(number) {
        format!("#entry-{number}")
    } else {
        format!("/console/institutions/{}/entries/{number}", state.code())
    };
    Some(Request {
        at: entry.at,
        terminal: entry.terminal().cloned(),
        refused: matches!(entry.outcome, Outcome::Refused { .. }),
        title: state.lang.of(&entry.why).to_owned(),
        link: Some(link),
    })
}
