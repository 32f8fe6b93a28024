//! Tests of rules with small journals.

mod after_restart;
mod forms;
mod protocol;
mod screen;
mod sets;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::{Evidence, Grade, Observation, Ruling, Scenario, judge};
use crate::domain::campaign::Component;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::event::{Change, Event};
use crate::domain::fault::KindName;
use crate::domain::ids::{BootId, FaultId, TerminalId};
use crate::domain::inquiry::Validity;
use crate::domain::observation::ObservationKind;
use crate::domain::operation::Operation;
use crate::domain::rehearsal::Rehearsal;
use crate::domain::terminal::Phase;
use crate::domain::terminal_condition::TerminalCondition;
use crate::journal::example::{error, example};
use crate::journal::{self, Entry, EntryTerminal, FaultMark, ListedEntry, Outcome};

/// Builds a journal: each entry comes some seconds after the one before.
#[derive(Default)]
struct JournalBuilder {
    second: u64,
    entries: Vec<Entry>,
    events: Vec<Event>,
    observations: Vec<Observation>,
}

fn time(second: u64) -> Timestamp {
    let start: Timestamp = "2026-01-20T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_secs(second as i64)
}

/// Returns the id of the entry with this number.
fn id(number: usize) -> String {
    Uuid::from_u128(number as u128).to_string()
}

fn terminal(name: &str) -> TerminalId {
    TerminalId::parse(name).unwrap()
}

/// Creates a request from T1 that was answered.
fn answered(operation: Operation) -> Entry {
    Entry { terminal: Some(EntryTerminal::Named(terminal("T1"))), status: Some(200), ..example(operation, Outcome::Answered) }
}

/// Creates a check at T1 that was refused.
fn refused(id: ErrorId) -> Entry {
    Entry { outcome: Outcome::refused(error(id), None), ..answered(Operation::Search) }
}

/// Creates a check at T1 that worked.
fn checked() -> Entry {
    Entry { outcome: Outcome::Checked { validity: Validity::Valid, person: None, near_miss: None }, ..answered(Operation::Search) }
}

impl Entry {
    /// Sets the patient.
    fn of(self, patient: &str) -> Self {
        Self { inquiry: Some(patient.to_owned()), ..self }
    }

    /// Sets the token.
    fn with(self, session: &str) -> Self {
        Self { session: Some(session.to_owned()), ..self }
    }

    /// Sets the terminal.
    fn at(self, id: &str) -> Self {
        Self { terminal: Some(EntryTerminal::Named(terminal(id))), ..self }
    }

    /// Adds a fault that fired.
    fn corrupted_by(self, kind: KindName) -> Self {
        Self { fault: Some(FaultMark { id: FaultId::parse("f1").unwrap(), kind, answered: false }), ..self }
    }

    /// Sets the phase of the terminal.
    fn found(self, phase: Phase) -> Self {
        Self { found: Some(TerminalCondition { phase, last_event: 0, other_terminals: Vec::new() }), ..self }
    }
}

impl JournalBuilder {
    /// Adds an entry `seconds` after the last one. Returns its id.
    fn entry(&mut self, seconds: u64, entry: Entry) -> String {
        self.second += seconds;
        let (at, number) = (time(self.second), self.entries.len() + 1);
        let found = entry.found.unwrap_or(TerminalCondition { phase: Phase::UpToDate, last_event: 0, other_terminals: Vec::new() });
        let found = Some(TerminalCondition { last_event: self.events.len() as u64, ..found });
        self.entries.push(Entry { id: Uuid::from_u128(number as u128), at, wall: at, found, ..entry });
        id(number)
    }

    fn refused(&mut self, seconds: u64, patient: &str, profile: ErrorProfile) -> String {
        let outcome = Outcome::refused(error(ErrorId::RestartRequired), Some(profile));
        self.entry(seconds, Entry { outcome, ..answered(Operation::Search).of(patient).found(Phase::Pending) })
    }

    fn stuck(&mut self, seconds: u64, patient: &str) -> String {
        let outcome = Outcome::refused(error(ErrorId::RestartDidNotHelp), Some(ErrorProfile::Envelope));
        self.entry(seconds, Entry { outcome, ..answered(Operation::Search).of(patient).found(Phase::Pending) })
    }

    fn checked(&mut self, seconds: u64, patient: &str) -> String {
        self.entry(seconds, checked().of(patient).with("s1"))
    }

    fn booted(&mut self, terminal: &str) {
        self.booted_with(terminal, vec![Component::LinkageApplication]);
    }

    fn booted_with(&mut self, terminal: &str, applied: Vec<Component>) {
        self.event(terminal, Change::Booted { boot: BootId::numbered(2), applied });
    }

    fn event(&mut self, id: &str, change: Change) {
        let number = self.events.len() as u64 + 1;
        self.events.push(Event { number, at: time(self.second), terminal: terminal(id), change });
    }

    fn seen(&mut self, kind: ObservationKind, text: &str, entry: Option<String>) {
        let number = self.observations.len() as u64 + 1;
        let (wall, text) = (time(self.second), Some(text.to_owned()));
        self.observations.push(Observation { number, wall, kind, text, terminal: None, entry, by: None, screenshot: None });
    }

    fn evidence(&self) -> Evidence {
        let listed: Vec<_> = (1..).zip(&self.entries).map(|(number, entry)| ListedEntry { number, entry: entry.clone() }).collect();
        Evidence {
            institution: "9911000017".to_owned(),
            rehearsal: Rehearsal::default(),
            strictness: super::RULE_SET.date,
            scenario: None,
            scenarios: std::collections::BTreeMap::new(),
            scenario_titles: std::collections::BTreeMap::new(),
            evicted: 0,
            evicted_events: 0,
            evicted_observations: 0,
            incomplete: false,
            journal: journal::evidence(&listed),
            events: self.events.iter().map(super::Event::from).collect(),
            observations: self.observations.clone(),
        }
    }

    fn ruling(&self, rule: &str) -> Ruling {
        of(&self.evidence(), rule)
    }

    fn grade(&self, rule: &str) -> Grade {
        self.ruling(rule).result
    }
}

fn of(evidence: &Evidence, rule: &str) -> Ruling {
    judge(evidence).rules.into_iter().find(|ruling| ruling.rule == rule).unwrap()
}

fn scenario(rules: &[&str]) -> Option<Scenario> {
    Some(Scenario { id: "story".to_owned(), rules: rules.iter().map(|rule| (*rule).to_owned()).collect(), ..Scenario::default() })
}

/// The morning of a good client: refused, restarted, repeated.
fn good_morning() -> JournalBuilder {
    let mut builder = JournalBuilder::default();
    builder.refused(1, "p1", ErrorProfile::Envelope);
    builder.booted("T1");
    builder.checked(60, "p1");
    builder
}
