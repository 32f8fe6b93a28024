//! Shared parts of the folder tests: a handler with simple rules, a bench with a folder and a
//! clock, and a process that can be killed.

mod face;
mod hostile;
mod in_place;
mod killing;
mod leftovers;
mod many;
mod taking;
mod tidying;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

use super::{Folder, HandlerReply, OutputFile, RequestHandler, Rules, SweepSummary};
use crate::domain::linkage::ResultFiles;

/// Kills the simulated process before a chosen change on disk, lets a watcher look before each
/// change, and fills the disk.
pub(super) mod kill {
    use std::any::Any;
    use std::cell::{Cell, RefCell};
    use std::fs::File;
    use std::io::{self, ErrorKind, Write};
    use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

    const KILLED: &str = "killed";

    thread_local! {
        static STEPS_LEFT: Cell<Option<usize>> = const { Cell::new(None) };
        static WRITES_LEFT: Cell<Option<usize>> = const { Cell::new(None) };
        static WATCHER: RefCell<Option<Box<dyn FnMut()>>> = const { RefCell::new(None) };
    }

    /// Called before each change on disk; unwinds, without a message, when no steps are left.
    pub(in super::super) fn step() {
        WATCHER.with_borrow_mut(|watcher| watcher.iter_mut().for_each(|look| look()));
        match STEPS_LEFT.get() {
            Some(0) => resume_unwind(Box::new(KILLED)),
            left => STEPS_LEFT.set(left.map(|left| left - 1)),
        }
    }

    /// Called before a file is written; counts as a step. Writes half of the file if no steps
    /// are left or the disk is full.
    pub(in super::super) fn half_written(mut file: &File, bytes: &[u8]) -> io::Result<()> {
        let is_full = WRITES_LEFT.get() == Some(0);
        WRITES_LEFT.set(WRITES_LEFT.get().and_then(|left| left.checked_sub(1)));
        if is_full || STEPS_LEFT.get() == Some(0) {
            file.write_all(&bytes[..bytes.len() / 2])?;
        }
        step();
        if is_full { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    /// Runs `process` until it ends, or is about to make its change number `steps` (from 0).
    /// Returns `true` if it ended by itself.
    pub(super) fn after(steps: usize, process: impl FnOnce()) -> bool {
        STEPS_LEFT.set(Some(steps));
        let outcome = catch_unwind(AssertUnwindSafe(process));
        STEPS_LEFT.set(None);
        let killed = |why: &Box<dyn Any + Send>| why.downcast_ref::<&str>() == Some(&KILLED);
        outcome.map_err(|why| if killed(&why) { why } else { resume_unwind(why) }).is_ok()
    }

    /// Calls `look` before each change on disk, from now on.
    pub(super) fn watch(look: impl FnMut() + 'static) {
        WATCHER.set(Some(Box::new(look)));
    }

    /// Fails write number `writes` (from 0) with a full disk, after half of it is written.
    pub(super) fn fill_disk_at(writes: usize) {
        WRITES_LEFT.set(Some(writes));
    }
}

const LATENCY: Duration = Duration::ZERO;

/// A complete request.
const WHOLE: &[u8] = b"<XmlMsg>ask</XmlMsg>\r\n";

/// Returns a time of the machine's clock.
fn at(milliseconds: i64) -> Timestamp {
    "2026-01-20T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_millis(milliseconds)
}

/// Answers with the number of the request, so that a second answer to a request is visible.
#[derive(Default)]
struct TestHandler {
    closed: bool,
    asked: Vec<String>,
    /// Called between the check of a request and its claim.
    before_claim: Option<Box<dyn FnMut()>>,
    /// Does not accept any request, but says so only when called for one.
    refusing: bool,
    result_files: ResultFiles,
    /// Writes a list of what is removed.
    listing: bool,
    /// Begins answers with their number, so that the beginning of an answer identifies it.
    number_first: bool,
}

impl RequestHandler for TestHandler {
    fn is_open(&mut self) -> bool {
        if let Some(before_claim) = &mut self.before_claim {
            before_claim();
        }
        !self.closed
    }

    fn accepts(&self, name: &str) -> bool {
        name.ends_with(".xml")
    }

    fn complete(&self, tail: &[u8]) -> bool {
        tail.trim_ascii_end().ends_with(b"</XmlMsg>")
    }

    fn answer(&mut self, name: &str, bytes: &[u8]) -> HandlerReply {
        if self.refusing {
            return HandlerReply::NotTaken;
        }
        self.asked.push(name.to_owned());
        let number = self.asked.len();
        let before = if self.number_first { format!("{number} ") } else { String::new() };
        let bytes_of_answer = format!("{before}{name} {number}").into_bytes();
        if !self.complete(bytes) {
            HandlerReply::Refused(OutputFile {
                name: name.replace(".xml", ".err"),
                bytes: bytes_of_answer,
                result_files: self.result_files,
            })
        } else if bytes.windows(6).any(|word| word == b"silent") {
            HandlerReply::Silent
        } else {
            HandlerReply::Answer(OutputFile { name: name.replace("req_", "res_"), bytes: bytes_of_answer, result_files: self.result_files })
        }
    }

    fn too_large(&mut self, name: &str, size: u64, max: u64) -> OutputFile {
        OutputFile { name: name.replace(".xml", ".err"), bytes: format!("{size} > {max}").into_bytes(), result_files: self.result_files }
    }

    fn deletion_list(&self, removed: &[String]) -> Option<OutputFile> {
        let list = OutputFile { name: "del1.txt".to_owned(), bytes: removed.join(" ").into_bytes(), result_files: self.result_files };
        (self.listing && !removed.is_empty()).then_some(list)
    }

    fn is_ours(&self, name: &str) -> bool {
        name.starts_with("OQS")
    }
}

/// A folder in a temporary directory, its handler, and the time.
struct Bench {
    /// Declared before the directory, so that it is dropped first: it holds an open file there.
    folder: Folder,
    dir: TempDir,
    handler: TestHandler,
    now: i64,
    latency: Duration,
}

impl Bench {
    fn new() -> Self {
        Self::with(Rules::default())
    }

    fn with(rules: Rules) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["req", "res", "face", ".onshi-mock"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let folder = Folder::new(dir.path(), rules);
        Self { dir, folder, handler: TestHandler::default(), now: 0, latency: LATENCY }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Lists the names in a directory, sorted.
    fn names(&self, dir: &str) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(self.path(dir)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Lists the engine's own files, without the lock.
    fn engine_files(&self) -> Vec<String> {
        self.names(".onshi-mock").into_iter().filter(|name| name != "lock").collect()
    }

    /// Runs the next sweep, 250 ms after the last.
    fn sweep(&mut self) -> SweepSummary {
        self.now += 250;
        self.folder.sweep(at(self.now), self.latency, None, &mut self.handler).unwrap()
    }

    /// Puts a face result into the folder.
    fn face(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let file = OutputFile { name: name.to_owned(), bytes: bytes.to_vec(), result_files: self.handler.result_files };
        self.folder.deliver_face(file, at(self.now))
    }

    /// Runs as many sweeps as a complete request needs.
    fn sweep_twice(&mut self) -> SweepSummary {
        self.sweep();
        self.sweep()
    }

    fn restart(&mut self) {
        // The lock is released before it is taken again.
        self.folder = Folder::new(std::env::temp_dir().join("nowhere"), Rules::default());
        self.folder = Folder::new(self.dir.path(), Rules::default());
    }
}
