//! Named values: the installation's secrets, the stored fixtures, and the probe that tests
//! whether the store can be written.

use sqlx::Row as _;

use super::listen::FIXTURES_CHANNEL;
use super::{Store, StoreError};

impl Store {
    /// Stores a value under a name unless one exists, and returns the stored value.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn note(&self, name: &str, value: &str) -> Result<String, StoreError> {
        const INSERT: &str = "INSERT INTO notes (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        const SELECT: &str = "SELECT value FROM notes WHERE name = $1";
        let row = self
            .run(async |connection| {
                sqlx::query(INSERT).bind(name).bind(value).execute(&mut *connection).await?;
                sqlx::query(SELECT).bind(name).fetch_one(connection).await
            })
            .await?;
        row.try_get(0).map_err(|error| self.misread(&error))
    }

    /// Returns the text of the stored fixtures; `None` if there are none.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn fixtures(&self) -> Result<Option<String>, StoreError> {
        const SELECT: &str = "SELECT value FROM notes WHERE name = 'fixtures'";
        let row = self.run(async |connection| sqlx::query(SELECT).fetch_optional(connection).await).await?;
        row.map(|row| row.try_get(0)).transpose().map_err(|error| self.misread(&error))
    }

    /// Replaces the stored fixtures, or removes them, and notifies every process.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn put_fixtures(&self, text: Option<&str>) -> Result<(), StoreError> {
        const UPSERT: &str =
            "INSERT INTO notes (name, value) VALUES ('fixtures', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        const DELETE: &str = "DELETE FROM notes WHERE name = 'fixtures'";
        self.run(async |connection| {
            let mut both = sqlx::Connection::begin(connection).await?;
            let query = text.map_or_else(|| sqlx::query(DELETE), |text| sqlx::query(UPSERT).bind(text));
            query.execute(&mut *both).await?;
            if let Some(notify) = self.target.notify_statement() {
                sqlx::query(notify).bind(FIXTURES_CHANNEL).fetch_one(&mut *both).await?;
            }
            both.commit().await
        })
        .await
    }

    /// Tests whether the store works, with a write and a read. After a failure, a successful
    /// probe marks the store as working again.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn probe(&self, value: &str) -> Result<(), StoreError> {
        const UPSERT: &str = "INSERT INTO notes (name, value) VALUES ('probe', $1) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        const SELECT: &str = "SELECT code FROM institutions ORDER BY code LIMIT 1";
        self.run(async |connection| {
            sqlx::query(UPSERT).bind(value).execute(&mut *connection).await?;
            sqlx::query(SELECT).fetch_optional(connection).await.map(drop)
        })
        .await?;
        self.mark_working();
        Ok(())
    }
}
