//! Opening a store: the connection, its settings, and the migrations that bring its tables to this program's form, forward only.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::str::FromStr;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, install_default_drivers};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AnyPool, ConnectOptions, Executor, SqlSafeStr};

use super::lock::Lock;
use super::{Store, Tally, Target};

/// The migrations of each back end, by number.
const SQLITE: [(i64, &str, &str); 3] = [
    (1, "institutions and journals", include_str!("migrations/sqlite_1.sql")),
    (2, "outbox", include_str!("migrations/sqlite_2.sql")),
    (3, "many entries a row", ENTRIES_A_ROW),
];
const POSTGRES: [(i64, &str, &str); 3] = [
    (1, "institutions and journals", include_str!("migrations/postgres_1.sql")),
    (2, "outbox", include_str!("migrations/postgres_2.sql")),
    (3, "many entries a row", ENTRIES_A_ROW),
];
const ENTRIES_A_ROW: &str = include_str!("migrations/both_3.sql");

/// Settings of a SQLite file. WAL with NORMAL: a commit is written, not flushed; it outlives the process, though not always the machine. A
/// cache of 32 MiB, which fills as it is used, and a WAL of 16 MiB before it is taken over, are for many institutions.
const SETTINGS: &str =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000;";

/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 16;

/// A connection that lay idle for so long is asked whether it still lives before it is used.
const IDLE: Duration = Duration::from_secs(5);

impl Store {
    /// Opens a store, makes it where it is missing, and brings its tables to this program's form.
    ///
    /// # Errors
    /// It cannot be opened, belongs to another process, is damaged, or was written by a newer program.
    pub async fn open(target: &Target) -> anyhow::Result<Self> {
        install_default_drivers();
        let lock = match target {
            Target::Sqlite(path) => {
                ensure_database(path)?;
                Some(Lock::take(path)?)
            }
            Target::Memory | Target::Postgres(_) => None,
        };
        let pool = connect(target).await.map_err(|error| unopened(target, &error))?;
        let migrations = if matches!(target, Target::Postgres(_)) { &POSTGRES } else { &SQLITE };
        migrator(migrations).run(&pool).await.map_err(|error| unmigrated(target, error))?;
        Ok(Self { pool, target: target.clone(), red: Mutex::default(), epoch: AtomicU64::new(0), tally: Tally::default(), _lock: lock })
    }
}

async fn connect(target: &Target) -> Result<AnyPool, sqlx::Error> {
    let pool = AnyPoolOptions::new().acquire_timeout(Duration::from_secs(4));
    let quiet = |options: AnyConnectOptions| options.disable_statement_logging();
    match target {
        Target::Postgres(url) => {
            let pool = pool.max_connections(CONNECTIONS).test_before_acquire(false).before_acquire(|connection, idle| {
                Box::pin(async move { if idle.idle_for < IDLE { Ok(true) } else { Ok(sqlx::Connection::ping(connection).await.is_ok()) } })
            });
            pool.connect_with(quiet(AnyConnectOptions::from_str(url)?)).await
        }
        Target::Memory => one(pool).connect_with(quiet(AnyConnectOptions::from_str("sqlite::memory:")?)).await,
        Target::Sqlite(path) => {
            let url = format!("sqlite:{}?mode=rwc", encoded(path));
            let pool = one(pool).after_connect(|connection, _| Box::pin(async move { connection.execute(SETTINGS).await.map(drop) }));
            pool.connect_with(quiet(AnyConnectOptions::from_str(&url)?)).await
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

fn migrator(migrations: &'static [(i64, &str, &str)]) -> Migrator {
    let migration = |(version, description, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, Cow::Borrowed(description), MigrationType::Simple, SqlSafeStr::into_sql_str(*sql), false)
    };
    Migrator::with_migrations(migrations.iter().map(migration).collect())
}

/// A file that holds something else is left alone.
fn ensure_database(path: &Path) -> anyhow::Result<()> {
    const HEADER: &[u8] = b"SQLite format 3\0";
    let mut start = Vec::new();
    if let Ok(file) = File::open(path) {
        file.take(HEADER.len() as u64).read_to_end(&mut start)?;
    }
    ensure!(
        start.is_empty() || start == HEADER,
        "store: {0} は SQLite のデータベースではありません。別の --store sqlite:ファイル を指定するか、そのファイルを移動してください\n\
         store: {0} is no SQLite database; choose another --store sqlite:PATH, or move that file away",
        path.display()
    );
    Ok(())
}

fn unopened(target: &Target, error: &sqlx::Error) -> anyhow::Error {
    anyhow!(
        "store: {target} を開けません。場所と権限（PostgreSQL なら接続先、利用者、パスワード）を確認してください\n\
         store: {target} cannot be opened; check its place and permissions, or for PostgreSQL host, user and password\n{error}"
    )
}

fn unmigrated(target: &Target, error: MigrateError) -> anyhow::Error {
    match error {
        MigrateError::VersionMissing(number) => anyhow!(
            "store: {target} は新しい版の onshi-mock のものです（移行 {number}）。新しい版を使うか、別の --store を指定してください\n\
             store: {target} belongs to a newer onshi-mock (migration {number}); use that one, or another --store"
        ),
        error => Err::<(), _>(error)
            .with_context(|| {
                format!(
                    "store: {target} を準備できません。壊れている場合は、バックアップから戻すか、ファイルを移動して起動し直してください（新しく作られます）\n\
                     store: {target} cannot be made ready; where it is damaged, restore it from a backup, or move it away and start again: a new one is made"
                )
            })
            .expect_err("it was an error"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Bound;
    use super::*;

    #[tokio::test]
    async fn what_an_older_schema_holds_is_taken_over() {
        const HELD: &str = "INSERT INTO institutions VALUES ('1', 7, 0, 0, 'user', 'T1', 'kept'); \
                            INSERT INTO journal (institution, making, size, body) VALUES ('1', 'm', 5, 'first'), ('1', 'm', 6, 'second'); \
                            INSERT INTO evictions VALUES ('1', 'm', 3);";
        for older in 1..SQLITE.len() {
            let dir = tempfile::tempdir().unwrap();
            let target = Target::Sqlite(dir.path().join("state.db"));
            install_default_drivers();
            let pool = connect(&target).await.unwrap();
            migrator(&SQLITE[..older]).run(&pool).await.unwrap();
            pool.execute(HELD).await.unwrap();
            pool.close().await;

            let store = Store::open(&target).await.unwrap();
            let page = store.entries("1", "m", 10, Bound { entries: 10, bytes: 100 }).await.unwrap();
            let entries: Vec<_> = page.entries.iter().map(|kept| (kept.number, kept.body.as_str())).collect();
            assert_eq!((entries.as_slice(), page.evicted), ([(4, "first"), (5, "second")].as_slice(), 3), "of schema {older}");
            assert_eq!(store.count().await.unwrap(), 1);
        }
    }
}
