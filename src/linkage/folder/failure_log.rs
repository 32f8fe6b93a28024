//! The log of a folder's failures, which logs each once and not at each sweep.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

/// How long a failure must be absent before it is logged again.
const QUIET: SignedDuration = SignedDuration::from_secs(60);

/// The failures so far, each with the time of its last occurrence. Their number is bounded by
/// the kinds of failures, not by the files.
#[derive(Debug, Default)]
pub(super) struct FailureLog {
    last_failures: HashMap<(&'static str, io::ErrorKind), Timestamp>,
}

impl FailureLog {
    /// Logs that `task` failed, unless it failed with the same kind of error within the last
    /// minute, for any file.
    pub(super) fn warn_once(&mut self, task: &'static str, path: &Path, error: &io::Error, wall: Timestamp) {
        let last = self.last_failures.insert((task, error.kind()), wall);
        if last.is_none_or(|last| wall.duration_since(last) >= QUIET) {
            self.warn(task, path, error);
        }
    }

    /// Logs that `task` failed, for a file whose failure was not logged before.
    pub(super) fn warn(&self, task: &'static str, path: &Path, error: &io::Error) {
        tracing::warn!(path = %path.display(), %error, "連携フォルダーの処理に失敗しました。成功するまで繰り返し、その間は再度表示しません / cannot {task}; trying again until it works, without saying so again");
    }
}
