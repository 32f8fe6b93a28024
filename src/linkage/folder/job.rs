//! Jobs: a claimed request or a face result, and its way to delivery.
//!
//! Each job has a number, with which the names of its files in `.onshi-mock/` begin:
//! `7.claim.<request>` is the request, `7.refused.<request>` one that moves to `res/` after its
//! error file, `7.tmp` a result that is being written; the others are complete results
//! ([`ResultFile`]). The number keeps two requests of the same name apart, and the rest keeps
//! the result's name.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use super::disk::{self, Stamp};
use super::layout::{Layout, OutputDir, is_request_name};
use super::result_file::{Kind, ResultFile};
use super::stopwatch::Stopwatch;
use super::{HandlerReply, OutputFile, RequestHandler};

/// The parts of a folder that a job needs.
pub(super) struct JobContext<'a> {
    pub(super) layout: &'a Layout,
    pub(super) max_bytes: u64,
    pub(super) wall: Timestamp,
    /// The other jobs.
    pub(super) others: &'a BTreeMap<u64, Job>,
}

/// The progress of a job; all but `Waiting` are final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobProgress {
    Waiting,
    Delivered,
    Silent,
    /// The handler did not accept it: it is in `req/` again.
    NotTaken,
    /// The claimed file is not the one that was checked, or cannot be read: it is in `req/`
    /// again, after the other requests.
    Changed,
    /// Someone else removed its files.
    Vanished,
}

/// A claimed request or a face result.
#[derive(Debug)]
pub(super) struct Job {
    number: u64,
    /// The request's name, while it is in `.onshi-mock/`.
    request: Option<String>,
    /// Whether the request moves to `res/` after its error file.
    refused: bool,
    /// The stamp of the request in `req/`; unknown after a restart.
    stamp_at_claim: Option<Stamp>,
    /// The reply, until it is stored on disk: if the disk is full, the handler is not called
    /// again.
    reply: Option<(Kind, OutputFile)>,
    result: Option<ResultFile>,
    taken: Stopwatch,
    latency: Duration,
    has_failed: bool,
}

impl Job {
    /// Claims a request whose stamp was `stamp_at_claim`: it is no longer in `req/` then.
    ///
    /// # Errors
    /// The file cannot be renamed, on Windows for instance because another process has it open.
    pub(super) fn claim(
        layout: &Layout,
        number: u64,
        name: &str,
        stamp_at_claim: Stamp,
        taken: Stopwatch,
        latency: Duration,
    ) -> io::Result<Self> {
        disk::rename(&layout.requests().join(name), &claim_path(layout, number, name))?;
        Ok(Self { request: Some(name.to_owned()), stamp_at_claim: Some(stamp_at_claim), latency, ..Self::new(number, taken) })
    }

    /// Creates a job for a face result, which is due at once.
    ///
    /// # Errors
    /// As [`ResultFile::store`].
    pub(super) fn face(layout: &Layout, number: u64, file: OutputFile, taken: Stopwatch) -> io::Result<Self> {
        Ok(Self { result: Some(ResultFile::store(layout, number, Kind::Face, &file)?), ..Self::new(number, taken) })
    }

    fn new(number: u64, taken: Stopwatch) -> Self {
        Self {
            number,
            request: None,
            refused: false,
            stamp_at_claim: None,
            reply: None,
            result: None,
            taken,
            latency: Duration::ZERO,
            has_failed: false,
        }
    }

    /// Whether its result is known.
    pub(super) fn is_answered(&self) -> bool {
        self.refused || self.reply.is_some() || self.result.is_some()
    }

    /// Whether the file of its result was already created in its final place: it is then
    /// completed even if the handler is closed.
    pub(super) fn is_begun(&self) -> bool {
        self.result.as_ref().is_some_and(ResultFile::is_begun)
    }

    /// Whether the request has left `.onshi-mock/` without a result, so that nothing remains to
    /// be done.
    pub(super) fn is_finished(&self) -> bool {
        self.request.is_none() && self.result.is_none()
    }

    /// Records a failure; returns whether it is the first one of this job.
    pub(super) fn is_first_failure(&mut self) -> bool {
        !std::mem::replace(&mut self.has_failed, true)
    }

