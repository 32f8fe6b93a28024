//! What is held in memory of institutions: a place for each that was asked for, the least used given up when there is too much.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashlink::LinkedHashMap;
use jiff::Timestamp;

use super::tenant::Tenant;
use crate::domain::ids::InstitutionCode;

/// What a place in memory takes beside its document.
const OVERHEAD: usize = 512;
/// What a document takes in memory, times its length as JSON.
const FACTOR: usize = 2;
/// Places looked at, from the least used on, to find one that nobody is using.
const LOOKED_AT: usize = 64;

/// The place of one institution.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) code: InstitutionCode,
    /// Whoever changes or loads it has the turn; the others wait.
    pub(super) turn: Arc<tokio::sync::Mutex<()>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The store's epoch in which it was read.
    epoch: u64,
    known: Known,
}

/// What is known of an institution.
#[derive(Clone, Debug)]
pub(super) enum Known {
    /// Nothing yet, or no more.
    Unread,
    /// There is none; the version of the row that remembers its deletion, where there is one.
    Absent(Option<i64>),
    /// There is one.
    Here(Arc<Seen>),
}

/// An institution as the store has it.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) tenant: Tenant,
    /// The row's; none while it is as its fixture made it.
    pub(super) version: Option<i64>,
    /// When something next happens by itself.
    pub(super) due: Option<Timestamp>,
}

impl Seen {
    /// `telling`: that there is something to tell counts, too.
    pub(super) fn new(tenant: Tenant, version: Option<i64>, telling: bool) -> Self {
        let news = telling.then(|| tenant.institution.next_news()).flatten();
        let due = tenant.institution.next_due().into_iter().chain(news).min();
        Self { tenant, version, due }
    }

    /// Whether something happens by itself up to `now`.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.due.is_some_and(|due| due <= now)
    }
}

impl Slot {
    pub(super) fn known(&self, epoch: u64) -> Known {
        let state = locked(&self.state);
        if state.epoch == epoch { state.known.clone() } else { Known::Unread }
    }

    pub(super) fn set(&self, epoch: u64, known: Known) {
        *locked(&self.state) = State { epoch, known };
    }
}

/// The places, by use: the least used first.
pub(super) struct Cache {
    limit: usize,
    places: Mutex<Places>,
}

#[derive(Default)]
struct Places {
    slots: LinkedHashMap<InstitutionCode, (Arc<Slot>, usize)>,
    total: usize,
}

impl Cache {
    /// At most about `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, places: Mutex::default() }
    }

    /// The place of an institution, there or not.
    pub(super) fn slot(&self, code: &InstitutionCode) -> Arc<Slot> {
        let mut places = locked(&self.places);
        if let Some((slot, _)) = places.slots.to_back(code) {
            return Arc::clone(slot);
        }
        let state = State { epoch: 0, known: Known::Unread };
        let slot = Arc::new(Slot { code: code.clone(), turn: Arc::default(), state: Mutex::new(state) });
        places.slots.insert(code.clone(), (Arc::clone(&slot), OVERHEAD));
        places.total += OVERHEAD;
        self.shrink(&mut places);
        slot
    }

    /// The institutions that it holds, as of the store's `epoch`.
    pub(super) fn held(&self, epoch: u64) -> Vec<Arc<Seen>> {
        let places = locked(&self.places);
        let held = places.slots.values().filter_map(|(slot, _)| match slot.known(epoch) {
            Known::Here(seen) => Some(seen),
            Known::Absent(_) | Known::Unread => None,
        });
        held.collect()
    }

    /// Notes how long the document is that a place now holds.
    pub(super) fn weigh(&self, code: &InstitutionCode, document: usize) {
        let mut places = locked(&self.places);
        let weight = OVERHEAD + FACTOR * document;
        if let Some((_, before)) = places.slots.get_mut(code) {
            let before = std::mem::replace(before, weight);
            places.total = places.total + weight - before;
        }
        self.shrink(&mut places);
    }

    /// Gives up the place of an institution that is no more, unless someone holds it.
    pub(super) fn give_up(&self, code: &InstitutionCode) {
        let mut places = locked(&self.places);
        // The map's alone: nobody can come by another one meanwhile.
        let is_free = places.slots.get(code).is_some_and(|(slot, _)| Arc::strong_count(slot) == 1);
        if is_free && let Some((_, weight)) = places.slots.remove(code) {
            places.total -= weight;
        }
    }

    /// Gives up what is least used. A place that someone holds stays: it is the one where changes of its institution meet.
    fn shrink(&self, places: &mut Places) {
        for _ in 0..LOOKED_AT {
            if places.total <= self.limit {
                return;
            }
            let Some((code, (slot, weight))) = places.slots.pop_front() else {
                return;
            };
            if Arc::strong_count(&slot) > 1 {
                places.slots.insert(code, (slot, weight));
            } else {
                places.total -= weight;
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
        let slot = cache.slot(&code);
        cache.give_up(&code);
        assert!(Arc::ptr_eq(&slot, &cache.slot(&code)), "it is held");
        drop(slot);
        cache.give_up(&code);
        assert_eq!(locked(&cache.places).total, 0);
        cache.slot(&code);
        assert_eq!(locked(&cache.places).total, OVERHEAD);
    }
}
