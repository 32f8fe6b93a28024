//! The evidence for a verdict: plain data without bodies, headers, names or card data of patients.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exchange::Exchange;
use crate::domain::campaign::Component;
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::event::{self, Change, ChangeName};
use crate::domain::japan;
use crate::domain::observation::{self, ObservationInput, ObservationKind};
use crate::domain::rehearsal::Rehearsal;
use crate::domain::scenario::WantedCheck;
use crate::domain::screenshot::Screenshot;
use crate::domain::text::Text;

/// The evidence about the clients of one institution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The institution's code.
    pub institution: String,
    /// The product under test and its tester, as entered by the user. They affect no rule.
    #[serde(default, skip_serializing_if = "Rehearsal::is_empty")]
    pub rehearsal: Rehearsal,
    /// The date that selects rules and limits: those that apply up to this date.
    pub strictness: Date,
    /// The scenario by which the clients are judged. If absent, all rules are judged.
    #[serde(default)]
    pub scenario: Option<Scenario>,
    /// All scenarios, and whether the clients had encountered each before the current one was set.
    #[serde(default)]
    pub scenarios: BTreeMap<String, bool>,
    /// The titles of these scenarios, by id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scenario_titles: BTreeMap<String, Text>,
    /// The number of requests and responses that were removed because of the journal's limit or by
    /// `DELETE …/journal`, oldest first.
    #[serde(default)]
    pub evicted: u64,
    /// The number of state changes that were removed because of the limit.
    #[serde(default)]
    pub evicted_events: u64,
    /// The number of observations that were removed because of the limit.
    #[serde(default)]
    pub evicted_observations: u64,
    /// Whether, in a store shared by several servers, one of them had not yet written its
    /// responses.
    #[serde(default)]
    pub incomplete: bool,
    /// Requests and responses, oldest first.
    #[serde(default)]
    pub journal: Vec<Exchange>,
    /// State changes, oldest first.
    #[serde(default)]
    pub events: Vec<Event>,
    /// Observations of what requests and responses do not show, oldest first.
    #[serde(default)]
    pub observations: Vec<Observation>,
}

/// The kind of evidence by which a rule is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Sight")]
pub enum EvidenceSource {
    /// By requests and responses only.
    Wire,
    /// By observations of the client's screen only.
    Observation,
    /// By requests and responses; observations can add what these do not show.
    Both,
}

impl Evidence {
    /// Returns what was evicted that a rule with this evidence source could need; `None` if nothing
    /// was.
    pub(super) fn missing_for(&self, source: EvidenceSource) -> Option<Text> {
        let lost = [
            (self.evicted, "ジャーナル", "journal has evicted its", "entries"),
            (self.evicted_events, "イベント", "list of events has evicted its", "events"),
            (
                if source == EvidenceSource::Wire { 0 } else { self.evicted_observations },
                "観察",
                "list of observations has evicted its",
                "observations",
            ),
        ];
        let (number, list, has, what) = lost.into_iter().find(|(number, ..)| *number > 0)?;
        Some(Text::new(format!("{list}から古い {number} 件が削除されたため"), format!("The {has} {number} oldest {what}")))
    }
}

/// The requirements for a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidenceScenario")]
pub struct Scenario {
    /// The id of the scenario.
    pub id: String,
    /// The ids of the rules to judge.
    pub rules: Vec<String>,
    /// Limits that override those of the rule set, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, u64>,
    /// The error profiles that must be encountered for a PASS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub profiles: Vec<ErrorProfile>,
    /// The check that must succeed for a PASS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<WantedCheck>,
}

/// A state change of a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidenceEvent")]
pub struct Event {
    /// The number.
    pub number: u64,
    /// The time by the institution's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub at: Timestamp,
    /// The terminal.
    pub terminal: String,
    /// The name of the event, such as `booted`.
    #[schemars(with = "String")]
    pub event: ChangeName,
    /// For a boot: the components whose running version changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub applied: Vec<Component>,
}

impl From<&event::Event> for Event {
    fn from(event: &event::Event) -> Self {
        let applied = match &event.change {
            Change::Booted { applied, .. } => applied.clone(),
            _ => Vec::new(),
        };
        Self { number: event.number, at: event.at, terminal: event.terminal.to_string(), event: event.change.name(), applied }
    }
}

/// What a person or a test saw on the client's screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidenceObservation")]
pub struct Observation {
    /// The number.
    pub number: u64,
    /// The time by the machine's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub wall: Timestamp,
    /// The kind of observation: `message_shown`, `restart_prompted`, `fallback_offered`,
    /// `call_centre_shown`, `no_qualification_shown`, `other`.
    #[schemars(with = "String")]
    pub kind: ObservationKind,
    /// The text on the screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The terminal at which it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// The journal entry whose response led to the observation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The observer, as entered by the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The picture of the screen; absent if none was attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screenshot: Option<Screenshot>,
}

impl From<&observation::Observation> for Observation {
    fn from(observation: &observation::Observation) -> Self {
        let ObservationInput { kind, text, terminal, entry, by } = observation.input.clone();
        let (number, wall, screenshot) = (observation.number, observation.wall, observation.screenshot.clone());
        Self { number, wall, kind, text, terminal: terminal.map(|id| id.to_string()), entry, by, screenshot }
    }
}
