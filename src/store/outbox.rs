//! The outbox: messages as rows. A message is written in the transaction of its change, claimed
//! by one process at a time, and deleted once it was delivered.

use std::collections::BTreeSet;

use sqlx::{AnyConnection, Row as _};

use super::{Store, StoreError};

/// The maximum number of messages of a channel; beyond it the oldest are deleted unsent.
const MAX_NOTIFICATIONS: i64 = 10_000;

/// A message to send over one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMessage {
    /// The name under which the sender of this channel claims its messages.
    pub channel: &'static str,
    /// The text to send.
    pub body: String,
}

/// A message that this process has to send now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedMessage {
    /// The number of its row.
    pub number: i64,
    /// How often it has been claimed, including this time.
    pub tries: u32,
    /// The text to send.
    pub body: String,
}

impl Store {
    /// Claims the message of a channel that has been due for longest. No other process gets it
    /// before `until`. Times are milliseconds by the machine's clock.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn claim(&self, channel: &str, now: i64, until: i64) -> Result<Option<ClaimedMessage>, StoreError> {
        const SQL: &str = "UPDATE outbox SET due = $1, tries = tries + 1 WHERE due <= $2 AND number = \
                           (SELECT number FROM outbox WHERE way = $3 AND due <= $2 ORDER BY due, number LIMIT 1) \
                           RETURNING number, tries, body";
        let row =
            self.run(async |connection| sqlx::query(SQL).bind(until).bind(now).bind(channel).fetch_optional(connection).await).await?;
        let claimed = row.map(|row| {
            let tries: i64 = row.try_get(1)?;
            Ok(ClaimedMessage { number: row.try_get(0)?, tries: u32::try_from(tries).unwrap_or(u32::MAX), body: row.try_get(2)? })
        });
        claimed.transpose().map_err(|error| self.misread(&error))
    }

    /// Schedules a retry of a claimed message at `due`.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn postpone(&self, number: i64, due: i64) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE outbox SET due = $1 WHERE number = $2";
        self.run(async |connection| sqlx::query(SQL).bind(due).bind(number).execute(connection).await.map(drop)).await
    }

    /// Deletes a message that was delivered or given up.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn remove_message(&self, number: i64) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM outbox WHERE number = $1";
        self.run(async |connection| sqlx::query(SQL).bind(number).execute(connection).await.map(drop)).await
    }

    /// Makes all messages due now, so that those claimed by an ended process do not wait. Does
    /// nothing on a shared store.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn release_claims(&self, now: i64) -> Result<(), StoreError> {
        let Some(sql) = self.target.release_statement() else {
            return Ok(());
        };
        self.run(async |connection| sqlx::query(sql).bind(now).execute(connection).await.map(drop)).await
    }
}

/// Adds messages to the outbox within the caller's transaction, and enforces the bound.
pub(super) async fn add_messages(connection: &mut AnyConnection, messages: &[OutboxMessage]) -> Result<(), sqlx::Error> {
    const INSERT: &str = "INSERT INTO outbox (way, due, tries, body) VALUES ($1, 0, 0, $2)";
    const BOUND: &str = "DELETE FROM outbox WHERE way = $1 AND number <= \
                         (SELECT number FROM outbox WHERE way = $1 ORDER BY number DESC LIMIT 1 OFFSET $2)";
    for OutboxMessage { channel, body } in messages {
        sqlx::query(INSERT).bind(*channel).bind(body.as_str()).execute(&mut *connection).await?;
    }
    let channels: BTreeSet<&str> = messages.iter().map(|one| one.channel).collect();
    for channel in channels {
        let given_up = sqlx::query(BOUND).bind(channel).bind(MAX_NOTIFICATIONS).execute(&mut *connection).await?.rows_affected();
        if given_up > 0 {
            tracing::error!(
                way = channel,
                given_up,
                "送信待ちの通知が上限に達したため、古いものを送信せずに捨てました / the outbox is full: the oldest notices are given up unsent"
            );
        }
    }
    Ok(())
}
