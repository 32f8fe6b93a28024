//! The living institutions: found in memory or in the store, settled, changed one at a time. What changed is stored before anyone is told.

mod active_fixtures;
mod cache;
mod changes;
mod gauges;
mod journals;
mod lifecycle;
mod listing;
mod maintenance;
mod notifications;
mod recorder;
mod replicas;
mod snapshot;
mod tenant;
mod transaction;

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
use active_fixtures::{ActiveFixtures, ActiveFixturesHandle};
use cache::{Cache, CacheEntry, CacheState, CachedTenant};
use changes::ChangeNotifier;
pub use changes::ChangeSubscription;
use lifecycle::random_id;
use listing::Addresses;
pub use listing::FixtureDifferences;
use recorder::Recorder;
use replicas::Replicas;
pub use snapshot::{Snapshot, SnapshotError};
use tenant::ParseCache;
pub use tenant::Tenant;

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
    active_fixtures: ActiveFixturesHandle,
    /// Another process may have put fixtures in force.
    fixtures_changed: Notify,
    wall: fn() -> Timestamp,
    store: Store,
    bounds: Bounds,
    /// The ways by which institutions are told of news; without one nothing is told.
    channels: Vec<&'static str>,
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
    change_notifier: ChangeNotifier,
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
        channels: Vec<&'static str>,
        wall: fn() -> Timestamp,
    ) -> Result<Self, CreateError> {
        let active_fixtures = ActiveFixtures::new(fixtures, !channels.is_empty(), wall()).map_err(CreateError::Clock)?;
        let stored = store.count().await.map_err(CreateError::Store)?;
        let key = store.note("pseudonym-key", &random_id()).await.map_err(CreateError::Store)?;
        Ok(Self(Arc::new(Inner {
            active_fixtures: ActiveFixturesHandle::new(active_fixtures),
            fixtures_changed: Notify::new(),
            wall,
            bounds,
            channels,
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
            change_notifier: ChangeNotifier::default(),
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
    pub async fn read<T>(&self, code: &InstitutionCode, read: impl FnOnce(&Tenant, Moment) -> T) -> Result<Option<T>, StoreError> {
        let entry = self.0.cache.entry(code);
        let wall = self.wall();
        let Some(cached) = self.0.current(&entry).await?.filter(|cached| !cached.tenant.is_over(wall)) else {
            return Ok(None);
        };
        let moment = cached.tenant.moment(wall);
        if !cached.is_due(moment.now) {
            return Ok(Some(read(&cached.tenant, moment)));
        }
        drop(entry);
        // On the heap: what is rarely done should not make every reader's future large.
        let settled = Box::pin(self.update(code, |tenant, moment| (tenant.clone(), moment))).await?;
        Ok(settled.map(|(tenant, moment)| read(&tenant, moment)))
    }
}

impl Inner {
    /// Moves when what was read before may no longer hold: the store's file was opened anew, or other fixtures came into force.
    fn epoch(&self) -> u64 {
        self.store.epoch() + self.active_fixtures.epoch()
    }

    /// The institution as the store has it now.
    async fn current(&self, entry: &Arc<CacheEntry>) -> Result<Option<Arc<CachedTenant>>, StoreError> {
        if self.replicas.memory_holds() {
            match entry.state(self.epoch()) {
                CacheState::Present(cached) => return Ok(Some(cached)),
                CacheState::Absent(_) => return Ok(None),
                CacheState::Unread => {}
            }
            // In turn: what is read while someone writes would be of before.
            let _guard = entry.write_lock.lock().await;
            return Ok(Box::pin(self.load(entry)).await?.1);
        }
        Ok(Box::pin(self.load(entry)).await?.1)
    }

    /// Reads it where memory cannot answer, and gives the row's version beside it. Where other processes
    /// may have written, the store is asked; what memory still has the newest of is not read again.
    async fn load(&self, entry: &CacheEntry) -> Result<(Option<i64>, Option<Arc<CachedTenant>>), StoreError> {
        let epoch = self.epoch();
        let (at_hand, known, is_read) = match entry.state(epoch) {
            CacheState::Present(cached) => (cached.version, Some(cached), true),
            CacheState::Absent(version) => (version, None, true),
            CacheState::Unread => (None, None, false),
        };
        if is_read && self.replicas.memory_holds() {
            return Ok((at_hand, known));
        }
        let row = match self.store.find(entry.code.as_str(), at_hand).await? {
            Found::Same => return Ok((at_hand, known)),
            Found::Nothing => {
                let initial = self.active_fixtures.get().initial.get(&entry.code).cloned();
                entry.set(epoch, initial.clone().map_or(CacheState::Absent(None), CacheState::Present));
                return Ok((None, initial));
            }
            Found::Other(row) => row,
        };
        let Some(body) = row.body else {
            entry.set(epoch, CacheState::Absent(Some(row.version)));
            return Ok((Some(row.version), None));
        };
        let tenant = Tenant::read(&body, &self.parsed).map_err(|error| error.in_store(entry.code.as_str()))?;
        let cached = Arc::new(self.cached_tenant(tenant, Some(row.version)));
        entry.set(epoch, CacheState::Present(Arc::clone(&cached)));
        self.cache.set_weight(&entry.code, body.len());
        Ok((Some(row.version), Some(cached)))
    }
}
