//! Opening a store: refuses foreign files, and migrates the tables forward to this program's
//! schema.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use anyhow::{Context, anyhow, ensure};
use sqlx::SqlSafeStr;
use sqlx::any::install_default_drivers;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use super::backend::Schema;
use super::former::{refuse_former_database, refuse_former_file};
use super::lock::Lock;
use super::shared::{Rows, SharedReads, Versions};
use super::{JournalCounters, Reads, Store, Target};

impl Store {
    /// Opens a store, creates it where it does not exist, and migrates its tables.
    ///
    /// # Errors
    /// The store cannot be opened, is in use by another process, is damaged, or was written by
    /// a newer program or in a former format.
    pub async fn open(target: &Target) -> anyhow::Result<Self> {
        install_default_drivers();
        let migrator = migrator(target);
        let lock = match target {
            Target::Sqlite(path) => {
                ensure_database(path)?;
                refuse_former_file(path, &migrator).await?;
                Some(Lock::take(path)?)
            }
            Target::Memory | Target::Postgres(_) => None,
        };
        let pool = target.connect().await.map_err(|error| open_error(target, &error))?;
        let reads = match target {
            Target::Postgres(url) => {
                refuse_former_database(target, &pool, &migrator).await?;
                Reads::Versions(SharedReads::new(Versions::new(url).map_err(|error| open_error(target, &error))?))
            }
            Target::Sqlite(_) | Target::Memory => Reads::Rows(SharedReads::new(Rows(pool.clone()))),
        };
        migrator.run(&pool).await.map_err(|error| migration_error(target, error))?;
        let (red, epoch) = (Mutex::default(), AtomicU64::new(0));
        Ok(Self { pool, target: target.clone(), reads, red, epoch, counters: JournalCounters::default(), _lock: lock })
    }
}

fn migrator(target: &Target) -> Migrator {
    let migration = |(version, description, sql): &Schema| {
        Migration::new(*version, Cow::Borrowed(*description), MigrationType::Simple, SqlSafeStr::into_sql_str(*sql), false)
    };
    Migrator::with_migrations(target.schemas().iter().map(migration).collect())
}

/// Refuses a file that is not a SQLite database.
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

fn open_error(target: &Target, error: &sqlx::Error) -> anyhow::Error {
    anyhow!(
        "store: {target} を開けません。場所と権限（PostgreSQL なら接続先、ユーザー、パスワード）を確認してください\n\
         store: {target} cannot be opened; check its place and permissions, or for PostgreSQL host, user and password\n{error}"
    )
}

fn migration_error(target: &Target, error: MigrateError) -> anyhow::Error {
    match error {
        MigrateError::VersionMissing(number) => anyhow!(
            "store: {target} は新しいバージョンの onshi-mock のものです（移行 {number}）。新しいバージョンを使うか、別の --store を指定してください\n\
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
