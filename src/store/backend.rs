//! What SQLite and PostgreSQL do differently: their connections, their schemas and the statements that
//! only one of them has.

use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyPool, ConnectOptions, Executor};

use super::Target;

/// Settings of a SQLite file. WAL with NORMAL: a commit is written, not flushed; it outlives the process, though not always the machine. A
/// cache of 32 MiB, which fills as it is used, and a WAL of 16 MiB before it is taken over, are for many institutions.
const SETTINGS: &str =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000;";

/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 16;

/// A connection that lay idle for so long is asked whether it still lives before it is used.
const IDLE: Duration = Duration::from_secs(5);

/// A schema's number, what it brings, and its statements.
pub(super) type Schema = (i64, &'static str, &'static str);

const SQLITE: [Schema; 1] = [(1, "institutions, journals and outbox", include_str!("migrations/sqlite_1.sql"))];
const POSTGRES: [Schema; 1] = [(1, "institutions, journals and outbox", include_str!("migrations/postgres_1.sql"))];

impl Target {
    /// Connects, and makes the file where it is missing.
    pub(super) async fn connect(&self) -> Result<AnyPool, sqlx::Error> {
        let pool = AnyPoolOptions::new().acquire_timeout(Duration::from_secs(4));
        let quiet = |options: AnyConnectOptions| options.disable_statement_logging();
        match self {
            Self::Postgres(url) => {
                let pool = pool.max_connections(CONNECTIONS).test_before_acquire(false).before_acquire(|connection, idle| {
                    Box::pin(
                        async move { if idle.idle_for < IDLE { Ok(true) } else { Ok(sqlx::Connection::ping(connection).await.is_ok()) } },
                    )
                });
                pool.connect_with(quiet(AnyConnectOptions::from_str(url)?)).await
            }
            Self::Memory => one(pool).connect_with(quiet(AnyConnectOptions::from_str("sqlite::memory:")?)).await,
            Self::Sqlite(path) => {
                let url = format!("sqlite:{}?mode=rwc", encoded(path));
                let pool = one(pool).after_connect(|connection, _| Box::pin(async move { connection.execute(SETTINGS).await.map(drop) }));
                pool.connect_with(quiet(AnyConnectOptions::from_str(&url)?)).await
            }
        }
    }

    /// Its schemas, in order.
    pub(super) fn schemas(&self) -> &'static [Schema] {
        match self {
            Self::Sqlite(_) | Self::Memory => &SQLITE,
            Self::Postgres(_) => &POSTGRES,
        }
    }

    /// Whether what it holds is still there when a connection is closed.
    pub(super) fn outlives_connections(&self) -> bool {
        !matches!(self, Self::Memory)
    }

    /// Gives the bytes of the whole database.
    pub(super) fn size_statement(&self) -> &'static str {
        match self {
            Self::Sqlite(_) | Self::Memory => "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            Self::Postgres(_) => "SELECT pg_database_size(current_database())",
        }
    }

    /// Tells other processes on a channel, `$1`; none where there are none.
    pub(super) fn notify_statement(&self) -> Option<&'static str> {
        match self {
            Self::Sqlite(_) | Self::Memory => None,
            Self::Postgres(_) => Some("SELECT CAST(pg_notify($1, '') AS TEXT)"),
        }
    }

    /// Has what an ended process had claimed of the outbox due at `$1`; none where another process
    /// may still be sending it.
    pub(super) fn release_statement(&self) -> Option<&'static str> {
        match self {
            Self::Sqlite(_) | Self::Memory => Some("UPDATE outbox SET due = $1 WHERE due > $1"),
            Self::Postgres(_) => None,
        }
    }

    /// The database on which other processes can be heard; none where there are none.
    pub(super) fn shared_url(&self) -> Option<&str> {
        match self {
            Self::Sqlite(_) | Self::Memory => None,
            Self::Postgres(url) => Some(url),
        }
    }
}

/// SQLite has one writer; a single connection that never ends keeps its order, and what is in memory.
fn one(pool: AnyPoolOptions) -> AnyPoolOptions {
    pool.max_connections(1).idle_timeout(None).max_lifetime(None).test_before_acquire(false)
}

/// The path as it stands in a URL.
fn encoded(path: &Path) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_');
    path.to_string_lossy().bytes().fold(String::new(), |mut url, byte| {
        if plain(byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
        url
    })
}
