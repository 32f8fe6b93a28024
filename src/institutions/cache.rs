//! The cache of institutions in memory; evicts the least recently used. Of an institution that does
//! not exist it has an entry only while somebody uses it.

use std::ops::Deref;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashlink::LinkedHashMap;
use jiff::Timestamp;

use super::tenant::Tenant;
use crate::domain::ids::InstitutionCode;

/// The estimated size of a cache entry without its document.
const OVERHEAD: usize = 512;
/// The estimated size of a document in memory, as a multiple of its length as JSON.
const FACTOR: usize = 2;
/// The maximum number of cache entries checked in one eviction.
const EVICTION_SAMPLE_SIZE: usize = 64;

/// The cache entry of one institution.
#[derive(Debug)]
pub(super) struct CacheEntry {
    pub(super) code: InstitutionCode,
    /// Held while the institution is changed or loaded.
    pub(super) write_lock: Arc<tokio::sync::Mutex<()>>,
    state: Mutex<EpochState>,
    /// The number of its [`EntryHandle`]s. Grows from zero only while the cache is locked.
    handles: AtomicUsize,
}

#[derive(Debug)]
struct EpochState {
    /// The epoch in which it was read.
    epoch: u64,
    known: CacheState,
}

/// The cached state of an institution.
#[derive(Clone, Debug)]
pub(super) enum CacheState {
    /// Not read yet, or invalidated.
    Unread,
    /// The institution does not exist. Holds the version of the row that marks its deletion, if
    /// there is one.
    Absent(Option<i64>),
    /// The institution exists.
    Present(Arc<CachedTenant>),
}

/// An institution as stored.
#[derive(Debug)]
pub(super) struct CachedTenant {
    pub(super) tenant: Tenant,
    /// The version of its row; `None` while it is as its fixture created it.
    pub(super) version: Option<i64>,
    /// When it next changes by itself.
    pub(super) due: Option<Timestamp>,
}

impl CachedTenant {
    /// Creates a cached institution. With `notifies`, its next notification counts as a change,
    /// too.
    pub(super) fn new(tenant: Tenant, version: Option<i64>, notifies: bool) -> Self {
        let notifications = notifies.then(|| tenant.institution.next_notification()).flatten();
        let due = tenant.institution.next_due().into_iter().chain(notifications).min();
        Self { tenant, version, due }
    }

    /// Whether it changes by itself up to `now`.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.due.is_some_and(|due| due <= now)
    }
}

impl CacheEntry {
    pub(super) fn state(&self, epoch: u64) -> CacheState {
        let state = locked(&self.state);
        if state.epoch == epoch { state.known.clone() } else { CacheState::Unread }
    }

    pub(super) fn set(&self, epoch: u64, known: CacheState) {
        *locked(&self.state) = EpochState { epoch, known };
    }

    fn is_used(&self) -> bool {
        self.handles.load(Ordering::SeqCst) > 0
    }

    fn is_present(&self) -> bool {
        matches!(locked(&self.state).known, CacheState::Present(_))
    }
}

/// Access to a cache entry, which stays in the cache meanwhile. If the entry holds no institution
/// when its last handle is dropped, it leaves the cache.
pub(super) struct EntryHandle {
    entry: Arc<CacheEntry>,
    entries_by_use: Arc<Mutex<Entries>>,
}

impl EntryHandle {
    fn new(entry: &Arc<CacheEntry>, entries_by_use: &Arc<Mutex<Entries>>) -> Self {
        entry.handles.fetch_add(1, Ordering::SeqCst);
        Self { entry: Arc::clone(entry), entries_by_use: Arc::clone(entries_by_use) }
    }
}

impl Clone for EntryHandle {
    fn clone(&self) -> Self {
        Self::new(&self.entry, &self.entries_by_use)
    }
}

impl Deref for EntryHandle {
    type Target = CacheEntry;

    fn deref(&self) -> &CacheEntry {
        &self.entry
    }
}

impl Drop for EntryHandle {
    fn drop(&mut self) {
        let is_last = self.entry.handles.fetch_sub(1, Ordering::SeqCst) == 1;
        if is_last && !self.entry.is_present() {
            locked(&self.entries_by_use).remove_if_unneeded(&self.entry.code);
        }
    }
}

/// The cache entries in order of use, the least recently used first.
pub(super) struct Cache {
    limit: usize,
    entries_by_use: Arc<Mutex<Entries>>,
}

#[derive(Default)]
struct Entries {
    entries: LinkedHashMap<InstitutionCode, (Arc<CacheEntry>, usize)>,
    total: usize,
}

