//! Notifications of other processes on a shared store, by PostgreSQL's LISTEN and NOTIFY.

use sqlx::postgres::PgListener;

use super::{Store, StoreError};

/// The channel for changed institutions. A trigger of the database sends the code.
const CHANGED_CHANNEL: &str = "onshi_mock_changed";
/// The channel on which a reader of journals asks every process to write its waiting entries.
/// The payload is the number of the request.
const FLUSH_CHANNEL: &str = "onshi_mock_flush";
/// The channel for changes of the stored fixtures.
pub(super) const FIXTURES_CHANNEL: &str = "onshi_mock_fixtures";

/// A notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreNotification {
    /// The institution with this code was changed, created or deleted.
    Changed(String),
    /// A reader of journals asks every process to write its waiting entries; with the number of
    /// the request.
    Flush(i64),
    /// Fixtures were stored or removed.
    Fixtures,
    /// The connection was lost and restored: notifications sent meanwhile were missed.
    Missed,
}

/// A connection that receives notifications.
pub struct Listener(PgListener);

impl Store {
    /// Starts to receive notifications; `None` where the store is not shared.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn listen(&self) -> Result<Option<Listener>, StoreError> {
        let Some(url) = self.target.shared_url() else {
            return Ok(None);
        };
        let listening = async {
            let mut listener = PgListener::connect(url).await?;
            listener.listen_all([CHANGED_CHANNEL, FLUSH_CHANNEL, FIXTURES_CHANNEL]).await?;
            Ok(listener)
        };
        listening.await.map(|listener| Some(Listener(listener))).map_err(|error| StoreError::of(&error))
    }
}

impl Listener {
    /// Waits for the next notification. A lost connection is restored and reported as
    /// [`StoreNotification::Missed`].
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn next(&mut self) -> Result<StoreNotification, StoreError> {
        loop {
            let Some(notification) = self.0.try_recv().await.map_err(|error| StoreError::of(&error))? else {
                return Ok(StoreNotification::Missed);
            };
            match (notification.channel(), notification.payload().parse()) {
                (CHANGED_CHANNEL, _) => return Ok(StoreNotification::Changed(notification.payload().to_owned())),
                (FIXTURES_CHANNEL, _) => return Ok(StoreNotification::Fixtures),
                (FLUSH_CHANNEL, Ok(flush_request)) => return Ok(StoreNotification::Flush(flush_request)),
                // This program sends no other payload on these channels.
                _ => {}
            }
        }
    }
}
