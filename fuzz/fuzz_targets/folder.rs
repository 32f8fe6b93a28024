//! The folder engine, on a disk in memory where there is one: whatever a receipt computer does in
//! the folder and whenever the server restarts, each request is answered once and delivered, and
//! nothing else is touched.

#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use arbitrary::Arbitrary;
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;
use onshi_core::domain::linkage::ResultFiles;
use onshi_mock::linkage::folder::{Folder, HandlerReply, OutputFile, RequestHandler, Rules};

/// Two of the names differ in case only.
const NAMES: [&str; 4] = ["a-req.xml", "b-req.xml", "A-REQ.xml", "c-req.xml"];
/// A file in `req/` that is no request.
const MEMO: &str = "memo.txt";
const END: &str = "</end>";

#[derive(Arbitrary, Debug)]
struct Input {
    is_atomic: bool,
    latency: u8,
    stays: bool,
    most: u8,
    steps: Vec<Step>,
}

#[derive(Arbitrary, Debug)]
enum Step {
    Write { name: u8, reply: Reply, is_whole: bool },
    Complete(u8),
    Remove(u8),
    Rename(u8, u8),
    Obstruct { name: u8, by_link: bool },
    TakeResults,
    Sweep(u16),
    Restart,
    Open(bool),
    Face,
    RemoveFolder,
}

#[derive(Arbitrary, Clone, Copy, Debug, PartialEq)]
enum Reply {
    Answer,
    Refuse,
    Silent,
    NotTaken,
}

#[derive(Default)]
struct Handler {
    is_open: bool,
    takes_all: bool,
    is_atomic: bool,
    /// How often each request was answered.
    answered: BTreeMap<u32, u32>,
    files: usize,
    silent: usize,
    /// The last content of each result.
    results: BTreeMap<String, Vec<u8>>,
}

impl Handler {
    fn file(&mut self, name: String, content: String) -> OutputFile {
        self.files += 1;
        self.results.insert(name.clone(), content.clone().into_bytes());
        let result_files = if self.is_atomic { ResultFiles::Atomic } else { ResultFiles::InPlace };
        OutputFile { name, bytes: content.into_bytes(), result_files }
    }
}

impl RequestHandler for Handler {
    fn is_open(&mut self) -> bool {
        self.is_open
    }

    fn accepts(&self, name: &str) -> bool {
        NAMES.contains(&name)
    }

    fn complete(&self, tail: &[u8]) -> bool {
        tail.ends_with(END.as_bytes())
    }

    fn answer(&mut self, name: &str, bytes: &[u8]) -> HandlerReply {
        let (number, reply) = read(bytes).expect("only what the client wrote is answered");
        if reply == Reply::NotTaken && !self.takes_all {
            return HandlerReply::NotTaken;
        }
        *self.answered.entry(number).or_default() += 1;
        match reply {
            Reply::Silent => {
                self.silent += 1;
                HandlerReply::Silent
            }
            Reply::Refuse => HandlerReply::Refused(self.file(name.replace(".xml", ".err"), format!("refused {number}"))),
            Reply::Answer | Reply::NotTaken => HandlerReply::Answer(self.file(result_name(name), format!("answer {number}"))),
        }
    }

    fn too_large(&mut self, name: &str, _: u64, _: u64) -> OutputFile {
        panic!("{name} is small")
    }

    fn is_ours(&self, name: &str) -> bool {
        name != MEMO
    }
}

fn result_name(request: &str) -> String {
    request.replace("req", "res").replace("REQ", "RES")
}

/// The content of a request: its number and the reply that it asks for.
fn content(number: u32, reply: Reply) -> String {
    format!("{number} {reply:?}\n")
}

fn read(bytes: &[u8]) -> Option<(u32, Reply)> {
    let (number, reply) = std::str::from_utf8(bytes).ok()?.lines().next()?.split_once(' ')?;
    let replies = [Reply::Answer, Reply::Refuse, Reply::Silent, Reply::NotTaken];
    let reply = replies.into_iter().find(|known| format!("{known:?}") == reply)?;
    Some((number.parse().ok()?, reply))
}

struct World {
    root: PathBuf,
    outside: PathBuf,
    folder: Folder,
    rules: Rules,
    handler: Handler,
    wall: Timestamp,
    latency: Duration,
    stay_time: Option<Duration>,
    written: u32,
    /// The requests that the client removed or overwrote.
    lost: BTreeSet<u32>,
    /// Whether something was delivered that summaries do not count, or may have been removed.
    is_uncounted: bool,
    delivered: usize,
    silent: usize,
}

fuzz_target!(|input: Input| {
    let memory = Path::new("/dev/shm");
    let place = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let dir = tempfile::tempdir_in(place).expect("a directory");
    let root = dir.path().join("folder");
    let outside = dir.path().join("outside.xml");
    fs::write(&outside, format!("{}{END}", content(0, Reply::Answer))).expect("a file");
    let rules = Rules { most: usize::from(input.most % 4) + 1, ..Rules::default() };
    let mut world = World {
        folder: Folder::new(&root, rules.clone()),
        root,
        outside,
        rules,
        handler: Handler { is_open: true, is_atomic: input.is_atomic, ..Handler::default() },
        wall: Timestamp::constant(1_768_867_200, 0),
        latency: Duration::from_millis(u64::from(input.latency) * 20),
        stay_time: input.stays.then_some(Duration::from_secs(120)),
        written: 0,
        lost: BTreeSet::new(),
        is_uncounted: false,
        delivered: 0,
        silent: 0,
    };
    world.folder.ready().expect("the folder is made");
    fs::write(world.root.join("req").join(MEMO), "memo").expect("a file");
    input.steps.iter().take(40).for_each(|step| world.take(step));
    world.finish();
});

