//! Reads that several readers share: those that ask while one statement is under way are answered by the next one. Of PostgreSQL only the newest
//! versions are asked, on a connection of their own, since every check asks; of SQLite the rows that are not in memory.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use serde_json::json;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AnyPool, ConnectOptions, Row as _};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// A row as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Moves with every change; where a code is used anew it starts elsewhere.
    pub version: i64,
    /// The document; none where the row only says that the institution was deleted.
    pub body: Option<String>,
}

/// Readers that one statement answers.
const MOST_AT_ONCE: usize = 256;
/// How long a statement may take until readers ask by themselves.
const PATIENCE: Duration = Duration::from_secs(1);

/// Reads for as long as it is kept.
pub(super) struct SharedReads<T> {
    questions: mpsc::Sender<Question<T>>,
    reading: JoinHandle<()>,
}

struct Question<T> {
    code: String,
    answer: oneshot::Sender<Option<T>>,
}

/// Where rows are read.
pub(super) trait Source: Send + 'static {
    /// What is read of one.
    type Read: Clone + Send + 'static;

    /// Reads what there is of these codes.
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
    /// Of a source.
    pub(super) fn new(source: impl Source<Read = T>) -> Self {
        let (questions, asked) = mpsc::channel(MOST_AT_ONCE);
        Self { questions, reading: tokio::spawn(answer_all(source, asked)) }
    }

    /// What there is of a code, no older than this call; none where there is nothing.
    ///
    /// # Errors
    /// The database did not answer: who asks by itself learns why.
    pub(super) async fn read(&self, code: &str) -> Result<Option<T>, Unanswered> {
        let (answer, answered) = oneshot::channel();
        self.questions.send(Question { code: code.to_owned(), answer }).await.map_err(|_| Unanswered)?;
        answered.await.map_err(|_| Unanswered)
    }
}

impl<T> SharedReads<T> {
    /// Reads no more: every reader has to ask by itself.
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
    while asked.recv_many(&mut questions, MOST_AT_ONCE).await > 0 {
        let codes: Vec<&str> = questions.iter().map(|question: &Question<S::Read>| question.code.as_str()).collect();
        let read = tokio::time::timeout(PATIENCE, source.read(&codes)).await;
        let Ok(Ok(read)) = read else {
            // Their senders are dropped, which tells the readers.
            questions.clear();
            continue;
        };
        for Question { code, answer } in questions.drain(..) {
            // A reader that has gone away needs no answer.
            let _ = answer.send(read.get(&code).cloned());
        }
    }
}

impl Versions {
    /// Of the database at this URL; connects once the first reader asks.
    ///
    /// # Errors
    /// A URL that is none.
    pub(super) fn new(url: &str) -> Result<Self, sqlx::Error> {
        let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
        Ok(Self { options, connection: None })
    }
}

impl Source for Versions {
    type Read = i64;

    async fn read(&mut self, codes: &[&str]) -> Result<HashMap<String, i64>, sqlx::Error> {
        const SQL: &str = "SELECT code, version FROM institutions WHERE code = ANY($1)";
        // Kept only where it answered: one that failed, or that nobody waited for, is connected anew.
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
    type Read = Row;

    async fn read(&mut self, codes: &[&str]) -> Result<HashMap<String, Row>, sqlx::Error> {
        const SQL: &str = "SELECT code, version, CASE WHEN deleted = 0 THEN body END FROM institutions \
                           WHERE code IN (SELECT value FROM json_each($1))";
        let rows = sqlx::query(SQL).bind(json!(codes).to_string()).fetch_all(&self.0).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, Row { version: row.try_get(1)?, body: row.try_get(2)? }))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::{Mutex, Semaphore};

    use super::*;

    /// Has one row, "here"; each statement waits for a permit, and is noted.
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
