//! The faults of an institution: they count requests, and decide which fault fires.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Dice, Fault, FaultDefinition, FaultError, FaultRequest, TriggeredFault, When};
use crate::domain::ids::FaultId;
use crate::domain::text::Text;

/// The maximum number of faults of an institution.
pub const MAX_FAULTS: usize = 64;

/// The maximum number of sequences that a fault counts separately. Beyond it, all sequences start
/// again.
const MAX_SEQUENCES: usize = 1_000;

/// The faults of an institution, in the order in which they were added. A fault counts requests
/// only while it may still fire: without faults, nothing is counted and nothing is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Faults(Vec<CountedFault>);

/// A fault with its counters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountedFault {
    /// The fault.
    pub fault: Fault,
    /// The number of requests counted.
    pub counted: u64,
    /// How often the fault has fired.
    pub fired: u64,
    /// If random numbers are needed: the number of requests by operation and terminal. Each
    /// sequence has its own random numbers, so that other requests do not change them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    sequences: BTreeMap<String, u64>,
}

impl Faults {
    /// Adds a fault under its own id, or under a free id: `fault-1`, `fault-2` …
    ///
    /// # Errors
    /// Fields that do not fit together, an id that is in use, or too many faults.
    pub fn add(&mut self, definition: FaultDefinition) -> Result<&CountedFault, FaultError> {
        self.add_as("fault", definition)
    }

    /// Adds a fault like [`Faults::add`], with `stem` in place of `fault` in a free id.
    ///
    /// # Errors
    /// As [`Faults::add`].
    pub fn add_as(&mut self, stem: &str, mut definition: FaultDefinition) -> Result<&CountedFault, FaultError> {
        if self.0.len() >= MAX_FAULTS {
            let text = Text::new(format!("障害は {MAX_FAULTS} 個までです。"), format!("An institution has at most {MAX_FAULTS} faults."));
            return Err(FaultError { pointer: "", text });
        }
        let id = definition.id.take().unwrap_or_else(|| self.free_id(stem));
        if self.find(&id).is_some() {
            let text = Text::new(format!("障害 {id} はすでにあります。"), format!("There is a fault {id} already."));
            return Err(FaultError { pointer: "/id", text });
        }
        definition.id = Some(id);
        let fault = Fault::try_from(definition)?;
        self.0.push(CountedFault { fault, counted: 0, fired: 0, sequences: BTreeMap::new() });
        Ok(self.0.last().expect("one was just added"))
    }

    fn free_id(&self, stem: &str) -> FaultId {
        let mut ids = (1..).map(|number| FaultId::numbered(stem, number));
        ids.find(|id| self.find(id).is_none()).expect("there are more numbers than faults")
    }

    /// Returns the fault with this id.
    pub fn find(&self, id: &FaultId) -> Option<&CountedFault> {
        self.0.iter().find(|counted_fault| counted_fault.fault.id == *id)
    }

    /// Removes a fault. Returns whether it existed.
    pub fn remove(&mut self, id: &FaultId) -> bool {
        let before = self.0.len();
        self.0.retain(|counted_fault| counted_fault.fault.id != *id);
        self.0.len() < before
    }

    /// Whether there are no faults.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Iterates over all faults in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = &CountedFault> {
        self.0.iter()
    }

    /// Whether a fault has to count this request.
    pub fn any_counts(&self, request: &FaultRequest) -> bool {
        self.0.iter().any(|counted_fault| counted_fault.counts_request(request))
    }

    /// Counts a request, in the order in which the institution accepts them. Returns the fault that
    /// fires for it; if several do, the first.
    pub fn trigger(&mut self, request: &FaultRequest, dice: Dice<'_>) -> Option<TriggeredFault> {
        let mut firing = None;
        for counted_fault in self.0.iter_mut().filter(|counted_fault| counted_fault.counts_request(request)) {
            let sequence = counted_fault.count(request);
            if firing.is_none() && counted_fault.fires(request, dice, sequence) {
                counted_fault.fired += 1;
                let kind =
                    counted_fault.fault.kind.with_drawn_value(|| dice.random_share(&counted_fault.fault.id, request, sequence, "how"));
                firing = Some(TriggeredFault { id: counted_fault.fault.id.clone(), kind, number: counted_fault.counted });
            }
        }
        firing
    }
}

impl CountedFault {
    /// Whether it can no longer fire.
    pub fn is_exhausted(&self) -> bool {
        let passed = match &self.fault.when {
            When::Nth(numbers) => numbers.last().is_none_or(|last| *last <= self.counted),
            When::From(_) | When::Probability(_) => false,
        };
        passed || self.fault.times.is_some_and(|times| times <= self.fired)
    }

    fn counts_request(&self, request: &FaultRequest) -> bool {
        !self.is_exhausted() && self.fault.counts(request)
    }

    /// Counts a request and returns its number within its sequence.
    fn count(&mut self, request: &FaultRequest) -> u64 {
        self.counted += 1;
        if !self.fault.is_random() {
            return self.counted;
        }
        let name = format!("{} {}", request.name(), request.terminal);
        if self.sequences.len() >= MAX_SEQUENCES && !self.sequences.contains_key(&name) {
            self.sequences.clear();
        }
        let sequence = self.sequences.entry(name).or_default();
        *sequence += 1;
        *sequence
    }

    fn fires(&self, request: &FaultRequest, dice: Dice<'_>, sequence: u64) -> bool {
        match &self.fault.when {
            When::From(from) => self.counted >= *from,
            When::Nth(numbers) => numbers.contains(&self.counted),
            When::Probability(probability) => dice.random_share(&self.fault.id, request, sequence, "whether") < *probability,
        }
    }
}
