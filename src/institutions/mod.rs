//! The institutions of a server: read from the cache or the store, settled, and changed one at
//! a time. A change is stored before it is acknowledged.

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
use crate::store::{RowLookup, Store, StoreError};
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

/// The limits of a server's institutions.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The maximum number of institutions.
    pub institutions: u64,
    /// The approximate size of the cache in bytes.
    pub cache: usize,
}

/// All institutions of a server; a handle that is cheap to clone.
#[derive(Clone)]
pub struct Institutions(Arc<Inner>);

struct Inner {
    active_fixtures: ActiveFixturesHandle,
    /// Signalled when another process may have replaced the fixtures.
    fixtures_changed: Notify,
    wall: fn() -> Timestamp,
    store: Store,
    bounds: Bounds,
    /// The delivery channels for notifications; if empty, no notification is sent.
    channels: Vec<&'static str>,
    cache: Cache,
    parsed: ParseCache,
    recorder: Recorder,
    metrics: Metrics,
    pseudonyms: Pseudonyms,
    next_number: AtomicU32,
    /// The number of institutions in the store, as far as this process knows.
    stored: AtomicU64,
    addresses: Addresses,
    /// Writes in progress.
    tasks: Tasks,
    change_notifier: ChangeNotifier,
    /// Notified of each recorded journal entry.
    journal_notifier: ChangeNotifier,
    replicas: Replicas,
}

/// The two times of one access, read once.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// By the institution's clock.
    pub now: Timestamp,
    /// By the machine's clock.
    pub wall: Timestamp,
}

/// Why an institution was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// An institution with this code exists.
    #[error("there is an institution of this code")]
    Taken,
    /// The limit, which it holds, is reached.
    #[error("there are {0} institutions, which is the most")]
    Full(u64),
    /// The clock setting is invalid.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The store does not work.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Institutions {
    /// Creates the institutions from the store, and from the fixtures as of now where the store
    /// has no row. `channels` are the delivery channels for notifications.
    ///
    /// # Errors
    /// A fixture's clock setting is invalid, or the store does not work.
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
            metrics: Metrics::new(store.counters()),
            pseudonyms: Pseudonyms::new(key.as_bytes()),
            // After the numbers used so far, so that an unused code is soon found.
            next_number: AtomicU32::new(900_000 + (stored % 1_000_000) as u32),
            stored: AtomicU64::new(stored),
            addresses: Addresses::default(),
            tasks: Tasks::default(),
            change_notifier: ChangeNotifier::default(),
            journal_notifier: ChangeNotifier::default(),
            replicas: Replicas::of(&store),
            store,
        })))
    }

    /// Returns the machine's time.
    pub fn wall(&self) -> Timestamp {
        (self.0.wall)()
    }

    /// Returns the store.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Whether other processes may use the same store.
    pub fn is_shared(&self) -> bool {
        !self.0.replicas.cache_is_authoritative()
    }

    /// Reads an institution after settling it; `None` if it does not exist. Writes only if
    /// something was due.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn read<T>(&self, code: &InstitutionCode, read: impl FnOnce(&Tenant, Moment) -> T) -> Result<Option<T>, StoreError> {
        let entry = self.0.cache.entry(code);
        let wall = self.wall();
        let Some(cached) = self.0.current(&entry).await?.filter(|cached| !cached.tenant.is_expired(wall)) else {
            return Ok(None);
        };
        let moment = cached.tenant.moment(wall);
        if !cached.is_due(moment.now) {
            return Ok(Some(read(&cached.tenant, moment)));
        }
        drop(entry);
        // Boxed, since this rare case would enlarge the future of every reader.
        let settled = Box::pin(self.update(code, |tenant, moment| (tenant.clone(), moment))).await?;
        Ok(settled.map(|(tenant, moment)| read(&tenant, moment)))
    }
}

impl Inner {
    /// Returns a number that changes when cache entries become invalid: the store replaced an
    /// unusable connection, or the fixtures were replaced.
    fn epoch(&self) -> u64 {
        self.store.epoch() + self.active_fixtures.epoch()
    }

    /// Returns the institution as stored now.
    async fn current(&self, entry: &CacheEntry) -> Result<Option<Arc<CachedTenant>>, StoreError> {
        if self.replicas.cache_is_authoritative() {
            match entry.state(self.epoch()) {
                CacheState::Present(cached) => return Ok(Some(cached)),
                CacheState::Absent(_) => return Ok(None),
                CacheState::Unread => {}
            }
            // Under the lock, since a read during a write could cache the state before it.
            let _guard = entry.write_lock.lock().await;
            return Ok(Box::pin(self.load(entry)).await?.1);
        }
        Ok(Box::pin(self.load(entry)).await?.1)
    }

    /// Loads an institution and the version of its row; reads from the store only if the cache
    /// entry may be outdated. Where other processes write too, the store is asked for the
    /// version, and the row is read only if it is newer.
    async fn load(&self, entry: &CacheEntry) -> Result<(Option<i64>, Option<Arc<CachedTenant>>), StoreError> {
        let epoch = self.epoch();
        let (at_hand, known, is_read) = match entry.state(epoch) {
            CacheState::Present(cached) => (cached.version, Some(cached), true),
            CacheState::Absent(version) => (version, None, true),
            CacheState::Unread => (None, None, false),
        };
        if is_read && self.replicas.cache_is_authoritative() {
            return Ok((at_hand, known));
        }
        let row = match self.store.find(entry.code.as_str(), at_hand).await? {
            RowLookup::Same => return Ok((at_hand, known)),
            RowLookup::Nothing => {
                let initial = self.active_fixtures.get().initial.get(&entry.code).cloned();
                entry.set(epoch, initial.clone().map_or(CacheState::Absent(None), CacheState::Present));
                return Ok((None, initial));
            }
            RowLookup::Other(row) => row,
        };
        let Some(body) = row.body else {
            entry.set(epoch, CacheState::Absent(Some(row.version)));
            return Ok((Some(row.version), None));
        };
        let tenant = Tenant::read(&body, &self.parsed).map_err(|error| error.to_store_error(entry.code.as_str()))?;
        let cached = Arc::new(self.cached_tenant(tenant, Some(row.version)));
        entry.set(epoch, CacheState::Present(Arc::clone(&cached)));
        self.cache.set_weight(&entry.code, body.len());
        Ok((Some(row.version), Some(cached)))
    }
}
