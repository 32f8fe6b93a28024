//! The folder engine, through which a receipt computer and a terminal communicate: request
//! files are written to `req/`, result files appear in `res/`.
//!
//! The caller runs [`Folder::sweep`] on a terminal's folder repeatedly, for instance every 250
//! ms. A [`RequestHandler`] knows what the requests mean.
//!
//! Each request is answered exactly once, even if the process is killed. Every step leaves on
//! disk what the next process needs:
//!
//! 1. The request is renamed into `.onshi-mock/` (the claim).
//! 2. Its result is written there, and renamed to a name that marks it as complete.
//! 3. The claim is removed.
//! 4. The result is put into `res/` ([`ResultFiles`] says how).
//!
//! After a restart, a claim without a complete result is answered again, a complete result is
//! delivered as it is, and one that was delivered in part is completed if it is still there.
//! Face results are delivered in the same way. Nothing is flushed to disk: a killed process
//! loses nothing, but a power failure of the machine may.
//!
//! [`ResultFiles`]: crate::domain::linkage::ResultFiles

mod candidates;
mod cleanup;
mod disk;
mod failure_log;
mod job;
mod layout;
mod request_handler;
mod result_file;
mod stopwatch;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use candidates::Candidates;
use failure_log::FailureLog;
use job::{Job, JobContext, JobProgress};
use layout::{Layout, OutputDir};
pub use request_handler::{HandlerReply, OutputFile, RequestHandler};
use result_file::draft_name;
use stopwatch::Stopwatch;

/// The configurable limits of a folder.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The maximum size of a request in bytes; a longer one is not read.
    pub max_bytes: u64,
    /// How long a request that does not look complete must be unchanged before it is claimed.
    pub incomplete_after: Duration,
    /// The maximum number of requests that are watched, and of claimed requests and face
    /// results that are not delivered yet. Further requests wait in `req/`.
    pub most: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self { max_bytes: 16 * 1024 * 1024, incomplete_after: Duration::from_secs(5), most: 2000 }
    }
}

/// The numbers of files that one sweep processed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepSummary {
    /// Requests claimed from `req/`.
    pub taken: usize,
    /// Results put into `res/`, and face results that had to wait.
    pub delivered: usize,
    /// Requests consumed without a result.
    pub silent: usize,
    /// Requests put back into `req/`.
    pub given_back: usize,
    /// Expired files removed from `res/` and `face/`.
    pub removed: usize,
    /// Requests in `req/` that are watched until they look complete, after the sweep.
    pub watched: usize,
    /// Claimed requests whose result is not delivered yet, after the sweep.
    pub outstanding: usize,
}

/// The folder of one terminal: `req/`, `res/` and `face/`, and `.onshi-mock/` for the engine
/// itself.
#[derive(Debug)]
pub struct Folder {
    layout: Layout,
    rules: Rules,
    candidates: Candidates,
    jobs: BTreeMap<u64, Job>,
    next_number: u64,
    /// The lock of the folder, held since the recovery. While it is `None`, the state in memory
    /// is invalid.
    lock: Option<File>,
    cleaned_at: Option<Stopwatch>,
    failure_log: FailureLog,
}

impl Folder {
    /// Creates the folder below `root`, without touching the disk. The first sweep creates the
    /// directories and recovers what a killed process left, as does each sweep after a failure.
    /// A network share may therefore appear later than the program starts.
    pub fn new(root: impl Into<PathBuf>, rules: Rules) -> Self {
        Self {
            layout: Layout::new(root.into()),
            candidates: Candidates::new(rules.most),
            rules,
            jobs: BTreeMap::new(),
            next_number: 1,
            lock: None,
            cleaned_at: None,
            failure_log: FailureLog::default(),
        }
    }

