//! The folder through which a receipt computer and a terminal talk: request files are dropped into `req/`, result files appear in `res/`.
//!
//! [`Folder::sweep`] is one look at one terminal's folder; somebody calls it again and again, for instance every 250 ms. What a request
//! means is the business of a [`Counter`].
//!
//! A request is answered exactly once, also when this process is killed on the way. Each step leaves on the disk what the next process
//! needs: the request is renamed into `.onshi-mock/` (the claim); its result is written there, and renamed to a name that says it is
//! complete; the claim is removed; the result is put into `res/` ([`ResultFiles`] says how). A claim without a complete result is answered
//! anew after a restart, a complete result is delivered as it is, and one that was delivered in part is completed where it still lies. Face
//! results go the same way. Nothing is flushed to the disk: a killed process loses nothing by that, a power failure of the machine may.
//!
//! [`ResultFiles`]: crate::domain::linkage::ResultFiles

mod candidates;
mod complaints;
mod counter;
mod disk;
mod job;
mod kept;
mod layout;
mod since;
#[cfg(test)]
mod tests;
mod tidying;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use candidates::Candidates;
use complaints::Complaints;
pub use counter::{Counter, Outgoing, Reply};
use job::{Job, Progress, Setting};
use kept::draft_name;
use layout::{Layout, Place};
use since::Since;

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
pub struct Swept {
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
    tidied: Option<Since>,
    complaints: Complaints,
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
            tidied: None,
            complaints: Complaints::default(),
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
        counter: &mut dyn Counter,
    ) -> io::Result<Swept> {
        if let Err(error) = self.ready() {
            self.complaints.hear("serve a folder", self.layout.root(), &error, wall);
            return Err(error);
        }
        let mut swept = Swept::default();
        self.complete_begun(wall, counter, &mut swept);
        if counter.open() {
            self.finish_jobs(wall, counter, &mut swept);
            self.take(wall, latency, counter, &mut swept);
            self.watch(wall, counter);
            if let Some(stay_time) = stay_time {
                self.tidy(wall, stay_time, counter, &mut swept);
            }
        } else {
            self.give_back_claims(wall, &mut swept);
            self.candidates.clear();
        }
        swept.watched = self.candidates.len();
        swept.outstanding = self.jobs.len();
        Ok(swept)
    }

    /// Puts a face result into `face/`. What is kept and cannot be put there now is no error: it is tried again at each sweep, as results
    /// are, and after a restart.
    ///
    /// # Errors
    /// The name cannot be a file's name everywhere, the disk refuses to keep the file, or too many files wait already.
    pub fn deliver_face(&mut self, file: Outgoing, wall: Timestamp) -> io::Result<()> {
        self.ready()?;
        if self.jobs.len() >= self.rules.most {
            return Err(io::Error::new(ErrorKind::QuotaExceeded, "too many files wait to be delivered"));
        }
        let number = self.new_number();
        let mut job = Job::face(&self.layout, number, file, Since(wall)).inspect_err(|_| {
            // What cannot be removed now is removed after the next start.
            let _ = disk::remove(&self.layout.own().join(draft_name(number)));
        })?;
        let setting = Setting { layout: &self.layout, max_bytes: self.rules.max_bytes, wall, others: &self.jobs };
        let progress = job.deliver(&setting).unwrap_or_else(|error| {
            self.complaints.hear("deliver a face result", &job.whereabouts(&self.layout), &error, wall);
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
    fn complete_begun(&mut self, wall: Timestamp, counter: &mut dyn Counter, swept: &mut Swept) {
        let begun: Vec<u64> = self.jobs.iter().filter(|(_, job)| job.is_begun()).map(|(number, _)| *number).collect();
        for number in begun {
            self.carry_on(number, wall, counter, swept);
        }
    }

    /// Carries on with what was taken earlier.
    fn finish_jobs(&mut self, wall: Timestamp, counter: &mut dyn Counter, swept: &mut Swept) {
        let mut asking = true;
        let numbers: Vec<u64> = self.jobs.keys().copied().collect();
        for number in numbers {
            if self.jobs.get(&number).is_some_and(Job::is_answered) || (asking && counter.open()) {
                asking &= self.carry_on(number, wall, counter, swept);
            }
        }
    }

    /// Takes the requests that look complete, and answers each at once. A counter that does not take one is asked again at the next sweep.
    fn take(&mut self, wall: Timestamp, latency: Duration, counter: &mut dyn Counter, swept: &mut Swept) {
        let requests = self.layout.requests();
        for (name, stamp) in self.candidates.ripe(&requests, &self.rules, wall, counter, &mut self.complaints) {
            if self.jobs.len() >= self.rules.most || !counter.open() {
                break;
            }
            let number = self.new_number();
            let job = match Job::claim(&self.layout, number, &name, stamp, Since(wall), latency) {
                Ok(job) => job,
                Err(error) => {
                    self.complaints.hear("take a request", &requests.join(&name), &error, wall);
                    continue;
                }
            };
            self.candidates.forget(&name);
            self.jobs.insert(number, job);
            swept.taken += 1;
            if !self.carry_on(number, wall, counter, swept) {
                break;
            }
        }
    }

    /// Goes as far as possible with one job; false if the counter did not take the request.
    fn carry_on(&mut self, number: u64, wall: Timestamp, counter: &mut dyn Counter, swept: &mut Swept) -> bool {
        let Some(mut job) = self.jobs.remove(&number) else { return true };
        let setting = Setting { layout: &self.layout, max_bytes: self.rules.max_bytes, wall, others: &self.jobs };
        let progress = job.carry_on(&setting, counter).unwrap_or_else(|error| {
            self.complaints.hear("answer a request", &job.whereabouts(&self.layout), &error, wall);
            if job.is_given_back() { Progress::Unfit } else { Progress::Waiting }
        });
        match progress {
            Progress::Waiting => {
                self.jobs.insert(number, job);
            }
            Progress::Delivered => swept.delivered += 1,
            Progress::Silent => swept.silent += 1,
            Progress::NotTaken | Progress::Unfit => swept.given_back += 1,
            Progress::Vanished => {
                let error = io::Error::new(ErrorKind::NotFound, "somebody else removed it");
                self.complaints.hear("find a request that was taken", &job.whereabouts(&self.layout), &error, wall);
            }
        }
        !matches!(progress, Progress::NotTaken)
    }

    /// A terminal that is off holds no requests: those taken and not answered go back.
    fn give_back_claims(&mut self, wall: Timestamp, swept: &mut Swept) {
        self.jobs.retain(|_, job| {
            if job.is_answered() {
                return true;
            }
            match job.give_back(&self.layout) {
                Ok(()) => swept.given_back += 1,
                Err(error) => self.complaints.hear("give back a request", &job.whereabouts(&self.layout), &error, wall),
            }
            !job.is_given_back()
        });
    }

    fn watch(&mut self, wall: Timestamp, counter: &dyn Counter) {
        let requests = self.layout.requests();
        if let Err(error) = self.candidates.admit(&requests, wall, counter) {
            self.complaints.hear("list requests", &requests, &error, wall);
        }
    }

    /// Removes old results, at most once a minute: directories on network shares are slow to list.
    fn tidy(&mut self, wall: Timestamp, stay_time: Duration, counter: &dyn Counter, swept: &mut Swept) {
        if self.tidied.as_mut().is_some_and(|tidied| !tidied.reached(Duration::from_secs(60), wall)) {
            return;
        }
        self.tidied = Some(Since(wall));
        let mut removed = Vec::new();
        for place in [Place::Res, Place::Face] {
            let dir = self.layout.of(place);
            if let Err(error) = tidying::remove_older(&dir, wall, stay_time, counter, &mut removed) {
                self.complaints.hear("remove old results", &dir, &error, wall);
            }
        }
        swept.removed += removed.len();
        removed.sort_unstable();
        if let Some(Outgoing { name, bytes, .. }) = counter.deletion_list(&removed) {
            let list = self.layout.of(Place::Res).join(name);
            if let Err(error) = disk::create(&list).and_then(|file| disk::write(file, &bytes)) {
                self.complaints.hear("write the list of what was removed", &list, &error, wall);
            }
        }
    }
}
