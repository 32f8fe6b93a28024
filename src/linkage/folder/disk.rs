//! The operations on files. None of them follows a symbolic link in place of the file, or waits
//! for the other end of a pipe.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use jiff::Timestamp;

/// Tests simulate a kill here: before each change on disk, and in the middle of a write.
#[cfg(test)]
use super::tests::kill::{half_written, step};
#[cfg(not(test))]
fn step() {}
#[cfg(not(test))]
fn half_written(_: &File, _: &[u8]) -> io::Result<()> {
    Ok(())
}

/// The properties by which a change of a file is detected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// In bytes.
    pub(super) size: u64,
    modified: Option<SystemTime>,
}

/// Returns the stamp of a regular file; `None` for anything else. Does not follow links.
pub(super) fn stamp(path: &Path) -> io::Result<Option<Stamp>> {
    // Not the metadata of the directory listing, which on Windows lags behind while the file is
    // written.
    let metadata = fs::symlink_metadata(path)?;
    Ok(metadata.is_file().then(|| Stamp { size: metadata.len(), modified: metadata.modified().ok() }))
}

/// Renames a file, replacing one with the new name, also a read-only one.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    step();
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied && make_writable(to) => fs::rename(from, to),
        renamed => renamed,
    }
}

/// Renames a file unless the new name exists. Another process may still create it between the
/// check and the rename: no operation prevents that on every kind of network share.
pub(super) fn rename_to_free(from: &Path, to: &Path) -> io::Result<()> {
    match existed(fs::symlink_metadata(to))? {
        None => rename(from, to),
        Some(_) => Err(io::Error::new(ErrorKind::AlreadyExists, "a newer file has the name")),
    }
}

/// Removes a file, if it exists, also a read-only one.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    step();
    let removed = match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied && make_writable(path) => fs::remove_file(path),
        removed => removed,
    };
    existed(removed).map(|_| ())
}

/// Makes a read-only file writable, where that keeps it from being removed or replaced: on Windows,
/// on file systems such as FAT and those of many network shares. Returns whether it was done.
#[cfg(windows)]
#[expect(clippy::permissions_set_readonly_false, reason = "on Windows it clears an attribute, and grants nobody anything")]
fn make_writable(path: &Path) -> bool {
    let read_only = fs::symlink_metadata(path).map(|metadata| metadata.permissions()).ok().filter(fs::Permissions::readonly);
    read_only.is_some_and(|mut permissions| {
        permissions.set_readonly(false);
        fs::set_permissions(path, permissions).is_ok()
    })
}

#[cfg(not(windows))]
fn make_writable(_: &Path) -> bool {
    false
}

/// Converts the error for a missing file to `None`.
pub(super) fn existed<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}

/// Creates an empty file. An existing file of that name is removed, never overwritten in place.
pub(super) fn create(path: &Path) -> io::Result<File> {
    remove(path)?;
    step();
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Creates an empty file, or opens an existing one if it is empty, so that a client that has it
/// open can read on.
pub(super) fn create_or_reuse(path: &Path) -> io::Result<File> {
    match existed(stamp(path))?.flatten() {
        Some(Stamp { size: 0, .. }) => open(path, OpenOptions::new().write(true)),
        _ => create(path),
    }
}

/// Writes to a file in one call, so that a client that watches it sees one change.
pub(super) fn write(mut file: File, bytes: &[u8]) -> io::Result<()> {
    step();
    half_written(&file, bytes)?;
    file.write_all(bytes)
}

/// Appends the missing bytes to a file that has only the beginning of `bytes`. Does not change
/// any other file, and does not create one.
pub(super) fn complete(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let Some(Some(_)) = existed(stamp(path))? else { return Ok(()) };
    // Read and written through one handle: if a client takes the file meanwhile and puts
    // another there, that one is not changed.
    let Some(mut file) = existed(open(path, OpenOptions::new().read(true).append(true)))? else { return Ok(()) };
    let mut there = Vec::new();
    (&mut file).take((bytes.len() as u64).saturating_add(1)).read_to_end(&mut there)?;
    match bytes.strip_prefix(there.as_slice()) {
        Some(missing) if !missing.is_empty() => write(file, missing),
        _ => Ok(()),
    }
}

/// Reads a whole file; `None` if it has more than `max` bytes.
pub(super) fn read(path: &Path, max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    open(path, OpenOptions::new().read(true))?.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= max).then_some(bytes))
}

/// Reads a whole file of the engine's own.
pub(super) fn read_all(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path, OpenOptions::new().read(true))?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads the last bytes of a file, at most 256.
pub(super) fn tail(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = open(path, OpenOptions::new().read(true))?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(256)))?;
    let mut bytes = Vec::new();
    file.take(256).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Sets the modification time of a file to `wall`.
pub(super) fn touch(path: &Path, wall: Timestamp) -> io::Result<()> {
    open(path, OpenOptions::new().write(true))?.set_modified(SystemTime::from(wall))
}

/// Opens a file, which must be a regular one.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // If the file was replaced after a check, a link is not followed, and opening a pipe
        // does not block.
        options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file")) }
}
