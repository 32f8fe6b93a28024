//! The folder through which a receipt computer and a terminal talk: request files are dropped into `req/`, result files appear in `res/`.
//!
//! [`Folder::sweep`] is one look at one terminal's folder; somebody calls it again and again, for instance every 250 ms. What a request
//! means is the business of a [`RequestHandler`].
//!
//! A request is answered exactly once, also when this process is killed on the way. Each step leaves on the disk what the next process
//! needs: the request is renamed into `.onshi-mock/` (the claim); its result is written there, and renamed to a name that says it is
//! complete; the claim is removed; the result is put into `res/` ([`ResultFiles`] says how). A claim without a complete result is answered
//! anew after a restart, a complete result is delivered as it is, and one that was delivered in part is completed where it still lies. Face
//! results go the same way. Nothing is flushed to the disk: a killed process loses nothing by that, a power failure of the machine may.
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
use job::{Job, JobContext, Progress};
use layout::{Layout, OutputDir};
pub use request_handler::{OutputFile, Reply, RequestHandler};
use result_file::draft_name;
use stopwatch::Stopwatch;

/// What an operator may choose about a folder.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Bytes that a request may have; a longer one is not read.
    pub max_bytes: u64,
    /// A request that does not look complete is taken once it has been unchanged for so long.
    pub incomplete_after: Duration,
    /// Requests that are watched at a time, and requests and face results that are taken and not yet delivered at a time; further requests
    /// wait in `req/`.
    pub most: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self { max_bytes: 16 * 1024 * 1024, incomplete_after: Duration::from_secs(5), most: 2000 }
    }
}

/// What one sweep did, in files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepSummary {
    /// Requests taken out of `req/`.
    pub taken: usize,
    /// Results put into `res/`, and face results that had to wait.
    pub delivered: usize,
    /// Requests consumed without a result.
    pub silent: usize,
    /// Requests put back into `req/`.
    pub given_back: usize,
    /// Files removed from `res/` and `face/` because their time was over.
    pub removed: usize,
    /// Requests watched in `req/` until they look complete, after the sweep.
    pub watched: usize,
    /// Requests taken whose result is not delivered yet, after the sweep.
    pub outstanding: usize,
}

/// One terminal's folder: `req/`, `res/` and `face/`, and `.onshi-mock/` for the engine itself.
#[derive(Debug)]
pub struct Folder {
    layout: Layout,
    rules: Rules,
    candidates: Candidates,
    jobs: BTreeMap<u64, Job>,
    next_number: u64,
    /// The folder's lock, held from the recovery on. Without it nothing in memory is to be relied on.
    lock: Option<File>,
    cleaned_at: Option<Stopwatch>,
    failure_log: FailureLog,
}

impl Folder {
    /// The folder below `root`. Touches nothing yet: directories are made, and what a killed process left is found, by the first sweep, and
    /// again after each sweep that failed; so a share that is not there at the start may come later.
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

