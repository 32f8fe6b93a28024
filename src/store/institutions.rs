//! Institutions as rows: one row holds a whole institution and its version. A writer names the
//! version that it read; of two concurrent writers only one succeeds.

use sqlx::AnyConnection;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::outbox::add_messages;
use super::shared::{Unanswered, VersionedRow};
use super::{OutboxMessage, Reads, ScreenshotChange, Store, StoreError};

/// The value of `expires` for a row that never expires.
const NEVER: i64 = i64::MAX;

/// A row to write.
#[derive(Clone, Debug)]
pub struct Record {
    /// The document; `None` marks the institution as deleted.
    pub body: Option<String>,
    /// When the institution expires: Unix time in milliseconds, by the machine's clock.
    pub expires: Option<i64>,
    /// The user name with which the institution logs in.
    pub login: String,
    /// The names of its terminals, separated by spaces.
    pub terminals: String,
}

/// The result of a read that is compared with a version in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowLookup {
    /// The version in memory is the newest.
    Same,
    /// No such row exists.
    Nothing,
    /// Another version is the newest.
    Other(VersionedRow),
}

impl VersionedRow {
    fn compared_to(self, at_hand: Option<i64>) -> RowLookup {
        if Some(self.version) == at_hand { RowLookup::Same } else { RowLookup::Other(self) }
    }
}

