//! Access to the certificates' directory. Files are written under another name and renamed,
//! under a lock, so that a killed start leaves no partial file and concurrent starts do not mix
//! theirs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::TlsError;

/// Who may read a file. Only effective on Unix; elsewhere the directory decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Mode 0600, for private keys.
    Owner,
    /// By the umask, for certificates.
    Anyone,
}

/// Creates `dir` if it does not exist, and waits for its lock, which is held until the file is
/// dropped.
///
/// Returns `None` if the directory is read-only or does not support locks: then no other
/// process writes either, or a later write reports its own error.
pub(super) fn lock(dir: &Path) -> Result<Option<File>, TlsError> {
    fs::create_dir_all(dir).map_err(|cause| TlsError::Write { file: dir.to_owned(), cause })?;
    let path = dir.join(".lock");
    let locked = OpenOptions::new().write(true).create(true).truncate(false).open(&path).and_then(|file| file.lock().map(|()| file));
    match locked {
        Ok(file) => Ok(Some(file)),
        Err(cause) if matches!(cause.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::Unsupported) => {
            Ok(None)
        }
        Err(cause) => Err(TlsError::Write { file: path, cause }),
    }
}

/// Reads a file as text; `None` if it does not exist.
pub(super) fn read(file: &Path) -> Result<Option<String>, TlsError> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(TlsError::Read { file: file.to_owned(), cause }),
    }
}

/// Removes a file, if it exists.
pub(super) fn remove(file: &Path) -> Result<(), TlsError> {
    match fs::remove_file(file) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(TlsError::Write { file: file.to_owned(), cause }),
        _ => Ok(()),
    }
}

/// Returns a PEM text with the line ends that every system reads. On Windows it is made with
/// others.
pub(super) fn with_plain_line_ends(pem: &str) -> String {
    pem.replace("\r\n", "\n")
}

/// Writes `contents` to a new file, and renames it to `file`. Call it while holding [`lock`].
pub(super) fn replace(file: &Path, contents: &str, readers: Readers) -> Result<(), TlsError> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    remove(&beside)?;
    write_new(&beside, contents.as_bytes(), readers)?;
    fs::rename(&beside, file).map_err(|cause| TlsError::Write { file: file.to_owned(), cause })
}

/// Creates a file that must not exist yet. On other systems than Unix, the directory decides
/// who may read it.
///
/// # Errors
/// [`TlsError::Write`]; its cause is of kind `AlreadyExists` if the file exists.
pub(crate) fn write_new(file: &Path, contents: &[u8], readers: Readers) -> Result<(), TlsError> {
    let write = || -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, if readers == Readers::Owner { 0o600 } else { 0o666 });
        #[cfg(not(unix))]
        let _ = readers;
        let mut file = options.open(file)?;
        file.write_all(contents)?;
        file.sync_all()
    };
    write().map_err(|cause| TlsError::Write { file: file.to_owned(), cause })
}
