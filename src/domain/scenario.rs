//! A scenario: the stage that it sets at an institution, what it teaches, and what is wanted of a client on it.

use std::collections::BTreeMap;
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
use super::timeline::{Step, Timeline};

/// A scenario, as its file has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// Its name.
    pub id: ScenarioId,
    /// What it is for.
    pub about: About,
    /// The stage.
    pub setup: ScenarioSetup,
}

/// What a scenario is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct About {
    /// What it is called.
    pub title: Text,
    /// What it teaches.
    pub teaches: Text,
    /// The rows of the notice that it shows, such as N5, or `mock`.
    pub source: String,
    /// What is wanted of a client.
    pub wants: Wants,
}

/// What an institution becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioSetup {
    /// Its clock.
    pub clock: ClockSetting,
    /// Who is asking where neither certificate nor token names a terminal.
    pub default_terminal: TerminalId,
    /// Its readings of the notice.
    pub readings: Readings,
    /// Its terminals.
    pub terminals: BTreeMap<TerminalId, Settings>,
    /// Its campaign.
    pub campaign: Campaign,
    /// How its answers look; the seed stays the institution's.
    pub presentation: ErrorPresentation,
    /// What breaks answers.
    pub faults: Faults,
    /// What then happens by itself, in order.
    pub timeline: Vec<Step>,
}

/// What a verdict judges by: the rules of `verdict`, and what has to be met for a PASS.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Wants {
    /// The ids of the rules to judge; each has to be exercised.
    pub rules: Vec<String>,
    /// Limits in place of the rule set's, by name.
    pub limits: BTreeMap<String, u64>,
    /// The error profiles that have to be met.
    pub profiles: Vec<ErrorProfile>,
    /// A check that has to work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<WantedCheck>,
}

/// Which check has to work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WantedCheck {
    /// One at this time or later, by the institution's clock.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "japan::serialize_option")]
    pub from: Option<Timestamp>,
    /// One that finds its terminal in this phase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
}

impl WantedCheck {
    /// Which one, in words.
    pub fn named(self) -> Text {
        let from = self.from.map(|from| {
            let (ja, en) = (japan::written(from), japan::civil(from).strftime("%Y-%m-%d %H:%M:%S"));
            Text::new(format!("{ja} 以後"), format!("from {en} on"))
        });
        let phase =
            self.phase.map(|phase| Text::new(format!("端末の状態が「{}」", phase.ja()), format!("at a terminal that is {}", phase.name())));
        let named = from.into_iter().chain(phase).reduce(|a, b| Text::new(format!("{}、{}", a.ja, b.ja), format!("{}, {}", a.en, b.en)));
        named.unwrap_or_else(|| Text::new("どれでも", "any"))
    }
}

impl Scenario {
    /// What an institution is made from on this stage: its name, login, persons and seed stay.
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

    /// The first thing in its timeline that makes no sense: its JSON pointer, and what was expected.
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