impl Store {
    /// Reads the row of a code, unless its version is `at_hand`.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn find(&self, code: &str, at_hand: Option<i64>) -> Result<RowLookup, StoreError> {
        const SQL: &str = "SELECT version, CASE WHEN deleted = 0 THEN body END FROM institutions WHERE code = $1";
        match &self.reads {
            Reads::Rows(rows) => {
                if let Ok(row) = rows.read(code).await {
                    return Ok(row.map_or(RowLookup::Nothing, |row| row.compared_to(at_hand)));
                }
            }
            Reads::Versions(versions) => match versions.read(code).await {
                Ok(None) => return Ok(RowLookup::Nothing),
                Ok(Some(newest)) if Some(newest) == at_hand => return Ok(RowLookup::Same),
                Ok(Some(_)) | Err(Unanswered) => {}
            },
        }
        let found = self.run(async |connection| sqlx::query(SQL).bind(code).fetch_optional(connection).await);
        let Some(row) = found.await? else {
            return Ok(RowLookup::Nothing);
        };
        self.read(&row).map(|row| row.compared_to(at_hand))
    }

    /// Writes a row over the version `before`, or inserts it where `before` is `None`, and adds
    /// the change's messages to the outbox, in one transaction. Returns whether the write
    /// succeeded; `false` means that another writer was faster.
    ///
    /// `new_generation`: the institution is reset or deleted, so its journal and its screenshots
    /// are deleted too.
    ///
    /// # Errors
    /// The store does not work. It is then unknown whether the row was written.
    pub async fn save(
        &self,
        code: &str,
        before: Option<i64>,
        version: i64,
        record: &Record,
        new_generation: bool,
        messages: &[OutboxMessage],
    ) -> Result<bool, StoreError> {
        self.run(async |connection| {
            if !new_generation && messages.is_empty() {
                return write(connection, code, before, version, record).await;
            }
            let mut all = sqlx::Connection::begin(connection).await?;
            let won = write(&mut all, code, before, version, record).await?;
            if won && new_generation {
                super::journal::clear_all(&mut all, code).await?;
                super::screenshots::clear_all(&mut all, code).await?;
            }
            if won {
                add_messages(&mut all, messages).await?;
            }
            all.commit().await.map(|()| won)
        })
        .await
    }

    /// Writes a row over the version `before`, as [`Store::save`] does, together with the change
    /// of a screenshot.
    ///
    /// # Errors
    /// The store does not work. It is then unknown whether the row was written.
    pub async fn save_with_screenshot(
        &self,
        code: &str,
        before: Option<i64>,
        version: i64,
        record: &Record,
        messages: &[OutboxMessage],
        change: &ScreenshotChange,
    ) -> Result<bool, StoreError> {
        self.run(async |connection| {
            let mut all = sqlx::Connection::begin(connection).await?;
            let won = write(&mut all, code, before, version, record).await?;
            if won {
                super::screenshots::apply(&mut all, code, change).await?;
                add_messages(&mut all, messages).await?;
            }
            all.commit().await.map(|()| won)
        })
        .await
    }

    /// Deletes a row, its journal and its screenshots. Returns whether it succeeded; `false` means
    /// that another writer was faster.
    ///
    /// # Errors
    /// The store does not work. It is then unknown whether the row was deleted.
    pub async fn remove(&self, code: &str, version: i64) -> Result<bool, StoreError> {
        self.run(async |connection| {
            let mut both = sqlx::Connection::begin(connection).await?;
            let removed = sqlx::query("DELETE FROM institutions WHERE code = $1 AND version = $2")
                .bind(code)
                .bind(version)
                .execute(&mut *both)
                .await?;
            let won = removed.rows_affected() == 1;
            if won {
                super::journal::clear_all(&mut both, code).await?;
                super::screenshots::clear_all(&mut both, code).await?;
            }
            both.commit().await.map(|()| won)
        })
        .await
    }

    /// Returns at most `limit` codes after `after`, in order, each with the names of its
    /// terminals; `None` for an institution that was deleted.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn codes(&self, after: &str, limit: u32) -> Result<Vec<(String, Option<String>)>, StoreError> {
        const SQL: &str = "SELECT code, deleted, terminals FROM institutions WHERE code > $1 ORDER BY code LIMIT $2";
        let rows = self.run(async |connection| sqlx::query(SQL).bind(after).bind(i64::from(limit)).fetch_all(connection).await).await?;
        rows.iter().map(|row| self.read_listed_row(row)).collect()
    }

    /// Returns at most 16 codes of institutions that log in as this user.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn codes_of_login(&self, user: &str) -> Result<Vec<String>, StoreError> {
        if user.contains('\0') {
            // PostgreSQL rejects a text with NUL, and that error would count as a failure of
            // the store.
            return Ok(Vec::new());
        }
        const SQL: &str = "SELECT code FROM institutions WHERE login = $1 AND deleted = 0 ORDER BY code LIMIT 16";
        let rows = self.run(async |connection| sqlx::query(SQL).bind(user).fetch_all(connection).await).await?;
        rows.iter().map(|row| row.try_get(0).map_err(|error| self.misread(&error))).collect()
    }

    /// Returns at most `limit` codes of institutions that have expired.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn expired(&self, now: i64, limit: u32) -> Result<Vec<String>, StoreError> {
        const SQL: &str = "SELECT code FROM institutions WHERE expires <= $1 ORDER BY expires LIMIT $2";
        let rows = self.run(async |connection| sqlx::query(SQL).bind(now).bind(i64::from(limit)).fetch_all(connection).await).await?;
        rows.iter().map(|row| row.try_get(0).map_err(|error| self.misread(&error))).collect()
    }

    /// Counts the rows, including those of deleted institutions.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn count(&self) -> Result<u64, StoreError> {
        let row = self.run(async |connection| sqlx::query("SELECT count(*) FROM institutions").fetch_one(connection).await).await?;
        row.try_get::<i64, _>(0).map(i64::unsigned_abs).map_err(|error| self.misread(&error))
    }

    /// Returns the size of the whole database in bytes.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn bytes(&self) -> Result<u64, StoreError> {
        let sql = self.target.size_statement();
        let row = self.run(async |connection| sqlx::query(sql).fetch_one(connection).await).await?;
        row.try_get::<i64, _>(0).map(i64::unsigned_abs).map_err(|error| self.misread(&error))
    }

    fn read(&self, row: &AnyRow) -> Result<VersionedRow, StoreError> {
        let read = || Ok(VersionedRow { version: row.try_get(0)?, body: row.try_get(1)? });
        read().map_err(|error| self.misread(&error))
    }

    fn read_listed_row(&self, row: &AnyRow) -> Result<(String, Option<String>), StoreError> {
        let read = || {
            let deleted: i64 = row.try_get(1)?;
            let terminals: String = row.try_get(2)?;
            Ok((row.try_get(0)?, (deleted == 0).then_some(terminals)))
        };
        read().map_err(|error| self.misread(&error))
    }

    /// Reports a column whose type or value is not what was written: the file is damaged.
    pub(super) fn misread(&self, error: &sqlx::Error) -> StoreError {
        let error = StoreError::misread(error);
        self.mark_failing(&error);
        error
    }
}

async fn write(
    connection: &mut AnyConnection,
    code: &str,
    before: Option<i64>,
    version: i64,
    record: &Record,
) -> Result<bool, sqlx::Error> {
    const INSERT: &str = "INSERT INTO institutions (version, deleted, expires, login, terminals, body, code) \
                          VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (code) DO NOTHING";
    const UPDATE: &str = "UPDATE institutions SET version = $1, deleted = $2, expires = $3, login = $4, terminals = $5, body = $6 \
                          WHERE code = $7 AND version = $8";
    let query = sqlx::query(if before.is_some() { UPDATE } else { INSERT })
        .bind(version)
        .bind(i64::from(record.body.is_none()))
        .bind(record.expires.unwrap_or(NEVER))
        .bind(record.login.as_str())
        .bind(record.terminals.as_str())
        .bind(record.body.as_deref().unwrap_or_default())
        .bind(code);
    let query = match before {
        Some(before) => query.bind(before),
        None => query,
    };
    Ok(query.execute(connection).await?.rows_affected() == 1)
}
