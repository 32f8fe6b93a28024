//! The processes that share a store: which are alive, and whether each has written its waiting
//! journal entries.

use sqlx::Row as _;

use super::{Store, StoreError};

impl Store {
    /// Records that a process is alive; deletes those that have not reported for a minute.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn register_process(&self, process: &str) -> Result<(), StoreError> {
        const UPSERT: &str = "INSERT INTO processes (id, seen, flushed) VALUES ($1, now(), 0) ON CONFLICT (id) DO UPDATE SET seen = now()";
        const FORGET: &str = "DELETE FROM processes WHERE seen < now() - interval '1 minute'";
        self.run(async |connection| {
            sqlx::query(UPSERT).bind(process).execute(&mut *connection).await?;
            sqlx::query(FORGET).execute(connection).await.map(drop)
        })
        .await
    }

    /// Records that a process has ended.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn unregister_process(&self, process: &str) -> Result<(), StoreError> {
        self.run(async |connection| sqlx::query("DELETE FROM processes WHERE id = $1").bind(process).execute(connection).await.map(drop))
            .await
    }

    /// Asks every process to write its waiting journal entries; returns the number of the
    /// request.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn request_flush(&self) -> Result<i64, StoreError> {
        const SQL: &str = "WITH wish AS MATERIALIZED (SELECT nextval('flushes') AS number) \
                           SELECT number, CAST(pg_notify('onshi_mock_flush', CAST(number AS TEXT)) AS TEXT) AS told FROM wish";
        let row = self.run(async |connection| sqlx::query(SQL).fetch_one(connection).await).await?;
        row.try_get(0).map_err(|error| self.misread(&error))
    }

    /// Records that a process has fulfilled a flush request.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn confirm_flush(&self, process: &str, flush_request: i64) -> Result<(), StoreError> {
        const SQL: &str = "UPDATE processes SET flushed = GREATEST(flushed, $2) WHERE id = $1";
        self.run(async |connection| sqlx::query(SQL).bind(process).bind(flush_request).execute(connection).await.map(drop)).await
    }

    /// Counts the other processes that reported recently and have not fulfilled a flush request
    /// yet.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn processes_behind(&self, process: &str, flush_request: i64) -> Result<i64, StoreError> {
        const SQL: &str = "SELECT count(*) FROM processes WHERE id <> $1 AND flushed < $2 AND seen > now() - interval '3 seconds'";
        let row = self.run(async |connection| sqlx::query(SQL).bind(process).bind(flush_request).fetch_one(connection).await).await?;
        row.try_get(0).map_err(|error| self.misread(&error))
    }
}
