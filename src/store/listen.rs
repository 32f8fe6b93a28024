//! What other processes do on a shared store, as PostgreSQL tells it: LISTEN and NOTIFY.

use sqlx::postgres::PgListener;

use super::{Store, StoreError};

/// The channel on which the database tells of changed institutions: a trigger sends the code.
const CHANGED: &str = "onshi_mock_changed";
/// The channel on which a reader of journals asks everyone to write what waits: with the number of its wish.
const FLUSH: &str = "onshi_mock_flush";
/// The channel on which the fixtures that were put are told of.
pub(super) const FIXTURES: &str = "onshi_mock_fixtures";

/// What was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreNotification {
    /// The institution of this code was changed, made or deleted.
    Changed(String),
    /// Someone reads journals, and wishes that everyone write what waits; the number of the wish.
    Flush(i64),
    /// Fixtures were put, or taken back.
    Fixtures,
    /// The connection was lost and is there again: what was told meanwhile was missed.
    Missed,
}

/// A connection that listens.
pub struct Listener(PgListener);

impl Store {
    /// Listens to what other processes do; none where the store is not shared.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn listen(&self) -> Result<Option<Listener>, StoreError> {
        let Some(url) = self.target.shared_url() else {
            return Ok(None);
        };
        let listening = async {
            let mut listener = PgListener::connect(url).await?;
            listener.listen_all([CHANGED, FLUSH, FIXTURES]).await?;
            Ok(listener)
        };
        listening.await.map(|listener| Some(Listener(listener))).map_err(|error| StoreError::of(&error))
    }
}

impl Listener {
    /// The next thing told. It connects again by itself, and says so.
    ///
    /// # Errors
    /// The database cannot be reached.
    pub async fn next(&mut self) -> Result<StoreNotification, StoreError> {
        loop {
            let Some(notification) = self.0.try_recv().await.map_err(|error| StoreError::of(&error))? else {
                return Ok(StoreNotification::Missed);
            };
            match (notification.channel(), notification.payload().parse()) {
                (CHANGED, _) => return Ok(StoreNotification::Changed(notification.payload().to_owned())),
                (FIXTURES, _) => return Ok(StoreNotification::Fixtures),
                (FLUSH, Ok(wish)) => return Ok(StoreNotification::Flush(wish)),
                // Nobody sends anything else on these channels; who does is not listened to.
                _ => {}
            }
        }
    }
}
