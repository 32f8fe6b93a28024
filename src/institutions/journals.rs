//! The institutions' journals: an entry is added without waiting, written with many others a moment later, and read together with them.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::cache::CacheState;
use super::recorder::{Owner, Queue, QueuedEntry, QueuedState};
use super::{Inner, Institutions, Tenant};
use crate::domain::ids::InstitutionCode;
use crate::journal::{self, BOUND, EntryError, Exchange, Page, Recorded, journal_id};
use crate::store::{Batch, Found, StoreError};

/// How long an entry waits for others.
const MOMENT: Duration = Duration::from_millis(150);
/// How long it waits where the store fails.
const PAUSE: Duration = Duration::from_secs(1);
/// One in so many entries has its journal looked at for what goes beyond the bound; a large entry always does.
const LOOKED_AT: u32 = 64;
/// Entries that are written out at once.
const AT_ONCE: usize = 64;
/// Bytes of a large entry.
const LARGE: usize = 16 * 1024;
/// Bytes of entries that are written as one row: far fewer than the journal's bound, beyond which a row goes whole.
const FULL: usize = 64 * 1024;

/// The making under which strays are kept.
const NO_GENERATION: &str = "";

impl Institutions {
    /// Journals an exchange with the institution that it was for, or as a stray; gives the entry's id.
    pub fn record(&self, code: Option<&InstitutionCode>, exchange: Exchange) -> Uuid {
        let (wall, inner) = (self.wall(), &self.0);
        inner.metrics.count(&exchange);
        let id = journal_id(wall);
        let recorded = Box::new(Recorded { id, at: wall, wall, institution: None, exchange });
        let Some(code) = code else {
            inner.recorder.add(None, stray(recorded));
            return id;
        };
        let queued = match inner.cache.entry(code).state(inner.epoch()) {
            CacheState::Present(cached) => assigned(&cached.tenant, recorded),
            CacheState::Absent(_) | CacheState::Unread => QueuedEntry::unassigned(recorded),
        };
        inner.recorder.add(Some(code.clone()), queued);
        id
    }

    /// The newest entries of an institution's journal, oldest first, and how many were evicted; none if there is no such institution.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn entries(&self, code: &InstitutionCode, newest: usize) -> Result<Option<Page>, StoreError> {
        let Some(generation) = self.generation(code).await? else {
            return Ok(None);
        };
        self.page(code.as_str(), &generation, newest).await.map(Some)
    }

    /// The newest entries of what fitted no institution, and how many were evicted.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn stray_entries(&self, newest: usize) -> Result<Page, StoreError> {
        self.page("", NO_GENERATION, newest).await
    }

    /// Empties an institution's journal; says whether there is such an institution.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn clear_journal(&self, code: &InstitutionCode) -> Result<bool, StoreError> {
        if self.generation(code).await?.is_none() {
            return Ok(false);
        }
        self.clear(code.as_str()).await.map(|()| true)
    }

    /// Empties the journal of what fitted no institution.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn clear_strays(&self) -> Result<(), StoreError> {
        self.clear("").await
    }

    /// What waits is written first, so that it is counted with the others.
    async fn clear(&self, owner: &str) -> Result<(), StoreError> {
        self.write_journals().await?;
        let _guard = self.0.recorder.write_lock().await;
        self.0.store.clear(owner).await
    }

    async fn generation(&self, code: &InstitutionCode) -> Result<Option<Arc<str>>, StoreError> {
        self.read(code, |tenant, _| tenant.institution.generation.clone()).await
    }

    /// Writes what waits; what cannot be written goes on waiting.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn write_journals(&self) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.0);
        // A task of its own: a client that goes away in the middle loses no entries.
        self.0.tasks.finish(async move { inner.write_journals().await }).await
    }

    /// Writes entries a moment after they come, until told to stop; then all that wait.
    pub async fn run_journal_writer(&self, stop: impl Future<Output = ()>) {
        let recorder = &self.0.recorder;
        let mut stop = pin!(stop);
        let mut pause = MOMENT;
        loop {
            tokio::select! {
                () = recorder.some.notified() => {}
                () = &mut stop => return self.write_last().await,
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = recorder.many.notified(), if pause == MOMENT => {}
                () = &mut stop => return self.write_last().await,
            }
            // What failed waits on, and has been logged by the store.
            pause = if self.write_journals().await.is_ok() { MOMENT } else { PAUSE };
        }
    }

    async fn write_last(&self) {
        if let Err(error) = self.write_journals().await {
            tracing::error!(%error, "最後のジャーナルのエントリーが失われました / the last journal entries are lost");
        }
    }

    async fn page(&self, owner: &str, generation: &str, newest: usize) -> Result<Page, StoreError> {
        self.write_journals().await?;
        let complete = self.0.replicas.others_have_written(&self.0.store).await?;
        let page = self.0.store.entries(owner, generation, newest, BOUND).await?;
        let of = if owner.is_empty() { "journal".to_owned() } else { format!("{owner} journal") };
        let listed = page.entries.iter().map(|kept| journal::read(kept.number, &kept.body));
        let entries = listed.collect::<Result<_, _>>().map_err(|error| unreadable(&of, &error))?;
        Ok(Page { entries, evicted: page.evicted, complete })
    }
}

