//! The persistent state: institutions, their journals and the installation's secrets, in SQLite
//! (a file or memory) or PostgreSQL. The store knows rows and texts, not their meaning.

mod backend;
mod console;
mod error;
mod former;
mod institutions;
mod journal;
mod listen;
mod lock;
mod notes;
mod open;
mod outbox;
mod processes;
mod screenshots;
mod shared;
mod target;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::AnyConnection;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool};

pub use console::StoredSession;
pub use error::StoreError;
pub use institutions::{Record, RowLookup};
pub use journal::{Batch, Bound, JournalCounters, StoredEntry, StoredPage};
pub use listen::{Listener, StoreNotification};
pub use outbox::{ClaimedMessage, OutboxMessage};
pub use screenshots::ScreenshotChange;
pub use shared::VersionedRow;
pub use target::Target;

use lock::Lock;
use shared::SharedReads;

/// The time limit for one operation.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(5);

/// The store of a server. After a failure it counts as failed ("red") until a probe succeeds.
pub struct Store {
    pool: AnyPool,
    target: Target,
    reads: Reads,
    red: Mutex<Option<StoreError>>,
    /// Incremented when an unusable connection is closed: data read before may be outdated.
    epoch: AtomicU64,
    counters: JournalCounters,
    /// Held while this process uses the file.
    _lock: Option<Lock>,
}

/// The reads that concurrent readers share.
enum Reads {
    /// Whole rows. No other process writes, so a cache entry in memory is always current.
    Rows(SharedReads<VersionedRow>),
    /// Only versions. Other processes write too, so each read asks whether the cache entry is
    /// still current.
    Versions(SharedReads<i64>),
}

/// A connection while an operation uses it. If the operation is cut off, by the time limit or
/// because nobody waits for it any more, the connection is closed and does not return to the
/// pool: a transaction whose `BEGIN` was cut off is still open, unknown to sqlx, and what the
/// next operations write there would never be committed.
struct Lease {
    connection: PoolConnection<Any>,
    is_cut_off: bool,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.is_cut_off {
            self.connection.close_on_drop();
        }
    }
}

impl Store {
    /// Returns the location. Its `Display` hides the password.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Returns a number that changes when an unusable connection was replaced: data read before
    /// must be read again.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Returns the last error; `None` while the store works.
    pub fn last_error(&self) -> Option<StoreError> {
        self.red.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes all connections. A SQLite file is then complete without its `-wal` file.
    pub async fn close(&self) {
        match &self.reads {
            Reads::Rows(rows) => rows.end(),
            Reads::Versions(versions) => versions.end(),
        }
        self.pool.close().await;
    }

    /// Runs one operation on a connection, within the time limit.
    async fn run<T>(&self, work: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, sqlx::Error>) -> Result<T, StoreError> {
        let worked = tokio::time::timeout(OPERATION_TIMEOUT, async {
            let mut lease = Lease { connection: self.pool.acquire().await?, is_cut_off: self.target.outlives_connections() };
            let worked = work(&mut lease.connection).await;
            lease.is_cut_off = false;
            if let Err(error) = &worked {
                self.close_if_unusable(&mut lease.connection, error);
            }
            worked
        });
        let error = match worked.await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => StoreError::of(&error),
            Err(_) => StoreError::late(OPERATION_TIMEOUT),
        };
        self.mark_failing(&error);
        Err(error)
    }

    /// Closes a connection that is unusable after an error: it was lost, or it caches pages of
    /// a file that may have been replaced.
    fn close_if_unusable(&self, connection: &mut PoolConnection<Any>, error: &sqlx::Error) {
        if !self.target.outlives_connections() || !error::is_of_connection(error) {
            return;
        }
        connection.close_on_drop();
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    fn mark_failing(&self, error: &StoreError) {
        let mut red = self.red.lock().unwrap_or_else(PoisonError::into_inner);
        if red.is_none() {
            tracing::error!(reason = %format_args!("{} / {}", error.text().ja, error.text().en), "状態の保存先を読み書きできません / the store fails");
        }
        *red = Some(error.clone());
    }

    fn mark_working(&self) {
        let before = self.red.lock().unwrap_or_else(PoisonError::into_inner).take();
        if before.is_some() {
            tracing::info!("状態の保存先が復旧しました / the store works again");
        }
    }
}
