//! What rules find in small journals, written as the control API lists them.

mod after_restart;
mod forms;
mod protocol;
mod screen;
mod sets;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Evidence, Grade, Listed, Ruling, Scenario, exchanges, judge};

/// A journal in the making: each entry comes some seconds after the one before.
#[derive(Default)]
struct Story {
    second: u64,
    entries: Vec<Value>,
    events: Vec<Value>,
    observations: Vec<Value>,
}

fn time(second: u64) -> String {
    let start: Timestamp = "2026-01-20T00:00:00Z".parse().unwrap();
    (start + jiff::SignedDuration::from_secs(second as i64)).to_string()
}

impl Story {
    /// Adds an entry `seconds` after the last; gives its id.
    fn entry(&mut self, seconds: u64, fields: Value) -> String {
        self.second += seconds;
        let number = self.entries.len() + 1;
        let id = format!("entry-{number}");
        let mut entry = json!({
            "number": number, "id": id, "at": time(self.second), "wall": time(self.second), "institution": "9911000017",
            "operation": "search", "method": "POST", "path": "/search", "terminal": "T1", "status": 200, "outcome": "answered",
            "why": {"ja": "", "en": ""}, "last_event": self.events.len()
        });
        entry.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        self.entries.push(entry);
        id
    }

    fn refused(&mut self, seconds: u64, patient: &str, profile: &str) -> String {
        let error = json!({"id": "restart_required", "code": "MOCK0501E"});
        self.entry(seconds, json!({"outcome": "refused", "error": error, "inquiry": patient, "phase": "pending", "error_profile": profile}))
    }

    fn stuck(&mut self, seconds: u64, patient: &str) -> String {
        let error = json!({"id": "restart_did_not_help", "code": "MOCK0502E"});
        self.entry(
            seconds,
            json!({"outcome": "refused", "error": error, "inquiry": patient, "phase": "pending", "error_profile": "envelope"}),
        )
    }

    fn checked(&mut self, seconds: u64, patient: &str) -> String {
        self.entry(seconds, json!({"outcome": "checked", "validity": "valid", "inquiry": patient, "phase": "up_to_date", "session": "s1"}))
    }

    fn booted(&mut self, terminal: &str) {
        self.event(terminal, json!({"event": "booted", "boot": "boot-2", "applied": ["linkage_application"]}));
    }

    fn event(&mut self, terminal: &str, change: Value) {
        let mut event = json!({"number": self.events.len() + 1, "at": time(self.second), "terminal": terminal});
        event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        self.events.push(event);
    }

    fn seen(&mut self, kind: &str, text: &str, entry: Option<&str>) {
        let number = self.observations.len() + 1;
        self.observations.push(json!({"number": number, "wall": time(self.second), "kind": kind, "text": text, "entry": entry}));
    }

    fn evidence(&self) -> Evidence {
        let listed = self.entries.iter().map(|entry| serde_json::from_value::<Listed>(entry.clone()).unwrap());
        Evidence {
            institution: "9911000017".to_owned(),
            strictness: super::DEFAULT_STRICTNESS,
            scenario: None,
            scenarios: std::collections::BTreeMap::new(),
            evicted: 0,
            evicted_events: 0,
            evicted_observations: 0,
            incomplete: false,
            journal: exchanges(listed),
            events: serde_json::from_value(json!(self.events)).unwrap(),
            observations: serde_json::from_value(json!(self.observations)).unwrap(),
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

/// The morning as a good client lives through it: refused, restarted, repeated.
fn good_morning() -> Story {
    let mut story = Story::default();
    story.refused(1, "p1", "envelope");
    story.booted("T1");
    story.checked(60, "p1");
    story
}