    /// One look at the folder: takes the requests that look complete, asks `counter` about each, and delivers the results that are due.
    ///
    /// `wall` is the machine's time, by which all waiting is measured: the clocks of network shares differ. A result is delivered
    /// `latency` after the sweep that took the request. `stay_time` is how long the counter's files stay in `res/` and `face/`.
    ///
    /// While the counter is closed nothing is taken and nothing delivered, and a claim without a result goes back to `req/`. Only a file that
    /// was created in its place already is completed.
    ///
    /// # Errors
    /// The folder as a whole cannot be served now (a directory is missing and cannot be made, is a symbolic link, or another process
    /// serves it); then nothing was done. Trouble with single files is no error: they are tried again. Both are logged here, once.
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
        if handler.open() {
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

    /// Puts a face result into `face/`. What is kept and cannot be put there now is no error: it is tried again at each sweep, as results
    /// are, and after a restart.
    ///
    /// # Errors
    /// The name cannot be a file's name everywhere, the disk refuses to keep the file, or too many files wait already.
    pub fn deliver_face(&mut self, file: OutputFile, wall: Timestamp) -> io::Result<()> {
        self.ready()?;
        if self.jobs.len() >= self.rules.most {
            return Err(io::Error::new(ErrorKind::QuotaExceeded, "too many files wait to be delivered"));
        }
        let number = self.new_number();
        let mut job = Job::face(&self.layout, number, file, Stopwatch(wall)).inspect_err(|_| {
            // What cannot be removed now is removed after the next start.
            let _ = disk::remove(&self.layout.own().join(draft_name(number)));
        })?;
        let context = JobContext { layout: &self.layout, max_bytes: self.rules.max_bytes, wall, others: &self.jobs };
        let progress = job.deliver(&context).unwrap_or_else(|error| {
            self.failure_log.warn_once("deliver a face result", &job.current_path(&self.layout), &error, wall);
            Progress::Waiting
        });
        if progress == Progress::Waiting {
            self.jobs.insert(number, job);
        }
        Ok(())
    }

    /// Makes sure of the directories and the lock; on the first time, and after a failure, finds out what is going on from the disk.
    ///
    /// # Errors
    /// As [`Folder::sweep`].
    pub fn ready(&mut self) -> io::Result<()> {
        if let Err(error) = self.layout.ensure() {
            self.lock = None;
            return Err(error);
        }
        if self.lock.is_none() {
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

    /// Completes the files that were created in their places and may still be short.
    fn complete_begun(&mut self, wall: Timestamp, handler: &mut dyn RequestHandler, summary: &mut SweepSummary) {
        let begun: Vec<u64> = self.jobs.iter().filter(|(_, job)| job.is_begun()).map(|(number, _)| *number).collect();
        for number in begun {
            self.advance(number, wall, handler, summary);
        }
    }

    /// Carries on with what was taken earlier.
    fn finish_jobs(&mut self, wall: Timestamp, handler: &mut dyn RequestHandler, summary: &mut SweepSummary) {
        let mut asking = true;
        let numbers: Vec<u64> = self.jobs.keys().copied().collect();
        for number in numbers {
            if self.jobs.get(&number).is_some_and(Job::is_answered) || (asking && handler.open()) {
                asking &= self.advance(number, wall, handler, summary);
            }
        }
    }

    /// Takes the requests that look complete, and answers each at once. A counter that does not take one is asked again at the next sweep.
    fn take(&mut self, wall: Timestamp, latency: Duration, handler: &mut dyn RequestHandler, summary: &mut SweepSummary) {
        let requests = self.layout.requests();
        for (name, stamp) in self.candidates.take_complete(&requests, &self.rules, wall, handler, &mut self.failure_log) {
            if self.jobs.len() >= self.rules.most || !handler.open() {
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

    /// Goes as far as possible with one job; false if the counter did not take the request.
    fn advance(&mut self, number: u64, wall: Timestamp, handler: &mut dyn RequestHandler, summary: &mut SweepSummary) -> bool {
        let Some(mut job) = self.jobs.remove(&number) else { return true };
        let context = JobContext { layout: &self.layout, max_bytes: self.rules.max_bytes, wall, others: &self.jobs };
        let progress = job.advance(&context, handler).unwrap_or_else(|error| {
            self.failure_log.warn_once("answer a request", &job.current_path(&self.layout), &error, wall);
            if job.is_finished() { Progress::Changed } else { Progress::Waiting }
        });
        match progress {
            Progress::Waiting => {
                self.jobs.insert(number, job);
            }
            Progress::Delivered => summary.delivered += 1,
            Progress::Silent => summary.silent += 1,
            Progress::NotTaken | Progress::Changed => summary.given_back += 1,
            Progress::Vanished => {
                let error = io::Error::new(ErrorKind::NotFound, "somebody else removed it");
                self.failure_log.warn_once("find a request that was taken", &job.current_path(&self.layout), &error, wall);
            }
        }
        !matches!(progress, Progress::NotTaken)
    }

    /// A terminal that is off holds no requests: those taken and not answered go back.
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

    /// Removes old results, at most once a minute: directories on network shares are slow to list.
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
