//! The part `requests` of a rehearsal's page: the requests of the receipt computer as they come,
//! and the question what its screen showed.

use std::collections::{BTreeMap, BTreeSet};

use askama::Template;
use jiff::Timestamp;
use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use super::bursts::{RefusedCheck, bursts};
use super::questions::{Observed, is_refused_check, open_questions};
use super::reasons::reason;
use super::state::{RehearsalState, RequestFilter};
use crate::domain::japan;
use crate::domain::observation::{MAX_NAME, MAX_TEXT, Observation, ObservationKind};
use crate::domain::person::Person;
use crate::domain::screenshot::{MAX_SCREENSHOT_SIZE, Screenshot};
use crate::http::console::entry_words::{OutcomeWords, fault_title, way};
use crate::http::console::language::Language;
use crate::http::console::patients::Patients;
use crate::http::console::visible::visible;
use crate::http::console::words::{time_of, time_of_day};
use crate::journal::{Entry, ListedEntry, MAX_ENTRIES};

/// The maximum number of requests in the part.
const MAX_ROWS: usize = 50;

#[derive(Template)]
#[template(path = "console/rehearsal/requests.html")]
struct Requests<'a> {
    lang: Language,
    api: String,
    /// The path of the rehearsal, and that of the page that shows this.
    page: String,
    own_page: String,
    /// What a form does after it was sent.
    then: &'static str,
    rows: Vec<Row<'a>>,
    /// The observations whose request is not among the rows.
    others: Vec<Seen>,
    /// Refused checks that can be chosen to record what the screen showed.
    earlier: Vec<Earlier>,
    filter: FilterFields<'a>,
    /// How many requests meet the conditions beside the rows, and where they are shown.
    more: usize,
    all: String,
    evicted: u64,
    /// Whether the journal is empty.
    none: bool,
    by: String,
}

/// A request.
struct Row<'a> {
    number: u64,
    time: String,
    person: Option<&'a str>,
    terminal: &'a str,
    way: &'static str,
    outcome: OutcomeWords,
    why: String,
    fault: Option<&'static str>,
    /// If it is the newest of a burst: how many there were within a minute.
    burst: Option<usize>,
    seen: Vec<Seen>,
    question: Option<Question>,
}

/// An observation.
struct Seen {
    number: u64,
    kind: String,
    text: Option<String>,
    by: Option<String>,
    time: String,
    picture: Picture,
}

/// The picture of an observation.
enum Picture {
    Nothing,
    Stored,
    /// When it was deleted.
    Removed(String),
}

/// The question about the screen at one request.
struct Question {
    /// The name by which the browser recognizes the form.
    name: String,
    /// What is sent beside the fields.
    body: String,
}

/// A refused check that can be chosen.
struct Earlier {
    id: String,
    label: String,
}

/// The fields that choose requests, as they are set.
struct FilterFields<'a> {
    errors: bool,
    terminals: Vec<Choice<'a>>,
    persons: Vec<Choice<'a>>,
    text: &'a str,
    /// The part of time that the timeline shows, which a change of the conditions keeps.
    range: Option<&'a str>,
    /// The query without conditions, if there are some.
    without: Option<String>,
}

struct Choice<'a> {
    value: &'a str,
    label: &'a str,
    selected: bool,
}

/// The kinds of observations, in the order of the question, and what tells each from the others.
const KINDS: [(ObservationKind, &str, &str); ObservationKind::ALL.len()] = [
    (ObservationKind::RestartPrompted, "端末を再起動するように求めた", "it asked to restart the terminal"),
    (ObservationKind::NoQualificationShown, "患者の資格がないかのように見えた", "it looked as if the patient had none"),
    (ObservationKind::CallCentreShown, "連絡先として案内した", "it said whom to call"),
    (ObservationKind::FallbackOffered, "別の方法で資格を確認するように案内した", "it offered another way to confirm the qualification"),
    (ObservationKind::MessageShown, "文言から自動で判定します", "judged by its words"),
    (ObservationKind::Other, "判定には使いません", "not judged"),
];

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    rendered(state, MAX_ROWS, "", state.lang.say("記録しました。", "Recorded."))
}

/// Renders all requests, for a page that is not replaced while it is open.
pub(super) fn render_all(state: &RehearsalState) -> String {
    rendered(state, MAX_ENTRIES, "/entries", "reload")
}

/// Returns the numbers of the requests that the part shows, to which other parts link.
pub(super) fn shown(state: &RehearsalState) -> &BTreeSet<u64> {
    state.shown.get_or_init(|| {
        let patients = patients(state);
        let shown = state.journal.entries.iter().rev().filter(|listed| matches(state, &patients, &listed.entry)).take(MAX_ROWS);
        shown.map(|listed| listed.number).collect()
    })
}

