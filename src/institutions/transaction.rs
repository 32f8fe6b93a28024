//! Updates: a change is made on a copy, stored if no other writer was faster, and only then
//! visible and acknowledged.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use tokio::sync::OwnedMutexGuard;

use super::cache::{CacheEntry, CacheState, CachedTenant, EntryHandle};
use super::{Inner, Institutions, Moment, Tenant};
use crate::domain::ids::InstitutionCode;
use crate::store::{OutboxMessage, Record, ScreenshotChange, StoreError};

/// How often an update is retried after a version conflict.
const MAX_ATTEMPTS: usize = 20;

/// An institution as read, and the time of the read.
pub(super) struct Current {
    /// The version of the row; `None` if the store has none.
    pub(super) version: Option<i64>,
    /// `None` if the institution does not exist.
    pub(super) loaded: Option<Arc<CachedTenant>>,
    /// The machine's time.
    pub(super) wall: Timestamp,
}

impl Current {
    /// Returns the institution, unless it has expired.
    pub(super) fn live_tenant(&self) -> Option<&Tenant> {
        self.loaded.as_deref().map(|loaded| &loaded.tenant).filter(|tenant| !tenant.is_expired(self.wall))
    }
}

/// What to write, and the caller's answer.
pub(super) enum Decision<T> {
    /// Write nothing.
    Keep(T),
    /// Write this; the answer is valid once it is stored.
    Write(Write, T),
}

/// A write over the row that was read.
pub(super) enum Write {
    /// Write the institution.
    Replace {
        /// Its new state.
        tenant: Box<Tenant>,
        /// Whether it is a new generation, whose journal starts empty.
        new_generation: bool,
        /// The messages to add to the outbox.
        outbox: Vec<OutboxMessage>,
        /// The change of a screenshot; only within a generation.
        screenshot: Option<ScreenshotChange>,
    },
    /// Delete the row; for an institution of the fixtures, keep the row as a tombstone.
    Delete,
}

/// The lock of an institution: no other task of this process changes it.
type WriteGuard = OwnedMutexGuard<()>;

impl Institutions {
    /// Settles and changes an institution; `None` if it does not exist. Concurrent updates run
    /// one after another.
    ///
    /// `act` is called again after a version conflict, so it must have no effect other than the
    /// change. Its last result, which matches the stored state, is returned.
    ///
    /// # Errors
    /// The store does not work, and nothing has changed.
    pub async fn update<T>(&self, code: &InstitutionCode, mut act: impl FnMut(&mut Tenant, Moment) -> T) -> Result<Option<T>, StoreError> {
        self.update_with_screenshot(code, |tenant, moment| (act(tenant, moment), None)).await
    }

    /// Settles and changes an institution as [`Institutions::update`] does. If `act` returns the
    /// change of a screenshot, that is stored together with the institution, which must change
    /// too.
    ///
    /// # Errors
    /// The store does not work, and nothing has changed.
    pub async fn update_with_screenshot<T>(
        &self,
        code: &InstitutionCode,
        mut act: impl FnMut(&mut Tenant, Moment) -> (T, Option<ScreenshotChange>),
    ) -> Result<Option<T>, StoreError> {
        let updated = self.transact(code, |current| {
            let Some(before) = current.live_tenant() else {
                return Decision::Keep(None);
            };
            let (mut settled, moment) = (before.clone(), before.moment(current.wall));
            settled.institution.settle(moment.now);
            let mut changed = settled.clone();
            let (output, screenshot) = act(&mut changed, moment);
            let was_due = current.loaded.as_ref().is_some_and(|loaded| loaded.is_due(moment.now));
            if !was_due && changed == settled {
                return Decision::Keep(Some(output));
            }
            // Settling alone leaves an institution untouched.
            changed.untouched &= changed == settled;
            let outbox = self.0.outbox(&mut changed, moment.wall);
            let write = Write::Replace { tenant: Box::new(changed), new_generation: false, outbox, screenshot };
            Decision::Write(write, Some(output))
        });
        updated.await
    }

