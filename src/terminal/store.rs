//! The state directory: a lock against other processes, one small JSON file that is replaced
//! atomically, and the partial downloads.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::state::State;
use crate::domain::text::Text;

/// The directory given with `--state`.
#[derive(Debug)]
pub(super) struct Store {
    dir: PathBuf,
    /// Held while the process runs.
    _lock: File,
}

impl Store {
    /// Opens the directory, creates it if it does not exist, and locks it.
    ///
    /// # Errors
    /// The directory cannot be created, or is in use.
    pub(super) fn open(dir: &Path) -> Result<Self, Text> {
        fs::create_dir_all(dir.join("downloads")).map_err(|error| unwritable(dir, &error))?;
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).open(dir.join("lock")).map_err(|error| unwritable(dir, &error))?;
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => Err(Text::new(
                format!("{} は別の端末プロセスが使用中です。--state で別のディレクトリを指定してください。", dir.display()),
                format!("{} is in use by another terminal process: choose another directory with --state.", dir.display()),
            )),
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self { dir: dir.to_owned(), _lock: lock }),
        }
    }

    /// Loads the state; `None` at the very first start.
    ///
    /// # Errors
    /// The file exists and cannot be read.
    pub(super) fn load(&self) -> Result<Option<State>, Text> {
        let file = self.file();
        let unreadable = |error: &dyn std::fmt::Display| {
            Text::new(
                format!("{} を読めません（{error}）。初期状態から始めるには、このファイルを削除してください。", file.display()),
                format!("{} cannot be read ({error}); remove it to start from the beginning.", file.display()),
            )
        };
        match fs::read(&file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| unreadable(&error)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&error)),
        }
    }

    /// Saves the state; a kill during the write leaves the former one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn save(&self, state: &State) -> io::Result<()> {
        let beside = self.dir.join("state.json.new");
        let bytes = serde_json::to_vec_pretty(state)?;
        let mut file = File::create(&beside)?;
        file.write_all(&bytes)?;
        file.sync_data()?;
        fs::rename(&beside, self.file())
    }

    /// Returns the directory of the partial downloads.
    pub(super) fn downloads(&self) -> PathBuf {
        self.dir.join("downloads")
    }

    /// Whether there is a download that was not installed.
    pub(super) fn has_partial(&self) -> bool {
        fs::read_dir(self.downloads()).is_ok_and(|mut entries| entries.next().is_some())
    }

    fn file(&self) -> PathBuf {
        self.dir.join("state.json")
    }
}

/// Describes a path that cannot be written.
pub(super) fn unwritable(place: &Path, error: &io::Error) -> Text {
    Text::new(format!("{} に書き込めません：{error}。", place.display()), format!("{} cannot be written: {error}.", place.display()))
}