    /// Sweeps the folder once: claims the requests that look complete, has `handler` answer
    /// them, and delivers the results that are due.
    ///
    /// `wall` is the machine's time, by which all waiting times are measured, since the clocks
    /// of network shares differ. A result is delivered `latency` after the sweep that claimed
    /// the request. `stay_time` is how long the handler's files stay in `res/` and `face/`.
    ///
    /// While the handler is closed, nothing is claimed or delivered, and claims without a
    /// result go back to `req/`. Only a file that was already created in its final place is
    /// completed.
    ///
    /// # Errors
    /// The folder cannot be served now: a directory is missing and cannot be created, is a
    /// symbolic link, or another process serves it. Nothing was done then. Failures with single
    /// files are not errors; they are retried. Both are logged here, once.
    pub fn sweep(
        &mut self,
        wall: Timestamp,
        latency: Duration,
        stay_time: Option<Duration>,
        handler: &mut dyn RequestHandler,
    ) -> io::Result<SweepSummary> {
        if let Err(error) = self.ready() {
            self.failure_log.warn_once("serve a folder", self.layout.root(), &error, wall);
            return Err(error);
        }
        let mut summary = SweepSummary::default();
        self.complete_begun(wall, handler, &mut summary);
        if handler.is_open() {
            self.finish_jobs(wall, handler, &mut summary);
            self.take(wall, latency, handler, &mut summary);
            self.watch(wall, handler);
            if let Some(stay_time) = stay_time {
                self.clean_up(wall, stay_time, handler, &mut summary);
            }
        } else {
            self.give_back_claims(wall, &mut summary);
            self.candidates.clear();
        }
        summary.watched = self.candidates.len();
        summary.outstanding = self.jobs.len();
        Ok(summary)
    }

    /// Puts a face result into `face/`. A stored result that cannot be put there now is not an
    /// error: like other results, it is retried at each sweep, and after a restart.
    ///
    /// # Errors
    /// The name is not valid on every system, the file cannot be stored, or too many files wait
    /// already.
    pub fn deliver_face(&mut self, file: OutputFile, wall: Timestamp) -> io::Result<()> {
        self.ready()?;
        if self.jobs.len() >= self.rules.most {
            return Err(io::Error::new(ErrorKind::QuotaExceeded, "too many files wait to be delivered"));
        }
        let number = self.new_number();
        let mut job = Job::face(&self.layout, number, file, Stopwatch(wall)).inspect_err(|_| {
            // A file that stays is removed after the next start.
            let _ = disk::remove(&self.layout.own().join(draft_name(number)));
        })?;
        let context = JobContext { layout: &self.layout, max_bytes: self.rules.max_bytes, wall, others: &self.jobs };
        let progress = job.deliver(&context).unwrap_or_else(|error| {
            self.failure_log.warn_once("deliver a face result", &job.current_path(&self.layout), &error, wall);
            JobProgress::Waiting
        });
        if progress == JobProgress::Waiting {
            self.jobs.insert(number, job);
        }
        Ok(())
    }

    /// Ensures that the directories and the lock exist. The first time, after a failure, and when
    /// the folder has vanished meanwhile, recovers the jobs from disk.
    ///
    /// # Errors
    /// As [`Folder::sweep`].
    pub fn ready(&mut self) -> io::Result<()> {
        if let Err(error) = self.layout.ensure() {
            self.lock = None;
            return Err(error);
        }
        if self.lock.is_none() || !self.layout.has_lock_file()? {
            let lock = self.layout.lock()?;
            (self.jobs, self.next_number) = job::recover(&self.layout)?;
            self.lock = Some(lock);
        }
        Ok(())
    }