    /// Reads an institution, calls `decide`, and writes the result; retries with the newer
    /// state after a version conflict.
    ///
    /// # Errors
    /// The store does not work, or there were too many version conflicts: nothing has changed.
    pub(super) async fn transact<T>(
        &self,
        code: &InstitutionCode,
        mut decide: impl FnMut(&Current) -> Decision<T>,
    ) -> Result<T, StoreError> {
        let entry = self.0.cache.entry(code);
        let mut write_lock = Arc::clone(&entry.write_lock).lock_owned().await;
        for _ in 0..MAX_ATTEMPTS {
            let wall = self.wall();
            let (version, loaded) = self.0.load(&entry).await?;
            let (write, answer) = match decide(&Current { version, loaded, wall }) {
                Decision::Keep(answer) => return Ok(answer),
                Decision::Write(write, answer) => (write, answer),
            };
            match self.write(&entry, write_lock, version, write).await? {
                None => return Ok(answer),
                Some(lock) => write_lock = lock,
            }
        }
        Err(StoreError::Contended)
    }

    /// Writes over the version that was read. Returns the lock after a version conflict.
    /// Runs as a task of its own, so that the write completes even if the client disconnects.
    async fn write(
        &self,
        entry: &EntryHandle,
        write_lock: WriteGuard,
        expected_version: Option<i64>,
        write: Write,
    ) -> Result<Option<WriteGuard>, StoreError> {
        let (inner, entry) = (Arc::clone(&self.0), entry.clone());
        let writing = async move {
            let saved = inner.apply(&entry, expected_version, write).await;
            if !matches!(saved, Ok(true)) {
                entry.set(inner.epoch(), CacheState::Unread);
            }
            saved.map(|saved| (!saved).then_some(write_lock))
        };
        self.0.tasks.finish(writing).await
    }
}

impl Inner {
    async fn apply(&self, entry: &CacheEntry, expected_version: Option<i64>, write: Write) -> Result<bool, StoreError> {
        let code = entry.code.as_str();
        // A random first version, so that a row deleted and created again has another one.
        let version = expected_version.map_or_else(|| fastrand::i64(0..i64::MAX / 2), |version| version + 1);
        let epoch = self.epoch();
        match write {
            Write::Replace { tenant, new_generation, outbox, screenshot } => {
                let record = tenant.record();
                let _guard = if new_generation { Some(self.recorder.discard_journal(&Some(entry.code.clone())).await) } else { None };
                let saved = match screenshot {
                    Some(change) => self.store.save_with_screenshot(code, expected_version, version, &record, &outbox, &change).await?,
                    None => self.store.save(code, expected_version, version, &record, new_generation, &outbox).await?,
                };
                if !saved {
                    return Ok(false);
                }
                let terminals_before = match entry.state(epoch) {
                    CacheState::Present(cached) => Some(cached.tenant.institution.terminals.len()),
                    CacheState::Absent(_) | CacheState::Unread => None,
                };
                if terminals_before != Some(tenant.institution.terminals.len()) || new_generation {
                    self.addresses.invalidate();
                }
                if expected_version.is_none() {
                    self.stored.fetch_add(1, Ordering::Relaxed);
                }
                entry.set(epoch, CacheState::Present(Arc::new(self.cached_tenant(*tenant, Some(version)))));
                self.cache.set_weight(&entry.code, record.body.map_or(0, |body| body.len()));
            }
            Write::Delete => {
                let _guard = self.recorder.discard_journal(&Some(entry.code.clone())).await;
                let is_fixture = self.active_fixtures.get().initial.contains_key(&entry.code);
                let saved = match expected_version {
                    Some(version) if !is_fixture => self.store.remove(code, version).await?,
                    _ => {
                        let record = Record { body: None, expires: None, login: String::new(), terminals: String::new() };
                        self.store.save(code, expected_version, version, &record, true, &[]).await?
                    }
                };
                if !saved {
                    return Ok(false);
                }
                if !is_fixture {
                    let _ = self.stored.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |stored| Some(stored.saturating_sub(1)));
                }
                self.addresses.invalidate();
                entry.set(epoch, CacheState::Absent(is_fixture.then_some(version)));
                self.cache.set_weight(&entry.code, 0);
            }
        }
        self.replicas.notify_changed(&self.change_notifier, &entry.code);
        Ok(true)
    }
}