impl Inner {
    async fn write_journals(&self) -> Result<(), StoreError> {
        // Also where nothing waits: what someone else took to write it may not be there yet.
        let _guard = self.recorder.write_lock().await;
        let mut taken = self.recorder.take();
        if taken.is_empty() {
            return Ok(());
        }
        let written = self.write_queues(&mut taken).await;
        if written.is_err() {
            taken.into_iter().for_each(|(owner, queue)| self.recorder.put_back(owner, queue));
        }
        written
    }

    async fn write_queues(&self, taken: &mut Vec<(Owner, Queue)>) -> Result<(), StoreError> {
        let mut strays = Vec::new();
        let assigned = self.assign(taken, &mut strays).await;
        if !strays.is_empty() {
            // Together with the other strays, in one journal.
            match taken.iter_mut().find(|(owner, _)| owner.is_none()) {
                Some((_, queue)) => queue.entries.extend(strays),
                None => taken.push((None, Queue::of(strays))),
            }
        }
        // Only now: also where the store failed half-way, what was moved is among what goes on waiting.
        assigned?;
        let (mut batches, mut evicted, mut to_trim) = (Vec::new(), Vec::new(), Vec::new());
        let mut pseudonyms = self.pseudonyms.cached();
        for (owner, queue) in taken.iter_mut() {
            let institution = owner.as_ref().map_or("", InstitutionCode::as_str);
            let (begun, mut large) = (batches.len(), false);
            for (i, queued) in queue.entries.iter_mut().enumerate() {
                if i % AT_ONCE == 0 {
                    // Others have their turn between so many that are written out.
                    tokio::task::yield_now().await;
                }
                if let Some((generation, entry)) = queued.serialized(&mut pseudonyms) {
                    large |= entry.len() > LARGE;
                    add(&mut batches, institution, generation, entry);
                }
            }
            let nobodys = owner.is_none().then(|| NO_GENERATION.to_owned());
            let Some(generation) = batches[begun..].last().map(|batch| batch.generation.clone()).or(nobodys) else {
                continue;
            };
            if queue.evicted > 0 {
                evicted.push((institution.to_owned(), generation.clone(), queue.evicted));
            }
            if large || queue.evicted > 0 || fastrand::u32(0..LOOKED_AT) < queue.entries.len() as u32 {
                to_trim.push((institution.to_owned(), generation));
            }
        }
        self.store.append(batches, &evicted).await?;
        for (institution, generation) in to_trim {
            // What stays beyond the bound is taken away the next time, and shown by nobody until then.
            let _ = self.store.trim(&institution, &generation, BOUND).await;
        }
        Ok(())
    }

