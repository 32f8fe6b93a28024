//! A fault that a test author sets: at which requests it fires, and what it does to them. A value; what looks random is drawn purely.

mod counted_fault;
mod definition;
mod kind;
mod requests;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use counted_fault::{CountedFault, Faults, MAX_FAULTS};
pub use definition::{FaultDefinition, FaultError};
pub use kind::{Kind, KindName, LONGEST_DELAY, LONGEST_SILENCE};
pub use requests::Requests;

use super::ids::{FaultId, InstitutionCode, TerminalId};
use super::operation::{Operation, Surface};
use super::text::Text;

/// A fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "FaultDefinition", into = "FaultDefinition")]
pub struct Fault {
    /// Its name within the institution.
    pub id: FaultId,
    /// Which requests it counts.
    pub operation: Requests,
    /// From which terminal; any where it is left out.
    pub terminal: Option<TerminalId>,
    /// At which of those that it counts it fires.
    pub when: When,
    /// How often it fires at most.
    pub times: Option<u64>,
    /// When it is over, by the institution's clock.
    pub expires: Option<Timestamp>,
    /// What it does.
    pub kind: Kind,
}

/// At which of the requests that it counts a fault fires. The first that it counts is number 1.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// From this number on.
    From(u64),
    /// At these numbers.
    Nth(BTreeSet<u64>),
    /// At each with this probability, from 0 to 1.
    Probability(f64),
}

/// A request as faults see it.
#[derive(Clone, Debug)]
pub struct FaultRequest {
    /// What it is.
    pub operation: Operation,
    /// By which way it came.
    pub surface: Surface,
    /// The terminal that asks.
    pub terminal: TerminalId,
    /// By the institution's clock.
    pub now: Timestamp,
}

/// What chance is drawn from, beside the request: never a stream that others draw from, too.
#[derive(Clone, Copy, Debug)]
pub struct Dice<'a> {
    /// The institution's.
    pub seed: u64,
    /// The institution.
    pub institution: &'a InstitutionCode,
}

/// A fault that fires at a request.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggeredFault {
    /// Which.
    pub id: FaultId,
    /// What it does, a range drawn.
    pub kind: Kind,
    /// Which of the requests that it counts this is.
    pub number: u64,
}

impl Fault {
    /// Whether it counts such a request.
    pub fn counts(&self, request: &FaultRequest) -> bool {
        request.requests().is_some_and(|requests| self.suits(requests))
            && self.terminal.as_ref().is_none_or(|terminal| *terminal == request.terminal)
            && self.expires.is_none_or(|expires| request.now < expires)
    }

    /// Whether chance is drawn for it.
    fn is_random(&self) -> bool {
        matches!(self.when, When::Probability(_)) || matches!(self.kind, Kind::Delay { least, most } if least < most)
    }

    fn suits(&self, requests: Requests) -> bool {
        if self.operation == Requests::Any { self.kind.suits(requests) } else { self.operation == requests }
    }
}

impl FaultRequest {
    /// The requests of which it is one.
    fn requests(&self) -> Option<Requests> {
        Requests::of(self.operation, self.surface)
    }

    /// What chance knows it by: the name of those requests.
    fn name(&self) -> &'static str {
        self.requests().map_or_else(|| self.operation.name(), Requests::name)
    }
}

impl Dice<'_> {
    /// A share from 0 to 1, 1 not included: the same for the same request and purpose, whenever and wherever it is drawn.
    fn share(&self, fault: &FaultId, request: &FaultRequest, number: u64, purpose: &str) -> f64 {
        let names = [self.institution.as_str(), fault.as_str(), request.terminal.as_str(), request.name(), purpose];
        let mut hash = 0xcbf2_9ce4_8422_2325;
        let numbers = [self.seed.to_le_bytes(), number.to_le_bytes()];
        let bytes = names.iter().flat_map(|name| name.bytes().chain([0])).chain(numbers.into_iter().flatten());
        for byte in bytes {
            // FNV-1a.
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3_u64);
        }
        // The end of SplitMix64, so that numbers that follow one another are as good as unrelated.
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((hash ^ (hash >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl TriggeredFault {
    /// What the journal notes of it.
    pub fn note(&self) -> Text {
        let Self { id, kind, number } = self;
        let (name, Text { ja, en }) = (kind.name().name(), kind.says());
        Text::new(
            format!("障害 {id}（{name}）が、数えた要求の {number} 番目で発生しました。{ja}"),
            format!("The fault {id} ({name}) fired at number {number} of the requests that it counts. {en}"),
        )
    }
}

#[cfg(test)]
mod tests;
