//! A request that was taken, or a face result, and how it gets to its end.
//!
//! In `.onshi-mock/` each job has a number, which begins the names of its files: `7.claim.<request>` is the request, `7.refused.<request>`
//! one that moves to `res/` after its error file; `7.tmp` is a result that is being written, and others are complete ones ([`ResultFile`]). So
//! the result's name is kept, and two requests of one name do not mix.

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
use super::{OutputFile, Reply, RequestHandler};

/// What a job needs to know of its folder.
pub(super) struct JobContext<'a> {
    pub(super) layout: &'a Layout,
    pub(super) max_bytes: u64,
    pub(super) wall: Timestamp,
    /// The other jobs.
    pub(super) others: &'a BTreeMap<u64, Job>,
}

/// How far a job got; all but `Waiting` are its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Waiting,
    Delivered,
    Silent,
    /// The counter did not take it: it is in `req/` again.
    NotTaken,
    /// What was taken is not what was looked at, or cannot be read: it is in `req/` again, where the others have their turn first.
    Changed,
    /// Somebody else removed its files.
    Vanished,
}

/// A request that was taken, or a face result.
#[derive(Debug)]
pub(super) struct Job {
    number: u64,
    /// The request's name, while it is in `.onshi-mock/`.
    request: Option<String>,
    /// Whether the request moves to `res/` as soon as its error file is there.
    refused: bool,
    /// What the request looked like in `req/`; not known after a restart.
    stamp_at_claim: Option<Stamp>,
    /// What was answered, until it is kept on the disk: where that is full, nobody is asked again.
    reply: Option<(Kind, OutputFile)>,
    result: Option<ResultFile>,
    taken: Stopwatch,
    latency: Duration,
}

impl Job {
    /// Takes a request that looked like `seen`: from here on it is no longer in `req/`.
    ///
    /// # Errors
    /// It cannot be renamed, on Windows for instance because somebody has it open.
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

    /// Takes a face result, which is to be delivered at once.
    ///
    /// # Errors
    /// As [`ResultFile::store`].
    pub(super) fn face(layout: &Layout, number: u64, file: OutputFile, taken: Stopwatch) -> io::Result<Self> {
        Ok(Self { result: Some(ResultFile::store(layout, number, Kind::Face, &file)?), ..Self::new(number, taken) })
    }

    fn new(number: u64, taken: Stopwatch) -> Self {
        Self { number, request: None, refused: false, stamp_at_claim: None, reply: None, result: None, taken, latency: Duration::ZERO }
    }

    /// Whether its result is known.
    pub(super) fn is_answered(&self) -> bool {
        self.refused || self.reply.is_some() || self.result.is_some()
    }

    /// Whether the file of its result was created already: it is completed whether or not the counter is open.
    pub(super) fn is_begun(&self) -> bool {
        self.result.as_ref().is_some_and(ResultFile::is_begun)
    }

    /// Whether the request has left `.onshi-mock/` without a result, so that nothing remains to be done.
    pub(super) fn is_finished(&self) -> bool {
        self.request.is_none() && self.result.is_none()
    }

    /// The file to name in a complaint.
    pub(super) fn current_path(&self, layout: &Layout) -> PathBuf {
        match (&self.request, &self.result) {
            (Some(request), _) if self.refused => refused_path(layout, self.number, request),
            (Some(request), _) => claim_path(layout, self.number, request),
            (None, Some(result)) => result.path(layout),
            (None, None) => layout.own().join(self.number.to_string()),
        }
    }

    /// Goes on as far as possible: asks for the result, keeps it, and delivers it when it is due.
    ///
    /// # Errors
    /// The disk refuses something; the job is to be carried on with later.
    pub(super) fn advance(&mut self, context: &JobContext<'_>, handler: &mut dyn RequestHandler) -> io::Result<Progress> {
        if !self.is_answered() {
            match self.ask(context, handler)? {
                Progress::Waiting => {}
                end => return Ok(end),
            }
        }
        if let Some((kind, outgoing)) = &self.reply {
            self.result = Some(ResultFile::store(context.layout, self.number, *kind, outgoing)?);
            self.reply = None;
        }
        if self.taken.has_passed(self.latency, context.wall) { self.deliver(context) } else { Ok(Progress::Waiting) }
    }

