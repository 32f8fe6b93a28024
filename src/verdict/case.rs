//! A case: the evidence with the questions that several rules ask of it. Order is by entry number; times tell only how long something took.

use super::evidence::{Event, Evidence, Observation};
use super::exchange::Exchange;
use super::strictness;

/// The refusal of a terminal that installed and was not restarted (N5).
pub(super) const RESTART_REQUIRED: &str = "restart_required";
/// The refusal that stays after a restart (N9).
pub(super) const RESTART_DID_NOT_HELP: &str = "restart_did_not_help";
/// The refusals that last, and that it is for staff or time to end: those, and the one of a line that is down.
pub(super) const LASTING: [&str; 3] = [RESTART_REQUIRED, RESTART_DID_NOT_HELP, "line_down"];

/// Faults after which the client did not get the answer that the journal has.
const WITHOUT_ANSWER: [&str; 10] =
    ["status", "reset", "close", "black_hole", "cut", "wrong_length", "malformed", "wrong_encoding", "wrong_hash", "processing"];

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

    /// Checks that were refused with an error.
    pub(super) fn refusals(&self, error: &str) -> Vec<&'a Exchange> {
        self.journal().filter(|entry| entry.is_check() && entry.is_refused_with(error)).collect()
    }

    /// Checks that were refused with an error that lasts.
    pub(super) fn lasting_refusals(&self) -> Vec<&'a Exchange> {
        let lasts = |entry: &&Exchange| LASTING.iter().any(|error| entry.is_refused_with(error));
        self.journal().filter(|entry| entry.is_check()).filter(lasts).collect()
    }

    /// The boot that ended what a check was refused for: the first one of its terminal, not before it, that applied something.
    pub(super) fn boot_after(&self, refusal: &Exchange) -> Option<&'a Event> {
        let of_terminal = |event: &&Event| Some(&event.terminal) == refusal.terminal.as_ref();
        let mut boots = self.evidence.events.iter().filter(|event| event.event == "booted" && !event.applied.is_empty());
        boots.by_ref().filter(of_terminal).find(|event| event.at >= refusal.at)
    }

    /// The first check after it at the same terminal that worked.
    pub(super) fn success_after(&self, refusal: &Exchange) -> Option<&'a Exchange> {
        self.after(refusal).find(|entry| entry.is_success() && entry.terminal == refusal.terminal)
    }

    /// The first check after it of the same patient that worked, at whichever terminal.
    pub(super) fn repeated(&self, refusal: &Exchange) -> Option<&'a Exchange> {
        self.after(refusal).find(|entry| entry.is_success() && entry.inquiry.is_some() && entry.inquiry == refusal.inquiry)
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

    /// The observations about checks that were refused with an error.
    pub(super) fn observations_of(&self, error: &str) -> Vec<(&'a Observation, &'a Exchange)> {
        let observed = self.evidence.observations.iter().filter_map(|observation| Some((observation, self.check_of(observation)?)));
        observed.filter(|(_, check)| check.is_refused_with(error)).collect()
    }

    /// The most checks of the same patient at a terminal within a minute of real time, among these, and which.
    pub(super) fn densest(&self, checks: &[&'a Exchange]) -> Vec<&'a Exchange> {
        let mut densest: Vec<&Exchange> = Vec::new();
        for first in checks.iter().filter(|check| check.inquiry.is_some()) {
            let within = |check: &&&Exchange| {
                let seconds = check.wall.duration_since(first.wall).as_secs_f64();
                check.inquiry == first.inquiry && check.terminal == first.terminal && (0.0..60.0).contains(&seconds)
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
        match self.operation.as_str() {
            "search" | "card" => true,
            "linkage" => self.file.as_ref().is_some_and(|file| file.kind == "OQSsiquc01"),
            _ => false,
        }
    }

    /// Whether the answer reached the client: no fault took it away or spoilt it.
    pub(super) fn has_arrived(&self) -> bool {
        self.fault.as_deref().is_none_or(|fault| !WITHOUT_ANSWER.contains(&fault))
    }

    /// Whether it is a check that worked, whatever its result.
    pub(super) fn is_success(&self) -> bool {
        self.is_check() && self.outcome == "checked" && self.has_arrived()
    }

    pub(super) fn is_refused_with(&self, error: &str) -> bool {
        self.error.as_deref() == Some(error)
    }
}
