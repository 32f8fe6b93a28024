//! The few ways in which files are read and changed. None follows a symbolic link in the file's place or waits for a pipe's other end.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;

/// Tests end the process here: before each change on the disk, and in the middle of one that is not done at once.
#[cfg(test)]
use super::tests::kill::{half_written, step};
#[cfg(not(test))]
fn step() {}
#[cfg(not(test))]
fn half_written(_: &File, _: &[u8]) -> io::Result<()> {
    Ok(())
}

/// By what one sees that a file has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Bytes.
    pub(super) size: u64,
    modified: Option<SystemTime>,
}

/// The stamp of a regular file; `None` for anything else (links are not followed).
pub(super) fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    // Not the listing's own metadata: on Windows that lags behind while somebody is writing.
    let metadata = fs::symlink_metadata(path)?;
    Ok(metadata.is_file().then(|| Stamp { size: metadata.len(), modified: metadata.modified().ok() }))
}

/// Renames a file, replacing one that has the new name.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    step();
    fs::rename(from, to)
}

/// Renames a file unless the new name is taken. Between the look and the renaming somebody may still take it: no system offers more
/// on every kind of share.
pub(super) fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    match found(fs::symlink_metadata(to))? {
        None => rename(from, to),
        Some(_) => Err(io::Error::new(ErrorKind::AlreadyExists, "a newer file has the name")),
    }
}

/// Removes a file, if it is there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    step();
    found(fs::remove_file(path)).map(|_| ())
}

/// `None` for what failed because there is no such file.
pub(super) fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// Creates an empty file. What has its name is removed, never written through.
pub(super) fn create(path: &Path) -> io::Result<File> {
    remove(path)?;
    step();
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Creates an empty file, or opens the one of that name that is empty already: whoever has that open reads on.
pub(super) fn create_or_reuse(path: &Path) -> io::Result<File> {
    match found(stamp(path))?.flatten() {
        Some(Stamp { size: 0, .. }) => open(path, OpenOptions::new().write(true)),
        _ => create(path),
    }
}

/// Writes to a file in one go, so that who watches it sees one change.
pub(super) fn write(mut file: File, bytes: &[u8]) -> io::Result<()> {
    step();
    half_written(&file, bytes)?;
    file.write_all(bytes)
}

/// Writes what is missing at the end of a file that has only the beginning of `bytes`. Any other is left alone, and none is created.
pub(super) fn complete(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let Some(Some(_)) = found(stamp(path))? else { return Ok(()) };
    // Read and written through one handle: who takes the file meanwhile and puts another there keeps that as it is.
    let Some(mut file) = found(open(path, OpenOptions::new().read(true).append(true)))? else { return Ok(()) };
    let mut there = Vec::new();
    (&mut file).take((bytes.len() as u64).saturating_add(1)).read_to_end(&mut there)?;
    match bytes.strip_prefix(there.as_slice()) {
        Some(missing) if !missing.is_empty() => write(file, missing),
        _ => Ok(()),
    }
}

/// All of a file, or `None` where it has more than `max` bytes.
pub(super) fn read(path: &Path, max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    open(path, OpenOptions::new().read(true))?.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= max).then_some(bytes))
}

/// All of a file of the engine's own.
pub(super) fn read_all(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, OpenOptions::new().read(true))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last bytes of a file, at most 256.
pub(super) fn tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = open(path, OpenOptions::new().read(true))?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(256)))?;
    let mut bytes = Vec::new();
    file.take(256).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Makes a file look as if it had been written at `wall`.
pub(super) fn touch(path: &Path, wall: Timestamp) -> io::Result<()> {
    open(path, OpenOptions::new().write(true))?.set_modified(SystemTime::from(wall))
}

/// Opens a file that must be a regular one.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Whoever looked before opening may have been overtaken: then the link is not followed, and opening a pipe does not wait.
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file")) }
}