    fn ask(&mut self, context: &JobContext<'_>, handler: &mut dyn RequestHandler) -> io::Result<Progress> {
        let Some(name) = self.request.clone() else { return Ok(Progress::Vanished) };
        let claim = claim_path(context.layout, self.number, &name);
        let Some(stamp) = disk::found(disk::stamp(&claim))? else { return Ok(Progress::Vanished) };
        // Looked at again, because between look and renaming it may have been written to, or replaced by a link.
        let Some(stamp) = stamp.filter(|now| self.stamp_at_claim.is_none_or(|stamp_at_claim| stamp_at_claim == *now)) else {
            self.give_back(context.layout)?;
            return Ok(Progress::Changed);
        };
        let max = context.max_bytes;
        let content = if stamp.size > max { Ok(None) } else { disk::read(&claim, max) };
        let reply = match content {
            Ok(Some(bytes)) => handler.answer(&name, &bytes),
            Ok(None) => Reply::Malformed(handler.too_large(&name, stamp.size, max)),
            Err(error) => {
                // What cannot be read does not stay here, where it would take up room: in `req/` it has its turn among the others.
                self.give_back(context.layout)?;
                return Err(error);
            }
        };
        self.latency += handler.late();
        self.reply = match reply {
            Reply::Answer(outgoing) => Some((Kind::Answer, outgoing)),
            Reply::Malformed(outgoing) => Some((Kind::Err, outgoing)),
            Reply::Silent => {
                disk::remove(&claim)?;
                return Ok(Progress::Silent);
            }
            Reply::NotTaken => {
                self.give_back(context.layout)?;
                return Ok(Progress::NotTaken);
            }
        };
        Ok(Progress::Waiting)
    }

    /// Brings the job to its end. Each step is safe to be the last one of this process.
    ///
    /// # Errors
    /// The disk refuses something; the job is to be carried on with later.
    pub(super) fn deliver(&mut self, context: &JobContext<'_>) -> io::Result<Progress> {
        let layout = context.layout;
        if let Some(result) = &self.result {
            let mut others = context.others.values().filter_map(|other| other.result.as_ref());
            if others.any(|other| result.waits_for(other)) {
                return Ok(Progress::Waiting);
            }
            self.settle_claim(layout, result.kind())?;
        }
        if let Some(result) = &mut self.result {
            let is_there = result.put(layout, context.wall)?;
            self.result = None;
            if !is_there {
                self.move_refused(context)?;
                return Ok(Progress::Vanished);
            }
        }
        self.move_refused(context)?;
        Ok(Progress::Delivered)
    }

    /// The claim goes before its result is put into its place: else the request would be answered anew if the process were killed in
    /// between. That of a malformed request gets the name that says so.
    fn settle_claim(&mut self, layout: &Layout, kind: Kind) -> io::Result<()> {
        let Some(name) = self.request.as_ref().filter(|_| !self.refused) else { return Ok(()) };
        let claim = claim_path(layout, self.number, name);
        if kind == Kind::Err && disk::found(disk::rename(&claim, &refused_path(layout, self.number, name)))?.is_some() {
            self.refused = true;
            return Ok(());
        }
        disk::remove(&claim)?;
        self.request = None;
        Ok(())
    }

    /// A malformed request comes after its error file, for a client may read that only once: when it sees the request.
    fn move_refused(&mut self, context: &JobContext<'_>) -> io::Result<()> {
        if let Some(request) = &self.request {
            let from = refused_path(context.layout, self.number, request);
            if disk::found(disk::stamp(&from))?.is_some() {
                // Its time in `res/` begins now. Where the time cannot be set the file is only tidied away early.
                let _ = disk::touch(&from, context.wall);
                disk::rename(&from, &context.layout.of(OutputDir::Res).join(request))?;
            }
            self.request = None;
        }
        Ok(())
    }

    /// Puts the request back under its own name. If a newer request has the name meanwhile it waits: neither is to be lost.
    pub(super) fn give_back(&mut self, layout: &Layout) -> io::Result<()> {
        if let Some(request) = &self.request {
            disk::found(disk::rename_to_free(&claim_path(layout, self.number, request), &layout.requests().join(request)))?;
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

/// Finds the jobs that another process left, removes the results it did not finish, and says which number is free next. The jobs' results
/// are due at once: how long they have waited already is not known.
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
            // One that cannot be removed does no harm: its number is not used again.
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

/// What a file of the engine's own is.
enum EngineFile {
    Draft,
    Request { name: String, refused: bool },
    Result(ResultFile),
}

/// The number of a file of the engine's own, and what it is; `None` for any other file.
fn parse(file_name: &str) -> Option<(u64, EngineFile)> {
    let (digits, rest) = file_name.split_once('.')?;
    // No number is written otherwise, and none of ours gets so high that there would be no next one.
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
