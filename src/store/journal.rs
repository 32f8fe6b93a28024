//! Journals as rows, bounded by entries and bytes; what the bound takes away is counted.

use prometheus_client::metrics::counter::Counter;
use sqlx::AnyConnection;
use sqlx::{AssertSqlSafe, Row as _};

use super::{Store, StoreError};

/// Rows that one statement writes at most.
const AT_ONCE: usize = 100;

/// An entry to be written.
#[derive(Clone, Debug)]
pub struct Line {
    /// Whose journal: a code, or empty for what fitted no institution.
    pub institution: String,
    /// Which making of the institution.
    pub making: String,
    /// The entry, one JSON object.
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
    /// Bytes of their JSON.
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
    pub async fn append(&self, lines: &[Line], evicted: &[(String, String, u64)]) -> Result<(), StoreError> {
        self.work(async |connection| {
            let mut all = sqlx::Connection::begin(connection).await?;
            for lines in lines.chunks(AT_ONCE) {
                let mut query = sqlx::query(AssertSqlSafe(insert(lines.len())));
                for Line { institution, making, body } in lines {
                    query = query.bind(institution.as_str()).bind(making.as_str()).bind(body.len() as i64).bind(body.as_str());
                }
                query.execute(&mut *all).await?;
            }
            // In one order everywhere: two processes that count the same ones wait for each other, and neither for ever.
            let mut evicted: Vec<_> = evicted.iter().collect();
            evicted.sort_unstable();
            for (institution, making, entries) in evicted {
                count_evicted(&mut all, institution, making, *entries).await?;
            }
            all.commit().await
        })
        .await?;
        self.tally.entries.inc_by(lines.len() as u64);
        self.tally.bytes.inc_by(lines.iter().map(|line| line.body.len() as u64).sum());
        self.tally.evicted.inc_by(evicted.iter().map(|(.., entries)| entries).sum());
        Ok(())
    }

    /// Takes away what a journal has beyond its bound, and counts it.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn trim(&self, institution: &str, making: &str, bound: Bound) -> Result<(), StoreError> {
        // Each entry's place, from the newest on, and the bytes down to it.
        const SUMMED: &str = "SELECT number, ROW_NUMBER() OVER newest AS nth, SUM(size) OVER newest AS bytes FROM journal \
                              WHERE institution = $1 AND making = $2 WINDOW newest AS (ORDER BY number DESC)";
        const OVER: &str = "DELETE FROM journal WHERE institution = $1 AND making = $2 AND number <= $3";
        let newest_over = format!("SELECT MAX(number) FROM ({SUMMED}) AS summed WHERE nth > $3 OR (nth > 1 AND bytes > $4)");
        let trimmed = self.work(async |connection| {
            let mut all = sqlx::Connection::begin(connection).await?;
            let newest = sqlx::query(AssertSqlSafe(newest_over.as_str())).bind(institution).bind(making);
            let newest = newest.bind(bound.entries as i64).bind(bound.bytes as i64).fetch_one(&mut *all).await?;
            let Some(newest) = newest.try_get::<Option<i64>, _>(0)? else {
                return Ok(0);
            };
            // Of another process that trims at the same time, only one takes an entry away, and counts it.
            let over = sqlx::query(OVER).bind(institution).bind(making).bind(newest).execute(&mut *all).await?.rows_affected();
            count_evicted(&mut all, institution, making, over).await?;
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
        const COUNTED: &str = "INSERT INTO evictions (institution, making, entries) \
                               SELECT institution, making, COUNT(*) FROM journal WHERE institution = $1 GROUP BY institution, making \
                               ON CONFLICT (institution, making) DO UPDATE SET entries = evictions.entries + excluded.entries";
        let cleared = self.work(async |connection| {
            let mut all = sqlx::Connection::begin(connection).await?;
            sqlx::query(COUNTED).bind(institution).execute(&mut *all).await?;
            let taken = sqlx::query("DELETE FROM journal WHERE institution = $1").bind(institution).execute(&mut *all).await?;
            all.commit().await.map(|()| taken.rows_affected())
        });
        self.tally.evicted.inc_by(cleared.await?);
        Ok(())
    }

    /// The newest `limit` entries within the bound.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn entries(&self, institution: &str, making: &str, limit: usize, bound: Bound) -> Result<Page, StoreError> {
        // One statement, so that what others write meanwhile is counted where it is listed.
        const NEWEST: &str = "SELECT body, COUNT(*) OVER (), \
                              (SELECT entries FROM evictions WHERE institution = $1 AND making = $2) \
                              FROM journal WHERE institution = $1 AND making = $2 ORDER BY number DESC LIMIT $3";
        const EVICTED: &str = "SELECT entries FROM evictions WHERE institution = $1 AND making = $2";
        self.trim(institution, making, bound).await?;
        let read = self.work(async |connection| {
            let newest = sqlx::query(NEWEST).bind(institution).bind(making).bind(limit.min(bound.entries) as i64);
            let rows = newest.fetch_all(&mut *connection).await?;
            let evicted: Option<i64> = match rows.first() {
                Some(row) => row.try_get(2)?,
                None => sqlx::query(EVICTED)
                    .bind(institution)
                    .bind(making)
                    .fetch_optional(connection)
                    .await?
                    .map_or(Ok(None), |row| row.try_get(0))?,
            };
            let kept: i64 = rows.first().map_or(Ok(0), |row| row.try_get(1))?;
            let bodies = rows.iter().rev().map(|row| row.try_get::<String, _>(0)).collect::<Result<Vec<_>, _>>()?;
            Ok((bodies, kept.unsigned_abs(), evicted.unwrap_or_default().unsigned_abs()))
        });
        let (bodies, kept, evicted) = read.await?;
        let first = evicted + kept - bodies.len() as u64 + 1;
        let entries = bodies.into_iter().zip(first..).map(|(body, number)| Kept { number, body });
        Ok(Page { entries: entries.collect(), evicted, complete: true })
    }
}

/// The statement that writes so many entries.
fn insert(rows: usize) -> String {
    let row = |i: usize| format!("(${}, ${}, ${}, ${})", 4 * i + 1, 4 * i + 2, 4 * i + 3, 4 * i + 4);
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("INSERT INTO journal (institution, making, size, body) VALUES {}", rows.join(", "))
}

/// Takes away all entries of a journal, within what else is done at once.
pub(super) async fn clear_all(connection: &mut AnyConnection, institution: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM journal WHERE institution = $1").bind(institution).execute(&mut *connection).await?;
    sqlx::query("DELETE FROM evictions WHERE institution = $1").bind(institution).execute(connection).await.map(drop)
}

async fn count_evicted(connection: &mut AnyConnection, institution: &str, making: &str, entries: u64) -> Result<(), sqlx::Error> {
    const SQL: &str = "INSERT INTO evictions (institution, making, entries) VALUES ($1, $2, $3) \
                       ON CONFLICT (institution, making) DO UPDATE SET entries = evictions.entries + excluded.entries";
    sqlx::query(SQL).bind(institution).bind(making).bind(entries as i64).execute(connection).await.map(drop)
}
