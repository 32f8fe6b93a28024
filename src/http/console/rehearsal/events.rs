//! The part `events` of a rehearsal's page: what happened, newest first.

use askama::Template;

use super::state::RehearsalState;
use crate::domain::event::{Change, Event, EventLog};
use crate::http::console::language::Language;
use crate::http::console::words::time_of;

/// The number of events that are shown, and that can be opened below.
const SHOWN: usize = 30;
const OPENED: usize = 100;

#[derive(Template)]
#[template(path = "console/rehearsal/events.html")]
struct Events {
    lang: Language,
    rows: Vec<EventRow>,
    older: Vec<EventRow>,
    /// How many still older ones there were.
    left_out: u64,
}

struct EventRow {
    number: u64,
    time: String,
    terminal: String,
    /// What kind of event it is, for its sign.
    class: &'static str,
    sign: &'static str,
    sentence: String,
    /// Whose card it was.
    person: Option<String>,
}

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    let events = &state.institution().events;
    let mut newest = events.iter().rev().map(|event| EventRow::of(state, event));
    let rows: Vec<EventRow> = newest.by_ref().take(SHOWN).collect();
    let older: Vec<EventRow> = newest.take(OPENED).collect();
    let left_out = first_listed(events) - 1;
    let part = Events { lang: state.lang, rows, older, left_out };
    part.render().expect("the template formats texts into a String")
}

/// Returns the number of the first event that the part lists.
pub(super) fn first_listed(events: &EventLog) -> u64 {
    let listed = (SHOWN + OPENED) as u64;
    events.last().saturating_sub(listed).max(events.evicted()) + 1
}

impl EventRow {
    fn of(state: &RehearsalState, event: &Event) -> Self {
        let (class, sign) = match &event.change {
            Change::Booted { .. } => ("good", "▲"),
            Change::Installed { restart_required: true, .. } => ("wait", "●"),
            Change::SwitchedOff { .. } | Change::DownloadStopped { .. } | Change::Failed { .. } => ("bad", "✕"),
            _ => ("soft", "・"),
        };
        let person = match &event.change {
            Change::CardPresented { person, .. } => {
                let institution = state.institution();
                let persons = institution.persons.as_deref().unwrap_or(&state.fixtures.persons);
                Some(persons.iter().find(|known| known.id == *person).map_or_else(|| person.clone(), |known| known.name.clone()))
            }
            _ => None,
        };
        Self {
            number: event.number,
            time: time_of(state.lang, event.at),
            terminal: event.terminal.to_string(),
            class,
            sign,
            sentence: state.lang.of(&event.change.sentence()).to_owned(),
            person,
        }
    }
}
