//! Pictures of screens as rows, each beside the observation of an institution that has its number.
//! They are written together with their institution, so that both always agree.

use bytes::Bytes;
use sqlx::AnyConnection;
use sqlx::Row as _;

use super::{Store, StoreError};

/// The change of a screenshot that is written with its institution.
#[derive(Clone, Debug)]
pub enum ScreenshotChange {
    /// Add a picture. Those of observations that were evicted are deleted.
    Add {
        /// The number of the observation.
        number: u64,
        /// How many observations were evicted.
        evicted: u64,
        /// The picture.
        body: Bytes,
    },
    /// Delete the picture of the observation with this number.
    Remove(u64),
}

impl Store {
    /// Returns the picture of an observation.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn screenshot(&self, institution: &str, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        const SQL: &str = "SELECT body FROM screenshots WHERE institution = $1 AND number = $2";
        let row = self.run(async |connection| sqlx::query(SQL).bind(institution).bind(number as i64).fetch_optional(connection).await);
        row.await?.map(|row| row.try_get(0)).transpose().map_err(|error| self.misread(&error))
    }
}

/// Applies a change within the caller's transaction.
pub(super) async fn apply(connection: &mut AnyConnection, institution: &str, change: &ScreenshotChange) -> Result<(), sqlx::Error> {
    const EVICTED: &str = "DELETE FROM screenshots WHERE institution = $1 AND number <= $2";
    const INSERT: &str = "INSERT INTO screenshots (institution, number, body) VALUES ($1, $2, $3)";
    const REMOVE: &str = "DELETE FROM screenshots WHERE institution = $1 AND number = $2";
    match change {
        ScreenshotChange::Add { number, evicted, body } => {
            sqlx::query(EVICTED).bind(institution).bind(*evicted as i64).execute(&mut *connection).await?;
            sqlx::query(INSERT).bind(institution).bind(*number as i64).bind(&body[..]).execute(connection).await.map(drop)
        }
        ScreenshotChange::Remove(number) => sqlx::query(REMOVE).bind(institution).bind(*number as i64).execute(connection).await.map(drop),
    }
}

/// Deletes all pictures of an institution, within the caller's transaction.
pub(super) async fn clear_all(connection: &mut AnyConnection, institution: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM screenshots WHERE institution = $1").bind(institution).execute(connection).await.map(drop)
}