    fn new_number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        number
    }

    /// Completes the files that were created in their final places and may be incomplete.
    fn complete_begun(&mut self, wall: Timestamp, handler: &mut dyn RequestHandler, summary: &mut SweepSummary) {
        let begun_jobs: Vec<u64> = self.jobs.iter().filter(|(_, job)| job.is_begun()).map(|(number, _)| *number).collect();
        for number in begun_jobs {
            self.advance(number, wall, handler, summary);
        }
    }

    /// Continues the jobs of earlier sweeps.
    fn finish_jobs(&mut self, wall: Timestamp, handler: &mut dyn RequestHandler, summary: &mut SweepSummary) {
        let mut accepting = true;
        let numbers: Vec<u64> = self.jobs.keys().copied().collect();
        for number in numbers {
            if self.jobs.get(&number).is_some_and(Job::is_answered) || (accepting && handler.is_open()) {
                accepting &= self.advance(number, wall, handler, summary);
            }
        }
    }

    /// Claims the requests that look complete, and has each answered at once. Stops when the
    /// handler does not accept one, until the next sweep.
    fn take(&mut self, wall: Timestamp, latency: Duration, handler: &mut dyn RequestHandler, summary: &mut SweepSummary) {
        let requests = self.layout.requests();
        for (name, stamp) in self.candidates.take_complete(&requests, &self.rules, wall, handler, &mut self.failure_log) {
            if self.jobs.len() >= self.rules.most || !handler.is_open() {
                break;
            }
            let number = self.new_number();
            let job = match Job::claim(&self.layout, number, &name, stamp, Stopwatch(wall), latency) {
                Ok(job) => job,
                Err(error) => {
                    self.failure_log.warn_once("take a request", &requests.join(&name), &error, wall);
                    continue;
                }
            };
            self.candidates.forget(&name);
            self.jobs.insert(number, job);
            summary.taken += 1;
            if !self.advance(number, wall, handler, summary) {
                break;
            }
        }
    }

    /// Advances a job as far as possible. Returns `false` if the handler did not accept the
    /// request.
    fn advance(&mut self, number: u64, wall: Timestamp, handler: &mut dyn RequestHandler, summary: &mut SweepSummary) -> bool {
        let Some(mut job) = self.jobs.remove(&number) else { return true };
        let context = JobContext { layout: &self.layout, max_bytes: self.rules.max_bytes, wall, others: &self.jobs };
        let progress = job.advance(&context, handler).unwrap_or_else(|error| {
            let path = job.current_path(&self.layout);
            if job.is_finished() {
                self.failure_log.warn_once("answer a request", &path, &error, wall);
            } else if job.is_first_failure() {
                self.failure_log.warn("answer a request", &path, &error);
            }
            if job.is_finished() { JobProgress::Changed } else { JobProgress::Waiting }
        });
        match progress {
            JobProgress::Waiting => {
                self.jobs.insert(number, job);
            }
            JobProgress::Delivered => summary.delivered += 1,
            JobProgress::Silent => summary.silent += 1,
            JobProgress::NotTaken | JobProgress::Changed => summary.given_back += 1,
            JobProgress::Vanished => {
                let error = io::Error::new(ErrorKind::NotFound, "somebody else removed it");
                self.failure_log.warn_once("find a request that was taken", &job.current_path(&self.layout), &error, wall);
            }
        }
        !matches!(progress, JobProgress::NotTaken)
    }

    /// Puts unanswered claims back, since a terminal that is off holds no requests.
    fn give_back_claims(&mut self, wall: Timestamp, summary: &mut SweepSummary) {
        self.jobs.retain(|_, job| {
            if job.is_answered() {
                return true;
            }
            match job.give_back(&self.layout) {
                Ok(()) => summary.given_back += 1,
                Err(error) => self.failure_log.warn_once("give back a request", &job.current_path(&self.layout), &error, wall),
            }
            !job.is_finished()
        });
    }

    fn watch(&mut self, wall: Timestamp, handler: &dyn RequestHandler) {
        let requests = self.layout.requests();
        if let Err(error) = self.candidates.admit(&requests, wall, handler) {
            self.failure_log.warn_once("list requests", &requests, &error, wall);
        }
    }

    /// Removes expired results, at most once a minute, since directories on network shares are
    /// slow to list.
    fn clean_up(&mut self, wall: Timestamp, stay_time: Duration, handler: &dyn RequestHandler, summary: &mut SweepSummary) {
        if self.cleaned_at.as_mut().is_some_and(|cleaned_at| !cleaned_at.has_passed(Duration::from_secs(60), wall)) {
            return;
        }
        self.cleaned_at = Some(Stopwatch(wall));
        let mut removed = Vec::new();
        for output_dir in [OutputDir::Res, OutputDir::Face] {
            let dir = self.layout.of(output_dir);
            if let Err(error) = cleanup::remove_older(&dir, wall, stay_time, handler, &mut removed) {
                self.failure_log.warn_once("remove old results", &dir, &error, wall);
            }
        }
        summary.removed += removed.len();
        removed.sort_unstable();
        if let Some(OutputFile { name, bytes, .. }) = handler.deletion_list(&removed) {
            let list = self.layout.of(OutputDir::Res).join(name);
            if let Err(error) = disk::create(&list).and_then(|file| disk::write(file, &bytes)) {
                self.failure_log.warn_once("write the list of what was removed", &list, &error, wall);
            }
        }
    }
}
