//! A fault that a test author sets: for which requests it fires, and what it does to them. Random
//! decisions are a pure function of seed and request.

mod definition;
mod faults;
mod kind;
mod requests;

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use definition::{FaultDefinition, FaultError};
pub use faults::{CountedFault, Faults, MAX_FAULTS};
pub use kind::{Kind, KindName, MAX_DELAY, MAX_SILENCE};
pub use requests::Requests;

use super::ids::{FaultId, InstitutionCode, TerminalId};
use super::operation::{Operation, Surface};
use super::text::Text;

/// A fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "FaultDefinition", into = "FaultDefinition")]
pub struct Fault {
    /// The name within the institution.
    pub id: FaultId,
    /// The requests that it counts.
    pub operation: Requests,
    /// The terminal whose requests it counts; `None` for any.
    pub terminal: Option<TerminalId>,
    /// For which of the counted requests it fires.
    pub when: When,
    /// The maximum number of times that it fires.
    pub times: Option<u64>,
    /// When it expires, by the institution's clock.
    pub expires: Option<Timestamp>,
    /// What it does.
    pub kind: Kind,
}

/// For which of the counted requests a fault fires. The first counted request is number 1.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// From this number on.
    From(u64),
    /// For these numbers.
    Nth(BTreeSet<u64>),
    /// For each with this probability, from 0 to 1.
    Probability(f64),
}

/// The properties of a request that faults use.
#[derive(Clone, Debug)]
pub struct FaultRequest {
    /// The operation.
    pub operation: Operation,
    /// The way in which it arrived.
    pub surface: Surface,
    /// The terminal that sent it.
    pub terminal: TerminalId,
    /// The time, by the institution's clock.
    pub now: Timestamp,
}

/// The source of randomness beside the request. It is not a shared stream, so that other requests
/// do not change the result.
#[derive(Clone, Copy, Debug)]
pub struct Dice<'a> {
    /// The institution's seed.
    pub seed: u64,
    /// The institution.
    pub institution: &'a InstitutionCode,
}

/// A fault that fires for a request.
#[derive(Clone, Debug, PartialEq)]
pub struct TriggeredFault {
    /// The fault's id.
    pub id: FaultId,
    /// What it does; a value has been drawn from a range.
    pub kind: Kind,
    /// The number of this request among those that the fault counts.
    pub number: u64,
}

impl Fault {
    /// Whether the fault counts this request.
    pub fn counts(&self, request: &FaultRequest) -> bool {
        request.requests().is_some_and(|requests| self.applies_to(requests))
            && self.terminal.as_ref().is_none_or(|terminal| *terminal == request.terminal)
            && self.expires.is_none_or(|expires| request.now < expires)
    }

    /// Whether the fault needs random numbers.
    fn is_random(&self) -> bool {
        matches!(self.when, When::Probability(_)) || matches!(self.kind, Kind::Delay { least, most } if least < most)
    }

    fn applies_to(&self, requests: Requests) -> bool {
        if self.operation == Requests::Any { self.kind.applies_to(requests) } else { self.operation == requests }
    }
}

impl FaultRequest {
    /// Returns the kind of request that faults count it as.
    fn requests(&self) -> Option<Requests> {
        Requests::of(self.operation, self.surface)
    }

    /// Returns the name that the random number depends on.
    fn name(&self) -> &'static str {
        self.requests().map_or_else(|| self.operation.name(), Requests::name)
    }
}

impl Dice<'_> {
    /// Returns a random number from 0 (included) to 1 (excluded). It is always the same for the
    /// same request and purpose.
    fn random_share(&self, fault: &FaultId, request: &FaultRequest, number: u64, purpose: &str) -> f64 {
        let names = [self.institution.as_str(), fault.as_str(), request.terminal.as_str(), request.name(), purpose];
        let mut hash = 0xcbf2_9ce4_8422_2325;
        let numbers = [self.seed.to_le_bytes(), number.to_le_bytes()];
        let bytes = names.iter().flat_map(|name| name.bytes().chain([0])).chain(numbers.into_iter().flatten());
        for byte in bytes {
            // FNV-1a.
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3_u64);
        }
        // The final mixing step of SplitMix64, so that consecutive numbers give unrelated results.
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((hash ^ (hash >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl TriggeredFault {
    /// Returns the note for the journal.
    pub fn note(&self) -> Text {
        let Self { id, kind, number } = self;
        let (name, Text { ja, en }) = (kind.name().name(), kind.description());
        Text::new(
            format!("障害 {id}（{name}）が、数えた要求の {number} 番目で発生しました。{ja}"),
            format!("The fault {id} ({name}) fired at number {number} of the requests that it counts. {en}"),
        )
    }
}

#[cfg(test)]
mod tests;
