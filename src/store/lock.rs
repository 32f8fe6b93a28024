//! The lock of a SQLite file, which only one process may use. The operating system releases it
//! when the process ends, even after a crash.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use anyhow::{Context, bail};

/// Held while this process uses the database file.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a database file.
    ///
    /// # Errors
    /// Another process holds it, or the lock file cannot be created.
    pub(super) fn take(database: &Path) -> anyhow::Result<Self> {
        let mut name = database.as_os_str().to_owned();
        name.push(".lock");
        let path = Path::new(&name);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).with_context(|| {
            format!(
                "store: {0} を作成できません。書き込めるディレクトリを --store sqlite:PATH で指定してください\n\
                 store: {0} cannot be made; choose a directory that can be written with --store sqlite:PATH",
                path.display()
            )
        })?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => bail!(
                "store: {0} は別の onshi-mock が使用中です。そちらを終了するか、--store sqlite:別のファイル、--store memory、または複数のプロセスで共有できる --store postgres://… を使ってください\n\
                 store: {0} is in use by another onshi-mock: end that one, or use --store sqlite:OTHER, --store memory, or --store postgres://…, which several processes may share",
                database.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("store: {0} をロックできません / {0} cannot be locked", path.display()))
            }
        }
    }
}