fn rendered(state: &RehearsalState, limit: usize, below: &str, then: &'static str) -> String {
    let (lang, entries) = (state.lang, &state.journal.entries);
    let patients = patients(state);
    let observed = Observed::new(entries, state.institution().observations.iter());
    let questions = open_questions(entries, &observed);
    let refused = entries.iter().filter(|listed| is_refused_check(&listed.entry));
    let bursts = bursts(refused.map(|listed| RefusedCheck {
        number: listed.number,
        terminal: listed.entry.terminal().map(|id| id.as_str()),
        wall: listed.entry.wall,
    }));
    let context = RowContext { state, patients: &patients, observed: &observed, questions: &questions, bursts: &bursts };
    let matching: Vec<_> = entries.iter().rev().filter(|listed| matches(state, &patients, &listed.entry)).collect();
    let rows: Vec<_> = matching.iter().take(limit).map(|listed| context.row(listed)).collect();
    let page = format!("/console/institutions/{}", state.code());
    let part = Requests {
        lang,
        api: state.api(),
        all: format!("{page}/entries{}", state.filter.query()),
        own_page: format!("{page}{below}"),
        page,
        then,
        more: matching.len() - rows.len(),
        rows,
        others: observed.others.iter().map(|observation| Seen::new(lang, observation)).collect(),
        earlier: earlier(state, &patients, &observed, &questions),
        filter: filter_fields(state, &patients),
        evicted: state.journal.evicted,
        none: entries.is_empty(),
        by: state.tenant.spec.rehearsal.tester.iter().flat_map(|tester| tester.chars()).take(MAX_NAME).collect(),
    };
    part.render().expect("the template formats texts into a String")
}

/// Returns the patients of the requests.
pub(super) fn patients(state: &RehearsalState) -> Patients<'_> {
    let register = state.fixtures.register(state.institution().persons.as_deref());
    Patients::new(register, &state.journal.entries, &state.institution().events)
}

/// What the rows are made from.
struct RowContext<'a, 'b> {
    state: &'a RehearsalState,
    patients: &'b Patients<'a>,
    observed: &'b Observed<'a>,
    questions: &'b BTreeMap<u64, String>,
    bursts: &'b BTreeMap<u64, usize>,
}

impl<'a> RowContext<'a, '_> {
    fn row(&self, listed: &'a ListedEntry) -> Row<'a> {
        let (lang, ListedEntry { number, entry }) = (self.state.lang, listed);
        let terminal = entry.terminal();
        let question = self.questions.get(number).map(|name| {
            let body = json!({ "entry": entry.id, "terminal": terminal.filter(|id| self.state.institution().terminals.contains_key(*id)) });
            Question { name: name.clone(), body: body.to_string() }
        });
        Row {
            number: *number,
            time: short_time(lang, self.state.moment.now, entry.at),
            person: self.patients.of(entry).map(|person| person.name.as_str()),
            terminal: terminal.map_or("―", |id| id.as_str()),
            way: way(lang, entry),
            outcome: OutcomeWords::of(lang, entry),
            why: reason(lang, entry, &self.state.institution().events),
            fault: entry.fault.as_ref().map(|fault| fault_title(lang, fault.kind)),
            burst: self.bursts.get(number).copied(),
            seen: self.observed.of(*number).iter().map(|observation| Seen::new(lang, observation)).collect(),
            question,
        }
    }
}

impl Seen {
    fn new(lang: Language, observation: &Observation) -> Self {
        let input = &observation.input;
        Self {
            number: observation.number,
            kind: lang.of(&input.kind.title()).to_owned(),
            text: input.text.as_deref().map(visible),
            by: input.by.as_deref().map(visible),
            time: time_of(lang, observation.at),
            picture: match &observation.screenshot {
                None => Picture::Nothing,
                Some(Screenshot { removed: None, .. }) => Picture::Stored,
                Some(Screenshot { removed: Some(at), .. }) => Picture::Removed(time_of(lang, *at)),
            },
        }
    }
}

impl Requests<'_> {
    /// Returns the kinds of observations: the value of each, its words and its explanation.
    fn kinds(&self) -> Vec<(&'static str, String, &'static str)> {
        let lang = self.lang;
        KINDS.iter().map(|(kind, ja, en)| (kind.name(), lang.of(&kind.title()).to_owned(), lang.say(ja, en))).collect()
    }

    fn max_text() -> usize {
        MAX_TEXT
    }

    fn max_name() -> usize {
        MAX_NAME
    }

    fn max_picture() -> usize {
        MAX_SCREENSHOT_SIZE
    }
}

