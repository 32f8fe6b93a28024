//! Journals as rows. A row holds entries that were written together. A journal is bounded by
//! entries and bytes, and evicted entries are counted.

use std::collections::BTreeMap;

use prometheus_client::metrics::counter::Counter;
use sqlx::AnyConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::{Store, StoreError};

/// The maximum number of rows in one statement. On SQLite the time for each row grows with
/// their number.
const MAX_ROWS: usize = 32;

/// Entries of one journal that are written as one row.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The code of the institution; empty for entries that belong to no institution.
    pub institution: String,
    /// The generation of the institution.
    pub generation: String,
    /// The number of entries.
    pub entries: u64,
    /// One JSON object per line, oldest first.
    pub body: String,
}

/// A stored entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its number within the journal, from 1.
    pub number: u64,
    /// One JSON object.
    pub body: String,
}

/// The newest entries of a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredPage {
    /// Oldest first.
    pub entries: Vec<StoredEntry>,
    /// How many entries the bound or `DELETE …/journal` has evicted so far.
    pub evicted: u64,
    /// Whether every process has written its waiting entries.
    pub complete: bool,
}

/// The bound of a journal.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// The maximum number of entries.
    pub entries: usize,
    /// The maximum size of their JSON in bytes. Rows are deleted as a whole, and the newest row
    /// is kept, however large it is.
    pub bytes: usize,
}

/// What this process has written to journals since its start.
#[derive(Clone, Debug, Default)]
pub struct JournalCounters {
    /// Entries written.
    pub entries: Counter,
    /// Bytes of JSON written.
    pub bytes: Counter,
    /// Entries evicted, before or after they were written.
    pub evicted: Counter,
}

impl Store {
    /// Returns the counters of this process.
    pub fn counters(&self) -> &JournalCounters {
        &self.counters
    }

