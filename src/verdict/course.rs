//! The course of a rehearsal: events, requests and observations in the order in which they
//! happened.

use jiff::Timestamp;

use super::{Event, Evidence, Exchange, Observation, words};
use crate::domain::operation::OutcomeName;

/// One line of the course.
pub(super) struct Step<'a> {
    /// The time by the institution's clock; for an observation, by the machine's clock.
    pub(super) at: Timestamp,
    /// The time of the last of several equal requests.
    pub(super) until: Option<Timestamp>,
    pub(super) terminal: Option<&'a str>,
    pub(super) kind: StepKind,
    pub(super) text: String,
    /// The number of equal requests.
    pub(super) times: usize,
    /// The id of its row on the page.
    pub(super) row: String,
}

/// The kind of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepKind {
    Event,
    Answered,
    Refused,
    Seen,
}

impl StepKind {
    /// Returns the sign that marks it.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Event => "●",
            Self::Answered => "✓",
            Self::Refused => "✕",
            Self::Seen => "▢",
        }
    }

    /// Returns its name in Japanese.
    pub(super) fn ja(self) -> &'static str {
        match self {
            Self::Event => "出来事",
            Self::Answered => "要求",
            Self::Refused => "エラー",
            Self::Seen => "画面",
        }
    }

    /// Returns its CSS class.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Seen => "seen",
        }
    }
}

/// Returns the course. Equal requests that follow one another are one step.
pub(super) fn course(evidence: &Evidence) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    let mut events = evidence.events.iter().peekable();
    let mut observations = evidence.observations.iter().peekable();
    for entry in &evidence.journal {
        while let Some(observation) = observations.next_if(|observation| observation.wall < entry.wall) {
            steps.push(seen(observation));
        }
        while let Some(event) = events.next_if(|event| precedes(event, entry)) {
            steps.push(happened(event));
        }
        let step = asked(entry);
        match steps.last_mut().filter(|last| last.is_equal(&step)) {
            Some(last) => (last.times, last.until) = (last.times + 1, Some(step.at)),
            None => steps.push(step),
        }
    }
    steps.extend(observations.map(seen));
    steps.extend(events.map(happened));
    steps
}

/// Whether an event happened before a request.
fn precedes(event: &Event, entry: &Exchange) -> bool {
    entry.last_event.map_or(event.at <= entry.at, |last| event.number <= last)
}

fn happened(event: &Event) -> Step<'_> {
    let applied = words::components(&event.applied);
    let applied = if applied.is_empty() { applied } else { format!("（新しいバージョンで動き始めた：{applied}）") };
    Step {
        at: event.at,
        until: None,
        terminal: Some(&event.terminal),
        kind: StepKind::Event,
        text: format!("{}{applied}", event.event.words().0),
        times: 1,
        row: format!("event-{}", event.number),
    }
}

fn asked(entry: &Exchange) -> Step<'_> {
    Step {
        at: entry.at,
        until: None,
        terminal: entry.terminal.as_deref(),
        kind: if entry.outcome == OutcomeName::Refused { StepKind::Refused } else { StepKind::Answered },
        text: format!("{}：{}", entry.operation.title().ja, words::outcome(entry)),
        times: 1,
        row: format!("entry-{}", entry.number),
    }
}

fn seen(observation: &Observation) -> Step<'_> {
    let text = observation.text.as_ref().map(|text| format!("「{text}」")).unwrap_or_default();
    Step {
        at: observation.wall,
        until: None,
        terminal: observation.terminal.as_deref(),
        kind: StepKind::Seen,
        text: format!("{}{text}", observation.kind.title().ja),
        times: 1,
        row: format!("seen-{}", observation.number),
    }
}

impl Step<'_> {
    fn is_equal(&self, other: &Self) -> bool {
        let is_request = matches!(self.kind, StepKind::Answered | StepKind::Refused);
        is_request && (self.kind, self.terminal, &self.text) == (other.kind, other.terminal, &other.text)
    }
}
