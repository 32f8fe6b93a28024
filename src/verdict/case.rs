//! The case: evidence with the queries that several rules share. Order is by entry number; times
//! are used only for durations.

use jiff::SignedDuration;

use super::evidence::{Event, Evidence, Observation};
use super::exchange::{Exchange, RequestKind};
use super::strictness;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::event::ChangeName;
use crate::domain::fault::KindName;
use crate::domain::linkage::FileKind;
use crate::domain::operation::{Operation, OutcomeName};

/// Refusals that last until staff or time end them: the terminal installed an update and was not
/// restarted (N5), the restart did not help (N9), or the line is down.
pub(super) const LASTING_ERRORS: [ErrorId; 3] = [ErrorId::RestartRequired, ErrorId::RestartDidNotHelp, ErrorId::LineDown];

/// The evidence of one institution, to be judged.
pub(super) struct Case<'a> {
    pub(super) evidence: &'a Evidence,
}

impl<'a> Case<'a> {
    pub(super) fn new(evidence: &'a Evidence) -> Self {
        Self { evidence }
    }

    /// Returns a limit: the scenario's, otherwise that of the rule set.
    pub(super) fn limit(&self, name: &str) -> u64 {
        let of_scenario = self.evidence.scenario.as_ref().and_then(|scenario| scenario.limits.get(name));
        of_scenario.copied().or_else(|| strictness::limit(name)).unwrap_or_default()
    }

    pub(super) fn journal(&self) -> impl DoubleEndedIterator<Item = &'a Exchange> + Clone {
        self.evidence.journal.iter()
    }

    /// Iterates over the requests after an entry.
    pub(super) fn after(&self, entry: &Exchange) -> impl Iterator<Item = &'a Exchange> + Clone {
        let number = entry.number;
        self.journal().filter(move |other| other.number > number)
    }

    /// Returns the checks refused with an error whose response reached the client.
    pub(super) fn refusals(&self, error: ErrorId) -> Vec<&'a Exchange> {
        self.journal().filter(|entry| entry.is_check() && entry.reached_client() && entry.is_refused_with(error)).collect()
    }

    /// Returns the checks refused with a lasting error whose response reached the client.
    pub(super) fn lasting_refusals(&self) -> Vec<&'a Exchange> {
        let lasts = |entry: &&Exchange| entry.error.is_some_and(|error| LASTING_ERRORS.contains(&error));
        self.journal().filter(|entry| entry.is_check() && entry.reached_client()).filter(lasts).collect()
    }

    /// Returns the boot that ended the cause of a refusal: the first boot of its terminal that
    /// applied something and after which the terminal did not wait for a restart any more.
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

    /// Returns the first later check at the same terminal at which the terminal worked.
    pub(super) fn success_after(&self, refusal: &Exchange) -> Option<&'a Exchange> {
        self.after(refusal).find(|entry| entry.terminal_worked() && entry.terminal == refusal.terminal)
    }

    /// Returns the first later check of the same patient at which a terminal worked, whichever
    /// terminal it was.
    pub(super) fn find_repetition(&self, refusal: &Exchange) -> Option<&'a Exchange> {
        self.after(refusal).find(|entry| entry.terminal_worked() && entry.inquiry.is_some() && entry.inquiry == refusal.inquiry)
    }

    /// Whether the cause of a refusal has ended: by a boot, or because a later check at the
    /// terminal worked.
    pub(super) fn is_resolved(&self, refusal: &Exchange) -> bool {
        self.boot_after(refusal).is_some() || self.success_after(refusal).is_some()
    }

    /// Returns the check that an observation is about: the one that it names; otherwise the last
    /// one before it, at its terminal if it names one.
    pub(super) fn check_of(&self, observation: &Observation) -> Option<&'a Exchange> {
        if let Some(id) = &observation.entry {
            return self.journal().find(|entry| &entry.id == id);
        }
        let at_terminal = |entry: &Exchange| observation.terminal.is_none() || entry.terminal == observation.terminal;
        self.journal().rev().find(|entry| entry.is_check() && entry.wall <= observation.wall && at_terminal(entry))
    }

    /// Returns the observations of checks that were refused with an error and whose response
    /// reached the client.
    pub(super) fn observations_of(&self, error: ErrorId) -> Vec<(&'a Observation, &'a Exchange)> {
        let observed = self.evidence.observations.iter().filter_map(|observation| Some((observation, self.check_of(observation)?)));
        observed.filter(|(_, check)| check.is_check() && check.reached_client() && check.is_refused_with(error)).collect()
    }

    /// Returns the largest set of these checks that belong to the same patient and terminal and lie
    /// within a minute by both clocks.
    pub(super) fn largest_burst(&self, checks: &[&'a Exchange]) -> Vec<&'a Exchange> {
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
    /// Whether it is a check of one patient: over the web, as a file, or with a card at the reader.
    pub(super) fn is_check(&self) -> bool {
        match self.operation {
            Operation::Search | Operation::Card => true,
            Operation::Linkage => self.file.as_ref().is_some_and(|file| file.kind == RequestKind::Known(FileKind::Check)),
            _ => false,
        }
    }

    /// Whether the response reached the client: no fault removed it, corrupted it, or replaced it
    /// by "being processed".
    pub(super) fn reached_client(&self) -> bool {
        self.fault.is_none_or(|fault| fault.answer_arrives() && fault != KindName::Processing)
    }

    /// Whether it is a check at which the terminal worked: with any result, while still being
    /// processed, or with an error about this person.
    pub(super) fn terminal_worked(&self) -> bool {
        let is_processed = self.outcome == OutcomeName::Answered && self.inquiry.is_some();
        let has_answer = self.outcome == OutcomeName::Checked || is_processed || self.is_refused_with(ErrorId::PersonRefused);
        self.is_check() && has_answer && self.reached_client()
    }

    pub(super) fn is_refused_with(&self, error: ErrorId) -> bool {
        self.error == Some(error)
    }
}