    /// Writes entries in order, and counts entries that were evicted before they were written,
    /// in one transaction.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn append(&self, batches: Vec<Batch>, evicted: &[(String, String, u64)]) -> Result<(), StoreError> {
        let entries = batches.iter().map(|batch| batch.entries).sum();
        let bytes = batches.iter().map(|batch| batch.body.len() as u64).sum();
        self.run(async |connection| {
            let mut all = sqlx::Connection::begin(connection).await?;
            let mut batches = batches.into_iter();
            while batches.len() > 0 {
                let mut query = sqlx::query(AssertSqlSafe(insert(batches.len().min(MAX_ROWS))));
                for Batch { institution, generation, entries, body } in batches.by_ref().take(MAX_ROWS) {
                    query = query.bind(institution).bind(generation).bind(entries as i64).bind(body.len() as i64).bind(body);
                }
                query.execute(&mut *all).await?;
            }
            // The same order in every process, so that two processes that count the same
            // journals cannot deadlock.
            let mut evicted: Vec<_> = evicted.iter().collect();
            evicted.sort_unstable();
            for (institution, generation, entries) in evicted {
                count_evicted(&mut all, institution, generation, *entries).await?;
            }
            all.commit().await
        })
        .await?;
        self.counters.entries.inc_by(entries);
        self.counters.bytes.inc_by(bytes);
        self.counters.evicted.inc_by(evicted.iter().map(|(.., entries)| entries).sum());
        Ok(())
    }

    /// Evicts the entries of a journal beyond its bound, and counts them.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn trim(&self, institution: &str, generation: &str, bound: Bound) -> Result<(), StoreError> {
        // For each row: its position from the newest, and the sums of entries and bytes up to
        // it.
        const SUMMED: &str = "SELECT number, entries, ROW_NUMBER() OVER newest AS nth, \
                              SUM(entries) OVER newest AS down, SUM(size) OVER newest AS bytes \
                              FROM journal WHERE institution = $1 AND making = $2 WINDOW newest AS (ORDER BY number DESC)";
        const OVER: &str = "DELETE FROM journal WHERE institution = $1 AND making = $2 AND number <= $3 RETURNING entries";
        let newest_over = format!("SELECT MAX(number) FROM ({SUMMED}) AS summed WHERE nth > 1 AND (down - entries >= $3 OR bytes > $4)");
        let trimmed = self.run(async |connection| {
            let mut all = sqlx::Connection::begin(connection).await?;
            let newest = sqlx::query(AssertSqlSafe(newest_over.as_str())).bind(institution).bind(generation);
            let newest = newest.bind(bound.entries as i64).bind(bound.bytes as i64).fetch_one(&mut *all).await?;
            let Some(newest) = newest.try_get::<Option<i64>, _>(0)? else {
                return Ok(0);
            };
            // If another process trims at the same time, each row is returned to only one of
            // them, so its entries are counted once.
            let over = sqlx::query(OVER).bind(institution).bind(generation).bind(newest).fetch_all(&mut *all).await?;
            let over = over.iter().map(|row| row.try_get::<i64, _>(0)).sum::<Result<i64, _>>()?.unsigned_abs();
            count_evicted(&mut all, institution, generation, over).await?;
            all.commit().await.map(|()| over)
        });
        self.counters.evicted.inc_by(trimmed.await?);
        Ok(())
    }

    /// Deletes all entries of a journal, and counts them as evicted, so that readers see that
    /// there were entries.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn clear(&self, institution: &str) -> Result<(), StoreError> {
        const TAKEN: &str = "DELETE FROM journal WHERE institution = $1 RETURNING making, entries";
        let cleared = self.run(async |connection| {
            let mut all = sqlx::Connection::begin(connection).await?;
            let mut taken = BTreeMap::<String, u64>::new();
            for row in sqlx::query(TAKEN).bind(institution).fetch_all(&mut *all).await? {
                *taken.entry(row.try_get(0)?).or_default() += row.try_get::<i64, _>(1)?.unsigned_abs();
            }
            for (generation, entries) in &taken {
                count_evicted(&mut all, institution, generation, *entries).await?;
            }
            all.commit().await.map(|()| taken.values().sum())
        });
        self.counters.evicted.inc_by(cleared.await?);
        Ok(())
    }

    /// Reads the newest `limit` entries within the bound.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn entries(&self, institution: &str, generation: &str, limit: usize, bound: Bound) -> Result<StoredPage, StoreError> {
        // One statement, so that the counts match the listed rows while other processes write.
        const NEWEST: &str = "WITH summed AS (SELECT number, entries, SUM(entries) OVER (ORDER BY number DESC) AS down \
                              FROM journal WHERE institution = $1 AND making = $2) \
                              SELECT body, (SELECT CAST(SUM(entries) AS BIGINT) FROM summed), \
                              (SELECT entries FROM evictions WHERE institution = $1 AND making = $2) \
                              FROM journal WHERE institution = $1 AND making = $2 \
                              AND number >= (SELECT MIN(number) FROM summed WHERE down - entries < $3) ORDER BY number";
        const EVICTED: &str = "SELECT entries FROM evictions WHERE institution = $1 AND making = $2";
        self.trim(institution, generation, bound).await?;
        let read = self.run(async |connection| {
            let newest = sqlx::query(NEWEST).bind(institution).bind(generation).bind(limit.min(bound.entries) as i64);
            let rows = newest.fetch_all(&mut *connection).await?;
            let evicted: Option<i64> = match rows.first() {
                Some(row) => row.try_get(2)?,
                None => sqlx::query(EVICTED)
                    .bind(institution)
                    .bind(generation)
                    .fetch_optional(connection)
                    .await?
                    .map_or(Ok(None), |row| row.try_get(0))?,
            };
            let written: i64 = rows.first().map_or(Ok(0), |row| row.try_get(1))?;
            let bodies = rows.iter().map(|row| row.try_get::<String, _>(0)).collect::<Result<Vec<_>, _>>()?;
            Ok((bodies, evicted.unwrap_or_default().unsigned_abs(), written.unsigned_abs()))
        });
        let (bodies, evicted, written) = read.await?;
        let mut entries: Vec<&str> = bodies.iter().flat_map(|body| body.split('\n')).collect();
        // The oldest row may also hold entries beyond the limit or the bound.
        entries.drain(..entries.len().saturating_sub(limit.min(bound.entries)));
        let first = evicted + written - entries.len() as u64 + 1;
        let entries = entries.into_iter().zip(first..).map(|(body, number)| StoredEntry { number, body: body.to_owned() });
        let beyond = written.saturating_sub(bound.entries as u64);
        Ok(StoredPage { entries: entries.collect(), evicted: evicted + beyond, complete: true })
    }
}

/// Returns the statement that inserts this number of rows.
fn insert(rows: usize) -> String {
    let row = |i: usize| format!("(${}, ${}, ${}, ${}, ${})", 5 * i + 1, 5 * i + 2, 5 * i + 3, 5 * i + 4, 5 * i + 5);
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("INSERT INTO journal (institution, making, entries, size, body) VALUES {}", rows.join(", "))
}

/// Deletes all entries of a journal and its count of evictions, within the caller's
/// transaction.
pub(super) async fn clear_all(connection: &mut AnyConnection, institution: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM journal WHERE institution = $1").bind(institution).execute(&mut *connection).await?;
    sqlx::query("DELETE FROM evictions WHERE institution = $1").bind(institution).execute(connection).await.map(drop)
}

async fn count_evicted(connection: &mut AnyConnection, institution: &str, generation: &str, entries: u64) -> Result<(), sqlx::Error> {
    const SQL: &str = "INSERT INTO evictions (institution, making, entries) VALUES ($1, $2, $3) \
                       ON CONFLICT (institution, making) DO UPDATE SET entries = evictions.entries + excluded.entries";
    sqlx::query(SQL).bind(institution).bind(generation).bind(entries as i64).execute(connection).await.map(drop)
}
