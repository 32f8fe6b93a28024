//! Clients that notice files in different ways, over a real folder and what the kernel tells of it:
//! who gets every answer under which `result_files`, and who does not. The documentation warns of
//! both.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use onshi_mock::terminal::CardInput;
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use serde_json::json;
use tokio::task;

use crate::support::eventually::wait_until;
use crate::support::request_files::{Folder, check, text, value};
use crate::support::{Mock, template};
use crate::terminal::simulated::{Running, Site};

const FILES: usize = 1000;
/// A file of the test's own: what comes before it in the directory has been told to a watcher that
/// meets it.
const END: &str = "end";

const CHANGES: WatchFlags = WatchFlags::MODIFY;
/// What .NET and Java call a creation: a renaming into the directory is one, too.
const CREATIONS: WatchFlags = WatchFlags::CREATE.union(WatchFlags::MOVED_TO);

/// What a watcher got: the identifier in each file that it could read as a whole, and how many
/// readings gave less.
#[derive(Debug, Default, PartialEq)]
struct Received {
    whole: BTreeMap<String, String>,
    short: usize,
}

impl Received {
    /// Reads a file; true if it was whole.
    fn read(&mut self, path: &Path) -> bool {
        let answer = std::fs::read(path).unwrap();
        let is_whole = answer.trim_ascii_end().ends_with(b"</XmlMsg>");
        if is_whole {
            let identifier = value(&text(&answer), "ArbitraryFileIdentifier").unwrap_or_default().to_owned();
            self.whole.insert(path.file_name().unwrap().to_str().unwrap().to_owned(), identifier);
        } else {
            self.short += 1;
        }
        is_whole
    }
}

/// Reads each file of which it is told by the events of one kind; where it `retries`, until the
/// file is whole.
fn watcher(dir: PathBuf, events: WatchFlags, retries: bool) -> thread::JoinHandle<Received> {
    let summary = inotify::init(CreateFlags::CLOEXEC).unwrap();
    inotify::add_watch(&summary, &dir, events).unwrap();
    // Not a task: where the test fails nothing waits for this one.
    thread::spawn(move || {
        let mut got = Received::default();
        let mut room = [MaybeUninit::uninit(); 4096];
        let mut summary = Reader::new(summary, &mut room);
        loop {
            let event = summary.next().unwrap();
            let name = OsStr::from_bytes(event.file_name().expect("the queue is long enough").to_bytes());
            if name == END {
                return got;
            }
            let began = Instant::now();
            while !got.read(&dir.join(name)) && retries {
                assert!(began.elapsed() < Duration::from_secs(20), "{name:?} is never whole");
                thread::yield_now();
            }
        }
    })
}

/// Lists the directory again and again, and takes a file when two readings agree and it is not
/// empty.
fn poller(dir: PathBuf) -> task::JoinHandle<Received> {
    task::spawn_blocking(move || {
        let (mut got, mut before) = (Received::default(), BTreeMap::<PathBuf, Vec<u8>>::new());
        let began = Instant::now();
        while got.whole.len() < FILES {
            assert!(began.elapsed() < Duration::from_secs(60), "{} answers came", got.whole.len());
            for entry in std::fs::read_dir(&dir).unwrap() {
                let path = entry.unwrap().path();
                if got.whole.contains_key(path.file_name().unwrap().to_str().unwrap()) {
                    continue;
                }
                let content = std::fs::read(&path).unwrap();
                if !content.is_empty() && before.get(&path) == Some(&content) {
                    assert!(got.read(&path), "two readings agree, and {path:?} is not whole");
                }
                before.insert(path, content);
            }
            // A client that polls: this is its rhythm.
            thread::sleep(Duration::from_millis(10));
        }
        got
    })
}

