//! Journals as rows of entries that were written at once, bounded by entries and bytes; what the bound takes away is counted.

use std::collections::BTreeMap;

use prometheus_client::metrics::counter::Counter;
use sqlx::AnyConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::{Store, StoreError};

/// Rows that one statement writes at most; SQLite takes the longer for each the more there are.
const AT_ONCE: usize = 32;

/// Entries of one journal that are written as one row.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Whose journal: a code, or empty for what fitted no institution.
    pub institution: String,
    /// Which making of the institution.
    pub generation: String,
    /// How many there are.
    pub entries: u64,
    /// One JSON object a line, the oldest first.
    pub body: String,
}

/// An entry as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// 1, 2, 3 … within the journal.
    pub number: u64,
    /// One JSON object.
    pub body: String,
}

/// The newest entries of a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Oldest first.
    pub entries: Vec<Kept>,
    /// How many the bound or `DELETE …/journal` has taken away so far.
    pub evicted: u64,
    /// Whether every process has written what it had.
    pub complete: bool,
}

/// How much of a journal is kept.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// Entries.
    pub entries: usize,
    /// Bytes of their JSON. A row goes whole; the newest stays, however large.
    pub bytes: usize,
}

/// What this process has done to journals since its start.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Entries that it wrote.
    pub entries: Counter,
    /// Bytes of their JSON.
    pub bytes: Counter,
    /// Entries that it evicted, before or after they were written.
    pub evicted: Counter,
}