    /// Finds out whose the entries are that came while their institution was not in memory; those that are nobody's are moved to
    /// `strays`.
    async fn assign(&self, taken: &mut [(Owner, Queue)], strays: &mut Vec<QueuedEntry>) -> Result<(), StoreError> {
        for (owner, queue) in taken {
            let Some(code) = owner else {
                continue;
            };
            if !queue.entries.iter().any(|queued| matches!(queued.state, QueuedState::Unassigned(_))) {
                continue;
            }
            let tenant = self.stored(code).await?;
            for queued in std::mem::take(&mut queue.entries) {
                match (queued.state, &tenant) {
                    (QueuedState::Unassigned(recorded), Some(tenant)) => queue.entries.push_back(assigned(tenant, recorded)),
                    (QueuedState::Unassigned(recorded), None) => strays.push(stray(recorded)),
                    (state, _) => queue.entries.push_back(QueuedEntry { state, ..queued }),
                }
            }
        }
        Ok(())
    }

    /// The institution as it is stored, memory left alone; none also where it cannot be read, so that one damaged row stops no journal.
    async fn stored(&self, code: &InstitutionCode) -> Result<Option<Tenant>, StoreError> {
        match self.store.find(code.as_str(), None).await? {
            Found::Other(row) => {
                let read = row.body.map(|body| Tenant::read(&body, &self.parsed)).transpose();
                Ok(read.map_err(|error| error.in_store(code.as_str())).unwrap_or_else(|error| {
                    tracing::warn!(%error, "この医療機関のジャーナルのエントリーを、どの医療機関のものでもないものとして残します / journal entries of this institution are kept as strays");
                    None
                }))
            }
            Found::Nothing | Found::Same => Ok(self.active_fixtures.get().initial.get(code).map(|cached| cached.tenant.clone())),
        }
    }
}

/// Adds an entry to the last batch, unless that is another journal's, or another making's, or full.
fn add(batches: &mut Vec<Batch>, institution: &str, generation: &str, entry: &str) {
    if let Some(last) = batches.last_mut()
        && (last.institution.as_str(), last.generation.as_str()) == (institution, generation)
        && last.body.len() + entry.len() < FULL
    {
        last.entries += 1;
        last.body.extend(["\n", entry]);
    } else {
        batches.push(Batch { institution: institution.to_owned(), generation: generation.to_owned(), entries: 1, body: entry.to_owned() });
    }
}

fn unreadable(of: &str, error: &EntryError) -> StoreError {
    match error {
        EntryError::Format { .. } => StoreError::newer(of, &error.to_string()),
        EntryError::Unreadable { .. } => StoreError::corrupt(of, &error.to_string()),
    }
}

fn assigned(tenant: &Tenant, mut recorded: Box<Recorded>) -> QueuedEntry {
    let institution = &tenant.institution;
    (recorded.at, recorded.institution) = (institution.now(recorded.wall), Some(institution.code.clone()));
    QueuedEntry::assigned(Arc::clone(&institution.generation), recorded)
}

fn stray(recorded: Box<Recorded>) -> QueuedEntry {
    QueuedEntry::assigned(NO_GENERATION.into(), recorded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_of_one_journal_and_one_making_in_order_and_never_too_large() {
        let mut batches = Vec::new();
        for (generation, entry) in [("m", "1"), ("m", "2"), ("n", "3"), ("m", "4")] {
            add(&mut batches, "one", generation, entry);
        }
        let (half, whole) = ("x".repeat(FULL / 2), "y".repeat(FULL));
        for entry in ["5", half.as_str(), half.as_str(), whole.as_str(), "6"] {
            add(&mut batches, "other", "m", entry);
        }
        let written: Vec<_> = batches.iter().map(|batch| (&*batch.institution, &*batch.generation, batch.entries, &*batch.body)).collect();
        let first = format!("5\n{half}");
        let expected = [
            ("one", "m", 2, "1\n2"),
            ("one", "n", 1, "3"),
            ("one", "m", 1, "4"),
            ("other", "m", 2, first.as_str()),
            ("other", "m", 1, &half),
            ("other", "m", 1, &whole),
            ("other", "m", 1, "6"),
        ];
        assert_eq!(written, expected);
    }
}
