//! The journals of the institutions. Recording an entry does not wait; entries are written in
//! batches a moment later, and a read writes the waiting ones first.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::cache::CacheState;
use super::recorder::{Owner, Queue, QueuedEntry, QueuedState};
use super::{Inner, Institutions, Moment, Tenant};
use crate::domain::ids::InstitutionCode;
use crate::journal::{self, EntryError, EntryPage, Exchange, JOURNAL_BOUND, MAX_ENTRIES, RecordedExchange, journal_id};
use crate::store::{Batch, RowLookup, StoreError};

/// How long an entry waits for others.
const BATCH_DELAY: Duration = Duration::from_millis(150);
/// The pause before a retry after the store failed.
const RETRY_DELAY: Duration = Duration::from_secs(1);
/// One in this many entries, and every large entry, causes its journal to be trimmed.
const TRIM_INTERVAL: u32 = 64;
/// The number of entries serialized before the task yields.
const YIELD_INTERVAL: usize = 64;
/// The size in bytes from which an entry counts as large.
const LARGE_ENTRY: usize = 16 * 1024;
/// The maximum size in bytes of a row. It is far smaller than the journal's bound, since a row
/// is evicted as a whole.
const MAX_ROW_SIZE: usize = 64 * 1024;

/// The generation under which strays are stored.
const NO_GENERATION: &str = "";

impl Institutions {
    /// Records an exchange in the journal of its institution, or as a stray; returns the id of
    /// the entry.
    pub fn record(&self, code: Option<&InstitutionCode>, exchange: Exchange) -> Uuid {
        let (wall, inner) = (self.wall(), &self.0);
        inner.metrics.count(&exchange);
        let id = journal_id(wall);
        let recorded = Box::new(RecordedExchange { id, at: wall, wall, institution: None, exchange });
        let Some(code) = code else {
            inner.recorder.add(None, stray(recorded));
            return id;
        };
        let queued = match inner.cache.entry(code).state(inner.epoch()) {
            CacheState::Present(cached) => assigned(&cached.tenant, recorded),
            CacheState::Absent(_) | CacheState::Unread => QueuedEntry::unassigned(recorded),
        };
        inner.recorder.add(Some(code.clone()), queued);
        inner.journal_notifier.notify_of(code);
        id
    }

    /// Returns the newest entries of an institution's journal, oldest first, and how many were
    /// evicted; `None` if there is no such institution.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn entries(&self, code: &InstitutionCode, newest: usize) -> Result<Option<EntryPage>, StoreError> {
        let Some(generation) = self.generation(code).await? else {
            return Ok(None);
        };
        self.page(code.as_str(), &generation, newest).await.map(Some)
    }

    /// Returns an institution and its journal; `None` if there is no such institution. The
    /// institution is read first, so that it has no event without the requests that preceded it.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn with_journal(&self, code: &InstitutionCode) -> Result<Option<(Tenant, Moment, EntryPage)>, StoreError> {
        let Some((tenant, moment)) = self.read(code, |tenant, moment| (tenant.clone(), moment)).await? else {
            return Ok(None);
        };
        let page = self.entries(code, MAX_ENTRIES).await?;
        Ok(page.map(|page| (tenant, moment, page)))
    }

    /// Returns the newest stray entries, and how many were evicted.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn stray_entries(&self, newest: usize) -> Result<EntryPage, StoreError> {
        self.page("", NO_GENERATION, newest).await
    }

    /// Clears an institution's journal. Returns whether there is such an institution.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn clear_journal(&self, code: &InstitutionCode) -> Result<bool, StoreError> {
        if self.generation(code).await?.is_none() {
            return Ok(false);
        }
        self.clear(code.as_str()).await.map(|()| true)
    }

    /// Clears the stray entries.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn clear_strays(&self) -> Result<(), StoreError> {
        self.clear("").await
    }

    /// Clears a journal. Waiting entries are written first, so that they are counted as
    /// evicted, too.
    async fn clear(&self, owner: &str) -> Result<(), StoreError> {
        self.write_journals().await?;
        let _guard = self.0.recorder.write_lock().await;
        self.0.store.clear(owner).await
    }

    async fn generation(&self, code: &InstitutionCode) -> Result<Option<Arc<str>>, StoreError> {
        self.read(code, |tenant, _| tenant.institution.generation.clone()).await
    }

    /// Writes all waiting entries; those that cannot be written keep waiting.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn write_journals(&self) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.0);
        // A task of its own, so that no entries are lost if the client disconnects.
        self.0.tasks.finish(async move { inner.write_journals().await }).await
    }

    /// Writes entries a moment after they are recorded until `stop` completes; then writes all
    /// that wait.
    pub async fn run_journal_writer(&self, stop: impl Future<Output = ()>) {
        let recorder = &self.0.recorder;
        let mut stop = pin!(stop);
        let mut pause = BATCH_DELAY;
        loop {
            tokio::select! {
                () = recorder.some.notified() => {}
                () = &mut stop => return self.write_last().await,
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = recorder.many.notified(), if pause == BATCH_DELAY => {}
                () = &mut stop => return self.write_last().await,
            }
            // Entries that could not be written keep waiting; the store logged the failure.
            pause = if self.write_journals().await.is_ok() { BATCH_DELAY } else { RETRY_DELAY };
        }
    }

    async fn write_last(&self) {
        if let Err(error) = self.write_journals().await {
            tracing::error!(%error, "最後のジャーナルのエントリーが失われました / the last journal entries are lost");
        }
    }

    async fn page(&self, owner: &str, generation: &str, newest: usize) -> Result<EntryPage, StoreError> {
        self.write_journals().await?;
        let complete = self.0.replicas.flush_others(&self.0.store).await?;
        let page = self.0.store.entries(owner, generation, newest, JOURNAL_BOUND).await?;
        let of = if owner.is_empty() { "journal".to_owned() } else { format!("{owner} journal") };
        let listed = page.entries.iter().map(|kept| journal::read(kept.number, &kept.body));
        let entries = listed.collect::<Result<_, _>>().map_err(|error| unreadable(&of, &error))?;
        Ok(EntryPage { entries, evicted: page.evicted, complete })
    }
}

