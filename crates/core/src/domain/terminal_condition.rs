//! The state of a terminal at the time of a request, for the journal. A verdict needs it later,
//! when the terminal's state has changed.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::check;
use super::ids::TerminalId;
use super::institution::Institution;
use super::terminal::{Phase, Terminal};

/// The maximum number of other terminals listed.
const MAX_OTHERS: usize = 16;

/// The state of a terminal at the time of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TerminalCondition {
    /// The phase of the terminal when the request arrived.
    pub phase: Phase,
    /// The number of the institution's newest event at that time. It shows which events happened
    /// before and after the request, regardless of clock changes.
    pub last_event: u64,
    /// If the terminal was waiting for its restart: other terminals of the institution at which a
    /// check would have succeeded, at most 16.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_terminals: Vec<TerminalId>,
}

impl TerminalCondition {
    /// Returns the condition at `now`, by the institution's clock.
    pub fn at(institution: &Institution, terminal: &Terminal, now: Timestamp) -> Self {
        let phase = terminal.phase(&institution.campaign, now);
        let works = |other: &&Terminal| other.id != terminal.id && check::reaches_inquiry(institution, other, now);
        let others = institution.terminals.values().filter(|_| phase == Phase::Pending).filter(works);
        let other_terminals = others.take(MAX_OTHERS).map(|other| other.id.clone()).collect();
        Self { phase, last_event: institution.events.last(), other_terminals }
    }
}
