//! The removal of expired results.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use super::{RequestHandler, disk};

/// Removes the handler's files in `dir` that were last modified more than `stay_time` before
/// `wall`, and adds their names to `removed`.
///
/// # Errors
/// The first error. It does not stop the removal of the other files.
pub(super) fn remove_older(
    dir: &Path,
    wall: Timestamp,
    stay_time: Duration,
    handler: &dyn RequestHandler,
    removed: &mut Vec<String>,
) -> io::Result<()> {
    let Some(limit) = SystemTime::from(wall).checked_sub(stay_time) else { return Ok(()) };
    let mut first_error = None;
    for entry in fs::read_dir(dir)? {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                first_error = first_error.or(Some(error));
                continue;
            }
        };
        let Some(name) = entry.file_name().to_str().filter(|name| handler.is_ours(name)).map(str::to_owned) else { continue };
        // `DirEntry::metadata` does not follow links.
        let is_old = entry.metadata().and_then(|metadata| Ok(metadata.is_file() && metadata.modified()? < limit));
        match disk::existed(is_old) {
            Ok(Some(true)) => match disk::remove(&entry.path()) {
                Ok(()) => removed.push(name),
                Err(error) => first_error = first_error.or(Some(error)),
            },
            Ok(_) => {}
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    first_error.map_or(Ok(()), Err)
}
