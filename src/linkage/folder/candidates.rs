//! The files in `req/` that are watched until they look complete. Their number is limited, and
//! they take turns, so that memory is bounded and files that never become complete do not block
//! the others.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use jiff::Timestamp;

use super::disk::{self, Stamp};
use super::failure_log::FailureLog;
use super::layout::is_request_name;
use super::stopwatch::Stopwatch;
use super::{RequestHandler, Rules};

/// The watched files, by name. Receipt computers number their files by time, so the oldest
/// comes first.
#[derive(Debug)]
pub(super) struct Candidates {
    most: usize,
    watched: BTreeMap<String, Candidate>,
    /// The name admitted last. The names after it are admitted next, then those before it.
    last_admitted: String,
}

#[derive(Debug)]
struct Candidate {
    stamp: Stamp,
    /// When the stamp last changed.
    unchanged: Stopwatch,
    admitted: Stopwatch,
}

impl Candidates {
    /// Creates an empty set of at most `most` files.
    pub(super) fn new(most: usize) -> Self {
        Self { most, watched: BTreeMap::new(), last_admitted: String::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.watched.len()
    }

    pub(super) fn clear(&mut self) {
        self.watched.clear();
    }

    pub(super) fn forget(&mut self, name: &str) {
        self.watched.remove(name);
    }

    /// Returns the files that look complete now, with their stamps. They stay watched until
    /// [`forget`](Self::forget) is called.
    pub(super) fn take_complete(
        &mut self,
        requests: &Path,
        rules: &Rules,
        wall: Timestamp,
        handler: &dyn RequestHandler,
        failure_log: &mut FailureLog,
    ) -> Vec<(String, Stamp)> {
        let mut complete = Vec::new();
        // Long enough for a file that stays incomplete and was still being written when it was
        // admitted.
        let turn = rules.incomplete_after.saturating_mul(3);
        self.watched.retain(|name, watched| {
            let path = requests.join(name);
            match watched.looks_complete(&path, rules, wall, handler) {
                Ok(true) => complete.push((name.clone(), watched.stamp)),
                Ok(false) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => return false,
                // On Windows, a file may be locked while it is written; that is a failure only
                // if it lasts.
                Err(error) if watched.unchanged.has_passed(rules.incomplete_after, wall) => {
                    failure_log.warn_once("read a request", &path, &error, wall);
                }
                Err(_) => {}
            }
            !watched.admitted.has_passed(turn, wall)
        });
        complete
    }

    /// Starts to watch new files, up to the limit. The directory is read as a stream, since it
    /// may be long.
    ///
    /// # Errors
    /// The directory cannot be read to its end; the files found before that are admitted.
    pub(super) fn admit(&mut self, requests: &Path, wall: Timestamp, handler: &dyn RequestHandler) -> io::Result<()> {
        let room = self.most.saturating_sub(self.watched.len());
        if room == 0 {
            return Ok(());
        }
        let mut outcome = Ok(());
        let (mut behind, mut before) = (Smallest::new(room), Smallest::new(room));
        for entry in fs::read_dir(requests)? {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            };
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| is_request_name(name) && handler.accepts(name)) else { continue };
            if !self.watched.contains_key(name) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                if name > self.last_admitted.as_str() { behind.offer(name) } else { before.offer(name) }
            }
        }
        for name in behind.names.into_iter().chain(before.names).take(room) {
            self.last_admitted.clone_from(&name);
            // The file may be gone, or replaced by something other than a regular file.
            if let Ok(Some(stamp)) = disk::stamp(&requests.join(&name)) {
                self.watched.insert(name, Candidate { stamp, unchanged: Stopwatch(wall), admitted: Stopwatch(wall) });
            }
        }
        outcome
    }
}

impl Candidate {
    /// Whether the file looks complete. The tail is read at each sweep, even if the file is
    /// unchanged: some systems set the full size first and fill in the content later, or update
    /// the modification time only when the file is closed.
    fn looks_complete(&mut self, path: &Path, rules: &Rules, wall: Timestamp, handler: &dyn RequestHandler) -> io::Result<bool> {
        let stamp = disk::stamp(path)?.ok_or(ErrorKind::NotFound)?;
        if stamp != self.stamp {
            self.stamp = stamp;
            self.unchanged = Stopwatch(wall);
            return Ok(false);
        }
        let tail = disk::tail(path)?;
        Ok((!tail.is_empty() && handler.complete(&tail)) || self.unchanged.has_passed(rules.incomplete_after, wall))
    }
}

/// Collects the first names in order.
struct Smallest {
    most: usize,
    names: BTreeSet<String>,
}

impl Smallest {
    fn new(most: usize) -> Self {
        Self { most, names: BTreeSet::new() }
    }

    fn offer(&mut self, name: &str) {
        if self.names.len() == self.most {
            if self.names.last().is_some_and(|last| name >= last.as_str()) {
                return;
            }
            self.names.pop_last();
        }
        self.names.insert(name.to_owned());
    }
}
