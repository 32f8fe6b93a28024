//! Reads that concurrent readers share: one statement answers all readers that asked during the
//! previous one.
//!
//! On PostgreSQL these reads fetch only versions, on a connection of their own, since every
//! check needs one. On SQLite they fetch the rows that are not in memory.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AnyPool, ConnectOptions, Row as _};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A row of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionedRow {
    /// Changes with every write. Where a code is reused, the versions start at another number.
    pub version: i64,
    /// The document; `None` if the institution was deleted.
    pub body: Option<String>,
}

/// The maximum number of readers that one statement answers.
const MAX_BATCH: usize = 256;
/// The time limit of a shared statement; after it each reader asks by itself.
const QUERY_TIMEOUT: Duration = Duration::from_secs(1);

/// A task that reads for all readers; it ends when this value is dropped.
pub(super) struct SharedReads<T> {
    questions: mpsc::Sender<Question<T>>,
    reading: JoinHandle<()>,
}

struct Question<T> {
    code: String,
    answer: oneshot::Sender<Option<T>>,
}

/// A source of rows.
pub(super) trait Source: Send + 'static {
    /// The data read for one code.
    type Read: Clone + Send + 'static;

    /// Reads the data of these codes; the result lacks those that do not exist.
    fn read(&mut self, codes: &[&str]) -> impl Future<Output = Result<HashMap<String, Self::Read>, sqlx::Error>> + Send;
}

/// The versions of rows in PostgreSQL.
pub(super) struct Versions {
    options: PgConnectOptions,
    connection: Option<PgConnection>,
}

/// Whole rows in SQLite.
pub(super) struct Rows(pub(super) AnyPool);

impl<T: Clone + Send + 'static> SharedReads<T> {
    /// Starts the task for a source.
    pub(super) fn new(source: impl Source<Read = T>) -> Self {
        let (questions, asked) = mpsc::channel(MAX_BATCH);
        Self { questions, reading: tokio::spawn(answer_all(source, asked)) }
    }

    /// Returns the data of a code, no older than this call; `None` if it does not exist.
    ///
    /// # Errors
    /// The database did not answer. A read by the caller itself reports the reason.
    pub(super) async fn read(&self, code: &str) -> Result<Option<T>, Unanswered> {
        let (answer, answered) = oneshot::channel();
        self.questions.send(Question { code: code.to_owned(), answer }).await.map_err(|_| Unanswered)?;
        answered.await.map_err(|_| Unanswered)
    }
}

impl<T> SharedReads<T> {
    /// Ends the task. Every reader then has to ask by itself.
    pub(super) fn end(&self) {
        self.reading.abort();
    }
}

impl<T> Drop for SharedReads<T> {
    fn drop(&mut self) {
        self.end();
    }
}

/// The database did not answer.
pub(super) struct Unanswered;

async fn answer_all<S: Source>(mut source: S, mut asked: mpsc::Receiver<Question<S::Read>>) {
    let mut questions = Vec::new();
    while asked.recv_many(&mut questions, MAX_BATCH).await > 0 {
        let codes: Vec<&str> = questions.iter().map(|question: &Question<S::Read>| question.code.as_str()).collect();
        let read = tokio::time::timeout(QUERY_TIMEOUT, source.read(&codes)).await;
        let Ok(Ok(read)) = read else {
            // Dropping the senders reports the failure to the readers.
            questions.clear();
            continue;
        };
        for Question { code, answer } in questions.drain(..) {
            // The reader may have gone away.
            let _ = answer.send(read.get(&code).cloned());
        }
    }
}

impl Versions {
    /// Creates a source for the database at this URL. It connects at the first read.
    ///
    /// # Errors
    /// The URL is invalid.
    pub(super) fn new(url: &str) -> Result<Self, sqlx::Error> {
        let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
        Ok(Self { options, connection: None })
    }
}

impl Source for Versions {
    type Read = i64;

    async fn read(&mut self, codes: &[&str]) -> Result<HashMap<String, i64>, sqlx::Error> {
        const SQL: &str = "SELECT code, version FROM institutions WHERE code = ANY($1)";
        // The connection is put back only after a success. One that failed, or whose read was
        // cancelled, is replaced.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let rows = sqlx::query(SQL).bind(codes).fetch_all(&mut connection).await?;
        self.connection = Some(connection);
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }
}

impl Source for Rows {
    type Read = VersionedRow;

    async fn read(&mut self, codes: &[&str]) -> Result<HashMap<String, VersionedRow>, sqlx::Error> {
        const SQL: &str = "SELECT code, version, CASE WHEN deleted = 0 THEN body END FROM institutions \
                           WHERE code IN (SELECT value FROM json_each($1))";
        let rows = sqlx::query(SQL).bind(json!(codes).to_string()).fetch_all(&self.0).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, VersionedRow { version: row.try_get(1)?, body: row.try_get(2)? }))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::{Mutex, Semaphore};

    use super::*;

    /// A source with one row, "here". Each statement waits for a permit and is recorded.
    struct Rows {
        permits: Arc<Semaphore>,
        statements: Arc<Mutex<Vec<Vec<String>>>>,
    }

    impl Source for Rows {
        type Read = i64;

        async fn read(&mut self, codes: &[&str]) -> Result<HashMap<String, i64>, sqlx::Error> {
            self.permits.acquire().await.expect("it is not closed").forget();
            self.statements.lock().await.push(codes.iter().map(|code| (*code).to_owned()).collect());
            if codes.contains(&"broken") { Err(sqlx::Error::WorkerCrashed) } else { Ok([("here".to_owned(), 7)].into()) }
        }
    }

    #[tokio::test]
    async fn who_asks_during_a_statement_shares_the_next_one_and_each_gets_its_own_answer() {
        let (permits, statements) = (Arc::new(Semaphore::new(0)), Arc::new(Mutex::default()));
        let reads = SharedReads::new(Rows { permits: Arc::clone(&permits), statements: Arc::clone(&statements) });
        let codes = ["here", "absent", "here", "absent"];
        let (first, _) = tokio::join!(reads.read("here"), async {
            tokio::task::yield_now().await;
            permits.add_permits(1);
        });
        assert!(matches!(first, Ok(Some(7))));
        let ask = |code| reads.read(code);
        let (a, b, c, d, ()) = tokio::join!(ask(codes[0]), ask(codes[1]), ask(codes[2]), ask(codes[3]), async { permits.add_permits(4) });
        for (code, answer) in codes.into_iter().zip([a, b, c, d]) {
            assert_eq!(answer.ok(), Some((code == "here").then_some(7)), "{code}");
        }
        assert_eq!(statements.lock().await[1], codes, "four readers, one statement");
        assert!(reads.read("broken").await.is_err(), "who asks by itself learns why");
        permits.add_permits(1);
        assert!(matches!(reads.read("here").await, Ok(Some(7))), "and the next one is answered");
    }
}
