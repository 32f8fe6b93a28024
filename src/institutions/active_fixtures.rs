//! The fixtures in force, and their institutions as they made them: what counts where the store has nothing of them. They can be replaced while
//! the server runs.

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

/// Fixtures with their institutions as of when they came into force.
pub(super) struct ActiveFixtures {
    pub(super) fixtures: Arc<Fixtures>,
    pub(super) initial: BTreeMap<InstitutionCode, Arc<CachedTenant>>,
}

/// The ones in force now.
pub(super) struct ActiveFixturesHandle {
    now: RwLock<Arc<ActiveFixtures>>,
    /// How many were in force before: what was read under those no longer holds.
    epoch: AtomicU64,
}

impl ActiveFixtures {
    /// Makes their institutions as of now.
    ///
    /// # Errors
    /// A clock setting that makes no sense.
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

    /// Moves when others come into force.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }
}

impl Institutions {
    /// The fixtures in force.
    pub fn fixtures(&self) -> Arc<Fixtures> {
        Arc::clone(&self.0.active_fixtures.get().fixtures)
    }

    /// Puts others in force. Their institutions are made as of now; one that was changed before, or made, stays as it is.
    ///
    /// # Errors
    /// A clock setting that makes no sense; nothing has changed then.
    pub fn activate_fixtures(&self, fixtures: Arc<Fixtures>) -> Result<(), ClockError> {
        let next = ActiveFixtures::new(fixtures, !self.0.channels.is_empty(), self.wall())?;
        self.0.active_fixtures.put(next);
        self.0.addresses.invalidate();
        self.0.change_notifier.notify(None);
        Ok(())
    }

    /// Waits until another process may have put fixtures in force.
    pub async fn fixtures_changed(&self) {
        self.0.fixtures_changed.notified().await;
    }
}
