//! Institutions made, made again, and taken away; those whose time is over take themselves away.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use aws_lc_rs::rand;
use jiff::Timestamp;

use super::changing::Write;
use super::{CreateError, Inner, Institutions, Snapshot, Tenant};
use crate::domain::campaign::Campaign;
use crate::domain::clock::ClockError;
use crate::domain::ids::{InstitutionCode, ScenarioId};
use crate::domain::institution::{Blueprint, Institution};
use crate::store::StoreError;

/// The making of an institution that is as its fixture made it: the same at every start and in every process.
const OF_FIXTURE: &str = "fixture";
/// How often another version is met before it is given up.
const MOST_TRIES: usize = 20;

impl Institutions {
    /// Makes one.
    ///
    /// # Errors
    /// The code is taken, there are too many, the clock setting makes no sense, or it could not be stored.
    pub async fn create(&self, code: InstitutionCode, blueprint: Blueprint, expires: Option<Timestamp>) -> Result<(), CreateError> {
        let institution = self.made(&code, &blueprint).map_err(CreateError::Clock)?;
        let tenant = Tenant { institution, blueprint: Arc::new(blueprint), expires, met: BTreeSet::new() };
        let slot = self.0.cache.slot(&code);
        let mut turn = Arc::clone(&slot.turn).lock_owned().await;
        for _ in 0..MOST_TRIES {
            let (version, seen) = self.0.read(&slot).await.map_err(CreateError::Store)?;
            if seen.is_some_and(|seen| !seen.tenant.is_over(self.wall())) {
                return Err(CreateError::Taken);
            }
            if version.is_none() && self.0.is_full().await.map_err(CreateError::Store)? {
                return Err(CreateError::Full(self.0.bounds.institutions));
            }
            let write = Write::Whole { tenant: Box::new(tenant.clone()), anew: true, outgoing: Vec::new() };
            match self.write(&slot, turn, version, write).await.map_err(CreateError::Store)? {
                None => return Ok(()),
                Some(again) => turn = again,
            }
        }
        Err(CreateError::Store(StoreError::Contended))
    }

    /// A code that no institution has, in the prefecture that does not exist, of the template's kind (medical, pharmacy …).
    ///
    /// # Errors
    /// The store does not work.
    pub async fn free_code(&self, template: &InstitutionCode) -> Result<InstitutionCode, StoreError> {
        loop {
            let code = template.numbered(self.0.next_number.fetch_add(1, Ordering::Relaxed));
            let slot = self.0.cache.slot(&code);
            if self.0.fresh(&slot).await?.is_none() {
                return Ok(code);
            }
        }
    }