impl Inner {
    async fn write_journals(&self) -> Result<(), StoreError> {
        // Also if nothing waits: another task may have taken the entries and not written them
        // yet.
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
            // Merged with the other strays into one journal.
            match taken.iter_mut().find(|(owner, _)| owner.is_none()) {
                Some((_, queue)) => queue.entries.extend(strays),
                None => taken.push((None, Queue::of(strays))),
            }
        }
        // Checked only now, so that the entries moved to the strays keep waiting even if the
        // store failed midway.
        assigned?;
        let (mut batches, mut evicted, mut to_trim) = (Vec::new(), Vec::new(), Vec::new());
        let mut pseudonyms = self.pseudonyms.cached();
        for (owner, queue) in taken.iter_mut() {
            let institution = owner.as_ref().map_or("", InstitutionCode::as_str);
            let (begun, mut large) = (batches.len(), false);
            for (i, queued) in queue.entries.iter_mut().enumerate() {
                if i % YIELD_INTERVAL == 0 {
                    // Other tasks run between the entries that are serialized.
                    tokio::task::yield_now().await;
                }
                if let Some((generation, entry)) = queued.serialized(&mut pseudonyms) {
                    large |= entry.len() > LARGE_ENTRY;
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
            if large || queue.evicted > 0 || fastrand::u32(0..TRIM_INTERVAL) < queue.entries.len() as u32 {
                to_trim.push((institution.to_owned(), generation));
            }
        }
        self.store.append(batches, &evicted).await?;
        for (institution, generation) in to_trim {
            // Entries beyond the bound that stay are evicted the next time; reads hide them
            // until then.
            let _ = self.store.trim(&institution, &generation, JOURNAL_BOUND).await;
        }
        Ok(())
    }

    /// Assigns the entries that were recorded while their institution was not in memory; those
    /// of no institution are moved to `strays`.
    async fn assign(&self, taken: &mut [(Owner, Queue)], strays: &mut Vec<QueuedEntry>) -> Result<(), StoreError> {
        for (owner, queue) in taken {
            let Some(code) = owner else {
                continue;
            };
            if !queue.entries.iter().any(|queued| matches!(queued.state, QueuedState::Unassigned(_))) {
                continue;
            }
            let tenant = self.read_from_store(code).await?;
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

    /// Reads an institution from the store, not from the cache. Returns `None` also if it
    /// cannot be read, so that one damaged row does not block all journals.
    async fn read_from_store(&self, code: &InstitutionCode) -> Result<Option<Tenant>, StoreError> {
        match self.store.find(code.as_str(), None).await? {
            RowLookup::Other(row) => {
                let read = row.body.map(|body| Tenant::read(&body, &self.parsed)).transpose();
                Ok(read.map_err(|error| error.to_store_error(code.as_str())).unwrap_or_else(|error| {
                    tracing::warn!(%error, "この医療機関のジャーナルのエントリーを、医療機関が分からない要求のジャーナル（/v1/journal）に残します / journal entries of this institution are kept as strays");
                    None
                }))
            }
            RowLookup::Nothing | RowLookup::Same => Ok(self.active_fixtures.get().initial.get(code).map(|cached| cached.tenant.clone())),
        }
    }
}

/// Adds an entry to the last batch, or to a new one if that belongs to another journal or
/// generation, or is full.
fn add(batches: &mut Vec<Batch>, institution: &str, generation: &str, entry: &str) {
    if let Some(last) = batches.last_mut()
        && (last.institution.as_str(), last.generation.as_str()) == (institution, generation)
        && last.body.len() + entry.len() < MAX_ROW_SIZE
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

fn assigned(tenant: &Tenant, mut recorded: Box<RecordedExchange>) -> QueuedEntry {
    let institution = &tenant.institution;
    (recorded.at, recorded.institution) = (institution.now(recorded.wall), Some(institution.code.clone()));
    QueuedEntry::assigned(Arc::clone(&institution.generation), recorded)
}

fn stray(recorded: Box<RecordedExchange>) -> QueuedEntry {
    QueuedEntry::assigned(NO_GENERATION.into(), recorded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_of_one_journal_and_one_generation_in_order_and_never_too_large() {
        let mut batches = Vec::new();
        for (generation, entry) in [("m", "1"), ("m", "2"), ("n", "3"), ("m", "4")] {
            add(&mut batches, "one", generation, entry);
        }
        let (half, whole) = ("x".repeat(MAX_ROW_SIZE / 2), "y".repeat(MAX_ROW_SIZE));
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
