//! A scenario: the state that it applies to an institution, what it teaches, and what it expects of
//! a client.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::campaign::Campaign;
use super::clock::{ClockSetting, Mode};
use super::error_presentation::{ErrorPresentation, ErrorProfile};
use super::fault::Faults;
use super::ids::{ScenarioId, TerminalId};
use super::institution::InstitutionSpec;
use super::japan;
use super::readings::Readings;
use super::terminal::{Phase, Settings};
use super::text::Text;
use super::timeline::{Action, Timeline, TimelineStep};

/// What restarts the terminals of a scenario.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Restarts {
    /// The scenario restarts them at its own times.
    #[default]
    Scheduled,
    /// Only the user restarts them. The steps of the timeline that would restart a terminal and the
    /// setting `automatic_restart` are left out.
    Manual,
}

/// A scenario, as its file defines it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The name.
    pub id: ScenarioId,
    /// The description and the expectations.
    pub about: About,
    /// The state that it applies.
    pub setup: ScenarioSetup,
}

/// The description of a scenario, with its expectations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct About {
    /// The title.
    pub title: Text,
    /// What the scenario teaches.
    pub teaches: Text,
    /// The rows of the notice that the scenario demonstrates, such as N5, or `mock`.
    pub source: String,
    /// The requirements for a client.
    pub wants: Wants,
}

/// The state that a scenario applies to an institution.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioSetup {
    /// The clock setting.
    pub clock: ClockSetting,
    /// The terminal of a request if neither certificate nor token names one.
    pub default_terminal: TerminalId,
    /// The readings of the notice.
    pub readings: Readings,
    /// The terminals.
    pub terminals: BTreeMap<TerminalId, Settings>,
    /// The campaign.
    pub campaign: Campaign,
    /// How responses look. The institution's seed is kept.
    pub presentation: ErrorPresentation,
    /// The faults.
    pub faults: Faults,
    /// The steps that follow automatically, in order.
    pub timeline: Vec<TimelineStep>,
}

/// The criteria of a verdict: its rules, and the requirements for a PASS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wants {
    /// The ids of the rules to judge. Each must be exercised.
    pub rules: Vec<String>,
    /// Limits that override those of the rule set, by name.
    pub limits: BTreeMap<String, u64>,
    /// The error profiles that must be encountered.
    pub profiles: Vec<ErrorProfile>,
    /// The check that must succeed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<WantedCheck>,
}

/// The check that must succeed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WantedCheck {
    /// The earliest time of the check, by the institution's clock.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "japan::serialize_option")]
    pub from: Option<Timestamp>,
    /// The phase that the terminal must have at the time of the check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
}

impl WantedCheck {
    /// Returns the description of the check.
    pub fn named(self) -> Text {
        let from = self.from.map(|from| {
            let (ja, en) = (japan::format_japanese(from), japan::civil(from).strftime("%Y-%m-%d %H:%M:%S"));
            Text::new(format!("{ja} 以後"), format!("from {en} on"))
        });
        let phase =
            self.phase.map(|phase| Text::new(format!("端末の状態が「{}」", phase.ja()), format!("at a terminal that is {}", phase.name())));
        let named = from.into_iter().chain(phase).reduce(|a, b| Text::new(format!("{}、{}", a.ja, b.ja), format!("{}, {}", a.en, b.en)));
        named.unwrap_or_else(|| Text::new("どれでも", "any"))
    }
}

impl Scenario {
    /// Returns the specification of an institution with this scenario applied. Name, login, persons
    /// and seed are kept.
    pub fn apply_to(&self, institution: &InstitutionSpec) -> InstitutionSpec {
        let setup = self.setup.clone();
        InstitutionSpec {
            clock: setup.clock,
            default_terminal: setup.default_terminal,
            readings: setup.readings,
            terminals: setup.terminals,
            campaign: Arc::new(setup.campaign),
            presentation: ErrorPresentation { seed: institution.presentation.seed, ..setup.presentation },
            faults: setup.faults,
            scenario: Some(Timeline::new(self.id.clone(), setup.timeline)),
            ..institution.clone()
        }
    }

    /// Whether a terminal restarts without anybody's action.
    pub fn restarts_by_itself(&self) -> bool {
        let automatic = self.setup.terminals.values().any(|settings| settings.automatic_restart.is_some());
        automatic || !self.restart_steps().is_empty()
    }

    /// Returns the scenario with this setting for restarts.
    pub fn with_restarts(&self, restarts: Restarts) -> Self {
        let mut scenario = self.clone();
        if restarts == Restarts::Manual {
            let left_out = self.restart_steps();
            let steps = self.setup.timeline.iter().enumerate().filter(|(i, _)| !left_out.contains(i));
            scenario.setup.timeline = steps.map(|(_, step)| step.clone()).collect();
            scenario.setup.terminals.values_mut().for_each(|settings| settings.automatic_restart = None);
        }
        scenario
    }

