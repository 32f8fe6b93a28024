//! The cache of institutions in memory; evicts the least recently used.

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
}

/// The cache entries in order of use, the least recently used first.
pub(super) struct Cache {
    limit: usize,
    entries_by_use: Mutex<Entries>,
}

#[derive(Default)]
struct Entries {
    entries: LinkedHashMap<InstitutionCode, (Arc<CacheEntry>, usize)>,
    total: usize,
}

impl Cache {
    /// Creates a cache of at most about `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, entries_by_use: Mutex::default() }
    }

    /// Returns the cache entry of an institution, whether or not the institution exists.
    pub(super) fn entry(&self, code: &InstitutionCode) -> Arc<CacheEntry> {
        let mut entries_by_use = locked(&self.entries_by_use);
        if let Some((entry, _)) = entries_by_use.entries.to_back(code) {
            return Arc::clone(entry);
        }
        let state = EpochState { epoch: 0, known: CacheState::Unread };
        let entry = Arc::new(CacheEntry { code: code.clone(), write_lock: Arc::default(), state: Mutex::new(state) });
        entries_by_use.entries.insert(code.clone(), (Arc::clone(&entry), OVERHEAD));
        entries_by_use.total += OVERHEAD;
        self.shrink(&mut entries_by_use);
        entry
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

    /// Evicts the cache entry of a deleted institution, unless it is in use.
    pub(super) fn evict(&self, code: &InstitutionCode) {
        let mut entries_by_use = locked(&self.entries_by_use);
        // Only the map holds it, and no one else can get it while the map is locked.
        let is_free = entries_by_use.entries.get(code).is_some_and(|(entry, _)| Arc::strong_count(entry) == 1);
        if is_free && let Some((_, weight)) = entries_by_use.entries.remove(code) {
            entries_by_use.total -= weight;
        }
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
            if Arc::strong_count(&entry) > 1 {
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
    use super::*;

    #[test]
    fn a_place_is_given_up_unless_someone_holds_it() {
        let (cache, code) = (Cache::new(1024 * 1024), InstitutionCode::parse("9910000018").unwrap());
        let entry = cache.entry(&code);
        cache.evict(&code);
        assert!(Arc::ptr_eq(&entry, &cache.entry(&code)), "it is held");
        drop(entry);
        cache.evict(&code);
        assert_eq!(locked(&cache.entries_by_use).total, 0);
        cache.entry(&code);
        assert_eq!(locked(&cache.entries_by_use).total, OVERHEAD);
    }
}
