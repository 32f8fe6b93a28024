//! The queue of journal entries on their way to the store. They wait a moment, so that many are
//! written together. The queue is bounded; entries that the journal's bound would evict right
//! after writing are only counted.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, OwnedMutexGuard};

use super::cache::locked;
use crate::domain::ids::InstitutionCode;
use crate::journal::{self, CachedPseudonyms, JOURNAL_BOUND, RecordedExchange};

/// The maximum number of waiting entries; beyond it the oldest of the journal that gets another
/// entry are evicted.
const MAX_QUEUED_ENTRIES: usize = 20_000;
/// The maximum size of all waiting entries in bytes.
const MAX_QUEUED_BYTES: usize = 32 * 1024 * 1024;
/// The number of waiting entries that are written at once, without waiting for others.
const FLUSH_THRESHOLD: usize = 2_000;

/// The owner of a journal: an institution, or `None` for the strays.
pub(super) type Owner = Option<InstitutionCode>;

/// The waiting entries.
#[derive(Default)]
pub(super) struct Recorder {
    waiting: Mutex<Waiting>,
    /// Signalled when an entry waits.
    pub(super) some: Notify,
    /// Signalled when many entries wait.
    pub(super) many: Notify,
    /// Held while entries are written or a journal is deleted.
    writing: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Waiting {
    queues: HashMap<Owner, Queue>,
    entries: usize,
    bytes: usize,
}

/// The waiting entries of one journal.
#[derive(Default)]
pub(super) struct Queue {
    /// Oldest first.
    pub(super) entries: VecDeque<QueuedEntry>,
    /// The number of entries evicted before they were written; counted under the generation of
    /// the last entry.
    pub(super) evicted: u64,
    bytes: usize,
}

/// A waiting entry.
pub(super) struct QueuedEntry {
    pub(super) state: QueuedState,
    pub(super) size: usize,
}

/// The state of a waiting entry. It is serialized only when it is written, so that an entry
/// evicted before that has cost little.
pub(super) enum QueuedState {
    /// Its institution was not in memory. Whether it exists, and what its clock showed, is
    /// determined when the entry is written.
    Unassigned(Box<RecordedExchange>),
    /// It belongs to this generation of an institution.
    Assigned(Arc<str>, Box<RecordedExchange>),
    /// It is serialized, but not stored yet.
    Serialized(Arc<str>, String),
}

impl QueuedEntry {
    pub(super) fn unassigned(recorded: Box<RecordedExchange>) -> Self {
        Self { size: recorded.approximate_size(), state: QueuedState::Unassigned(recorded) }
    }

    pub(super) fn assigned(generation: Arc<str>, recorded: Box<RecordedExchange>) -> Self {
        Self { size: recorded.approximate_size(), state: QueuedState::Assigned(generation, recorded) }
    }

    /// Serializes the entry once; returns its generation and text, or `None` if it is not
    /// assigned yet.
    pub(super) fn serialized(&mut self, pseudonyms: &mut CachedPseudonyms<'_>) -> Option<(&Arc<str>, &str)> {
        let state = std::mem::replace(&mut self.state, QueuedState::Serialized(Arc::default(), String::new()));
        self.state = match state {
            QueuedState::Assigned(generation, recorded) => {
                QueuedState::Serialized(generation, journal::write(&recorded.into_entry(pseudonyms)))
            }
            state => state,
        };
        match &self.state {
            QueuedState::Serialized(generation, text) => Some((generation, text)),
            QueuedState::Unassigned(_) | QueuedState::Assigned(..) => None,
        }
    }
}

impl Queue {
    /// Creates a queue of these entries, oldest first.
    pub(super) fn of(entries: Vec<QueuedEntry>) -> Self {
        let bytes = entries.iter().map(|entry| entry.size).sum();
        Self { entries: entries.into(), evicted: 0, bytes }
    }

    fn push(&mut self, entry: QueuedEntry) {
        self.bytes += entry.size;
        self.entries.push_back(entry);
    }

    fn pop(&mut self) -> usize {
        let size = self.entries.pop_front().map_or(0, |entry| entry.size);
        self.bytes -= size;
        self.evicted += 1;
        size
    }

