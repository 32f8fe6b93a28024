//! The part `events` of a rehearsal's page: what happened at the terminals and what people did in
//! the console, newest first.

use askama::Template;

use super::state::RehearsalState;
use crate::domain::console_action::{ConsoleAction, PerformedAction};
use crate::domain::event::{Change, Event, EventLog};
use crate::http::console::language::Language;
use crate::http::console::words::time_of;

/// The number of events that are shown, and that can be opened below.
const SHOWN: usize = 30;
const OPENED: usize = 100;
/// The number of actions between them.
const ACTIONS: usize = 60;

#[derive(Template)]
#[template(path = "console/rehearsal/events.html")]
struct Events {
    lang: Language,
    rows: Vec<Row>,
    older: Vec<Row>,
    /// How many still older events there were.
    left_out: u64,
}

enum Row {
    Event(EventRow),
    Action(ActionRow),
}

struct EventRow {
    number: u64,
    time: String,
    terminal: String,
    /// The class of its sign.
    class: &'static str,
    sign: &'static str,
    sentence: String,
    /// Whose card it was.
    person: Option<String>,
}

/// An action. What it led to stands below it.
struct ActionRow {
    time: String,
    terminal: String,
    title: String,
    by: String,
    /// For an advance of the clock: how many events there were meanwhile.
    meanwhile: Option<usize>,
}

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    let institution = state.institution();
    let mut rows = merge(state, institution.events.iter().rev(), institution.console_actions.iter().rev().take(ACTIONS));
    let mut events = 0;
    let end = |row: &Row, limit: usize, events: &mut usize| {
        *events += usize::from(matches!(row, Row::Event(_)));
        *events > limit
    };
    let listed = rows.iter().position(|row| end(row, SHOWN + OPENED, &mut events)).unwrap_or(rows.len());
    rows.truncate(listed);
    events = 0;
    let shown = rows.iter().position(|row| end(row, SHOWN, &mut events)).unwrap_or(rows.len());
    let older = rows.split_off(shown);
    let part = Events { lang: state.lang, rows, older, left_out: first_listed(&institution.events) - 1 };
    part.render().expect("the template formats texts into a String")
}

/// Returns the number of the first event that the part lists.
pub(super) fn first_listed(events: &EventLog) -> u64 {
    let listed = (SHOWN + OPENED) as u64;
    events.last().saturating_sub(listed).max(events.evicted()) + 1
}

/// Merges events and actions, both newest first. An action stands above the events that it led to.
fn merge<'a>(
    state: &RehearsalState,
    events: impl Iterator<Item = &'a Event>,
    actions: impl Iterator<Item = &'a PerformedAction>,
) -> Vec<Row> {
    let (mut events, mut actions) = (events.peekable(), actions.peekable());
    let mut rows = Vec::new();
    // Where the row of the last action is, and how many events followed it.
    let mut last: Option<(usize, usize)> = None;
    loop {
        let action_is_next = match (events.peek(), actions.peek()) {
            (None, None) => break,
            (Some(event), Some(action)) => action.last_event >= event.number,
            (event, _) => event.is_none(),
        };
        if action_is_next {
            count_meanwhile(&mut rows, last);
            last = Some((rows.len(), 0));
            rows.extend(actions.next().map(|action| Row::Action(ActionRow::of(state, action))));
        } else {
            last = last.map(|(place, count)| (place, count + 1));
            rows.extend(events.next().map(|event| Row::Event(EventRow::of(state, event))));
        }
    }
    count_meanwhile(&mut rows, last);
    rows
}

fn count_meanwhile(rows: &mut [Row], last: Option<(usize, usize)>) {
    if let Some((place, count)) = last
        && let Row::Action(ActionRow { meanwhile: Some(meanwhile), .. }) = &mut rows[place]
    {
        *meanwhile = count;
    }
}

impl ActionRow {
    fn of(state: &RehearsalState, performed: &PerformedAction) -> Self {
        Self {
            time: time_of(state.lang, performed.at),
            terminal: performed.terminal.as_ref().map(ToString::to_string).unwrap_or_default(),
            title: state.lang.of(&performed.action.title()).to_owned(),
            by: performed.by.clone(),
            meanwhile: (performed.action == ConsoleAction::ClockAdvanced).then_some(0),
        }
    }
}

impl EventRow {
    fn of(state: &RehearsalState, event: &Event) -> Self {
        let (class, sign) = match &event.change {
            Change::Booted { .. } => ("good", "▲"),
            Change::Installed { restart_required: true, .. } => ("wait", "●"),
            Change::SwitchedOff { .. } | Change::DownloadStopped { .. } | Change::Failed { .. } => ("bad", "✕"),
            _ => ("soft", "・"),
        };
        Self {
            number: event.number,
            time: time_of(state.lang, event.at),
            terminal: event.terminal.to_string(),
            class,
            sign,
            sentence: state.lang.of(&event.change.sentence()).to_owned(),
            person: person_of(state, &event.change),
        }
    }
}

/// Returns the name of the person whose card was presented.
fn person_of(state: &RehearsalState, change: &Change) -> Option<String> {
    let Change::CardPresented { person, .. } = change else {
        return None;
    };
    let persons = state.institution().persons.as_deref().unwrap_or(&state.fixtures.persons);
    Some(persons.iter().find(|known| known.id == *person).map_or_else(|| person.clone(), |known| known.name.clone()))
}