/// Returns the refused checks for which no question is open, newest first.
fn earlier(state: &RehearsalState, patients: &Patients<'_>, observed: &Observed<'_>, open: &BTreeMap<u64, String>) -> Vec<Earlier> {
    let lang = state.lang;
    let refused = state.journal.entries.iter().rev().filter(|listed| is_refused_check(&listed.entry) && !open.contains_key(&listed.number));
    let label = |ListedEntry { number, entry }: &ListedEntry| {
        let recorded = if observed.of(*number).is_empty() { "" } else { lang.say("・記録済み", ", recorded") };
        let person = patients.of(entry).map_or("―", |person| person.name.as_str());
        let terminal = entry.terminal().map_or("―", |id| id.as_str());
        let time = short_time(lang, state.moment.now, entry.at);
        format!("#{number} {time} {person} {terminal} {}{recorded}", OutcomeWords::of(lang, entry).words)
    };
    refused.take(MAX_ROWS).map(|listed| Earlier { id: listed.entry.id.to_string(), label: label(listed) }).collect()
}

fn filter_fields<'a>(state: &'a RehearsalState, patients: &Patients<'a>) -> FilterFields<'a> {
    let filter = &state.filter;
    let (terminal, person) = (filter.terminal.as_deref().unwrap_or_default(), filter.person.as_deref().unwrap_or_default());
    let terminals = state.institution().terminals.keys().map(|id| id.as_str());
    let mut persons: Vec<&Person> = Vec::new();
    for found in state.journal.entries.iter().filter_map(|listed| patients.of(&listed.entry)) {
        if persons.iter().all(|known| known.id != found.id) {
            persons.push(found);
        }
    }
    let without = RequestFilter { range: filter.range.clone(), ..RequestFilter::default() };
    FilterFields {
        errors: filter.errors.is_some(),
        terminals: terminals.map(|id| Choice { value: id, label: id, selected: id == terminal }).collect(),
        persons: persons.into_iter().map(|one| Choice { value: &one.id, label: &one.name, selected: one.id == person }).collect(),
        text: filter.text.as_deref().unwrap_or_default(),
        range: filter.range.as_deref(),
        without: Some(without.query()).filter(|without| *without != filter.query()),
    }
}

/// Whether an entry meets the conditions.
fn matches(state: &RehearsalState, patients: &Patients<'_>, entry: &Entry) -> bool {
    let (lang, filter) = (state.lang, &state.filter);
    let given = |field: &'_ Option<String>| field.clone().filter(|text| !text.trim().is_empty());
    let errors = filter.errors.is_none() || OutcomeWords::of(lang, entry).class == "bad";
    let terminal = given(&filter.terminal).is_none_or(|wanted| entry.terminal().is_some_and(|id| *id.as_str() == *wanted));
    let person = given(&filter.person).is_none_or(|wanted| patients.of(entry).is_some_and(|person| person.id == wanted));
    errors && terminal && person && given(&filter.text).is_none_or(|wanted| contains(lang, patients, entry, &wanted))
}

/// Whether a row contains a text, whatever its width, case and spaces.
fn contains(lang: Language, patients: &Patients<'_>, entry: &Entry, wanted: &str) -> bool {
    let person = patients.of(entry);
    let error = entry.error();
    let texts = [
        person.map_or("", |person| person.name.as_str()),
        person.map_or("", |person| person.name_kana.as_str()),
        entry.terminal().map_or("", |id| id.as_str()),
        way(lang, entry),
        entry.fault.as_ref().map_or("", |fault| fault_title(lang, fault.kind)),
        error.map_or("", |error| error.code.as_str()),
        error.map_or("", |error| lang.of(&error.message)),
        lang.of(&entry.why),
        &OutcomeWords::of(lang, entry).words,
    ];
    let wanted = folded(wanted);
    texts.iter().any(|text| folded(text).contains(&wanted))
}

fn folded(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// Returns the time of day if it is the institution's today, otherwise with the date.
fn short_time(lang: Language, now: Timestamp, at: Timestamp) -> String {
    if japan::civil(now).date() == japan::civil(at).date() { time_of_day(at) } else { time_of(lang, at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_whatever_its_width_case_and_spaces() {
        assert!(folded("模擬　太郎").contains(&folded("模擬太郎")));
        assert!(folded("ﾓｷﾞ ﾀﾛｳ").contains(&folded("モギ")));
        assert!(folded("MOCK0501E").contains(&folded("ｍｏｃｋ０５０１")));
    }

    #[test]
    fn the_question_has_all_kinds_of_observations() {
        assert!(ObservationKind::ALL.iter().all(|kind| KINDS.iter().any(|(known, ..)| known == kind)));
    }
}
