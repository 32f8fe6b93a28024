//! Coverage: what the clients of an institution have met so far, and what of it a scenario still wants.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Ruling;
use super::evidence::Evidence;
use super::exchange::Exchange;
use crate::domain::terminal::Phase;

/// The errors that a careful client has met at a check.
pub(super) const ERRORS: [&str; 7] =
    ["restart_required", "restart_did_not_help", "update_missing", "terminal_off", "terminal_starting", "token_expired", "person_refused"];
/// The forms in which an error can come.
pub(super) const PROFILES: [&str; 4] = ["envelope", "bare", "http", "silent"];

/// What was met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Whether all that the scenario wants was shown: each rule exercised, each of its error profiles met. Never without a scenario.
    pub complete: bool,
    /// Rules that were exercised, and those that were not or cannot be told.
    pub rules: Met,
    /// Phases of terminals.
    pub phases: Met,
    /// Errors, by their ids.
    pub errors: Met,
    /// Error profiles of refused checks.
    pub error_profiles: Met,
    /// The scenario in which all this happened.
    pub scenarios: Met,
}

/// What was met, and what was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Met {
    /// Met.
    pub met: Vec<String>,
    /// Not met yet.
    pub missing: Vec<String>,
}

impl Met {
    fn of(known: &[&str], met: BTreeSet<&str>) -> Self {
        let missing = known.iter().filter(|name| !met.contains(*name)).map(|name| (*name).to_owned()).collect();
        Self { met: met.into_iter().map(str::to_owned).collect(), missing }
    }
}

impl Coverage {
    pub(super) fn of(evidence: &Evidence, rulings: &[Ruling]) -> Self {
        let journal = &evidence.journal;
        let profiles = journal.iter().filter(|entry| entry.is_check()).filter_map(|entry| entry.error_profile.as_deref());
        let profiles = Met::of(&PROFILES, profiles.collect());
        let all: Vec<&str> = rulings.iter().map(|ruling| ruling.rule.as_str()).collect();
        let shown = rulings.iter().filter(|ruling| ruling.result.is_shown()).map(|ruling| ruling.rule.as_str());
        let rules = Met::of(&all, shown.collect());
        let scenario = evidence.scenario.as_ref();
        let complete = scenario.is_some_and(|scenario| {
            let unknown = scenario.rules.iter().any(|id| !all.contains(&id.as_str()));
            // Where no rule is wanted, that the client worked at all is.
            let acted = !all.is_empty() || journal.iter().any(Exchange::is_success);
            acted && rules.missing.is_empty() && !unknown && scenario.profiles.iter().all(|profile| profiles.met.contains(profile))
        });
        let acted = scenario.filter(|_| !journal.is_empty()).map(|scenario| scenario.id.as_str());
        Self {
            complete,
            rules,
            phases: Met::of(&Phase::ALL.map(Phase::name), journal.iter().filter_map(|entry| entry.phase.as_deref()).collect()),
            errors: Met::of(&ERRORS, journal.iter().filter_map(|entry| entry.error.as_deref()).collect()),
            error_profiles: profiles,
            scenarios: Met::of(&[], acted.into_iter().collect()),
        }
    }
}
