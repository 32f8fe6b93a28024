//! A request that was taken, and how it gets its result.
//!
//! In `.onshi-mock/` each job has a number, which begins the names of its files: `7.claim.<request>` is the request, `7.tmp` a result that
//! is being written, `7.answer.<result>` or `7.err.<result>` a complete one. So the result's name is kept, and two requests of one name do
//! not mix.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::disk::{self, Stamp};
use super::layout::{Layout, Place, check_result_name, is_request_name};
use super::since::Since;
use super::{Counter, Outgoing, Reply};

/// What a job needs to know of its folder.
pub(super) struct Setting<'a> {
    pub(super) layout: &'a Layout,
    pub(super) max_bytes: u64,
    pub(super) wall: Timestamp,
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
    Unfit,
    /// Somebody else removed its files.
    Vanished,
}

/// A request that was taken.
#[derive(Debug)]
pub(super) struct Job {
    number: u64,
    /// The request's name, while its claim is in `.onshi-mock/`.
    request: Option<String>,
    /// What the request looked like in `req/`; not known after a restart.
    seen: Option<Stamp>,
    result: Option<Kept>,
    taken: Since,
    latency: Duration,
}

/// A complete result, kept until it is due.
#[derive(Debug)]
struct Kept {
    name: String,
    /// The request itself moves to `res/` too.
    malformed: bool,
}

impl Job {
    /// Takes a request that looked like `seen`: from here on it is no longer in `req/`.
    ///
    /// # Errors
    /// It cannot be renamed, on Windows for instance because somebody has it open.
    pub(super) fn claim(layout: &Layout, number: u64, name: &str, seen: Stamp, taken: Since, latency: Duration) -> io::Result<Self> {
        disk::rename(&layout.requests().join(name), &layout.own().join(claim_name(number, name)))?;
        Ok(Self { number, request: Some(name.to_owned()), seen: Some(seen), result: None, taken, latency })
    }

    /// Whether its result is known.
    pub(super) fn is_answered(&self) -> bool {
        self.result.is_some()
    }

    /// Whether the request has left `.onshi-mock/` without a result, so that nothing remains to be done.
    pub(super) fn is_given_back(&self) -> bool {
        self.request.is_none() && self.result.is_none()
    }

    /// The file to name in a complaint.
    pub(super) fn whereabouts(&self, layout: &Layout) -> PathBuf {
        let name = match (&self.request, &self.result) {
            (Some(request), _) => claim_name(self.number, request),
            (None, Some(kept)) => kept.file_name(self.number),
            (None, None) => self.number.to_string(),
        };
        layout.own().join(name)
    }

    /// Goes on as far as possible: asks for the result, keeps it, and delivers it when it is due.
    ///
    /// # Errors
    /// The disk refuses something; the job is to be carried on with later.
    pub(super) fn carry_on(&mut self, setting: &Setting<'_>, counter: &mut dyn Counter) -> io::Result<Progress> {
        if self.result.is_none() {
            match self.ask(setting, counter)? {
                Progress::Waiting => {}
                end => return Ok(end),
            }
        }
        if self.taken.reached(self.latency, setting.wall) { self.deliver(setting) } else { Ok(Progress::Waiting) }
    }

    fn ask(&mut self, setting: &Setting<'_>, counter: &mut dyn Counter) -> io::Result<Progress> {
        let own = setting.layout.own();
        let Some(name) = self.request.clone() else { return Ok(Progress::Vanished) };
        let claim = own.join(claim_name(self.number, &name));
        let Some(stamp) = disk::found(disk::stamp(&claim))? else { return Ok(Progress::Vanished) };
        // Looked at again, because between look and renaming it may have been written to, or replaced by a link.
        let Some(stamp) = stamp.filter(|now| self.seen.is_none_or(|seen| seen == *now)) else {
            self.give_back(setting.layout)?;
            return Ok(Progress::Unfit);
        };
        let max = setting.max_bytes;
        let content = if stamp.size > max { Ok(None) } else { disk::read(&claim, max) };
        let reply = match content {
            Ok(Some(bytes)) => counter.answer(&name, &bytes),
            Ok(None) => Reply::Malformed(counter.too_large(&name, stamp.size, max)),
            Err(error) => {
                // What cannot be read does not stay here, where it would take up room: in `req/` it has its turn among the others.
                self.give_back(setting.layout)?;
                return Err(error);
            }
        };
        self.latency += counter.late();
        match reply {
            Reply::Answer(outgoing) => self.keep(&own, outgoing, false)?,
            Reply::Malformed(outgoing) => self.keep(&own, outgoing, true)?,
            Reply::Silent => {
                disk::remove(&claim)?;
                return Ok(Progress::Silent);
            }
            Reply::NotTaken => {
                self.give_back(setting.layout)?;
                return Ok(Progress::NotTaken);
            }
        }
        Ok(Progress::Waiting)
    }