impl Store {
    /// What was done to journals.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Writes entries in order, and counts others that were evicted before they were written: all of it or nothing.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn append(&self, batches: Vec<Batch>, evicted: &[(String, String, u64)]) -> Result<(), StoreError> {
        let entries = batches.iter().map(|batch| batch.entries).sum();
        let bytes = batches.iter().map(|batch| batch.body.len() as u64).sum();
        self.work(async |connection| {
            let mut all = sqlx::Connection::begin(connection).await?;
            let mut batches = batches.into_iter();
            while batches.len() > 0 {
                let mut query = sqlx::query(AssertSqlSafe(insert(batches.len().min(AT_ONCE))));
                for Batch { institution, generation, entries, body } in batches.by_ref().take(AT_ONCE) {
                    query = query.bind(institution).bind(generation).bind(entries as i64).bind(body.len() as i64).bind(body);
                }
                query.execute(&mut *all).await?;
            }
            // In one order everywhere: two processes that count the same ones wait for each other, and neither for ever.
            let mut evicted: Vec<_> = evicted.iter().collect();
            evicted.sort_unstable();
            for (institution, generation, entries) in evicted {
                count_evicted(&mut all, institution, generation, *entries).await?;
            }
            all.commit().await
        })
        .await?;
        self.tally.entries.inc_by(entries);
        self.tally.bytes.inc_by(bytes);
        self.tally.evicted.inc_by(evicted.iter().map(|(.., entries)| entries).sum());
        Ok(())
    }

    /// Takes away what a journal has beyond its bound, and counts it.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn trim(&self, institution: &str, generation: &str, bound: Bound) -> Result<(), StoreError> {
        // Each row's place, from the newest on, and the entries and bytes down to it.
        const SUMMED: &str = "SELECT number, entries, ROW_NUMBER() OVER newest AS nth, \
                              SUM(entries) OVER newest AS down, SUM(size) OVER newest AS bytes \
                              FROM journal WHERE institution = $1 AND making = $2 WINDOW newest AS (ORDER BY number DESC)";
        const OVER: &str = "DELETE FROM journal WHERE institution = $1 AND making = $2 AND number <= $3 RETURNING entries";
        let newest_over = format!("SELECT MAX(number) FROM ({SUMMED}) AS summed WHERE nth > 1 AND (down - entries >= $3 OR bytes > $4)");
        let trimmed = self.work(async |connection| {
            let mut all = sqlx::Connection::begin(connection).await?;
            let newest = sqlx::query(AssertSqlSafe(newest_over.as_str())).bind(institution).bind(generation);
            let newest = newest.bind(bound.entries as i64).bind(bound.bytes as i64).fetch_one(&mut *all).await?;
            let Some(newest) = newest.try_get::<Option<i64>, _>(0)? else {
                return Ok(0);
            };
            // Of another process that trims at the same time, only one takes a row away, and counts its entries.
            let over = sqlx::query(OVER).bind(institution).bind(generation).bind(newest).fetch_all(&mut *all).await?;
            let over = over.iter().map(|row| row.try_get::<i64, _>(0)).sum::<Result<i64, _>>()?.unsigned_abs();
            count_evicted(&mut all, institution, generation, over).await?;
            all.commit().await.map(|()| over)
        });
        self.tally.evicted.inc_by(trimmed.await?);
        Ok(())
    }

    /// Takes away all entries of a journal, and counts them as evicted: whoever reads on sees that something was there.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn clear(&self, institution: &str) -> Result<(), StoreError> {
        const TAKEN: &str = "DELETE FROM journal WHERE institution = $1 RETURNING making, entries";
        let cleared = self.work(async |connection| {
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
        self.tally.evicted.inc_by(cleared.await?);
        Ok(())
    }

    /// The newest `limit` entries within the bound.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn entries(&self, institution: &str, generation: &str, limit: usize, bound: Bound) -> Result<Page, StoreError> {
        // One statement, so that what others write meanwhile is counted where it is listed.
        const NEWEST: &str = "WITH summed AS (SELECT number, entries, SUM(entries) OVER (ORDER BY number DESC) AS down \
                              FROM journal WHERE institution = $1 AND making = $2) \
                              SELECT body, (SELECT CAST(SUM(entries) AS BIGINT) FROM summed), \
                              (SELECT entries FROM evictions WHERE institution = $1 AND making = $2) \
                              FROM journal WHERE institution = $1 AND making = $2 \
                              AND number >= (SELECT MIN(number) FROM summed WHERE down - entries < $3) ORDER BY number";
        const EVICTED: &str = "SELECT entries FROM evictions WHERE institution = $1 AND making = $2";
        self.trim(institution, generation, bound).await?;
        let read = self.work(async |connection| {
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
        // Of the oldest row, what is beyond the bound is gone already, and what is beyond the limit was not asked for.
        entries.drain(..entries.len().saturating_sub(limit.min(bound.entries)));
        let first = evicted + written - entries.len() as u64 + 1;
        let entries = entries.into_iter().zip(first..).map(|(body, number)| Kept { number, body: body.to_owned() });
        let beyond = written.saturating_sub(bound.entries as u64);
        Ok(Page { entries: entries.collect(), evicted: evicted + beyond, complete: true })
    }
}

/// The statement that writes so many rows.
fn insert(rows: usize) -> String {
    let row = |i: usize| format!("(${}, ${}, ${}, ${}, ${})", 5 * i + 1, 5 * i + 2, 5 * i + 3, 5 * i + 4, 5 * i + 5);
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("INSERT INTO journal (institution, making, entries, size, body) VALUES {}", rows.join(", "))
}

/// Takes away all entries of a journal, within what else is done at once.
pub(super) async fn clear_all(connection: &mut AnyConnection, institution: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM journal WHERE institution = $1").bind(institution).execute(&mut *connection).await?;
    sqlx::query("DELETE FROM evictions WHERE institution = $1").bind(institution).execute(connection).await.map(drop)
}

async fn count_evicted(connection: &mut AnyConnection, institution: &str, generation: &str, entries: u64) -> Result<(), sqlx::Error> {
    const SQL: &str = "INSERT INTO evictions (institution, making, entries) VALUES ($1, $2, $3) \
                       ON CONFLICT (institution, making) DO UPDATE SET entries = evictions.entries + excluded.entries";
    sqlx::query(SQL).bind(institution).bind(generation).bind(entries as i64).execute(connection).await.map(drop)
}
