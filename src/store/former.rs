//! The detection of databases in a former format. The checksum of the migration that created
//! the tables tells them apart, before anything is written.

use std::path::{Path, PathBuf};

use anyhow::ensure;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AnyPool, ConnectOptions, Connection as _, Row as _};

use super::Target;

/// Reads the checksum of the migration that created the database.
const CHECKSUM: &str = "SELECT checksum FROM _sqlx_migrations WHERE version = 1";

/// Refuses a SQLite file in a former format. The file is opened so that nothing is written to
/// it, and no file is created beside it.
///
/// # Errors
/// The file has a former format.
pub(super) async fn refuse_former_file(path: &Path, migrator: &Migrator) -> anyhow::Result<()> {
    if !path.metadata().is_ok_and(|file| file.len() > 0) {
        return Ok(());
    }
    // SQLite ignores the write-ahead log of a file that is opened as immutable.
    let has_log = beside(path, "-wal").metadata().is_ok_and(|log| log.len() > 0);
    let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(!has_log).disable_statement_logging();
    let read = async {
        let mut connection = options.connect().await?;
        let row = sqlx::query(CHECKSUM).fetch_optional(&mut connection).await?;
        let checksum = row.map(|row| row.try_get::<Vec<u8>, _>(0)).transpose();
        connection.close().await?;
        checksum
    };
    // A file that cannot be read is damaged or has no such table. Opening it later reports
    // that.
    let checksum: Result<Option<Vec<u8>>, sqlx::Error> = read.await;
    ensure_present(&Target::Sqlite(path.to_owned()), checksum.ok().flatten(), migrator)
}

/// Refuses a PostgreSQL database in a former format.
///
/// # Errors
/// The database has a former format, or cannot be read.
pub(super) async fn refuse_former_database(target: &Target, pool: &AnyPool, migrator: &Migrator) -> anyhow::Result<()> {
    const EXISTS: &str = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    if !sqlx::query(EXISTS).fetch_one(pool).await?.try_get::<bool, _>(0)? {
        return Ok(());
    }
    let row = sqlx::query(CHECKSUM).fetch_optional(pool).await?;
    let checksum = row.map(|row| row.try_get(0)).transpose()?;
    ensure_present(target, checksum, migrator)
}

fn ensure_present(target: &Target, checksum: Option<Vec<u8>>, migrator: &Migrator) -> anyhow::Result<()> {
    let first = migrator.iter().find(|migration| migration.version == 1).map(|migration| &*migration.checksum);
    ensure!(
        checksum.is_none() || checksum.as_deref() == first,
        "store: {target} は以前の形式で書かれていて、読み込めません（変更もしていません）。移動するか、別の --store を指定してください / \
         store: {target} was written in a former format, which is not read; nothing in it was changed. Move it away, or name another --store"
    );
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