    fn exceeds_bound(&self) -> bool {
        self.entries.len() > JOURNAL_BOUND.entries || (self.bytes > JOURNAL_BOUND.bytes && self.entries.len() > 1)
    }
}

impl Waiting {
    /// Evicts a journal's oldest entries while the journal is over its bound, or while all
    /// queues together exceed `times` the total limit; in the latter case keeps its last `kept`
    /// entries.
    fn bound(&mut self, owner: &Owner, times: usize, kept: usize) {
        let Some(queue) = self.queues.get_mut(owner) else {
            return;
        };
        let (most, most_bytes) = (times * MAX_QUEUED_ENTRIES, times * MAX_QUEUED_BYTES);
        while queue.exceeds_bound() || ((self.entries > most || self.bytes > most_bytes) && queue.entries.len() > kept) {
            self.bytes -= queue.pop();
            self.entries -= 1;
        }
        if queue.entries.is_empty() && owner.is_some() {
            // Without an entry their generation is unknown, so they count as strays.
            let evicted = self.queues.remove(owner).map_or(0, |queue| queue.evicted);
            self.queues.entry(None).or_default().evicted += evicted;
        }
    }
}

impl Recorder {
    /// Adds an entry, and evicts old ones beyond the limits.
    pub(super) fn add(&self, owner: Owner, entry: QueuedEntry) {
        let mut waiting = locked(&self.waiting);
        let size = entry.size;
        match waiting.queues.get_mut(&owner) {
            Some(queue) => queue.push(entry),
            None => waiting.queues.entry(owner.clone()).or_default().push(entry),
        }
        (waiting.entries, waiting.bytes) = (waiting.entries + 1, waiting.bytes + size);
        waiting.bound(&owner, 1, 0);
        let many = waiting.entries >= FLUSH_THRESHOLD;
        drop(waiting);
        self.some.notify_one();
        if many {
            self.many.notify_one();
        }
    }

    /// Returns the number of waiting entries and their approximate size in bytes.
    pub(super) fn waiting_totals(&self) -> (u64, u64) {
        let waiting = locked(&self.waiting);
        (waiting.entries as u64, waiting.bytes as u64)
    }

    /// Puts entries that could not be written back in front of newer ones.
    pub(super) fn put_back(&self, owner: Owner, before: Queue) {
        let before_bytes: usize = before.entries.iter().map(|entry| entry.size).sum();
        let mut waiting = locked(&self.waiting);
        let Waiting { queues, entries, bytes } = &mut *waiting;
        let queue = queues.entry(owner.clone()).or_default();
        queue.evicted += before.evicted;
        (*entries, *bytes) = (*entries + before.entries.len(), *bytes + before_bytes);
        queue.bytes += before_bytes;
        for entry in before.entries.into_iter().rev() {
            queue.entries.push_front(entry);
        }
        // The newest entry determines the generation of the evicted ones, so it stays unless
        // twice the limit waits.
        waiting.bound(&owner, 1, 1);
        waiting.bound(&owner, 2, 0);
        drop(waiting);
        self.some.notify_one();
    }

    /// Takes all waiting entries. The caller holds [`Recorder::write_lock`].
    pub(super) fn take(&self) -> Vec<(Owner, Queue)> {
        let mut waiting = locked(&self.waiting);
        (waiting.entries, waiting.bytes) = (0, 0);
        std::mem::take(&mut waiting.queues).into_iter().collect()
    }

    /// Locks the writing of entries.
    pub(super) async fn write_lock(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.writing).lock_owned().await
    }

    /// Discards the waiting entries of a journal. No entries are written while the guard is
    /// held.
    pub(super) async fn discard_journal(&self, owner: &Owner) -> OwnedMutexGuard<()> {
        let write_lock = self.write_lock().await;
        let mut waiting = locked(&self.waiting);
        if let Some(queue) = waiting.queues.remove(owner) {
            waiting.entries -= queue.entries.len();
            waiting.bytes -= queue.bytes;
        }
        drop(waiting);
        write_lock
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::operation::Operation;
    use crate::domain::text::Text;
    use crate::journal::{Exchange, Outcome, journal_id};

    fn queued() -> QueuedEntry {
        let wall = "2026-01-19T03:00:00Z".parse().unwrap();
        let exchange = Exchange::new(Operation::Search, "POST", String::new(), Outcome::Answered, Text::new("", ""));
        QueuedEntry::assigned(
            "making".into(),
            Box::new(RecordedExchange { id: journal_id(wall), at: wall, wall, institution: None, exchange }),
        )
    }

    #[test]
    fn what_waits_stays_bounded_however_often_it_cannot_be_written() {
        let (recorder, template) = (Recorder::default(), InstitutionCode::parse("9910000018").unwrap());
        let mut added = 0;
        for attempt in 0..4 {
            let taken = recorder.take();
            for number in 0..MAX_QUEUED_ENTRIES {
                let code = template.numbered((attempt * MAX_QUEUED_ENTRIES + number / 5) as u32);
                recorder.add(Some(code), queued());
                added += 1;
            }
            taken.into_iter().for_each(|(owner, queue)| recorder.put_back(owner, queue));
            let (entries, bytes) = recorder.waiting_totals();
            assert!(
                entries <= 2 * MAX_QUEUED_ENTRIES as u64 && bytes <= 2 * MAX_QUEUED_BYTES as u64,
                "{entries} entries, {bytes} bytes wait"
            );
        }
        let (entries, _) = recorder.waiting_totals();
        let taken = recorder.take();
        assert_eq!(entries, taken.iter().map(|(_, queue)| queue.entries.len() as u64).sum::<u64>());
        assert_eq!(entries + taken.iter().map(|(_, queue)| queue.evicted).sum::<u64>(), added, "what gave way was counted");
        assert!(taken.iter().all(|(owner, queue)| owner.is_none() || !queue.entries.is_empty()), "a making is known of each");
    }
}
