//! Reading and writing the certificates' directory, so that a killed start leaves no half file and
//! two starts at once do not mix: files are written beside and renamed, under a lock.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::TlsError;

/// Who may read a file (on Unix; elsewhere the directory decides).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Mode 0600: private keys.
    Owner,
    /// As the umask says: certificates.
    Anyone,
}

/// Makes `dir` where it is missing and waits for its lock, held until the file is dropped.
///
/// `None` where the directory is read-only or knows no locks: then nobody else is writing either,
/// or writing fails and says so.
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

/// The text of a file, or `None` where there is none.
pub(super) fn read(file: &Path) -> Result<Option<String>, TlsError> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(TlsError::Read { file: file.to_owned(), cause }),
    }
}

/// Removes a file, if it is there.
pub(super) fn remove(file: &Path) -> Result<(), TlsError> {
    match fs::remove_file(file) {
        Err(cause) if cause.kind() != ErrorKind::NotFound => Err(TlsError::Write { file: file.to_owned(), cause }),
        _ => Ok(()),
    }
}

/// Writes `contents` beside `file` and renames; call it under [`lock`].
pub(super) fn replace(file: &Path, contents: &str, readers: Readers) -> Result<(), TlsError> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    remove(&beside)?;
    write_new(&beside, contents.as_bytes(), readers)?;
    fs::rename(&beside, file).map_err(|cause| TlsError::Write { file: file.to_owned(), cause })
}

/// Writes a file that must not exist yet. Where the system is not a Unix, the directory decides who may read it.
///
/// # Errors
/// [`TlsError::Write`]; its cause is of kind `AlreadyExists` where the file exists.
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
