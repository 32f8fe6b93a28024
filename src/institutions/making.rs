//! Institutions made, made again, and taken away; those whose time is over take themselves away.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use aws_lc_rs::rand;
use jiff::Timestamp;

use super::changing::{Decision, Write};
use super::{CreateError, Inner, Institutions, Moment, Snapshot, Tenant};
use crate::domain::campaign::Campaign;
use crate::domain::clock::ClockError;
use crate::domain::ids::{InstitutionCode, ScenarioId};
use crate::domain::institution::{Blueprint, Institution};
use crate::store::StoreError;

/// The making of an institution that is as its fixture made it: the same at every start and in every process.
const OF_FIXTURE: &str = "fixture";

impl Institutions {
    /// Makes one; `answer` makes the answer of what is stored, as for [`Institutions::change`].
    ///
    /// # Errors
    /// The code is taken, there are too many, the clock setting makes no sense, or it could not be stored.
    pub async fn create<T>(
        &self,
        code: &InstitutionCode,
        blueprint: Blueprint,
        expires: Option<Timestamp>,
        mut answer: impl FnMut(&Tenant, Moment) -> T,
    ) -> Result<T, CreateError> {
        let blueprint = Arc::new(blueprint);
        self.0.recount().await?;
        let created = self.transact(code, |current| {
            let institution = match self.made(code, &blueprint, current.wall) {
                Ok(institution) => institution,
                Err(error) => return Decision::Keep(Err(CreateError::Clock(error))),
            };
            if current.living().is_some() {
                return Decision::Keep(Err(CreateError::Taken));
            }
            if current.version.is_none() && self.0.is_full() {
                return Decision::Keep(Err(CreateError::Full(self.0.bounds.institutions)));
            }
            let untouched = expires.is_none() && self.is_of_fixture(code, &blueprint);
            let tenant = Tenant { institution, blueprint: Arc::clone(&blueprint), expires, met: BTreeSet::new(), untouched };
            self.anew(tenant, current.wall, |tenant, moment| Ok(answer(tenant, moment)))
        });
        created.await?
    }

    /// Writes one that was just made, settled, so that its answer is what is stored.
    fn anew<T>(&self, mut tenant: Tenant, wall: Timestamp, answer: impl FnOnce(&Tenant, Moment) -> T) -> Decision<T> {
        let moment = tenant.moment(wall);
        tenant.institution.settle(moment.now);
        let outgoing = self.0.outgoing(&mut tenant, wall);
        let answer = answer(&tenant, moment);
        Decision::Write(Write::Whole { tenant: Box::new(tenant), anew: true, outgoing }, answer)
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
        let taken = self.transact(code, |current| {
            let lives = current.living().is_some();
            if current.seen.is_none() || (only_over && lives) {
                return Decision::Keep((false, false));
            }
            Decision::Write(Write::Gone, (true, lives))
        });
        let (written, lived) = taken.await?;
        if written {
            self.0.cache.give_up(code);
        }
        Ok(lived)
    }

    /// Makes one again from its blueprint: tokens of before are foreign, its journal is empty.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn reset<T>(
        &self,
        code: &InstitutionCode,
        answer: impl FnMut(&Tenant, Moment) -> T,
    ) -> Result<Option<Result<T, ClockError>>, StoreError> {
        self.restage(code, Blueprint::clone, answer).await
    }

    /// The same from another blueprint, by which it is also reset from then on.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn restage<T>(
        &self,
        code: &InstitutionCode,
        stage: impl Fn(&Blueprint) -> Blueprint,
        answer: impl FnMut(&Tenant, Moment) -> T,
    ) -> Result<Option<Result<T, ClockError>>, StoreError> {
        let staged = |tenant: &Tenant, wall| {
            let blueprint = stage(&tenant.blueprint);
            let institution = self.made(code, &blueprint, wall)?;
            let untouched = tenant.expires.is_none() && self.is_of_fixture(code, &blueprint);
            Ok(Tenant { institution, blueprint: Arc::new(blueprint), expires: tenant.expires, met: BTreeSet::new(), untouched })
        };
        self.remade(code, staged, answer).await
    }

    /// Makes one what a snapshot has: tokens of before are foreign, its journal is empty. Its code and when it deletes itself stay.
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
        Ok(self.remade(code, restored, answer).await?.map(|Ok(answer)| answer))
    }

    /// Puts another making in the place of one.
    async fn remade<T, E>(
        &self,
        code: &InstitutionCode,
        make: impl Fn(&Tenant, Timestamp) -> Result<Tenant, E>,
        mut answer: impl FnMut(&Tenant, Moment) -> T,
    ) -> Result<Option<Result<T, E>>, StoreError> {
        let met = self.met(code).await?;
        let scenarios = &self.fixtures().scenarios;
        let remade = self.transact(code, |current| {
            let Some(before) = current.living() else {
                return Decision::Keep(None);
            };
            let mut tenant = match make(before, current.wall) {
                Ok(tenant) => tenant,
                Err(error) => return Decision::Keep(Some(Err(error))),
            };
            let all = before.met.iter().chain(&met).filter(|id| scenarios.find(id).is_some());
            tenant.met = all.cloned().collect();
            self.anew(tenant, current.wall, |tenant, moment| Some(Ok(answer(tenant, moment))))
        });
        remade.await
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

    /// Whether what is made from this is as the fixture of its code makes it.
    fn is_of_fixture(&self, code: &InstitutionCode, blueprint: &Blueprint) -> bool {
        self.0.in_force.get().fresh.get(code).is_some_and(|seen| *seen.tenant.blueprint == *blueprint)
    }

    /// A new making.
    fn made(&self, code: &InstitutionCode, blueprint: &Blueprint, wall: Timestamp) -> Result<Institution, ClockError> {
        Institution::new(code.clone(), random_id(), blueprint, &self.fixtures().campaign, wall)
    }
}

impl Inner {
    /// Whether there are as many as there may be, as far as this process knows.
    fn is_full(&self) -> bool {
        self.stored.load(Ordering::Relaxed) >= self.bounds.institutions
    }

    /// Counts again where it is full: other processes may have taken some away.
    async fn recount(&self) -> Result<(), StoreError> {
        if self.is_full()
            && let Some(counted) = self.replicas.recount(&self.store).await?
        {
            self.stored.store(counted, Ordering::Relaxed);
        }
        Ok(())
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
    Ok(Tenant { institution, blueprint: Arc::new(blueprint.clone()), expires: None, met: BTreeSet::new(), untouched: true })
}
