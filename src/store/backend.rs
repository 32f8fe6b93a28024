//! The differences between SQLite and PostgreSQL: connections, schemas, and the statements that
//! only one of them supports.

use std::fmt::Write as _;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyPool, ConnectOptions, Executor};

use super::Target;

/// Settings of a SQLite file.
///
/// WAL with `synchronous = NORMAL` does not flush each commit: a commit survives the end of the
/// process, but a power failure may lose it. The cache of 32 MiB, which fills only as it is
/// used, and the checkpoint at 16 MiB of WAL suit stores with many institutions.
const SETTINGS: &str =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000;";

/// The maximum number of connections to PostgreSQL.
const MAX_CONNECTIONS: u32 = 16;

/// A connection that was idle for this long is pinged before it is used.
const IDLE_BEFORE_PING: Duration = Duration::from_secs(5);

/// A schema: its version, its description, and its SQL statements.
pub(super) type Schema = (i64, &'static str, &'static str);

const SQLITE: [Schema; 2] = [
    (1, "institutions, journals and outbox", include_str!("migrations/sqlite_1.sql")),
    (2, "codes, sessions and screenshots of the console", include_str!("migrations/sqlite_2.sql")),
];
const POSTGRES: [Schema; 2] = [
    (1, "institutions, journals and outbox", include_str!("migrations/postgres_1.sql")),
    (2, "codes, sessions and screenshots of the console", include_str!("migrations/postgres_2.sql")),
];

impl Target {
    /// Connects to the database; creates a SQLite file that does not exist.
    pub(super) async fn connect(&self) -> Result<AnyPool, sqlx::Error> {
        let pool = AnyPoolOptions::new().acquire_timeout(Duration::from_secs(4));
        let quiet = |options: AnyConnectOptions| options.disable_statement_logging();
        match self {
            Self::Postgres(url) => {
                let pool = pool.max_connections(MAX_CONNECTIONS).test_before_acquire(false).before_acquire(|connection, idle| {
                    Box::pin(async move {
                        if idle.idle_for < IDLE_BEFORE_PING { Ok(true) } else { Ok(sqlx::Connection::ping(connection).await.is_ok()) }
                    })
                });
                pool.connect_with(quiet(AnyConnectOptions::from_str(url)?)).await
            }
            Self::Memory => single_connection(pool).connect_with(quiet(AnyConnectOptions::from_str("sqlite::memory:")?)).await,
            Self::Sqlite(path) => {
                let url = format!("sqlite:{}?mode=rwc", percent_encode(path));
                let pool = single_connection(pool)
                    .after_connect(|connection, _| Box::pin(async move { connection.execute(SETTINGS).await.map(drop) }));
                pool.connect_with(quiet(AnyConnectOptions::from_str(&url)?)).await
            }
        }
    }

    /// Returns the schemas of this kind of database, in order.
    pub(super) fn schemas(&self) -> &'static [Schema] {
        match self {
            Self::Sqlite(_) | Self::Memory => &SQLITE,
            Self::Postgres(_) => &POSTGRES,
        }
    }

    /// Whether the data survives when a connection is closed.
    pub(super) fn outlives_connections(&self) -> bool {
        !matches!(self, Self::Memory)
    }

    /// Returns the statement that reads the size of the whole database in bytes.
    pub(super) fn size_statement(&self) -> &'static str {
        match self {
            Self::Sqlite(_) | Self::Memory => "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()",
            Self::Postgres(_) => "SELECT pg_database_size(current_database())",
        }
    }

    /// Returns the statement that notifies other processes on the channel `$1`; `None` where no
    /// other process can use the store.
    pub(super) fn notify_statement(&self) -> Option<&'static str> {
        match self {
            Self::Sqlite(_) | Self::Memory => None,
            Self::Postgres(_) => Some("SELECT CAST(pg_notify($1, '') AS TEXT)"),
        }
    }

    /// Returns the statement that releases the outbox claims of a process that ended, by making
    /// them due at `$1`; `None` where another process may still be sending.
    pub(super) fn release_statement(&self) -> Option<&'static str> {
        match self {
            Self::Sqlite(_) | Self::Memory => Some("UPDATE outbox SET due = $1 WHERE due > $1"),
            Self::Postgres(_) => None,
        }
    }

    /// Returns the URL for receiving notifications of other processes; `None` where no other
    /// process can use the store.
    pub(super) fn shared_url(&self) -> Option<&str> {
        match self {
            Self::Sqlite(_) | Self::Memory => None,
            Self::Postgres(url) => Some(url),
        }
    }
}

/// Limits a pool to one connection. SQLite has one writer, so a single connection that is never
/// replaced keeps the order of writes. It also keeps a database in memory alive.
fn single_connection(pool: AnyPoolOptions) -> AnyPoolOptions {
    pool.max_connections(1).idle_timeout(None).max_lifetime(None).test_before_acquire(false)
}

/// Percent-encodes a path for a URL.
fn percent_encode(path: &Path) -> String {
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