impl Entries {
    /// Removes an entry that nobody uses and that holds no institution.
    fn remove_if_unneeded(&mut self, code: &InstitutionCode) {
        let is_unneeded = self.entries.get(code).is_some_and(|(entry, _)| !entry.is_used() && !entry.is_present());
        if is_unneeded && let Some((_, weight)) = self.entries.remove(code) {
            self.total -= weight;
        }
    }
}

impl Cache {
    /// Creates a cache of at most about `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, entries_by_use: Arc::default() }
    }

    /// Returns the cache entry of an institution, whether or not the institution exists.
    pub(super) fn entry(&self, code: &InstitutionCode) -> EntryHandle {
        let mut entries_by_use = locked(&self.entries_by_use);
        if let Some((entry, _)) = entries_by_use.entries.to_back(code) {
            return EntryHandle::new(entry, &self.entries_by_use);
        }
        let state = EpochState { epoch: 0, known: CacheState::Unread };
        let entry =
            Arc::new(CacheEntry { code: code.clone(), write_lock: Arc::default(), state: Mutex::new(state), handles: AtomicUsize::new(0) });
        let handle = EntryHandle::new(&entry, &self.entries_by_use);
        entries_by_use.entries.insert(code.clone(), (entry, OVERHEAD));
        entries_by_use.total += OVERHEAD;
        self.shrink(&mut entries_by_use);
        handle
    }

    /// Returns the cached institutions that were read in `epoch`.
    pub(super) fn present(&self, epoch: u64) -> Vec<Arc<CachedTenant>> {
        let entries_by_use = locked(&self.entries_by_use);
        let present = entries_by_use.entries.values().filter_map(|(entry, _)| match entry.state(epoch) {
            CacheState::Present(cached) => Some(cached),
            CacheState::Absent(_) | CacheState::Unread => None,
        });
        present.collect()
    }

    /// Records the length of the document in a cache entry.
    pub(super) fn set_weight(&self, code: &InstitutionCode, document: usize) {
        let mut entries_by_use = locked(&self.entries_by_use);
        let weight = OVERHEAD + FACTOR * document;
        if let Some((_, before)) = entries_by_use.entries.get_mut(code) {
            let before = std::mem::replace(before, weight);
            entries_by_use.total = entries_by_use.total + weight - before;
        }
        self.shrink(&mut entries_by_use);
    }

    /// Evicts the least recently used cache entries. An entry in use stays, since its lock
    /// orders the changes of its institution.
    fn shrink(&self, entries_by_use: &mut Entries) {
        for _ in 0..EVICTION_SAMPLE_SIZE {
            if entries_by_use.total <= self.limit {
                return;
            }
            let Some((code, (entry, weight))) = entries_by_use.entries.pop_front() else {
                return;
            };
            if entry.is_used() {
                entries_by_use.entries.insert(code, (entry, weight));
            } else {
                entries_by_use.total -= weight;
            }
        }
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::super::active_fixtures::ActiveFixtures;
    use super::*;
    use crate::fixtures::Fixtures;

    fn code() -> InstitutionCode {
        InstitutionCode::parse("9910000018").unwrap()
    }

    #[test]
    fn an_entry_without_an_institution_leaves_with_its_last_handle() {
        let cache = Cache::new(1024 * 1024);
        let (first, second) = (cache.entry(&code()), cache.entry(&code()));
        assert!(Arc::ptr_eq(&first.entry, &second.entry), "one entry for both");
        drop(first);
        let third = second.clone();
        drop(second);
        locked(&cache.entries_by_use).remove_if_unneeded(&code());
        assert!(Arc::ptr_eq(&third.entry, &cache.entry(&code()).entry), "it is used");
        assert_eq!(locked(&cache.entries_by_use).total, OVERHEAD);
        third.set(1, CacheState::Absent(Some(1)));
        drop(third);
        let entries_by_use = locked(&cache.entries_by_use);
        assert_eq!((entries_by_use.entries.len(), entries_by_use.total), (0, 0));
    }

    #[test]
    fn an_entry_with_an_institution_stays_until_there_is_no_space() {
        let (fixtures, _) = Fixtures::compiled_in(jiff::civil::date(2026, 1, 19));
        let now = "2026-01-19T03:00:00Z".parse().unwrap();
        let initial = ActiveFixtures::new(Arc::new(fixtures.unwrap()), false, now).unwrap().initial;
        let cache = Cache::new(OVERHEAD);
        cache.entry(&code()).set(1, CacheState::Present(Arc::clone(&initial[&code()])));
        assert_eq!(cache.present(1).len(), 1, "it stays without a handle");
        drop(cache.entry(&code().numbered(2)));
        assert_eq!(cache.present(1).len(), 0, "another code needed its space");
    }
}