    /// Returns the file to name in a log message.
    pub(super) fn current_path(&self, layout: &Layout) -> PathBuf {
        match (&self.request, &self.result) {
            (Some(request), _) if self.refused => refused_path(layout, self.number, request),
            (Some(request), _) => claim_path(layout, self.number, request),
            (None, Some(result)) => result.path(layout),
            (None, None) => layout.own().join(self.number.to_string()),
        }
    }

    /// Advances as far as possible: calls the handler, stores the result, and delivers it when
    /// it is due.
    ///
    /// # Errors
    /// A file operation failed; the job has to be continued later.
    pub(super) fn advance(&mut self, context: &JobContext<'_>, handler: &mut dyn RequestHandler) -> io::Result<JobProgress> {
        if !self.is_answered() {
            match self.ask(context, handler)? {
                JobProgress::Waiting => {}
                end => return Ok(end),
            }
        }
        if let Some((kind, outgoing)) = &self.reply {
            self.result = Some(ResultFile::store(context.layout, self.number, *kind, outgoing)?);
            self.reply = None;
        }
        if self.taken.has_passed(self.latency, context.wall) { self.deliver(context) } else { Ok(JobProgress::Waiting) }
    }

    fn ask(&mut self, context: &JobContext<'_>, handler: &mut dyn RequestHandler) -> io::Result<JobProgress> {
        let Some(name) = self.request.clone() else { return Ok(JobProgress::Vanished) };
        let claim = claim_path(context.layout, self.number, &name);
        let Some(stamp) = disk::existed(disk::stamp(&claim))? else { return Ok(JobProgress::Vanished) };
        // Checked again, since between the first check and the rename the file may have been
        // written to, or replaced by a link.
        let Some(stamp) = stamp.filter(|now| self.stamp_at_claim.is_none_or(|stamp_at_claim| stamp_at_claim == *now)) else {
            self.give_back(context.layout)?;
            return Ok(JobProgress::Changed);
        };
        let max = context.max_bytes;
        let content = if stamp.size > max { Ok(None) } else { disk::read(&claim, max) };
        let reply = match content {
            Ok(Some(bytes)) => handler.answer(&name, &bytes),
            Ok(None) => HandlerReply::Refused(handler.too_large(&name, stamp.size, max)),
            Err(error) => {
                // A file that cannot be read does not stay here, where it would count toward
                // the limit; in `req/` it waits its turn among the others.
                self.give_back(context.layout)?;
                return Err(error);
            }
        };
        self.latency += handler.extra_latency();
        self.reply = match reply {
            HandlerReply::Answer(outgoing) => Some((Kind::Answer, outgoing)),
            HandlerReply::Refused(outgoing) => Some((Kind::Err, outgoing)),
            HandlerReply::Silent => {
                disk::remove(&claim)?;
                return Ok(JobProgress::Silent);
            }
            HandlerReply::NotTaken => {
                self.give_back(context.layout)?;
                return Ok(JobProgress::NotTaken);
            }
        };
        Ok(JobProgress::Waiting)
    }

    /// Delivers the result and ends the job. The process may be killed after any step.
    ///
    /// # Errors
    /// A file operation failed; the job has to be continued later.
    pub(super) fn deliver(&mut self, context: &JobContext<'_>) -> io::Result<JobProgress> {
        let layout = context.layout;
        if let Some(result) = &self.result {
            let mut others = context.others.values().filter_map(|other| other.result.as_ref());
            if others.any(|other| result.waits_for(other)) {
                return Ok(JobProgress::Waiting);
            }
            self.settle_claim(layout, result.kind())?;
        }
        if let Some(result) = &mut self.result {
            let is_there = result.put(layout, context.wall)?;
            self.result = None;
            if !is_there {
                self.move_refused(context)?;
                return Ok(JobProgress::Vanished);
            }
        }
        self.move_refused(context)?;
        Ok(JobProgress::Delivered)
    }

