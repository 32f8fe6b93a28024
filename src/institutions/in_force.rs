//! The fixtures in force, and their institutions as they made them: what counts where the store has nothing of them. They can be replaced while
//! the server runs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;

use super::Institutions;
use super::making::of_fixture;
use super::slot::Seen;
use crate::domain::clock::ClockError;
use crate::domain::ids::InstitutionCode;
use crate::fixtures::Fixtures;

/// Fixtures with their institutions as of when they came into force.
pub(super) struct InForce {
    pub(super) fixtures: Arc<Fixtures>,
    pub(super) fresh: BTreeMap<InstitutionCode, Arc<Seen>>,
}

/// The ones in force now.
pub(super) struct Place {
    now: RwLock<Arc<InForce>>,
    /// How many were in force before: what was read under those no longer holds.
    generation: AtomicU64,
}

impl InForce {
    /// Makes their institutions as of now.
    ///
    /// # Errors
    /// A clock setting that makes no sense.
    pub(super) fn new(fixtures: Arc<Fixtures>, telling: bool, now: Timestamp) -> Result<Self, ClockError> {
        let made = fixtures.institutions.iter().map(|(code, blueprint)| {
            let tenant = of_fixture(code, blueprint, &fixtures.campaign, now)?;
            Ok((code.clone(), Arc::new(Seen::new(tenant, None, telling))))
        });
        let fresh = made.collect::<Result<_, ClockError>>()?;
        Ok(Self { fixtures, fresh })
    }
}

impl Place {
    pub(super) fn new(first: InForce) -> Self {
        Self { now: RwLock::new(Arc::new(first)), generation: AtomicU64::new(0) }
    }

    pub(super) fn get(&self) -> Arc<InForce> {
        Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, next: InForce) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        self.generation.fetch_add(1, Ordering::AcqRel);
    }

    /// Moves when others come into force.
    pub(super) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

impl Institutions {
    /// The fixtures in force.
    pub fn fixtures(&self) -> Arc<Fixtures> {
        Arc::clone(&self.0.in_force.get().fixtures)
    }

    /// Puts others in force. Their institutions are made as of now; one that was changed before, or made, stays as it is.
    ///
    /// # Errors
    /// A clock setting that makes no sense; nothing has changed then.
    pub fn put_in_force(&self, fixtures: Arc<Fixtures>) -> Result<(), ClockError> {
        let next = InForce::new(fixtures, !self.0.ways.is_empty(), self.wall())?;
        self.0.in_force.put(next);
        self.0.addresses.outdate();
        self.0.bell.ring(None);
        Ok(())
    }

    /// Waits until another process may have put fixtures in force.
    pub async fn fixtures_told(&self) {
        self.0.fixtures_told.notified().await;
    }
}
