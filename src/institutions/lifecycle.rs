//! The lifecycle of institutions: creation, reset, deletion, and the removal of expired ones.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;

use super::transaction::{Decision, Write};
use super::{CreateError, Inner, Institutions, Moment, Snapshot, Tenant};
use crate::domain::campaign::Campaign;
use crate::domain::clock::ClockError;
use crate::domain::ids::{InstitutionCode, ScenarioId};
use crate::domain::institution::{Institution, InstitutionSpec};
use crate::random;
use crate::store::StoreError;

/// The generation of an institution as its fixture creates it; the same at every start and in
/// every process.
const FIXTURE_GENERATION: &str = "fixture";

impl Institutions {
    /// Creates an institution. `answer` computes the result from the stored state, as in
    /// [`Institutions::update`].
    ///
    /// # Errors
    /// The code is taken, there are too many institutions, the clock setting is invalid, or the
    /// store does not work.
    pub async fn create<T>(
        &self,
        code: &InstitutionCode,
        spec: InstitutionSpec,
        expires: Option<Timestamp>,
        mut answer: impl FnMut(&Tenant, Moment) -> T,
    ) -> Result<T, CreateError> {
        let spec = Arc::new(spec);
        self.0.recount().await?;
        let created = self.transact(code, |current| {
            let institution = match self.instantiate(code, &spec, current.wall) {
                Ok(institution) => institution,
                Err(error) => return Decision::Keep(Err(CreateError::Clock(error))),
            };
            if current.live_tenant().is_some() {
                return Decision::Keep(Err(CreateError::Taken));
            }
            if current.version.is_none() && self.0.is_full() {
                return Decision::Keep(Err(CreateError::Full(self.0.bounds.institutions)));
            }
            let untouched = expires.is_none() && self.is_of_fixture(code, &spec);
            let tenant = Tenant { institution, spec: Arc::clone(&spec), expires, met: BTreeSet::new(), untouched };
            self.write_new(tenant, current.wall, |tenant, moment| Ok(answer(tenant, moment)))
        });
        created.await?
    }

    /// Decides to write a new institution. It is settled first, so that the answer matches the
    /// stored state.
    fn write_new<T>(&self, mut tenant: Tenant, wall: Timestamp, answer: impl FnOnce(&Tenant, Moment) -> T) -> Decision<T> {
        let moment = tenant.moment(wall);
        tenant.institution.settle(moment.now);
        let outbox = self.0.outbox(&mut tenant, wall);
        let answer = answer(&tenant, moment);
        Decision::Write(Write::Replace { tenant: Box::new(tenant), new_generation: true, outbox, screenshot: None }, answer)
    }

