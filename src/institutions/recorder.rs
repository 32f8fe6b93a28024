//! Journal entries on their way to the store: they wait a moment, so that many are written at once. What waits is bounded; entries that the
//! journal's bound would take away as soon as they were written are only counted.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::{Notify, OwnedMutexGuard};

use super::cache::locked;
use crate::domain::ids::InstitutionCode;
use crate::journal::{self, BOUND, CachedPseudonyms, Recorded};

/// Entries that wait in all; beyond, the oldest of the journal that gets another one gives way.
const MOST_WAITING: usize = 20_000;
/// Bytes that wait in all.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// Entries that are worth writing before the moment is over.
const MANY: usize = 2_000;

/// Whose journal: an institution's, or that of what fitted none.
pub(super) type Owner = Option<InstitutionCode>;

/// The entries that wait.
#[derive(Default)]
pub(super) struct Recorder {
    waiting: Mutex<Waiting>,
    /// Something waits.
    pub(super) some: Notify,
    /// Many wait.
    pub(super) many: Notify,
    /// Held while entries are written, and while a journal is taken away.
    writing: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Waiting {
    queues: HashMap<Owner, Queue>,
    entries: usize,
    bytes: usize,
}

/// What waits for one journal.
#[derive(Default)]
pub(super) struct Queue {
    /// Oldest first.
    pub(super) entries: VecDeque<QueuedEntry>,
    /// Of the making that the last entry is of: evicted before they were written.
    pub(super) evicted: u64,
    bytes: usize,
}

/// One entry that waits.
pub(super) struct QueuedEntry {
    pub(super) state: QueuedState,
    pub(super) weight: usize,
}

/// How far an entry that waits has come. It is written out only when it is stored: most of those that the bound takes away before that have cost
/// little.
pub(super) enum QueuedState {
    /// Its institution was not in memory: whether there is one, and what its clock showed, is looked up when the entry is written.
    Unassigned(Box<Recorded>),
    /// It belongs to this making of an institution.
    Assigned(Arc<str>, Box<Recorded>),
    /// It is written out, though not stored yet.
    Serialized(Arc<str>, String),
}

impl QueuedEntry {
    pub(super) fn unassigned(recorded: Box<Recorded>) -> Self {
        Self { weight: recorded.weight(), state: QueuedState::Unassigned(recorded) }
    }

    pub(super) fn assigned(generation: Arc<str>, recorded: Box<Recorded>) -> Self {
        Self { weight: recorded.weight(), state: QueuedState::Assigned(generation, recorded) }
    }

    /// Writes it out, once; gives its making and its text. One that has no place yet has none.
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
    /// Of these entries, the oldest first.
    pub(super) fn of(entries: Vec<QueuedEntry>) -> Self {
        let bytes = entries.iter().map(|entry| entry.weight).sum();
        Self { entries: entries.into(), evicted: 0, bytes }
    }

    fn push(&mut self, entry: QueuedEntry) {
        self.bytes += entry.weight;
        self.entries.push_back(entry);
    }

    fn pop(&mut self) -> usize {
        let size = self.entries.pop_front().map_or(0, |entry| entry.weight);
        self.bytes -= size;
        self.evicted += 1;
        size
    }

