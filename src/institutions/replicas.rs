//! The coordination of processes that share one PostgreSQL database. Whether others may exist
//! is decided once, at the start, so that no caller has to ask.

use std::pin::pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::changes::ChangeNotifier;
use super::lifecycle::random_id;
use super::{Inner, Institutions};
use crate::domain::ids::InstitutionCode;
use crate::store::{Store, StoreError, StoreNotification, Target};

/// How long a list of all terminals is valid if other processes may add some.
const LIST_VALIDITY: SignedDuration = SignedDuration::from_secs(2);
/// How long a reader waits for the journals of the other processes, and how often it polls.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
const FLUSH_POLL_INTERVAL: Duration = Duration::from_millis(10);
/// The pause before a new attempt to receive notifications.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The processes that write to a store.
pub(super) enum Replicas {
    /// Only this process.
    Alone,
    /// There may be others; holds the id of this process.
    Several(String),
}

impl Replicas {
    /// Determines the processes of a store.
    pub(super) fn of(store: &Store) -> Self {
        match store.target() {
            Target::Sqlite(_) | Target::Memory => Self::Alone,
            Target::Postgres(_) => Self::Several(random_id()),
        }
    }

    /// Whether the cache is always current, so that the store need not be asked.
    pub(super) fn cache_is_authoritative(&self) -> bool {
        matches!(self, Self::Alone)
    }

    /// Whether a list of all terminals of this age is still valid, if this process has changed
    /// nothing.
    pub(super) fn list_is_valid(&self, age: SignedDuration) -> bool {
        match self {
            Self::Alone => true,
            Self::Several(_) => age < LIST_VALIDITY,
        }
    }

    /// Counts the institutions; `None` where this process knows the number.
    ///
    /// # Errors
    /// The store does not work.
    pub(super) async fn recount(&self, store: &Store) -> Result<Option<u64>, StoreError> {
        match self {
            Self::Alone => Ok(None),
            Self::Several(_) => store.count().await.map(Some),
        }
    }

    /// Notifies subscribers of a stored change. A shared database notifies all processes by
    /// itself.
    pub(super) fn notify_changed(&self, change_notifier: &ChangeNotifier, changed: &InstitutionCode) {
        if matches!(self, Self::Alone) {
            change_notifier.notify(Some(changed.clone()));
        }
    }

    /// Runs once a second: retries a failed store, and reports that this process is alive. The
    /// store logs its own failures.
    pub(super) async fn heartbeat(&self, store: &Store, wall: Timestamp) {
        match self {
            Self::Alone => {
                if store.last_error().is_some() {
                    let _ = store.probe(&wall.to_string()).await;
                }
            }
            Self::Several(process) => {
                if store.probe(&wall.to_string()).await.is_ok() {
                    let _ = store.register_process(process).await;
                }
            }
        }
    }

    /// Signs off from the other processes. If that fails, they notice within seconds.
    pub(super) async fn shut_down(&self, store: &Store) {
        if let Self::Several(process) = self {
            let _ = store.unregister_process(process).await;
        }
    }

    /// Waits until the other processes have written their waiting journal entries. Returns
    /// whether all of them have.
    ///
    /// # Errors
    /// The store does not work.
    pub(super) async fn flush_others(&self, store: &Store) -> Result<bool, StoreError> {
        let process = match self {
            Self::Alone => return Ok(true),
            Self::Several(process) => process,
        };
        let flush_request = store.request_flush().await?;
        let written = async {
            while store.processes_behind(process, flush_request).await? > 0 {
                tokio::time::sleep(FLUSH_POLL_INTERVAL).await;
            }
            Ok(true)
        };
        tokio::time::timeout(FLUSH_TIMEOUT, written).await.unwrap_or(Ok(false))
    }
}

impl Institutions {
    /// Receives notifications of other processes until `stop` completes; returns at once if
    /// there are none.
    pub async fn listen(&self, stop: impl Future<Output = ()>) {
        let process = match &self.0.replicas {
            Replicas::Alone => return,
            Replicas::Several(process) => process,
        };
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = self.listen_once(process) => {}
                () = &mut stop => return,
            }
            tokio::select! {
                () = tokio::time::sleep(RETRY_DELAY) => {}
                () = &mut stop => return,
            }
        }
    }

    /// Receives notifications until the connection is lost.
    async fn listen_once(&self, process: &str) {
        let Ok(Some(mut listener)) = self.0.store.listen().await else {
            return;
        };
        self.0.notify_all();
        while let Ok(notification) = listener.next().await {
            match notification {
                StoreNotification::Changed(code) => self.0.change_notifier.notify(InstitutionCode::parse(&code).ok()),
                StoreNotification::Missed => self.0.notify_all(),
                StoreNotification::Fixtures => self.0.fixtures_changed.notify_one(),
                StoreNotification::Flush(flush_request) => {
                    // If the write fails, this process does not confirm, and the reader reports
                    // its list as incomplete.
                    if self.write_journals().await.is_ok() {
                        let _ = self.0.store.confirm_flush(process, flush_request).await;
                    }
                }
            }
        }
    }
}

impl Inner {
    /// Notifies all subscribers, since notifications may have been missed.
    fn notify_all(&self) {
        self.change_notifier.notify(None);
        self.fixtures_changed.notify_one();
    }
}
