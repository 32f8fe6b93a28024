//! A change: on a copy, stored where nobody else was faster, and only then visible and acknowledged.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use tokio::sync::OwnedMutexGuard;

use super::slot::{Known, Seen, Slot};
use super::{Inner, Institutions, Moment, Tenant};
use crate::domain::ids::InstitutionCode;
use crate::store::{Outgoing, Record, StoreError};

/// How often a change is tried anew because another process was faster.
const MOST_TRIES: usize = 20;

/// An institution as it was read, and when.
pub(super) struct Current {
    /// The row's version; none where the store has no row.
    pub(super) version: Option<i64>,
    /// None where there is none.
    pub(super) seen: Option<Arc<Seen>>,
    /// The machine's time.
    pub(super) wall: Timestamp,
}

impl Current {
    /// The institution, unless its time is over.
    pub(super) fn living(&self) -> Option<&Tenant> {
        self.seen.as_deref().map(|seen| &seen.tenant).filter(|tenant| !tenant.is_over(self.wall))
    }
}

/// What a writer makes of what was read, and its answer.
pub(super) enum Decision<T> {
    /// Nothing is written.
    Keep(T),
    /// This is written; the answer holds once it is.
    Write(Write, T),
}

/// What is written over the row that was read.
pub(super) enum Write {
    /// The institution.
    Whole {
        /// What it is now.
        tenant: Box<Tenant>,
        /// Whether it is made anew, so that its journal goes.
        anew: bool,
        /// What is to be sent of the change.
        outgoing: Vec<Outgoing>,
    },
    /// Nothing; a fixture's row remembers that it was deleted.
    Gone,
}

/// Who has an institution's turn: nobody else of this process changes it.
type Turn = OwnedMutexGuard<()>;

impl Institutions {
    /// Settles one and changes it; none if there is no such institution. Of several at once each
    /// sees what the one before it made: `act` is called again where another process was faster, so
    /// it does nothing but change what it is given. What it answers it made of what is stored.
    ///
    /// # Errors
    /// The store does not work, and nothing has changed.
    pub async fn change<T>(&self, code: &InstitutionCode, mut act: impl FnMut(&mut Tenant, Moment) -> T) -> Result<Option<T>, StoreError> {
        let changed = self.transact(code, |current| {
            let Some(before) = current.living() else {
                return Decision::Keep(None);
            };
            let (mut settled, moment) = (before.clone(), before.moment(current.wall));
            settled.institution.settle(moment.now);
            let mut changed = settled.clone();
            let done = act(&mut changed, moment);
            let was_due = current.seen.as_ref().is_some_and(|seen| seen.is_due(moment.now));
            if !was_due && changed == settled {
                return Decision::Keep(Some(done));
            }
            changed.untouched &= changed == settled;
            let outgoing = self.0.outgoing(&mut changed, moment.wall);
            Decision::Write(Write::Whole { tenant: Box::new(changed), anew: false, outgoing }, Some(done))
        });
        changed.await
    }

    /// Reads an institution, lets the caller decide what to write over it, and writes that; where
    /// another process was faster, again with what that one left.
    ///
    /// # Errors
    /// The store does not work, or others were faster each time: nothing has changed.
    pub(super) async fn transact<T>(
        &self,
        code: &InstitutionCode,
        mut decide: impl FnMut(&Current) -> Decision<T>,
    ) -> Result<T, StoreError> {
        let slot = self.0.cache.slot(code);
        let mut turn = Arc::clone(&slot.turn).lock_owned().await;
        for _ in 0..MOST_TRIES {
            let wall = self.wall();
            let (version, seen) = self.0.read(&slot).await?;
            let (write, answer) = match decide(&Current { version, seen, wall }) {
                Decision::Keep(answer) => return Ok(answer),
                Decision::Write(write, answer) => (write, answer),
            };
            match self.write(&slot, turn, version, write).await? {
                None => return Ok(answer),
                Some(again) => turn = again,
            }
        }
        Err(StoreError::Contended)
    }

    /// Writes over the version that was read. Gives the turn back where another process was faster. It is a task of its own: a client that
    /// goes away in the middle leaves nothing half done.
    async fn write(&self, slot: &Arc<Slot>, turn: Turn, before: Option<i64>, write: Write) -> Result<Option<Turn>, StoreError> {
        let (inner, slot) = (Arc::clone(&self.0), Arc::clone(slot));
        let writing = async move {
            let won = inner.written(&slot, before, write).await;
            if !matches!(won, Ok(true)) {
                slot.set(inner.epoch(), Known::Unread);
            }
            won.map(|won| (!won).then_some(turn))
        };
        self.0.tasks.finish(writing).await
    }
}

impl Inner {
    async fn written(&self, slot: &Slot, before: Option<i64>, write: Write) -> Result<bool, StoreError> {
        let code = slot.code.as_str();
        let version = before.map_or_else(|| fastrand::i64(0..i64::MAX / 2), |before| before + 1);
        let epoch = self.epoch();
        match write {
            Write::Whole { tenant, anew, outgoing } => {
                let record = tenant.record();
                let _quiet = if anew { Some(self.recorder.forget(&Some(slot.code.clone())).await) } else { None };
                if !self.store.save(code, before, version, &record, anew, &outgoing).await? {
                    return Ok(false);
                }
                let terminals_before = match slot.known(epoch) {
                    Known::Here(seen) => Some(seen.tenant.institution.terminals.len()),
                    Known::Absent(_) | Known::Unread => None,
                };
                if terminals_before != Some(tenant.institution.terminals.len()) || anew {
                    self.addresses.outdate();
                }
                if before.is_none() {
                    self.stored.fetch_add(1, Ordering::Relaxed);
                }
                slot.set(epoch, Known::Here(Arc::new(self.seen(*tenant, Some(version)))));
                self.cache.weigh(&slot.code, record.body.map_or(0, |body| body.len()));
            }
            Write::Gone => {
                let _quiet = self.recorder.forget(&Some(slot.code.clone())).await;
                let remembered = self.in_force.get().fresh.contains_key(&slot.code);
                let won = match before {
                    Some(before) if !remembered => self.store.remove(code, before).await?,
                    _ => {
                        let record = Record { body: None, expires: None, login: String::new(), terminals: String::new() };
                        self.store.save(code, before, version, &record, true, &[]).await?
                    }
                };
                if !won {
                    return Ok(false);
                }
                if !remembered {
                    let _ = self.stored.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |stored| Some(stored.saturating_sub(1)));
                }
                self.addresses.outdate();
                slot.set(epoch, Known::Absent(remembered.then_some(version)));
                self.cache.weigh(&slot.code, 0);
            }
        }
        self.replicas.announce(&self.bell, &slot.code);
        Ok(true)
    }
}