    fn is_over(&self) -> bool {
        self.entries.len() > BOUND.entries || (self.bytes > BOUND.bytes && self.entries.len() > 1)
    }
}

impl Waiting {
    /// Evicts a journal's oldest entries while it has too many, or so many `times` what may wait in all does wait; its last `kept` stay then.
    fn bound(&mut self, owner: &Owner, times: usize, kept: usize) {
        let Some(queue) = self.queues.get_mut(owner) else {
            return;
        };
        let (most, most_bytes) = (times * MOST_WAITING, times * MOST_BYTES);
        while queue.is_over() || ((self.entries > most || self.bytes > most_bytes) && queue.entries.len() > kept) {
            self.bytes -= queue.pop();
            self.entries -= 1;
        }
        if queue.entries.is_empty() && owner.is_some() {
            // Without an entry nobody could say of which making they were: they count as strays.
            let evicted = self.queues.remove(owner).map_or(0, |queue| queue.evicted);
            self.queues.entry(None).or_default().evicted += evicted;
        }
    }
}

impl Recorder {
    /// Adds an entry.
    pub(super) fn add(&self, owner: Owner, entry: QueuedEntry) {
        let mut waiting = locked(&self.waiting);
        let size = entry.weight;
        match waiting.queues.get_mut(&owner) {
            Some(queue) => queue.push(entry),
            None => waiting.queues.entry(owner.clone()).or_default().push(entry),
        }
        (waiting.entries, waiting.bytes) = (waiting.entries + 1, waiting.bytes + size);
        waiting.bound(&owner, 1, 0);
        let many = waiting.entries >= MANY;
        drop(waiting);
        self.some.notify_one();
        if many {
            self.many.notify_one();
        }
    }

    /// How many entries wait, and about how many bytes they are.
    pub(super) fn waiting_totals(&self) -> (u64, u64) {
        let waiting = locked(&self.waiting);
        (waiting.entries as u64, waiting.bytes as u64)
    }

    /// Puts back what could not be written, before what came since.
    pub(super) fn put_back(&self, owner: Owner, before: Queue) {
        let before_bytes: usize = before.entries.iter().map(|entry| entry.weight).sum();
        let mut waiting = locked(&self.waiting);
        let Waiting { queues, entries, bytes } = &mut *waiting;
        let queue = queues.entry(owner.clone()).or_default();
        queue.evicted += before.evicted;
        (*entries, *bytes) = (*entries + before.entries.len(), *bytes + before_bytes);
        queue.bytes += before_bytes;
        for entry in before.entries.into_iter().rev() {
            queue.entries.push_front(entry);
        }
        // The newest entry says of which making the evicted ones were: it stays, unless twice too much waits.
        waiting.bound(&owner, 1, 1);
        waiting.bound(&owner, 2, 0);
        drop(waiting);
        self.some.notify_one();
    }

    /// Takes everything that waits. The caller has [`Recorder::write_lock`].
    pub(super) fn take(&self) -> Vec<(Owner, Queue)> {
        let mut waiting = locked(&self.waiting);
        (waiting.entries, waiting.bytes) = (0, 0);
        std::mem::take(&mut waiting.queues).into_iter().collect()
    }

    /// The turn to write.
    pub(super) async fn write_lock(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.writing).lock_owned().await
    }

    /// Forgets what waits for a journal; while the guard is held, nothing is written.
    pub(super) async fn forget(&self, owner: &Owner) -> OwnedMutexGuard<()> {
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
        QueuedEntry::assigned("making".into(), Box::new(Recorded { id: journal_id(wall), at: wall, wall, institution: None, exchange }))
    }

    #[test]
    fn what_waits_stays_bounded_however_often_it_cannot_be_written() {
        let (recorder, template) = (Recorder::default(), InstitutionCode::parse("9910000018").unwrap());
        let mut added = 0;
        for attempt in 0..4 {
            let taken = recorder.take();
            for number in 0..MOST_WAITING {
                let code = template.numbered((attempt * MOST_WAITING + number / 5) as u32);
                recorder.add(Some(code), queued());
                added += 1;
            }
            taken.into_iter().for_each(|(owner, queue)| recorder.put_back(owner, queue));
            let (entries, bytes) = recorder.waiting_totals();
            assert!(entries <= 2 * MOST_WAITING as u64 && bytes <= 2 * MOST_BYTES as u64, "{entries} entries, {bytes} bytes wait");
        }
        let (entries, _) = recorder.waiting_totals();
        let taken = recorder.take();
        assert_eq!(entries, taken.iter().map(|(_, queue)| queue.entries.len() as u64).sum::<u64>());
        assert_eq!(entries + taken.iter().map(|(_, queue)| queue.evicted).sum::<u64>(), added, "what gave way was counted");
        assert!(taken.iter().all(|(owner, queue)| owner.is_none() || !queue.entries.is_empty()), "a making is known of each");
    }
}
