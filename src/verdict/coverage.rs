//! The coverage: what the clients of an institution have met so far, and what the scenario still
//! expects.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::exchange::Exchange;
use super::{Rule, Ruling};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::scenario::WantedCheck;
use crate::domain::terminal::Phase;

/// The errors that a careful client has met in checks.
const ERRORS: [ErrorId; 8] = [
    ErrorId::RestartRequired,
    ErrorId::RestartDidNotHelp,
    ErrorId::LineDown,
    ErrorId::UpdateMissing,
    ErrorId::TerminalOff,
    ErrorId::TerminalStarting,
    ErrorId::TokenExpired,
    ErrorId::PersonRefused,
];

/// The coverage of rules, phases, errors and scenarios.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// Whether all requirements of the scenario were met: each rule exercised, each error profile
    /// encountered, the check made. Always false without a scenario or without requirements.
    pub complete: bool,
    /// Whether the check that the scenario requires has succeeded; absent if it requires none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<bool>,
    /// The rules that were exercised, and those that were not or could not be judged.
    pub rules: CoverageSplit,
    /// The phases of terminals.
    pub phases: CoverageSplit,
    /// The errors, by id.
    pub errors: CoverageSplit,
    /// The error profiles of refused checks.
    pub error_profiles: CoverageSplit,
    /// The scenarios that the institution's clients have encountered: the current one and those set
    /// before. Earlier ones affect nothing else.
    pub scenarios: CoverageSplit,
}

/// What was covered and what was not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Met")]
pub struct CoverageSplit {
    /// Covered.
    pub met: Vec<String>,
    /// Not covered yet.
    pub missing: Vec<String>,
}

impl CoverageSplit {
    fn of(known: &[&str], met: BTreeSet<&str>) -> Self {
        let missing = known.iter().filter(|name| !met.contains(*name)).map(|name| (*name).to_owned()).collect();
        Self { met: met.into_iter().map(str::to_owned).collect(), missing }
    }
}

impl Coverage {
    pub(super) fn of(evidence: &Evidence, rules: &[Rule], rulings: &[Ruling]) -> Self {
        let journal = &evidence.journal;
        let arrived = || journal.iter().filter(|entry| entry.reached_client());
        let profiles = arrived().filter(|entry| entry.is_check()).filter_map(|entry| entry.error_profile);
        let profiles: BTreeSet<ErrorProfile> = profiles.collect();
        let all: Vec<&str> = rulings.iter().map(|ruling| ruling.rule.as_str()).collect();
        let shown = rulings.iter().filter(|ruling| ruling.result.is_shown()).map(|ruling| ruling.rule.as_str());
        let shown = CoverageSplit::of(&all, shown.collect());
        let scenario = evidence.scenario.as_ref();
        let wanted = scenario.and_then(|scenario| scenario.check);
        let check = wanted.map(|wanted| journal.iter().any(|entry| is_the_check(entry, wanted)));
        let complete = scenario.is_some_and(|scenario| {
            let unknown = scenario.rules.iter().any(|id| rules.iter().all(|rule| rule.id != id));
            // If nothing was judged, nothing was shown.
            check.unwrap_or(!all.is_empty())
                && shown.missing.is_empty()
                && !unknown
                && scenario.profiles.iter().all(|profile| profiles.contains(profile))
        });
        let acted = scenario.filter(|_| !journal.is_empty() || evidence.evicted > 0).map(|scenario| scenario.id.as_str());
        let before = evidence.scenarios.iter().filter(|(_, met)| **met).map(|(id, _)| id.as_str());
        let scenarios: Vec<&str> = evidence.scenarios.keys().map(String::as_str).collect();
        Self {
            complete,
            check,
            rules: shown,
            phases: CoverageSplit::of(
                &Phase::IN_ORDER.map(Phase::name),
                journal.iter().filter_map(|entry| entry.phase).map(Phase::name).collect(),
            ),
            errors: CoverageSplit::of(&ERRORS.map(ErrorId::name), arrived().filter_map(|entry| entry.error).map(ErrorId::name).collect()),
            error_profiles: CoverageSplit::of(
                &ErrorProfile::ALL.map(ErrorProfile::name),
                profiles.into_iter().map(ErrorProfile::name).collect(),
            ),
            scenarios: CoverageSplit::of(&scenarios, before.chain(acted).collect()),
        }
    }
}

fn is_the_check(entry: &Exchange, wanted: WantedCheck) -> bool {
    let in_time = wanted.from.is_none_or(|from| entry.at >= from);
    let in_phase = wanted.phase.is_none_or(|phase| entry.phase == Some(phase));
    entry.terminal_worked() && in_time && in_phase
}