    /// Takes one away, with its journal; says whether there was one. A fixture's stays deleted until one is created under its code.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn delete(&self, code: &InstitutionCode) -> Result<bool, StoreError> {
        self.take_away(code, false).await
    }

    /// The same; `only_over`: unless it has time left, as one has that was made under its code since.
    pub(super) async fn take_away(&self, code: &InstitutionCode, only_over: bool) -> Result<bool, StoreError> {
        let slot = self.0.cache.slot(code);
        let mut turn = Arc::clone(&slot.turn).lock_owned().await;
        for _ in 0..MOST_TRIES {
            let (version, Some(seen)) = self.0.read(&slot).await? else {
                return Ok(false);
            };
            let over = seen.tenant.is_over(self.wall());
            if only_over && !over {
                return Ok(false);
            }
            match self.write(&slot, turn, version, Write::Gone).await? {
                None => {
                    self.0.cache.give_up(&slot);
                    return Ok(!over);
                }
                Some(again) => turn = again,
            }
        }
        Err(StoreError::Contended)
    }

    /// Makes one again from its blueprint: tokens of before are foreign, its journal is empty.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn reset(&self, code: &InstitutionCode) -> Result<Option<Result<(), ClockError>>, StoreError> {
        self.restage(code, Blueprint::clone).await
    }

    /// The same from another blueprint, by which it is also reset from then on.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn restage(
        &self,
        code: &InstitutionCode,
        stage: impl Fn(&Blueprint) -> Blueprint,
    ) -> Result<Option<Result<(), ClockError>>, StoreError> {
        let staged = |tenant: &Tenant| {
            let blueprint = stage(&tenant.blueprint);
            let institution = self.made(code, &blueprint)?;
            Ok(Tenant { institution, blueprint: Arc::new(blueprint), expires: tenant.expires, met: BTreeSet::new() })
        };
        self.remade(code, staged).await
    }

    /// Makes one what a snapshot has: tokens of before are foreign, its journal is empty. Its code and when it deletes itself stay.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn restore(&self, code: &InstitutionCode, snapshot: &Snapshot) -> Result<Option<()>, StoreError> {
        let restored = |tenant: &Tenant| Ok::<_, Infallible>(snapshot.at(code, random_id(), tenant.expires, self.wall()));
        Ok(self.remade(code, restored).await?.map(|Ok(())| ()))
    }

    /// Puts another making in the place of one.
    async fn remade<E>(
        &self,
        code: &InstitutionCode,
        make: impl Fn(&Tenant) -> Result<Tenant, E>,
    ) -> Result<Option<Result<(), E>>, StoreError> {
        let met = self.met(code).await?;
        let scenarios = &self.fixtures().scenarios;
        let slot = self.0.cache.slot(code);
        let mut turn = Arc::clone(&slot.turn).lock_owned().await;
        for _ in 0..MOST_TRIES {
            let (version, seen) = self.0.read(&slot).await?;
            let Some(seen) = seen.filter(|seen| !seen.tenant.is_over(self.wall())) else {
                return Ok(None);
            };
            let mut tenant = match make(&seen.tenant) {
                Ok(tenant) => tenant,
                Err(error) => return Ok(Some(Err(error))),
            };
            let all = seen.tenant.met.iter().chain(&met).filter(|id| scenarios.find(id).is_some());
            tenant.met = all.cloned().collect();
            match self.write(&slot, turn, version, Write::Whole { tenant: Box::new(tenant), anew: true, outgoing: Vec::new() }).await? {
                None => return Ok(Some(Ok(()))),
                Some(again) => turn = again,
            }
        }
        Err(StoreError::Contended)
    }

    /// The scenario that one is in, where its clients have met it: where they asked anything, whether or not the journal still has it.
    async fn met(&self, code: &InstitutionCode) -> Result<Option<ScenarioId>, StoreError> {
        let scenario = self.look(code, |tenant, _| Some(tenant.institution.scenario.as_ref()?.id.clone())).await?.flatten();
        if scenario.is_none() {
            return Ok(None);
        }
        let newest = self.entries(code, 1).await?;
        Ok(scenario.filter(|_| newest.is_some_and(|page| !page.entries.is_empty() || page.evicted > 0)))
    }

    /// A new making.
    fn made(&self, code: &InstitutionCode, blueprint: &Blueprint) -> Result<Institution, ClockError> {
        Institution::new(code.clone(), random_id(), blueprint, &self.fixtures().campaign, self.wall())
    }
}

impl Inner {
    /// Whether there are as many as there may be. What other processes of a shared store took away is not known here: it is looked up first.
    async fn is_full(&self) -> Result<bool, StoreError> {
        let full = || self.stored.load(Ordering::Relaxed) >= self.bounds.institutions;
        if full() && self.store.is_shared() {
            self.stored.store(self.store.count().await?, Ordering::Relaxed);
        }
        Ok(full())
    }
}

/// An id that nobody else has.
pub(super) fn random_id() -> String {
    let mut random = [0; 16];
    rand::fill(&mut random).expect("a machine that gave the random bytes for TLS keys gives sixteen more");
    uuid::Builder::from_random_bytes(random).into_uuid().to_string()
}

/// A fixture's institution.
pub(super) fn of_fixture(code: &InstitutionCode, blueprint: &Blueprint, base: &Campaign, now: Timestamp) -> Result<Tenant, ClockError> {
    let institution = Institution::new(code.clone(), OF_FIXTURE.to_owned(), blueprint, base, now)?;
    Ok(Tenant { institution, blueprint: Arc::new(blueprint.clone()), expires: None, met: BTreeSet::new() })
}
