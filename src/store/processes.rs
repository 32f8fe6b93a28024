//! The processes that share a store: who is there, and whether each has written the journal entries that waited.

use sqlx::Row as _;

use super::{Store, StoreError};

impl Store {
    /// Notes that a process is there; forgets those that have not been for long.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn be_there(&self, process: &str) -> Result<(), StoreError> {
        const UPSERT: &str = "INSERT INTO processes (id, seen, flushed) VALUES ($1, now(), 0) ON CONFLICT (id) DO UPDATE SET seen = now()";
        const FORGET: &str = "DELETE FROM processes WHERE seen < now() - interval '1 minute'";
        self.work(async |connection| {
            sqlx::query(UPSERT).bind(process).execute(&mut *connection).await?;
            sqlx::query(FORGET).execute(connection).await.map(drop)
        })
        .await
    }

    /// Notes that a process is gone.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn be_gone(&self, process: &str) -> Result<(), StoreError> {
        self.work(async |connection| sqlx::query("DELETE FROM processes WHERE id = $1").bind(process).execute(connection).await.map(drop))
            .await
    }

    /// Wishes that every process write its journal entries that wait; gives the number of the wish.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn wish_flushed(&self) -> Result<i64, StoreError> {
        const SQL: &str = "WITH wish AS MATERIALIZED (SELECT nextval('flushes') AS number) \
                           SELECT number, CAST(pg_notify('onshi_mock_flush', CAST(number AS TEXT)) AS TEXT) AS told FROM wish";
        let row = self.work(async |connection| sqlx::query(SQL).fetch_one(connection).await).await?;
        row.try_get(0).map_err(|error| self.misread(&error))
    }

    /// Notes that a process has met a wish.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn has_flushed(&self, process: &str, wish: i64) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE processes SET flushed = GREATEST(flushed, $2) WHERE id = $1";
        self.work(async |connection| sqlx::query(SQL).bind(process).bind(wish).execute(connection).await.map(drop)).await
    }

    /// How many of the other processes that were there lately have not met a wish yet.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn behind(&self, process: &str, wish: i64) -> Result<i64, StoreError> {
        const SQL: &str = "SELECT count(*) FROM processes WHERE id <> $1 AND flushed < $2 AND seen > now() - interval '3 seconds'";
        let row = self.work(async |connection| sqlx::query(SQL).bind(process).bind(wish).fetch_one(connection).await).await?;
        row.try_get(0).map_err(|error| self.misread(&error))
    }
}