/// What four clients get of a thousand answers: who waits for changes, who waits for creations, who
/// does so and reads once, who polls.
#[expect(clippy::print_stdout, reason = "what was counted is for whoever reads the tests' output")]
async fn run_watchers(result_files: &str) -> [Received; 4] {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, "2026-01-20T10:00:00+09:00").await;
    clinic.set_terminal(json!({"result_files": result_files})).await;
    let folder = clinic.folder();
    let res = folder.0.join("res");
    let watching = [(CHANGES, false), (CREATIONS, true), (CREATIONS, false)].map(|(events, retries)| watcher(res.clone(), events, retries));
    let polling = poller(res.clone());
    let began = Instant::now();
    (0..FILES).for_each(|i| folder.put_request(&format!("OQSsiquc01req_{i:04}.xml"), check(&clinic.code, &format!("f-{i:04}"))));
    let polled = polling.await.unwrap();
    let took = began.elapsed();
    std::fs::write(res.join(END), "x").unwrap();
    let [changes, creations, once] = watching.map(|watcher| watcher.join().unwrap());
    let got = [changes, creations, once, polled];
    let summary = |got: &Received| format!("{} whole, {} short readings", got.whole.len(), got.short);
    println!(
        "{result_files}, {FILES} answers in {took:.1?}: changes {}; creations with retry {}; creations read once {}; polling {}",
        summary(&got[0]),
        summary(&got[1]),
        summary(&got[2]),
        summary(&got[3])
    );
    got
}

fn expected_files() -> BTreeMap<String, String> {
    (0..FILES).map(|i| (format!("OQSsiquc01res_{i:04}.xml"), format!("f-{i:04}"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_place_each_of_the_three_watchers_gets_every_answer() {
    let [changes, creations, _, polled] = run_watchers("in_place").await;
    assert!([changes.whole, creations.whole, polled.whole].iter().all(|whole| *whole == expected_files()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn atomic_files_are_whole_at_their_creation_and_never_change() {
    let [changes, creations, once, polled] = run_watchers("atomic").await;
    assert_eq!(changes, Received::default(), "a client that waits for changes gets none: the documentation warns of that");
    for got in [creations, once, polled] {
        assert_eq!(got, Received { whole: expected_files(), short: 0 });
    }
}

/// What a simulated terminal puts into its folder, as told by the events of one kind: of a check,
/// and of a card at the reader.
async fn put_by(running: &Running, folder: &Folder, code: &str, number: u32, events: WatchFlags) -> [usize; 2] {
    let dirs = ["res", "face"].map(|dir| folder.0.join(dir));
    let [res, face] = dirs.clone().map(|dir| watcher(dir, events, false));
    folder.put_request(&format!("OQSsiquc01req_{number}.xml"), check(code, "f"));
    folder.wait_for(&format!("res/OQSsiquc01res_{number}.xml")).await;
    let card: CardInput = serde_json::from_value(json!({"person": "valid"})).unwrap();
    assert!(running.terminal.card(&card).await.unwrap().file.is_some());
    for dir in &dirs {
        std::fs::write(dir.join(END), "x").unwrap();
    }
    let put = [res, face].map(|watcher| watcher.join().unwrap()).map(|got| got.whole.len() + got.short);
    for dir in &dirs {
        std::fs::remove_file(dir.join(END)).unwrap();
    }
    put
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_simulated_terminal_does_as_the_servers_setting_says() {
    let (site, mock) = (Site::new(), Mock::start().await);
    let clinic = mock.clinic(template::EXTERNAL, "2026-01-19T12:00:00+09:00").await;
    let mut settings = site.settings_at(&mock, &format!("{clinic}-T1"));
    let folder = Folder(PathBuf::from(site.path("oqs")));
    settings.linkage = Some(folder.0.clone());
    let running = Running::start(settings).await;
    wait_until("the folder", || folder.0.join("face").exists()).await;
    assert_eq!(clinic.terminal().await["settings"]["result_files"], "in_place");
    assert_eq!(put_by(&running, &folder, &clinic.code, 1, CHANGES).await, [1, 1]);
    clinic.set_terminal(json!({"result_files": "atomic"})).await;
    assert_eq!(put_by(&running, &folder, &clinic.code, 2, CHANGES).await, [0, 0]);
    assert_eq!(put_by(&running, &folder, &clinic.code, 3, CREATIONS).await, [1, 1]);
}
