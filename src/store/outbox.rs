//! What is to be sent out, as rows: written with the change that it tells of, claimed by one process at a time, taken away once it was delivered.

use std::collections::BTreeSet;

use sqlx::{AnyConnection, Row as _};

use super::{Store, StoreError};

/// The most rows of one way; beyond that its oldest are given up.
const MOST: i64 = 10_000;

/// Something to be sent by one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMessage {
    /// The way: whoever sends by it asks for it by this name.
    pub channel: &'static str,
    /// What to send.
    pub body: String,
}

/// Something that this process is to send now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedMessage {
    /// Its row.
    pub number: i64,
    /// How often it has been claimed, this time counted.
    pub tries: u32,
    /// What to send.
    pub body: String,
}

impl Store {
    /// Claims what has been due by a way for longest; nobody else gets it before `until`. Times are milliseconds by the machine's clock.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn claim(&self, channel: &str, now: i64, until: i64) -> Result<Option<ClaimedMessage>, StoreError> {
        const SQL: &str = "UPDATE outbox SET due = $1, tries = tries + 1 WHERE due <= $2 AND number = \
                           (SELECT number FROM outbox WHERE way = $3 AND due <= $2 ORDER BY due, number LIMIT 1) \
                           RETURNING number, tries, body";
        let row =
            self.work(async |connection| sqlx::query(SQL).bind(until).bind(now).bind(channel).fetch_optional(connection).await).await?;
        let claimed = row.map(|row| {
            let tries: i64 = row.try_get(1)?;
            Ok(ClaimedMessage { number: row.try_get(0)?, tries: u32::try_from(tries).unwrap_or(u32::MAX), body: row.try_get(2)? })
        });
        claimed.transpose().map_err(|error| self.misread(&error))
    }

    /// Tries a claimed row again from `due` on.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn postpone(&self, number: i64, due: i64) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE outbox SET due = $1 WHERE number = $2";
        self.work(async |connection| sqlx::query(SQL).bind(due).bind(number).execute(connection).await.map(drop)).await
    }

    /// Takes away a row that was delivered or given up.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn remove_message(&self, number: i64) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM outbox WHERE number = $1";
        self.work(async |connection| sqlx::query(SQL).bind(number).execute(connection).await.map(drop)).await
    }

    /// Has everything due at once: what a process that is gone had claimed need not wait. Nothing on a store that others share.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn release_claims(&self, now: i64) -> Result<(), StoreError> {
        let Some(sql) = self.target.release_statement() else {
            return Ok(());
        };
        self.work(async |connection| sqlx::query(sql).bind(now).execute(connection).await.map(drop)).await
    }
}

/// Writes what is to be sent, within what else is done at once, and keeps to the bound.
pub(super) async fn post(connection: &mut AnyConnection, messages: &[OutboxMessage]) -> Result<(), sqlx::Error> {
    const INSERT: &str = "INSERT INTO outbox (way, due, tries, body) VALUES ($1, 0, 0, $2)";
    const BOUND: &str = "DELETE FROM outbox WHERE way = $1 AND number <= \
                         (SELECT number FROM outbox WHERE way = $1 ORDER BY number DESC LIMIT 1 OFFSET $2)";
    for OutboxMessage { channel, body } in messages {
        sqlx::query(INSERT).bind(*channel).bind(body.as_str()).execute(&mut *connection).await?;
    }
    let channels: BTreeSet<&str> = messages.iter().map(|one| one.channel).collect();
    for channel in channels {
        let given_up = sqlx::query(BOUND).bind(channel).bind(MOST).execute(&mut *connection).await?.rows_affected();
        if given_up > 0 {
            tracing::error!(
                way = channel,
                given_up,
                "送信待ちのお知らせが上限に達したため、古いものを送信せずに捨てました / the outbox is full: the oldest notices are given up unsent"
            );
        }
    }
    Ok(())
}