    /// Returns a code that no institution has: in the prefecture that does not exist, and of
    /// the same kind (medical, pharmacy …) as `template`.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn unused_code(&self, template: &InstitutionCode) -> Result<InstitutionCode, StoreError> {
        loop {
            let code = template.numbered(self.0.next_number.fetch_add(1, Ordering::Relaxed));
            let entry = self.0.cache.entry(&code);
            if self.0.current(&entry).await?.is_none() {
                return Ok(code);
            }
        }
    }

    /// Deletes an institution and its journal. Returns whether it existed. An institution of
    /// the fixtures stays deleted until one is created under its code.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn delete(&self, code: &InstitutionCode) -> Result<bool, StoreError> {
        self.delete_if(code, false).await
    }

    /// Deletes an institution. With `only_over`, deletes it only if it has expired, since a new
    /// one may have been created under its code.
    pub(super) async fn delete_if(&self, code: &InstitutionCode, only_over: bool) -> Result<bool, StoreError> {
        let deleted = self.transact(code, |current| {
            let lives = current.live_tenant().is_some();
            if current.loaded.is_none() || (only_over && lives) {
                return Decision::Keep(false);
            }
            Decision::Write(Write::Delete, lives)
        });
        deleted.await
    }

    /// Resets an institution to its spec: tokens issued before no longer count, and its journal
    /// is cleared.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn reset<T>(
        &self,
        code: &InstitutionCode,
        answer: impl FnMut(&Tenant, Moment) -> T,
    ) -> Result<Option<Result<T, ClockError>>, StoreError> {
        self.apply_scenario(code, InstitutionSpec::clone, answer).await
    }

    /// Resets an institution to another spec, which later resets use, too.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn apply_scenario<T>(
        &self,
        code: &InstitutionCode,
        stage: impl Fn(&InstitutionSpec) -> InstitutionSpec,
        answer: impl FnMut(&Tenant, Moment) -> T,
    ) -> Result<Option<Result<T, ClockError>>, StoreError> {
        let template_applied = |tenant: &Tenant, wall| {
            let spec = stage(&tenant.spec);
            let institution = self.instantiate(code, &spec, wall)?;
            let untouched = tenant.expires.is_none() && self.is_of_fixture(code, &spec);
            Ok(Tenant { institution, spec: Arc::new(spec), expires: tenant.expires, met: BTreeSet::new(), untouched })
        };
        self.recreate(code, template_applied, answer).await
    }

    /// Restores an institution from a snapshot: tokens issued before no longer count, and its
    /// journal is cleared. Its code and expiry stay.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn restore<T>(
        &self,
        code: &InstitutionCode,
        snapshot: &Snapshot,
        answer: impl FnMut(&Tenant, Moment) -> T,
    ) -> Result<Option<T>, StoreError> {
        let restored = |tenant: &Tenant, wall| Ok::<_, Infallible>(snapshot.at(code, random_id(), tenant.expires, wall));
        Ok(self.recreate(code, restored, answer).await?.map(|Ok(answer)| answer))
    }

    /// Replaces an institution by a new generation.
    async fn recreate<T, E>(
        &self,
        code: &InstitutionCode,
        make: impl Fn(&Tenant, Timestamp) -> Result<Tenant, E>,
        mut answer: impl FnMut(&Tenant, Moment) -> T,
    ) -> Result<Option<Result<T, E>>, StoreError> {
        let met = self.exercised_scenario(code).await?;
        let scenarios = &self.fixtures().scenarios;
        let recreated = self.transact(code, |current| {
            let Some(before) = current.live_tenant() else {
                return Decision::Keep(None);
            };
            let mut tenant = match make(before, current.wall) {
                Ok(tenant) => tenant,
                Err(error) => return Decision::Keep(Some(Err(error))),
            };
            let all = before.met.iter().chain(&met).filter(|id| scenarios.find(id).is_some());
            tenant.met = all.cloned().collect();
            self.write_new(tenant, current.wall, |tenant, moment| Some(Ok(answer(tenant, moment))))
        });
        recreated.await
    }

    /// Returns the current scenario of an institution if its clients have met it, that is, if
    /// they sent any request, even one that the journal has evicted.
    async fn exercised_scenario(&self, code: &InstitutionCode) -> Result<Option<ScenarioId>, StoreError> {
        let scenario = self.read(code, |tenant, _| Some(tenant.institution.scenario.as_ref()?.id.clone())).await?.flatten();
        if scenario.is_none() {
            return Ok(None);
        }
        let newest = self.entries(code, 1).await?;
        Ok(scenario.filter(|_| newest.is_some_and(|page| !page.entries.is_empty() || page.evicted > 0)))
    }

    /// Whether the spec is that of the code's fixture.
    fn is_of_fixture(&self, code: &InstitutionCode, spec: &InstitutionSpec) -> bool {
        self.0.active_fixtures.get().initial.get(code).is_some_and(|cached| *cached.tenant.spec == *spec)
    }

    /// Creates an institution of a new generation.
    fn instantiate(&self, code: &InstitutionCode, spec: &InstitutionSpec, wall: Timestamp) -> Result<Institution, ClockError> {
        Institution::new(code.clone(), random_id(), spec, &self.fixtures().campaign, wall)
    }
}

impl Inner {
    /// Whether the limit of institutions is reached, as far as this process knows.
    fn is_full(&self) -> bool {
        self.stored.load(Ordering::Relaxed) >= self.bounds.institutions
    }

    /// Counts the rows again if the limit is reached, since other processes may have deleted
    /// some.
    async fn recount(&self) -> Result<(), StoreError> {
        if self.is_full()
            && let Some(counted) = self.replicas.recount(&self.store).await?
        {
            self.stored.store(counted, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Returns a random unique id.
pub(super) fn random_id() -> String {
    uuid::Builder::from_random_bytes(random::bytes()).into_uuid().to_string()
}

/// Creates an institution of the fixtures.
pub(super) fn tenant_of_fixture(
    code: &InstitutionCode,
    spec: &InstitutionSpec,
    base: &Campaign,
    now: Timestamp,
) -> Result<Tenant, ClockError> {
    let institution = Institution::new(code.clone(), FIXTURE_GENERATION.to_owned(), spec, base, now)?;
    Ok(Tenant { institution, spec: Arc::new(spec.clone()), expires: None, met: BTreeSet::new(), untouched: true })
}
