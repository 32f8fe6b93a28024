//! The console's one-time codes and sessions. Only hashes are stored. Times are milliseconds by
//! the machine's clock.

use sqlx::Row as _;

use super::{Store, StoreError};

/// The maximum number of codes, and of sessions. Beyond it the oldest are deleted.
const MAX_ROWS: i64 = 1000;

/// A session of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSession {
    /// The hash of its id.
    pub hash: String,
    /// The hash of the control token that was valid at the sign-in.
    pub token_hash: String,
    /// The time of its end.
    pub expires: i64,
}

impl Store {
    /// Adds a one-time code, given by its hash. Deletes codes that expired by `now`, and the
    /// oldest beyond the bound.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn add_console_code(&self, hash: &str, expires: i64, now: i64) -> Result<(), StoreError> {
        const EXPIRED: &str = "DELETE FROM console_codes WHERE expires <= $1";
        const INSERT: &str = "INSERT INTO console_codes (hash, expires) VALUES ($1, $2)";
        const BOUND: &str = "DELETE FROM console_codes WHERE number <= \
                             (SELECT number FROM console_codes ORDER BY number DESC LIMIT 1 OFFSET $1)";
        self.run(async |connection| {
            sqlx::query(EXPIRED).bind(now).execute(&mut *connection).await?;
            sqlx::query(INSERT).bind(hash).bind(expires).execute(&mut *connection).await?;
            sqlx::query(BOUND).bind(MAX_ROWS).execute(connection).await.map(drop)
        })
        .await
    }

    /// Takes a code that is valid at `now`. Returns whether it was there: of several callers, in
    /// this process or others, one succeeds.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn take_console_code(&self, hash: &str, now: i64) -> Result<bool, StoreError> {
        const SQL: &str = "DELETE FROM console_codes WHERE hash = $1 AND expires > $2";
        let taken = self.run(async |connection| sqlx::query(SQL).bind(hash).bind(now).execute(connection).await).await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Adds a session. Deletes sessions that expired by `now`, and the oldest beyond the bound.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn add_console_session(&self, session: &StoredSession, now: i64) -> Result<(), StoreError> {
        const EXPIRED: &str = "DELETE FROM console_sessions WHERE expires <= $1";
        const INSERT: &str = "INSERT INTO console_sessions (hash, token_hash, expires) VALUES ($1, $2, $3)";
        const BOUND: &str = "DELETE FROM console_sessions WHERE number <= \
                             (SELECT number FROM console_sessions ORDER BY number DESC LIMIT 1 OFFSET $1)";
        let StoredSession { hash, token_hash, expires } = session;
        self.run(async |connection| {
            sqlx::query(EXPIRED).bind(now).execute(&mut *connection).await?;
            sqlx::query(INSERT).bind(hash.as_str()).bind(token_hash.as_str()).bind(*expires).execute(&mut *connection).await?;
            sqlx::query(BOUND).bind(MAX_ROWS).execute(connection).await.map(drop)
        })
        .await
    }

    /// Returns the session of this hash, if it is valid at `now`.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn console_session(&self, hash: &str, now: i64) -> Result<Option<StoredSession>, StoreError> {
        const SQL: &str = "SELECT hash, token_hash, expires FROM console_sessions WHERE hash = $1 AND expires > $2";
        let row = self.run(async |connection| sqlx::query(SQL).bind(hash).bind(now).fetch_optional(connection).await).await?;
        let session = row.map(|row| Ok(StoredSession { hash: row.try_get(0)?, token_hash: row.try_get(1)?, expires: row.try_get(2)? }));
        session.transpose().map_err(|error| self.misread(&error))
    }

    /// Deletes the session of this hash.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn remove_console_session(&self, hash: &str) -> Result<(), StoreError> {
        const SQL: &str = "DELETE FROM console_sessions WHERE hash = $1";
        self.run(async |connection| sqlx::query(SQL).bind(hash).execute(connection).await.map(drop)).await
    }
}
