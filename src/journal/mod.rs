//! What was asked and answered, and why. A journal is bounded: what the bound evicts is counted. What is recorded at a request is an
//! [`Exchange`]; what is stored, listed, masked, explained and judged is an [`Entry`].

mod entry;
mod evidence;
#[cfg(test)]
pub(crate) mod example;
mod exchange;
mod explain;
mod mask;
mod message;
mod note;
mod pseudonym;
mod selection;
mod steps;
mod stored;

use jiff::Timestamp;
use uuid::Uuid;

use crate::store::Bound;
pub use entry::{Entry, EntryTerminal, FaultMark, JournalError, ListedEntry, Outcome};
pub use evidence::evidence;
pub use exchange::{Exchange, RecordedExchange};
pub use explain::{Explanation, explain};
pub use message::{KEPT_BODY, Message, RenderedText};
pub use note::Note;
pub use pseudonym::{CachedPseudonyms, Pseudonyms};
pub use selection::{EntryPosition, Filter, SelectedEntries, Selection, Start};
pub use stored::{EntryError, read, write};

/// How many entries a journal keeps.
pub const KEPT_ENTRIES: usize = 500;

/// How much a journal keeps: the newest entries, as long as they have no more bytes of JSON (those that were written at once go together).
pub const BOUND: Bound = Bound { entries: KEPT_ENTRIES, bytes: 4 * 1024 * 1024 };

/// The method of a request that is a file in a linkage folder.
pub const FILE: &str = "FILE";

/// The newest entries of a journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntryPage {
    /// Oldest first.
    pub entries: Vec<ListedEntry>,
    /// How many the bound or `DELETE …/journal` has taken away so far.
    pub evicted: u64,
    /// Whether every process has written what it had.
    pub complete: bool,
}

/// The id of an entry of this moment.
pub fn journal_id(wall: Timestamp) -> Uuid {
    let seconds = u64::try_from(wall.as_second()).unwrap_or_default();
    let nanos = u32::try_from(wall.subsec_nanosecond()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}
