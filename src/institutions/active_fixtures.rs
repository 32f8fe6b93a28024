//! The active fixtures and the institutions created from them, which apply where the store has
//! no row. The fixtures can be replaced while the server runs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;

use super::Institutions;
use super::cache::CachedTenant;
use super::lifecycle::tenant_of_fixture;
use crate::domain::clock::ClockError;
use crate::domain::ids::InstitutionCode;
use crate::fixtures::Fixtures;

/// Fixtures and their institutions as of the time when they became active.
pub(super) struct ActiveFixtures {
    pub(super) fixtures: Arc<Fixtures>,
    pub(super) initial: BTreeMap<InstitutionCode, Arc<CachedTenant>>,
}

/// Access to the fixtures that are active now.
pub(super) struct ActiveFixturesHandle {
    now: RwLock<Arc<ActiveFixtures>>,
    /// How often the fixtures were replaced; cache entries read under former fixtures are
    /// invalid.
    epoch: AtomicU64,
}

impl ActiveFixtures {
    /// Creates the institutions as of `now`.
    ///
    /// # Errors
    /// A clock setting is invalid.
    pub(super) fn new(fixtures: Arc<Fixtures>, notifies: bool, now: Timestamp) -> Result<Self, ClockError> {
        let instantiated = fixtures.institutions.iter().map(|(code, spec)| {
            let tenant = tenant_of_fixture(code, spec, &fixtures.campaign, now)?;
            Ok((code.clone(), Arc::new(CachedTenant::new(tenant, None, notifies))))
        });
        let initial = instantiated.collect::<Result<_, ClockError>>()?;
        Ok(Self { fixtures, initial })
    }
}

impl ActiveFixturesHandle {
    pub(super) fn new(first: ActiveFixtures) -> Self {
        Self { now: RwLock::new(Arc::new(first)), epoch: AtomicU64::new(0) }
    }

    pub(super) fn get(&self) -> Arc<ActiveFixtures> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, next: ActiveFixtures) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// Returns a number that changes when the fixtures are replaced.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }
}

impl Institutions {
    /// Returns the active fixtures.
    pub fn fixtures(&self) -> Arc<Fixtures> {
        Arc::clone(&self.0.active_fixtures.get().fixtures)
    }

    /// Replaces the active fixtures. Their institutions are created as of now; those that are
    /// in the store, because they were changed or created, stay as they are.
    ///
    /// # Errors
    /// A clock setting is invalid; nothing has changed.
    pub fn activate_fixtures(&self, fixtures: Arc<Fixtures>) -> Result<(), ClockError> {
        let next = ActiveFixtures::new(fixtures, !self.0.channels.is_empty(), self.wall())?;
        self.0.active_fixtures.put(next);
        self.0.addresses.invalidate();
        self.0.change_notifier.notify(None);
        Ok(())
    }

    /// Waits until another process may have replaced the fixtures.
    pub async fn fixtures_changed(&self) {
        self.0.fixtures_changed.notified().await;
    }
}