    fn keep(&mut self, own: &Path, outgoing: Outgoing, malformed: bool) -> io::Result<()> {
        check_result_name(&outgoing.name)?;
        let kept = Kept { name: outgoing.name, malformed };
        let draft = own.join(draft_name(self.number));
        disk::write_new(&draft, &outgoing.bytes)?;
        disk::rename(&draft, &own.join(kept.file_name(self.number)))?;
        self.result = Some(kept);
        Ok(())
    }

    /// Removes the claim, then delivers: the other way round, a request whose result somebody has already read would be answered again if
    /// the process is killed in between. A malformed request goes before its error file, so whoever sees the error file finds both.
    fn deliver(&mut self, setting: &Setting<'_>) -> io::Result<Progress> {
        let Some(kept) = &self.result else { return Ok(Progress::Vanished) };
        let (own, results) = (setting.layout.own(), setting.layout.of(Place::Res));
        if let Some(request) = &self.request {
            let claim = own.join(claim_name(self.number, request));
            if !kept.malformed {
                disk::remove(&claim)?;
            } else if disk::found(disk::stamp(&claim))?.is_some() {
                // Its time in `res/` begins now. Where the time cannot be set the file is only tidied away early.
                let _ = disk::touch(&claim, setting.wall);
                disk::rename(&claim, &results.join(request))?;
            }
            self.request = None;
        }
        let from = own.join(kept.file_name(self.number));
        if disk::found(disk::stamp(&from))?.is_none() {
            return Ok(Progress::Vanished);
        }
        disk::rename(&from, &results.join(&kept.name))?;
        Ok(Progress::Delivered)
    }

    /// Puts the request back under its own name. If a newer request has the name meanwhile it waits: neither is to be lost.
    pub(super) fn give_back(&mut self, layout: &Layout) -> io::Result<()> {
        if let Some(request) = &self.request {
            let claim = layout.own().join(claim_name(self.number, request));
            disk::found(disk::rename_to_free(&claim, &layout.requests().join(request)))?;
            self.request = None;
        }
        Ok(())
    }
}

impl Kept {
    fn file_name(&self, number: u64) -> String {
        format!("{number}.{}.{}", if self.malformed { "err" } else { "answer" }, self.name)
    }
}

fn claim_name(number: u64, request: &str) -> String {
    format!("{number}.claim.{request}")
}

/// The name of a result that is being written.
pub(super) fn draft_name(number: u64) -> String {
    format!("{number}.tmp")
}

/// Finds the jobs that another process left in `own`, removes the results it did not finish, and says which number is free next. The jobs'
/// results are due at once: how long they have waited already is not known.
///
/// # Errors
/// The directory cannot be read.
pub(super) fn recover(own: &Path) -> io::Result<(BTreeMap<u64, Job>, u64)> {
    let mut jobs = BTreeMap::new();
    let mut next = 1;
    for entry in fs::read_dir(own)? {
        let entry = entry?;
        let file_name = entry.file_name();
        let Some((number, word, name)) = file_name.to_str().and_then(parse) else { continue };
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        next = next.max(number + 1);
        if word == "tmp" {
            // One that cannot be removed does no harm: its number is not used again.
            let _ = disk::remove(&entry.path());
            continue;
        }
        let taken = Since(Timestamp::UNIX_EPOCH);
        let job =
            jobs.entry(number).or_insert_with(|| Job { number, request: None, seen: None, result: None, taken, latency: Duration::ZERO });
        if word == "claim" {
            job.request.get_or_insert_with(|| name.to_owned());
        } else {
            job.result.get_or_insert_with(|| Kept { name: name.to_owned(), malformed: word == "err" });
        }
    }
    Ok((jobs, next))
}

/// Number, kind and the name that is kept in it, of a file of the engine's own; `None` for any other file.
fn parse(file_name: &str) -> Option<(u64, &str, &str)> {
    let (digits, rest) = file_name.split_once('.')?;
    // No number is written otherwise, and none of ours gets so high that there would be no next one.
    let number = digits.parse().ok().filter(|number: &u64| number.to_string() == digits && *number < u64::MAX / 2)?;
    let (word, name) = rest.split_once('.').unwrap_or((rest, ""));
    let known = match word {
        "tmp" => name.is_empty(),
        "claim" => is_request_name(name),
        "answer" | "err" => check_result_name(name).is_ok(),
        _ => false,
    };
    known.then_some((number, word, name))
}
