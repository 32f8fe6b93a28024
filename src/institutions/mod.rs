//! The living institutions: found in memory or in the store, settled, changed one at a time. What changed is stored before anyone is told.

mod changing;
mod in_force;
mod journals;
mod listing;
mod making;
mod measuring;
mod recorder;
mod replicas;
mod slot;
mod snapshot;
mod telling;
mod tenant;
mod upkeep;
mod watching;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::domain::clock::ClockError;
use crate::domain::ids::InstitutionCode;
use crate::fixtures::Fixtures;
use crate::journal::Pseudonyms;
use crate::metrics::Metrics;
use crate::store::{Found, Store, StoreError};
use crate::tasks::Tasks;
use in_force::{InForce, Place};
use listing::Addresses;
pub use listing::Differing;
use making::random_id;
use recorder::Recorder;
use replicas::Replicas;
use slot::{Cache, Known, Seen, Slot};
pub use snapshot::{Snapshot, SnapshotError};
use tenant::ParseCache;
pub use tenant::Tenant;
use watching::Bell;
pub use watching::Watch;

/// Limits of the institutions of a server.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most institutions at once.
    pub institutions: u64,
    /// About how many bytes of them are held in memory.
    pub cache: usize,
}

/// All institutions of a server; a handle that is cheap to copy.
#[derive(Clone)]
pub struct Institutions(Arc<Inner>);

struct Inner {
    in_force: Place,
    /// Another process may have put fixtures in force.
    fixtures_told: Notify,
    wall: fn() -> Timestamp,
    store: Store,
    bounds: Bounds,
    /// The ways by which institutions are told of news; without one nothing is told.
    ways: Vec<&'static str>,
    cache: Cache,
    parsed: ParseCache,
    recorder: Recorder,
    metrics: Metrics,
    pseudonyms: Pseudonyms,
    next_number: AtomicU32,
    /// Institutions in the store, as far as this process knows.
    stored: AtomicU64,
    addresses: Addresses,
    /// Writes under way.
    tasks: Tasks,
    bell: Bell,
    replicas: Replicas,
}

/// The two times of one access, read once.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// By the institution's clock.
    pub now: Timestamp,
    /// By the machine's.
    pub wall: Timestamp,
}

/// Why an institution was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The code is taken.
    #[error("there is an institution of this code")]
    Taken,
    /// There are too many: the bound.
    #[error("there are {0} institutions, which is the most")]
    Full(u64),
    /// The clock setting makes no sense.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// It could not be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Institutions {
    /// The store's institutions, and the fixtures' as of now where the store has nothing of them. `ways`: by which news are to be sent.
    ///
    /// # Errors
    /// A fixture's clock setting that makes no sense, or a store that does not work.
    pub async fn new(
        fixtures: Arc<Fixtures>,
        store: Store,
        bounds: Bounds,
        ways: Vec<&'static str>,
        wall: fn() -> Timestamp,
    ) -> Result<Self, CreateError> {
        let in_force = InForce::new(fixtures, !ways.is_empty(), wall()).map_err(CreateError::Clock)?;
        let stored = store.count().await.map_err(CreateError::Store)?;
        let key = store.note("pseudonym-key", &random_id()).await.map_err(CreateError::Store)?;
        Ok(Self(Arc::new(Inner {
            in_force: Place::new(in_force),
            fixtures_told: Notify::new(),
            wall,
            bounds,
            ways,
            cache: Cache::new(bounds.cache),
            parsed: ParseCache::default(),
            recorder: Recorder::default(),
            metrics: Metrics::new(store.tally()),
            pseudonyms: Pseudonyms::new(key.as_bytes()),
            // Behind those that were given out before, so that a free one is soon found.
            next_number: AtomicU32::new(900_000 + (stored % 1_000_000) as u32),
            stored: AtomicU64::new(stored),
            addresses: Addresses::default(),
            tasks: Tasks::default(),
            bell: Bell::default(),
            replicas: Replicas::of(&store),
            store,
        })))
    }

    /// The machine's time.
    pub fn wall(&self) -> Timestamp {
        (self.0.wall)()
    }

    /// Where they are kept.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Looks at one, settled; none if there is no such institution. Nothing is written unless something was due.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn look<T>(&self, code: &InstitutionCode, look: impl FnOnce(&Tenant, Moment) -> T) -> Result<Option<T>, StoreError> {
        let slot = self.0.cache.slot(code);
        let wall = self.wall();
        let Some(seen) = self.0.fresh(&slot).await?.filter(|seen| !seen.tenant.is_over(wall)) else {
            return Ok(None);
        };
        let moment = seen.tenant.moment(wall);
        if !seen.is_due(moment.now) {
            return Ok(Some(look(&seen.tenant, moment)));
        }
        drop(slot);
        // On the heap: what is rarely done should not make every reader's future large.
        let settled = Box::pin(self.change(code, |tenant, moment| (tenant.clone(), moment))).await?;
        Ok(settled.map(|(tenant, moment)| look(&tenant, moment)))
    }
}

impl Inner {
    /// Moves when what was read before may no longer hold: the store's file was opened anew, or other fixtures came into force.
    fn epoch(&self) -> u64 {
        self.store.epoch() + self.in_force.generation()
    }

    /// The institution as the store has it now.
    async fn fresh(&self, slot: &Arc<Slot>) -> Result<Option<Arc<Seen>>, StoreError> {
        if self.replicas.memory_holds() {
            match slot.known(self.epoch()) {
                Known::Here(seen) => return Ok(Some(seen)),
                Known::Absent(_) => return Ok(None),
                Known::Unread => {}
            }
            // In turn: what is read while someone writes would be of before.
            let _turn = slot.turn.lock().await;
            return Ok(Box::pin(self.read(slot)).await?.1);
        }
        Ok(Box::pin(self.read(slot)).await?.1)
    }

    /// Reads it where memory cannot answer, and gives the row's version beside it. Where other processes
    /// may have written, the store is asked; what memory still has the newest of is not read again.
    async fn read(&self, slot: &Slot) -> Result<(Option<i64>, Option<Arc<Seen>>), StoreError> {
        let epoch = self.epoch();
        let (at_hand, known, is_read) = match slot.known(epoch) {
            Known::Here(seen) => (seen.version, Some(seen), true),
            Known::Absent(version) => (version, None, true),
            Known::Unread => (None, None, false),
        };
        if is_read && self.replicas.memory_holds() {
            return Ok((at_hand, known));
        }
        let row = match self.store.find(slot.code.as_str(), at_hand).await? {
            Found::Same => return Ok((at_hand, known)),
            Found::Nothing => {
                let fresh = self.in_force.get().fresh.get(&slot.code).cloned();
                slot.set(epoch, fresh.clone().map_or(Known::Absent(None), Known::Here));
                return Ok((None, fresh));
            }
            Found::Other(row) => row,
        };
        let Some(body) = row.body else {
            slot.set(epoch, Known::Absent(Some(row.version)));
            return Ok((Some(row.version), None));
        };
        let tenant = Tenant::read(&body, &self.parsed).map_err(|error| error.in_store(slot.code.as_str()))?;
        let seen = Arc::new(self.seen(tenant, Some(row.version)));
        slot.set(epoch, Known::Here(Arc::clone(&seen)));
        self.cache.weigh(&slot.code, body.len());
        Ok((Some(row.version), Some(seen)))
    }
}
