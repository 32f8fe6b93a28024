//! The living institutions: found by code, settled, changed one at a time, each with its journal. Kept in memory.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use aws_lc_rs::rand;
use jiff::Timestamp;
use uuid::Uuid;

use crate::domain::campaign::Campaign;
use crate::domain::clock::ClockError;
use crate::domain::ids::{InstitutionCode, TerminalAddress};
use crate::domain::institution::{Blueprint, Institution};
use crate::fixtures::Fixtures;
use crate::journal::{Entry, Exchange, Journal};

/// The most institutions at once: what bounds the memory that creating them can take.
pub const MAX_INSTITUTIONS: usize = 1_000;

/// All institutions of a server.
pub struct Institutions {
    fixtures: Arc<Fixtures>,
    wall: fn() -> Timestamp,
    tenants: RwLock<BTreeMap<InstitutionCode, Arc<Mutex<Tenant>>>>,
    /// What fitted no institution.
    strays: Mutex<Journal>,
    next_number: AtomicU32,
}

/// One institution with what belongs to it.
pub struct Tenant {
    /// The institution, settled.
    pub institution: Institution,
    /// What it is made from again when it is reset.
    pub blueprint: Blueprint,
    journal: Journal,
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
#[derive(Debug, PartialEq, Eq)]
pub enum CreateError {
    /// The code is taken.
    Taken,
    /// There are too many.
    Full,
    /// The clock setting makes no sense.
    Clock(ClockError),
}

impl Institutions {
    /// The fixtures' institutions, as of now.
    ///
    /// # Errors
    /// A fixture's clock setting that makes no sense.
    pub fn new(fixtures: Arc<Fixtures>, wall: fn() -> Timestamp) -> Result<Self, CreateError> {
        let institutions = Self {
            fixtures: Arc::clone(&fixtures),
            wall,
            tenants: RwLock::default(),
            strays: Mutex::default(),
            next_number: AtomicU32::new(900_000),
        };
        for (code, blueprint) in &fixtures.institutions {
            institutions.create(code.clone(), blueprint.clone())?;
        }
        Ok(institutions)
    }

    /// The machine's time.
    pub fn wall(&self) -> Timestamp {
        (self.wall)()
    }

    /// Makes one.
    ///
    /// # Errors
    /// The code is taken, there are too many, or the clock setting makes no sense.
    pub fn create(&self, code: InstitutionCode, blueprint: Blueprint) -> Result<(), CreateError> {
        let institution = make(code.clone(), &blueprint, &self.fixtures.campaign, self.wall()).map_err(CreateError::Clock)?;
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        if tenants.contains_key(&code) {
            return Err(CreateError::Taken);
        }
        if tenants.len() >= MAX_INSTITUTIONS {
            return Err(CreateError::Full);
        }
        tenants.insert(code, Arc::new(Mutex::new(Tenant { institution, blueprint, journal: Journal::default() })));
        Ok(())
    }

    /// A code that no institution has, in the prefecture that does not exist, of the template's kind (medical, pharmacy …).
    pub fn free_code(&self, template: &InstitutionCode) -> InstitutionCode {
        loop {
            let code = template.numbered(self.next_number.fetch_add(1, Ordering::Relaxed));
            if self.tenant(&code).is_none() {
                return code;
            }
        }
    }

    /// Takes one away, with its journal; says whether there was one.
    pub fn delete(&self, code: &InstitutionCode) -> bool {
        self.tenants.write().unwrap_or_else(PoisonError::into_inner).remove(code).is_some()
    }

    /// Makes one again from its blueprint: tokens of before are foreign, its journal is empty.
    pub fn reset(&self, code: &InstitutionCode) -> Option<Result<(), ClockError>> {
        let tenant = self.tenant(code)?;
        let mut tenant = lock(&tenant);
        let made = make(code.clone(), &tenant.blueprint, &self.fixtures.campaign, self.wall());
        Some(made.map(|institution| {
            tenant.institution = institution;
            tenant.journal = Journal::default();
        }))
    }

    /// Every code, in order.
    pub fn codes(&self) -> Vec<InstitutionCode> {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect()
    }

    /// The address of every terminal, in order.
    pub fn terminals(&self) -> Vec<TerminalAddress> {
        let of = |code: InstitutionCode| {
            let ids = self.with(&code, |tenant, _| tenant.institution.terminals.keys().cloned().collect::<Vec<_>>());
            ids.unwrap_or_default().into_iter().map(move |terminal| TerminalAddress { institution: code.clone(), terminal })
        };
        self.codes().into_iter().flat_map(of).collect()
    }

    /// Settles one and looks at it or changes it; none if there is no such institution. One caller at a time.
    pub fn with<T>(&self, code: &InstitutionCode, act: impl FnOnce(&mut Tenant, Moment) -> T) -> Option<T> {
        let tenant = self.tenant(code)?;
        let mut tenant = lock(&tenant);
        let wall = self.wall();
        let now = tenant.institution.now(wall);
        tenant.institution.settle(now);
        Some(act(&mut tenant, Moment { now, wall }))
    }

    /// Journals an exchange with the institution that it was for, or as a stray; gives the entry's id.
    pub fn record(&self, code: Option<&InstitutionCode>, exchange: Exchange) -> Uuid {
        let wall = self.wall();
        match code.and_then(|code| Some((code, self.tenant(code)?))) {
            Some((code, tenant)) => {
                let mut tenant = lock(&tenant);
                let at = tenant.institution.now(wall);
                tenant.journal.record(Some(code.clone()), at, wall, exchange)
            }
            None => self.strays().record(None, wall, wall, exchange),
        }
    }

    /// The newest entries of what fitted no institution, and how many were evicted.
    pub fn stray_entries(&self, limit: usize) -> (Vec<Entry>, u64) {
        let strays = self.strays();
        (strays.newest(limit), strays.evicted())
    }

    fn strays(&self) -> MutexGuard<'_, Journal> {
        self.strays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tenant(&self, code: &InstitutionCode) -> Option<Arc<Mutex<Tenant>>> {
        self.tenants.read().unwrap_or_else(PoisonError::into_inner).get(code).cloned()
    }
}

impl Tenant {
    /// Journals an exchange from within [`Institutions::with`].
    pub fn record(&mut self, moment: Moment, exchange: Exchange) -> Uuid {
        self.journal.record(Some(self.institution.code.clone()), moment.now, moment.wall, exchange)
    }

    /// The newest journal entries, and how many were evicted.
    pub fn entries(&self, limit: usize) -> (Vec<Entry>, u64) {
        (self.journal.newest(limit), self.journal.evicted())
    }
}

fn lock(tenant: &Mutex<Tenant>) -> MutexGuard<'_, Tenant> {
    tenant.lock().unwrap_or_else(PoisonError::into_inner)
}

fn make(code: InstitutionCode, blueprint: &Blueprint, base: &Campaign, wall: Timestamp) -> Result<Institution, ClockError> {
    let mut random = [0; 16];
    rand::fill(&mut random).expect("a machine that gave the random bytes for TLS keys gives sixteen more");
    let incarnation = uuid::Builder::from_random_bytes(random).into_uuid().to_string();
    Institution::new(code, incarnation, blueprint, base, wall)
}