    /// Removes the claim before the result is put into its place; otherwise the request would
    /// be answered again after a kill in between. The claim of a malformed request is renamed
    /// to mark it as refused.
    fn settle_claim(&mut self, layout: &Layout, kind: Kind) -> io::Result<()> {
        let Some(name) = self.request.as_ref().filter(|_| !self.refused) else { return Ok(()) };
        let claim = claim_path(layout, self.number, name);
        if kind == Kind::Err && disk::existed(disk::rename(&claim, &refused_path(layout, self.number, name)))?.is_some() {
            self.refused = true;
            return Ok(());
        }
        disk::remove(&claim)?;
        self.request = None;
        Ok(())
    }

    /// Moves a malformed request to `res/` after its error file, since a client may read the
    /// error file only once, when it sees the request.
    fn move_refused(&mut self, context: &JobContext<'_>) -> io::Result<()> {
        if let Some(request) = &self.request {
            let from = refused_path(context.layout, self.number, request);
            if disk::existed(disk::stamp(&from))?.is_some() {
                // The stay time in `res/` begins now. If the time cannot be set, the file is
                // only removed early.
                let _ = disk::touch(&from, context.wall);
                disk::rename(&from, &context.layout.of(OutputDir::Res).join(request))?;
            }
            self.request = None;
        }
        Ok(())
    }

    /// Puts the request back under its own name. If a newer request has that name, it waits, so
    /// that neither is lost.
    pub(super) fn give_back(&mut self, layout: &Layout) -> io::Result<()> {
        if let Some(request) = &self.request {
            disk::existed(disk::rename_to_free(&claim_path(layout, self.number, request), &layout.requests().join(request)))?;
            self.request = None;
        }
        Ok(())
    }
}

fn claim_path(layout: &Layout, number: u64, request: &str) -> PathBuf {
    layout.own().join(format!("{number}.claim.{request}"))
}

fn refused_path(layout: &Layout, number: u64, request: &str) -> PathBuf {
    layout.own().join(format!("{number}.refused.{request}"))
}

/// Recovers the jobs that another process left, removes incomplete results, and returns the
/// next free number. The results are due at once, since it is not known how long they have
/// waited.
///
/// # Errors
/// The directory cannot be read.
pub(super) fn recover(layout: &Layout) -> io::Result<(BTreeMap<u64, Job>, u64)> {
    let mut jobs = BTreeMap::new();
    let mut next = 1;
    for entry in fs::read_dir(layout.own())? {
        let entry = entry?;
        let file_name = entry.file_name();
        let Some((number, engine_file)) = file_name.to_str().and_then(parse) else { continue };
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        next = next.max(number + 1);
        if let EngineFile::Draft = engine_file {
            // A draft that cannot be removed does no harm: its number is not reused.
            let _ = disk::remove(&entry.path());
            continue;
        }
        let job = jobs.entry(number).or_insert_with(|| Job::new(number, Stopwatch(Timestamp::UNIX_EPOCH)));
        match engine_file {
            EngineFile::Draft => {}
            EngineFile::Request { name, refused } => (job.request, job.refused) = (Some(name), refused),
            EngineFile::Result(result) => job.result = Some(result),
        }
    }
    Ok((jobs, next))
}

/// The kind of a file of the engine's own.
enum EngineFile {
    Draft,
    Request { name: String, refused: bool },
    Result(ResultFile),
}

/// Parses the name of a file of the engine's own into its number and kind; `None` for any other
/// file.
fn parse(file_name: &str) -> Option<(u64, EngineFile)> {
    let (digits, rest) = file_name.split_once('.')?;
    // The engine writes no number in another form, and none so high that there would be no next
    // one.
    let number = digits.parse().ok().filter(|number: &u64| number.to_string() == digits && *number < u64::MAX / 2)?;
    let (words, name) = rest.split_once('.').unwrap_or((rest, ""));
    let engine_file = match words {
        "tmp" => name.is_empty().then_some(EngineFile::Draft),
        "claim" => is_request_name(name).then(|| EngineFile::Request { name: name.to_owned(), refused: false }),
        "refused" => is_request_name(name).then(|| EngineFile::Request { name: name.to_owned(), refused: true }),
        _ => ResultFile::recover(number, words, name).map(EngineFile::Result),
    };
    engine_file.map(|engine_file| (number, engine_file))
}
