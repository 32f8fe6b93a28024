//! The directories of a folder, and the valid names of its files.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::disk;

/// A directory from which the receipt computer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputDir {
    /// `res/`: results of requests.
    Res,
    /// `face/`: results of the card reader.
    Face,
}

/// The paths of a folder.
#[derive(Debug)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn requests(&self) -> PathBuf {
        self.root.join("req")
    }

    pub(super) fn of(&self, output_dir: OutputDir) -> PathBuf {
        self.root.join(match output_dir {
            OutputDir::Res => "res",
            OutputDir::Face => "face",
        })
    }

    /// Returns the engine's own directory. It is below the same root, since files can only be
    /// renamed within one file system.
    pub(super) fn own(&self) -> PathBuf {
        self.root.join(".onshi-mock")
    }

    /// Creates missing directories.
    ///
    /// # Errors
    /// A directory cannot be created, or its name is taken by something else. A symbolic link
    /// counts as something else, since it could lead anywhere.
    pub(super) fn ensure(&self) -> io::Result<()> {
        fs::create_dir_all(&self.root)?;
        for dir in [self.requests(), self.of(OutputDir::Res), self.of(OutputDir::Face), self.own()] {
            match disk::existed(fs::symlink_metadata(&dir))? {
                None => fs::create_dir(&dir)?,
                Some(metadata) if metadata.is_dir() => {}
                Some(_) => return Err(io::Error::new(ErrorKind::NotADirectory, format!("{} is not a directory", dir.display()))),
            }
        }
        Ok(())
    }

    /// Whether the lock's file exists; not if the folder has vanished and was created again.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub(super) fn has_lock_file(&self) -> io::Result<bool> {
        Ok(disk::existed(fs::symlink_metadata(self.lock_file()))?.is_some())
    }

    fn lock_file(&self) -> PathBuf {
        self.own().join("lock")
    }

    /// Takes the lock of the folder, held until the file is dropped. Without it, two processes
    /// would each recover the other's claims. On a share without locks, the operator has to
    /// prevent that.
    ///
    /// # Errors
    /// The lock file cannot be opened, or another process holds the lock (of kind
    /// `ResourceBusy`).
    pub(super) fn lock(&self) -> io::Result<File> {
        let options = &mut OpenOptions::new();
        let file = disk::open(&self.lock_file(), options.write(true).create(true).truncate(false))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(io::Error::new(ErrorKind::ResourceBusy, "another process serves this folder")),
            Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
        }
    }
}

/// Whether a name can be that of a request: at most 120 bytes, and valid on every system.
pub(super) fn is_request_name(name: &str) -> bool {
    is_plain(name) && name.len() <= 120
}

/// Refuses a result's name that leads out of the directory or is not valid on every system.
pub(super) fn check_result_name(name: &str) -> io::Result<()> {
    if is_plain(name) && name.len() <= 200 {
        Ok(())
    } else {
        Err(io::Error::new(ErrorKind::InvalidFilename, format!("{name:?} cannot be a result's name")))
    }
}

/// Whether a name is a single path component, also on Windows, where `\` is a separator and `:`
/// begins a stream's name.
fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(|c: char| matches!(c, '/' | '\\' | ':') || c.is_control())
}
