//! What lasts: institutions, their journals and the installation's secrets, in SQLite (a file or memory) or PostgreSQL. It knows rows and texts,
//! not what they mean.

mod backend;
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
mod shared;
mod target;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::AnyConnection;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool};

pub use error::StoreError;
pub use institutions::{Found, Record};
pub use journal::{Batch, Bound, Kept, Page, Tally};
pub use listen::{Listener, StoreNotification};
pub use outbox::{ClaimedMessage, OutboxMessage};
pub use shared::Row;
pub use target::Target;

use lock::Lock;
use shared::SharedReads;

/// How long one piece of work in the store may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(5);

/// The store of a server. What fails in it turns it red until a probe has been written.
pub struct Store {
    pool: AnyPool,
    target: Target,
    reads: Reads,
    red: Mutex<Option<StoreError>>,
    /// How often a connection to a damaged file was given up: what was read before may no longer hold.
    epoch: AtomicU64,
    tally: Tally,
    /// Held for as long as the file is ours.
    _lock: Option<Lock>,
}

/// What readers share.
enum Reads {
    /// Rows: no other process writes, and memory has the newest of what it has.
    Rows(SharedReads<Row>),
    /// Versions: other processes write, too, and what memory has the newest of is not read again.
    Versions(SharedReads<i64>),
}

impl Store {
    /// Where it is, without a password.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Changes when the file was given up and opened anew: what was read from it before is to be read again.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Why it does not work, since it last failed; none while it works.
    pub fn trouble(&self) -> Option<StoreError> {
        self.red.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Closes all connections: a SQLite file is then whole without the files beside it.
    pub async fn close(&self) {
        match &self.reads {
            Reads::Rows(rows) => rows.end(),
            Reads::Versions(versions) => versions.end(),
        }
        self.pool.close().await;
    }

    /// Does one piece of work on a connection, in time.
    async fn work<T>(&self, work: impl AsyncFnOnce(&mut AnyConnection) -> Result<T, sqlx::Error>) -> Result<T, StoreError> {
        let worked = tokio::time::timeout(PATIENCE, async {
            let mut connection = self.pool.acquire().await?;
            let worked = work(&mut connection).await;
            if let Err(error) = &worked {
                self.give_up(&mut connection, error);
            }
            worked
        });
        let error = match worked.await {
            Ok(Ok(done)) => return Ok(done),
            Ok(Err(error)) => StoreError::of(&error),
            Err(_) => StoreError::late(PATIENCE),
        };
        self.turn_red(&error);
        Err(error)
    }

    /// Does not keep a connection behind an error: a lost one is of no use, and one to a damaged file remembers what may have been replaced.
    fn give_up(&self, connection: &mut PoolConnection<Any>, error: &sqlx::Error) {
        if !self.target.outlives_connections() || !error::is_of_connection(error) {
            return;
        }
        connection.close_on_drop();
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    fn turn_red(&self, error: &StoreError) {
        let mut red = self.red.lock().unwrap_or_else(PoisonError::into_inner);
        if red.is_none() {
            tracing::error!(reason = %format_args!("{} / {}", error.text().ja, error.text().en), "状態の保存先を読み書きできません / the store fails");
        }
        *red = Some(error.clone());
    }

    fn turn_green(&self) {
        let before = self.red.lock().unwrap_or_else(PoisonError::into_inner).take();
        if before.is_some() {
            tracing::info!("状態の保存先が復旧しました / the store works again");
        }
    }
}