    /// Returns the indices of the steps that restart a terminal: restarts, and switching it off
    /// and on again where that is a boot.
    fn restart_steps(&self) -> BTreeSet<usize> {
        let mut restarts = BTreeSet::new();
        let mut off = BTreeMap::new();
        for (i, step) in self.setup.timeline.iter().enumerate() {
            let Some(terminal) = &step.terminal else {
                continue;
            };
            let hibernates = self.setup.terminals.get(terminal).is_some_and(|settings| settings.fast_startup);
            match step.action {
                Action::Restart => {
                    restarts.insert(i);
                }
                Action::Shutdown if hibernates => {}
                Action::PowerOff | Action::Shutdown => {
                    off.insert(terminal, i);
                }
                Action::PowerOn => {
                    if let Some(off) = off.remove(terminal) {
                        restarts.extend([off, i]);
                    }
                }
                _ => {}
            }
        }
        restarts
    }

    /// Returns the first invalid step of the timeline: its JSON pointer, and what was expected.
    pub fn validate(&self) -> Option<(String, Text)> {
        let setup = &self.setup;
        let frozen_at = setup.clock.now.filter(|_| setup.clock.mode != Mode::System);
        let Some(mut before) = frozen_at else {
            let expected = Text::new(
                "frozen または running の時計と now が必要です",
                "expected a clock that is frozen or running, with a reading (`now`)",
            );
            return Some(("/clock".to_owned(), expected));
        };
        for (i, step) in setup.timeline.iter().enumerate() {
            if step.at < before {
                let expected =
                    Text::new("前の時点以後の時刻が必要です", "expected a time at or after the clock's and the step's before it");
                return Some((format!("/timeline/{i}/at"), expected));
            }
            before = step.at;
            if let Some((field, expected)) = step.validate(&setup.terminals) {
                return Some((format!("/timeline/{i}/{field}"), expected));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(minute: i64, action: Action) -> TimelineStep {
        let terminal = Some(TerminalId::parse("T1").unwrap());
        TimelineStep { at: Timestamp::from_second(minute * 60).unwrap(), action, terminal, campaign: None }
    }

    fn scenario(settings: Settings, actions: &[Action]) -> Scenario {
        let terminal = TerminalId::parse("T1").unwrap();
        Scenario {
            id: ScenarioId::parse("one").unwrap(),
            about: About { title: Text::same("one"), teaches: Text::same(""), source: "N5".to_owned(), wants: Wants::default() },
            setup: ScenarioSetup {
                clock: ClockSetting { mode: Mode::Frozen, now: Some(Timestamp::UNIX_EPOCH), rate: None },
                default_terminal: terminal.clone(),
                readings: Readings::default(),
                terminals: [(terminal, settings)].into(),
                campaign: (*Campaign::none()).clone(),
                presentation: ErrorPresentation::default(),
                faults: Faults::default(),
                timeline: (0..).zip(actions).map(|(minute, action)| step(minute, *action)).collect(),
            },
        }
    }

    fn left(settings: Settings, actions: &[Action]) -> Vec<Action> {
        let scenario = scenario(settings, actions);
        let manual = scenario.with_restarts(Restarts::Manual);
        assert_eq!(scenario.with_restarts(Restarts::Scheduled), scenario);
        assert_eq!(scenario.restarts_by_itself(), manual != scenario);
        assert!(!manual.restarts_by_itself());
        manual.setup.timeline.iter().map(|step| step.action).collect()
    }

    #[test]
    fn without_its_restarts_a_scenario_keeps_all_else() {
        use Action::{LineUp, PowerOff, PowerOn, Restart, RestartLinkage, Shutdown};
        let usual = Settings::default;
        let without_fast_startup = || Settings { fast_startup: false, ..Settings::default() };
        assert_eq!(left(usual(), &[RestartLinkage, Restart, LineUp]), [RestartLinkage, LineUp]);
        assert_eq!(left(usual(), &[Shutdown, PowerOn, Restart]), [Shutdown, PowerOn], "under fast startup that is no boot");
        assert_eq!(left(without_fast_startup(), &[Shutdown, LineUp, PowerOn]), [LineUp]);
        assert_eq!(left(usual(), &[PowerOff, PowerOn]), []);
        assert_eq!(left(usual(), &[PowerOff]), [PowerOff], "it stays off");
        assert_eq!(left(usual(), &[LineUp]), [LineUp]);
    }

    #[test]
    fn without_its_restarts_a_terminal_has_no_automatic_one() {
        let settings = Settings { automatic_restart: Some(jiff::civil::time(7, 0, 0, 0)), ..Settings::default() };
        assert_eq!(left(settings.clone(), &[]), []);
        let manual = scenario(settings, &[]).with_restarts(Restarts::Manual);
        assert!(manual.setup.terminals.values().all(|settings| settings.automatic_restart.is_none()));
    }
}
