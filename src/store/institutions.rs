//! Institutions as rows: each whole, with a version. Who writes says which version it read; of two at once one wins.

use sqlx::AnyConnection;
use sqlx::Row as _;
use sqlx::any::AnyRow;

use super::outbox::post;
use super::shared::{Row, Unanswered};
use super::{OutboxMessage, Reads, Store, StoreError};

/// `expires` of a row that never does.
const NEVER: i64 = i64::MAX;

/// A row to be written.
#[derive(Clone, Debug)]
pub struct Record {
    /// The document; none to remember that the institution was deleted.
    pub body: Option<String>,
    /// When it is to be deleted: milliseconds of Unix time, by the machine's clock.
    pub expires: Option<i64>,
    /// The user that logs in.
    pub login: String,
    /// The names of its terminals, with spaces between.
    pub terminals: String,
}

/// What a look for a row beside the version at hand came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The version at hand is the newest.
    Same,
    /// There is no such row.
    Nothing,
    /// Another version.
    Other(Row),
}

impl Row {
    fn beside(self, at_hand: Option<i64>) -> Found {
        if Some(self.version) == at_hand { Found::Same } else { Found::Other(self) }
    }
}

impl Store {
    /// The row of a code, unless its version is the one at hand.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn find(&self, code: &str, at_hand: Option<i64>) -> Result<Found, StoreError> {
        const SQL: &str = "SELECT version, CASE WHEN deleted = 0 THEN body END FROM institutions WHERE code = $1";
        match &self.reads {
            Reads::Rows(rows) => {
                if let Ok(row) = rows.read(code).await {
                    return Ok(row.map_or(Found::Nothing, |row| row.beside(at_hand)));
                }
            }
            Reads::Versions(versions) => match versions.read(code).await {
                Ok(None) => return Ok(Found::Nothing),
                Ok(Some(newest)) if Some(newest) == at_hand => return Ok(Found::Same),
                Ok(Some(_)) | Err(Unanswered) => {}
            },
        }
        let found = self.work(async |connection| sqlx::query(SQL).bind(code).fetch_optional(connection).await);
        let Some(row) = found.await? else {
            return Ok(Found::Nothing);
        };
        self.read(&row).map(|row| row.beside(at_hand))
    }

    /// Writes a row over the version that was read, or a new one where there was none, and with it
    /// what is to be sent of the change: all or nothing. Says whether nobody else was faster.
    /// `anew`: the institution is made anew or deleted, so that its journal goes.
    ///
    /// # Errors
    /// The store does not work. Whether the row was written is not known then.
    pub async fn save(
        &self,
        code: &str,
        before: Option<i64>,
        version: i64,
        record: &Record,
        anew: bool,
        messages: &[OutboxMessage],
    ) -> Result<bool, StoreError> {
        self.work(async |connection| {
            if !anew && messages.is_empty() {
                return write(connection, code, before, version, record).await;
            }
            let mut all = sqlx::Connection::begin(connection).await?;
            let won = write(&mut all, code, before, version, record).await?;
            if won && anew {
                super::journal::clear_all(&mut all, code).await?;
            }
            if won {
                post(&mut all, messages).await?;
            }
            all.commit().await.map(|()| won)
        })
        .await
    }

    /// Takes a row away with its journal; says whether nobody else was faster.
    ///
    /// # Errors
    /// The store does not work. Whether the row is gone is not known then.
    pub async fn remove(&self, code: &str, version: i64) -> Result<bool, StoreError> {
        self.work(async |connection| {
            let mut both = sqlx::Connection::begin(connection).await?;
            let removed = sqlx::query("DELETE FROM institutions WHERE code = $1 AND version = $2")
                .bind(code)
                .bind(version)
                .execute(&mut *both)
                .await?;
            let won = removed.rows_affected() == 1;
            if won {
                super::journal::clear_all(&mut both, code).await?;
            }
            both.commit().await.map(|()| won)
        })
        .await
    }

    /// Codes behind `after`, in order, at most `limit`, each with the names of its terminals; none for one that was deleted.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn codes(&self, after: &str, limit: u32) -> Result<Vec<(String, Option<String>)>, StoreError> {
        const SQL: &str = "SELECT code, deleted, terminals FROM institutions WHERE code > $1 ORDER BY code LIMIT $2";
        let rows = self.work(async |connection| sqlx::query(SQL).bind(after).bind(i64::from(limit)).fetch_all(connection).await).await?;
        rows.iter().map(|row| self.listed(row)).collect()
    }

    /// At most 16 codes whose institution logs in as this user.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn codes_of_login(&self, user: &str) -> Result<Vec<String>, StoreError> {
        if user.contains('\0') {
            // Nobody's: PostgreSQL has no such text, and would take the question for a failure.
            return Ok(Vec::new());
        }
        const SQL: &str = "SELECT code FROM institutions WHERE login = $1 AND deleted = 0 ORDER BY code LIMIT 16";
        let rows = self.work(async |connection| sqlx::query(SQL).bind(user).fetch_all(connection).await).await?;
        rows.iter().map(|row| row.try_get(0).map_err(|error| self.misread(&error))).collect()
    }

    /// At most `limit` codes of institutions whose time is over.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn expired(&self, now: i64, limit: u32) -> Result<Vec<String>, StoreError> {
        const SQL: &str = "SELECT code FROM institutions WHERE expires <= $1 ORDER BY expires LIMIT $2";
        let rows = self.work(async |connection| sqlx::query(SQL).bind(now).bind(i64::from(limit)).fetch_all(connection).await).await?;
        rows.iter().map(|row| row.try_get(0).map_err(|error| self.misread(&error))).collect()
    }

    /// How many rows there are, those that remember a deletion among them.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn count(&self) -> Result<u64, StoreError> {
        let row = self.work(async |connection| sqlx::query("SELECT count(*) FROM institutions").fetch_one(connection).await).await?;
        row.try_get::<i64, _>(0).map(i64::unsigned_abs).map_err(|error| self.misread(&error))
    }

    /// Bytes of the whole database.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn bytes(&self) -> Result<u64, StoreError> {
        let sql = self.target.size_statement();
        let row = self.work(async |connection| sqlx::query(sql).fetch_one(connection).await).await?;
        row.try_get::<i64, _>(0).map(i64::unsigned_abs).map_err(|error| self.misread(&error))
    }

    fn read(&self, row: &AnyRow) -> Result<Row, StoreError> {
        let read = || Ok(Row { version: row.try_get(0)?, body: row.try_get(1)? });
        read().map_err(|error| self.misread(&error))
    }

    fn listed(&self, row: &AnyRow) -> Result<(String, Option<String>), StoreError> {
        let read = || {
            let deleted: i64 = row.try_get(1)?;
            let terminals: String = row.try_get(2)?;
            Ok((row.try_get(0)?, (deleted == 0).then_some(terminals)))
        };
        read().map_err(|error| self.misread(&error))
    }

    /// A column that is not what it was written as: the file is damaged.
    pub(super) fn misread(&self, error: &sqlx::Error) -> StoreError {
        let error = StoreError::misread(error);
        self.turn_red(&error);
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
