//! The newest versions of rows, asked of PostgreSQL for many readers at once: those that ask while one
//! statement is under way share the next one, on a connection of their own.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Row as _};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// Readers whose questions are asked by one statement.
const MOST_AT_ONCE: usize = 256;
/// How long a statement may take until readers ask by themselves.
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks for versions for as long as it is kept.
pub(super) struct Versions {
    questions: mpsc::Sender<Question>,
    asking: JoinHandle<()>,
}

struct Question {
    code: String,
    answer: oneshot::Sender<Newest>,
}

/// What is known of a code's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Newest {
    /// There is none.
    Nothing,
    /// Its version.
    Version(i64),
    /// The database did not answer: who asks again learns why.
    Unknown,
}

impl Versions {
    /// Connects once the first reader asks.
    ///
    /// # Errors
    /// A URL that is none.
    pub(super) fn new(url: &str) -> Result<Self, sqlx::Error> {
        let options = PgConnectOptions::from_str(url)?.disable_statement_logging();
        let (questions, asked) = mpsc::channel(MOST_AT_ONCE);
        Ok(Self { questions, asking: tokio::spawn(answer_all(options, asked)) })
    }

    /// The newest version of a code's row, no older than this call.
    pub(super) async fn newest(&self, code: &str) -> Newest {
        let (answer, answered) = oneshot::channel();
        if self.questions.send(Question { code: code.to_owned(), answer }).await.is_err() {
            return Newest::Unknown;
        }
        answered.await.unwrap_or(Newest::Unknown)
    }

    /// Asks no more: every reader has to ask by itself.
    pub(super) fn end(&self) {
        self.asking.abort();
    }
}

impl Drop for Versions {
    fn drop(&mut self) {
        self.end();
    }
}

async fn answer_all(options: PgConnectOptions, mut asked: mpsc::Receiver<Question>) {
    let (mut connection, mut questions) = (None, Vec::new());
    while asked.recv_many(&mut questions, MOST_AT_ONCE).await > 0 {
        let codes: Vec<&str> = questions.iter().map(|question: &Question| question.code.as_str()).collect();
        let versions = tokio::time::timeout(PATIENCE, versions(&mut connection, &options, &codes)).await;
        let Ok(Ok(versions)) = versions else {
            // Their senders are dropped, which tells the readers.
            (connection, questions) = (None, Vec::new());
            continue;
        };
        for Question { code, answer } in questions.drain(..) {
            // A reader that has gone away needs no answer.
            let _ = answer.send(versions.get(&code).map_or(Newest::Nothing, |version| Newest::Version(*version)));
        }
    }
}

async fn versions(
    connection: &mut Option<PgConnection>,
    options: &PgConnectOptions,
    codes: &[&str],
) -> Result<HashMap<String, i64>, sqlx::Error> {
    const SQL: &str = "SELECT code, version FROM institutions WHERE code = ANY($1)";
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(options.connect().await?),
    };
    let rows = sqlx::query(SQL).bind(codes).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
