//! A case: the evidence with the questions that several rules ask of it. Order is by entry number; times tell only how long something took.

use jiff::SignedDuration;

use super::evidence::{Event, Evidence, Observation};
use super::exchange::{Exchange, RequestKind};
use super::strictness;
use crate::domain::catalogue::ErrorId;
use crate::domain::event::ChangeName;
use crate::domain::fault::KindName;
use crate::domain::linkage::FileKind;
use crate::domain::operation::{Operation, OutcomeName};

/// The refusals that last, and that it is for staff or time to end: those of a terminal that installed and was not restarted (N5), or whose
/// restart did not help (N9), and the one of a line that is down.
pub(super) const LASTING: [ErrorId; 3] = [ErrorId::RestartRequired, ErrorId::RestartDidNotHelp, ErrorId::LineDown];

/// One institution's evidence, to be judged.
pub(super) struct Case<'a> {
    pub(super) evidence: &'a Evidence,
}

impl<'a> Case<'a> {
    pub(super) fn new(evidence: &'a Evidence) -> Self {
        Self { evidence }
    }

    /// A limit: the scenario's, else that of the date.
    pub(super) fn limit(&self, name: &str) -> u64 {
        let of_scenario = self.evidence.scenario.as_ref().and_then(|scenario| scenario.limits.get(name));
        of_scenario.copied().or_else(|| strictness::limit(name, self.evidence.strictness)).unwrap_or_default()
    }

    pub(super) fn journal(&self) -> impl DoubleEndedIterator<Item = &'a Exchange> + Clone {
        self.evidence.journal.iter()
    }

    /// The requests after one.
    pub(super) fn after(&self, entry: &Exchange) -> impl Iterator<Item = &'a Exchange> + Clone {
        let number = entry.number;
        self.journal().filter(move |other| other.number > number)
    }

    /// Checks that were refused with an error, as far as the client was told.
    pub(super) fn refusals(&self, error: ErrorId) -> Vec<&'a Exchange> {
        self.journal().filter(|entry| entry.is_check() && entry.has_arrived() && entry.is_refused_with(error)).collect()
    }

    /// Checks that were refused with an error that lasts.
    pub(super) fn lasting_refusals(&self) -> Vec<&'a Exchange> {
        let lasts = |entry: &&Exchange| entry.error.is_some_and(|error| LASTING.contains(&error));
        self.journal().filter(|entry| entry.is_check() && entry.has_arrived()).filter(lasts).collect()
    }

    /// The boot that ended what a check was refused for: the first one of its terminal that applied something and after which the terminal did
    /// not wait for a restart any more.
    pub(super) fn boot_after(&self, refusal: &Exchange) -> Option<&'a Event> {
        if !refusal.is_refused_with(ErrorId::RestartRequired) {
            return None;
        }
        let worked = self.success_after(refusal).map_or(u64::MAX, |success| success.number);
        let waits = |entry: &&Exchange| {
            [ErrorId::RestartRequired, ErrorId::RestartDidNotHelp].into_iter().any(|error| entry.is_refused_with(error))
        };
        let same = |entry: &&Exchange| entry.is_check() && entry.terminal == refusal.terminal;
        let last = self.after(refusal).filter(same).filter(waits).filter(|entry| entry.number < worked).last().unwrap_or(refusal);
        let of_terminal = |event: &&Event| Some(&event.terminal) == last.terminal.as_ref();
        let boots = self.evidence.events.iter().filter(|event| event.event == ChangeName::Booted && !event.applied.is_empty());
        boots.filter(of_terminal).find(|event| last.last_event.is_some_and(|seen| event.number > seen))
    }

    /// The first check after it at the same terminal at which that worked.
    pub(super) fn success_after(&self, refusal: &Exchange) -> Option<&'a Exchange> {
        self.after(refusal).find(|entry| entry.has_worked() && entry.terminal == refusal.terminal)
    }

    /// The first check after it of the same patient at which the terminal worked, whichever terminal.
    pub(super) fn repeated(&self, refusal: &Exchange) -> Option<&'a Exchange> {
        self.after(refusal).find(|entry| entry.has_worked() && entry.inquiry.is_some() && entry.inquiry == refusal.inquiry)
    }

    /// Whether what it was refused for is over: a boot ended it, or a later check at the terminal worked.
    pub(super) fn is_over(&self, refusal: &Exchange) -> bool {
        self.boot_after(refusal).is_some() || self.success_after(refusal).is_some()
    }

    /// The check that an observation is about: the one that it names, else the last one before it, at its terminal where it names one.
    pub(super) fn check_of(&self, observation: &Observation) -> Option<&'a Exchange> {
        if let Some(id) = &observation.entry {
            return self.journal().find(|entry| &entry.id == id);
        }
        let at_terminal = |entry: &Exchange| observation.terminal.is_none() || entry.terminal == observation.terminal;
        self.journal().rev().find(|entry| entry.is_check() && entry.wall <= observation.wall && at_terminal(entry))
    }

    /// The observations about checks that were refused with an error, as far as the client was told.
    pub(super) fn observations_of(&self, error: ErrorId) -> Vec<(&'a Observation, &'a Exchange)> {
        let observed = self.evidence.observations.iter().filter_map(|observation| Some((observation, self.check_of(observation)?)));
        observed.filter(|(_, check)| check.is_check() && check.has_arrived() && check.is_refused_with(error)).collect()
    }

    /// The most checks of the same patient at a terminal within a minute, by both clocks, among these, and which.
    pub(super) fn densest(&self, checks: &[&'a Exchange]) -> Vec<&'a Exchange> {
        let mut densest: Vec<&Exchange> = Vec::new();
        for first in checks.iter().filter(|check| check.inquiry.is_some()) {
            let within = |check: &&&Exchange| {
                let within = |time: SignedDuration| (0.0..60.0).contains(&time.as_secs_f64());
                let both = within(check.wall.duration_since(first.wall)) && within(check.at.duration_since(first.at).abs());
                both && check.inquiry == first.inquiry && check.terminal == first.terminal
            };
            let minute: Vec<_> = checks.iter().filter(within).copied().collect();
            if minute.len() > densest.len() {
                densest = minute;
            }
        }
        densest
    }
}

impl Exchange {
    /// Whether it is the check of one patient: over the web, as a file, or with a card at the reader.
    pub(super) fn is_check(&self) -> bool {
        match self.operation {
            Operation::Search | Operation::Card => true,
            Operation::Linkage => self.file.as_ref().is_some_and(|file| file.kind == RequestKind::Known(FileKind::Check)),
            _ => false,
        }
    }

    /// Whether the answer reached the client: no fault took it away, spoilt it, or had it wait.
    pub(super) fn has_arrived(&self) -> bool {
        self.fault.is_none_or(|fault| fault.answer_arrives() && fault != KindName::Processing)
    }

    /// Whether it is a check at which the terminal worked: with whatever result, still being processed, or with an error about this one person.
    pub(super) fn has_worked(&self) -> bool {
        let is_processed = self.outcome == OutcomeName::Answered && self.inquiry.is_some();
        let has_answer = self.outcome == OutcomeName::Checked || is_processed || self.is_refused_with(ErrorId::PersonRefused);
        self.is_check() && has_answer && self.has_arrived()
    }

    pub(super) fn is_refused_with(&self, error: ErrorId) -> bool {
        self.error == Some(error)
    }
}
