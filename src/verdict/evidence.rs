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
use crate::domain::text::Text;

/// The evidence on the clients of one institution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The institution's code.
    pub institution: String,
    /// The product under test and who tests it, as they said it themselves; no rule depends on it.
    #[serde(default, skip_serializing_if = "Rehearsal::is_empty")]
    pub rehearsal: Rehearsal,
    /// The date up to which rules and limits count.
    pub strictness: Date,
    /// What it is judged by; none: all rules.
    #[serde(default)]
    pub scenario: Option<Scenario>,
    /// Every scenario that there is, and whether the clients had met it before this one was set.
    #[serde(default)]
    pub scenarios: BTreeMap<String, bool>,
    /// What those scenarios are called, by their ids.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scenario_titles: BTreeMap<String, Text>,
    /// Requests and answers that the journal's bound, or `DELETE …/journal`, has taken away; the oldest go first.
    #[serde(default)]
    pub evicted: u64,
    /// Changes of state that their bound has taken away.
    #[serde(default)]
    pub evicted_events: u64,
    /// Observations that their bound has taken away.
    #[serde(default)]
    pub evicted_observations: u64,
    /// Whether some server of a shared store had not written what it answered.
    #[serde(default)]
    pub incomplete: bool,
    /// Requests and answers, oldest first.
    #[serde(default)]
    pub journal: Vec<Exchange>,
    /// Changes of state, oldest first.
    #[serde(default)]
    pub events: Vec<Event>,
    /// What the wire cannot show, oldest first.
    #[serde(default)]
    pub observations: Vec<Observation>,
}

/// What a rule is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Sight")]
pub enum EvidenceSource {
    /// By what came over the wire alone.
    Wire,
    /// By what someone saw on the client's screen alone.
    Observation,
    /// By the wire; an observation can add what it does not show.
    Both,
}

impl Evidence {
    /// Returns what was evicted that a rule of this sight could need; `None` if nothing was.
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

/// What is wanted of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidenceScenario")]
pub struct Scenario {
    /// Its id.
    pub id: String,
    /// The ids of the rules to judge.
    pub rules: Vec<String>,
    /// Limits in place of the rule set's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, u64>,
    /// Error profiles that have to be met for a PASS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub profiles: Vec<ErrorProfile>,
    /// A check that has to work for a PASS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<WantedCheck>,
}

/// A change of state at a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidenceEvent")]
pub struct Event {
    /// Its number.
    pub number: u64,
    /// By the institution's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub at: Timestamp,
    /// Where.
    pub terminal: String,
    /// Its name, such as `booted`.
    #[schemars(with = "String")]
    pub event: ChangeName,
    /// At a boot: the components whose running version changed.
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

/// What someone, or someone's test, saw on the client's screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidenceObservation")]
pub struct Observation {
    /// Its number.
    pub number: u64,
    /// By the machine's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub wall: Timestamp,
    /// What was seen: `message_shown`, `restart_prompted`, `fallback_offered`, `call_centre_shown`, `no_qualification_shown`, `other`.
    #[schemars(with = "String")]
    pub kind: ObservationKind,
    /// The words on the screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The terminal in question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// The journal entry in question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Who saw it, in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

impl From<&observation::Observation> for Observation {
    fn from(observation: &observation::Observation) -> Self {
        let ObservationInput { kind, text, terminal, entry, by } = observation.input.clone();
        Self { number: observation.number, wall: observation.wall, kind, text, terminal: terminal.map(|id| id.to_string()), entry, by }
    }
}
