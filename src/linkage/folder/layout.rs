//! The directories of a folder, and which names its files may have.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::disk;

/// A directory from which the receipt computer reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OutputDir {
    /// `res/`: results of requests.
    Res,
    /// `face/`: what patients did at the card reader.
    Face,
}

/// Where the parts of a folder are.
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

    /// The engine's own directory: below the same root, because a file can only be renamed within one file system.
    pub(super) fn own(&self) -> PathBuf {
        self.root.join(".onshi-mock")
    }

    /// Makes the directories that are missing.
    ///
    /// # Errors
    /// The disk refuses, or something else has a directory's name. A symbolic link is something else: it could lead anywhere.
    pub(super) fn ensure(&self) -> io::Result<()> {
        fs::create_dir_all(&self.root)?;
        for dir in [self.requests(), self.of(OutputDir::Res), self.of(OutputDir::Face), self.own()] {
            match disk::found(fs::symlink_metadata(&dir))? {
                None => fs::create_dir(&dir)?,
                Some(metadata) if metadata.is_dir() => {}
                Some(_) => return Err(io::Error::new(ErrorKind::NotADirectory, format!("{} is not a directory", dir.display()))),
            }
        }
        Ok(())
    }

    /// Takes the folder's lock, held until the file is dropped: two processes would each take the other's claims for leftovers. On a share
    /// that knows no locks the operator has to see to it.
    ///
    /// # Errors
    /// The disk refuses, or another process has the lock (of kind `ResourceBusy`).
    pub(super) fn lock(&self) -> io::Result<File> {
        let options = &mut OpenOptions::new();
        let file = disk::open(&self.own().join("lock"), options.write(true).create(true).truncate(false))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(io::Error::new(ErrorKind::ResourceBusy, "another process serves this folder")),
            Ok(()) | Err(TryLockError::Error(_)) => Ok(file),
        }
    }
}

/// Whether a name is taken for a request's at all: one of at most 120 bytes that any system can use.
pub(super) fn is_request_name(name: &str) -> bool {
    is_plain(name) && name.len() <= 120
}

/// Refuses a result's name that would lead out of the directory, or that some system cannot use.
pub(super) fn check_result_name(name: &str) -> io::Result<()> {
    if is_plain(name) && name.len() <= 200 {
        Ok(())
    } else {
        Err(io::Error::new(ErrorKind::InvalidFilename, format!("{name:?} cannot be a result's name")))
    }
}

/// One component of a path, on Windows too, where `\` separates and `:` names a stream within a file.
fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(|c: char| matches!(c, '/' | '\\' | ':') || c.is_control())
}
