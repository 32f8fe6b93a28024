//! The journal: requests, responses, and the reasons for them. A journal is bounded; evicted
//! entries are counted. The record of a request is an [`Exchange`]; an entry that is stored,
//! listed, masked, explained or judged is an [`Entry`].

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
pub use message::{MAX_KEPT_BODY, Message, RenderedText};
pub use note::Note;
pub use pseudonym::{CachedPseudonyms, Pseudonyms};
pub use selection::{EntryPosition, Filter, SelectedEntries, Selection, Start};
pub use stored::{EntryError, read, write};

/// The maximum number of entries in a journal.
pub const MAX_ENTRIES: usize = 500;

/// The bound of a journal: the newest entries up to this number and this size of JSON. Entries that
/// were written together are evicted together.
pub const JOURNAL_BOUND: Bound = Bound { entries: MAX_ENTRIES, bytes: 4 * 1024 * 1024 };

/// The method of a request that is a file in a linkage folder.
pub const FILE: &str = "FILE";

/// The newest entries of a journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EntryPage {
    /// The entries, oldest first.
    pub entries: Vec<ListedEntry>,
    /// The number of entries that the bound or `DELETE …/journal` has removed so far.
    pub evicted: u64,
    /// Whether all processes have written their pending entries.
    pub complete: bool,
}

/// Creates the id of an entry at this time.
pub fn journal_id(wall: Timestamp) -> Uuid {
    let seconds = u64::try_from(wall.as_second()).unwrap_or_default();
    let nanos = u32::try_from(wall.subsec_nanosecond()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}