impl World {
    fn request(&self, name: u8) -> PathBuf {
        self.root.join("req").join(NAMES[usize::from(name) % NAMES.len()])
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Write { name, reply, is_whole } => self.write(name, reply, is_whole),
            Step::Complete(name) => self.complete(name),
            Step::Remove(name) => {
                self.lose(name);
                let _ = fs::remove_file(self.request(name));
            }
            Step::Rename(from, to) => {
                let (source, target) = (self.request(from), self.request(to));
                if source != target && is_file(&source) && !target.is_dir() {
                    self.lose(to);
                    fs::rename(source, target).expect("the client renames its file");
                }
            }
            Step::Obstruct { name, by_link } => {
                let path = self.request(name);
                if fs::symlink_metadata(&path).is_err() && self.root.join("req").is_dir() {
                    let made = if by_link { std::os::unix::fs::symlink(&self.outside, path) } else { fs::create_dir(path) };
                    made.expect("the client makes it");
                }
            }
            Step::TakeResults => {
                for entry in fs::read_dir(self.root.join("res")).into_iter().flatten().flatten() {
                    fs::remove_file(entry.path()).expect("results are files");
                }
            }
            Step::Sweep(hundredths) => self.sweep(SignedDuration::from_millis(i64::from(hundredths) * 10)),
            Step::Restart => self.restart(),
            Step::Open(is_open) => self.handler.is_open = is_open,
            Step::Face => {
                let file = self.handler.file(format!("face_{}.xml", self.handler.files), "face".to_owned());
                if self.folder.deliver_face(file, self.wall).is_err() {
                    self.handler.files -= 1;
                } else {
                    // Counted where it is delivered late only.
                    self.is_uncounted = true;
                }
            }
            Step::RemoveFolder => {
                (0..NAMES.len()).for_each(|name| self.lose(name as u8));
                // What was claimed and not answered yet is gone, too.
                self.lost.extend(1..=self.written);
                self.is_uncounted = true;
                if self.root.is_dir() {
                    fs::remove_dir_all(&self.root).expect("the folder can be removed");
                }
            }
        }
    }

    fn write(&mut self, name: u8, reply: Reply, is_whole: bool) {
        let path = self.request(name);
        if path.symlink_metadata().is_ok_and(|there| !there.is_file()) || !self.root.join("req").is_dir() {
            return;
        }
        self.lose(name);
        self.written += 1;
        let end = if is_whole { END } else { "" };
        fs::write(path, format!("{}{end}", content(self.written, reply))).expect("the client writes its file");
    }

    fn complete(&mut self, name: u8) {
        let path = self.request(name);
        if is_file(&path) {
            let mut text = fs::read(&path).expect("the client reads its file");
            text.extend_from_slice(END.as_bytes());
            fs::write(path, text).expect("the client writes its file");
        }
    }

    /// Marks the request of this name, if there is one, as removed by the client.
    fn lose(&mut self, name: u8) {
        let path = self.request(name);
        if is_file(&path) {
            let (number, _) = read(&fs::read(path).expect("it is there")).expect("the client wrote it");
            self.lost.insert(number);
        }
    }

    fn sweep(&mut self, after: SignedDuration) {
        self.wall += after;
        let swept = self.folder.sweep(self.wall, self.latency, self.stay_time, &mut self.handler);
        let summary = swept.expect("nothing hinders the server");
        self.delivered += summary.delivered;
        self.silent += summary.silent;
    }

    fn restart(&mut self) {
        self.folder = Folder::new(&self.root, self.rules.clone());
    }

    /// Sweeps until nothing is left to do, and checks what was done.
    fn finish(mut self) {
        (self.handler.is_open, self.handler.takes_all) = (true, true);
        for _ in 0..self.written * 4 + 8 {
            self.sweep(SignedDuration::from_secs(6));
        }
        for number in 1..=self.written {
            let answered = self.handler.answered.remove(&number).unwrap_or_default();
            assert!(answered <= 1, "request {number} was answered {answered} times");
            assert!(answered == 1 || self.lost.contains(&number), "request {number} was not answered");
        }
        assert!(self.handler.answered.is_empty(), "what a link leads to is not answered");
        if !self.is_uncounted {
            assert_eq!((self.delivered, self.silent), (self.handler.files, self.handler.silent));
            assert_eq!(fs::read(self.root.join("req").join(MEMO)).expect("it is the client's"), b"memo");
        }
        for (name, content) in &self.handler.results {
            let dir = self.root.join(if name.starts_with("face") { "face" } else { "res" });
            if let Ok(there) = fs::read(dir.join(name)) {
                assert_eq!(there, *content, "{name}");
            }
        }
        let own = fs::read_dir(self.root.join(".onshi-mock")).expect("it is there");
        let left: Vec<_> = own.flatten().map(|entry| entry.file_name()).filter(|name| name != "lock").collect();
        assert!(left.is_empty(), "{left:?} is left");
    }
}

fn is_file(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|there| there.is_file())
}
