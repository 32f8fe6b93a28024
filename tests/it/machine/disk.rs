//! A full disk, a disk that becomes read-only, and one whose fsync is slow.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::{Client, StatusCode};
use tempfile::TempDir;

use super::running::{Running, check_by, is_answered, is_root};
use crate::server::program::Program;
use crate::support::eventually::wait_until;
use crate::support::request_files::{Folder, check};
use crate::support::{TOKEN, template};

/// A file system in memory of a limited size, unmounted when it is dropped.
struct Mounted(PathBuf);

impl Mounted {
    fn at(path: PathBuf, size: &str) -> Self {
        fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(&path).status().unwrap();
        assert!(mounted.success(), "mount -t tmpfs");
        Self(path)
    }

    /// Uses all of it up by one file, but for some bytes.
    fn fill(&self, but: u64) {
        let mut file = File::create(self.0.join("ballast")).unwrap();
        let mut written = 0;
        loop {
            match file.write(&[0; 4096]) {
                Ok(bytes) => written += bytes as u64,
                Err(error) if error.kind() == ErrorKind::StorageFull => break file.set_len(written.saturating_sub(but)).unwrap(),
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn free(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Lazily: the server may have files open until it has ended.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[ignore = "nightly: mounts a file system"]
#[tokio::test]
async fn a_full_disk() {
    if !is_root("a_full_disk, of the store and of a linkage folder") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (state, folder) = (Mounted::at(dir.path().join("state"), "8m"), Mounted::at(dir.path().join("oqs"), "1m"));
    let options = ["--store", "sqlite:state/state.db", "--linkage", "oqs", "--linkage-terminal", "9910000018-T1"];
    let mut running = Running::start(dir.path(), &[], &options);
    let own = Folder(folder.0.clone());
    is_answered(&own, "before").await;
    running.change().await.unwrap();
    state.fill(0);
    let before = running.changes();
    running.change_until_refused().await;
    let reason = running.is_not_ready().await;
    assert!(reason.contains("ディスクに空きがありません"), "{reason}");
    assert_eq!(running.check().await, "1", "a check that changes nothing is answered");
    running.has_all("while the disk is full").await;
    state.free();
    running.is_ready().await;
    running.change().await.unwrap();
    running.has_all("when it has room again").await;
    assert!(running.changes() > before);

    // There is room for the request, and none for its answer.
    folder.fill(4096);
    own.put_request("OQSsiquc01req_full.xml", check(template::UP_TO_DATE, "full"));
    wait_until("it is taken", || !own.0.join("req/OQSsiquc01req_full.xml").exists()).await;
    running.is_ready().await;
    folder.free();
    own.wait_for("res/OQSsiquc01res_full.xml").await;
    let running = running.kill_and_start(dir.path(), &[], &options);
    running.has_all("after a SIGKILL").await;
}

/// What the library notes of an fsync that does not wait, and of one that does.
const QUICK: u8 = b'q';
const BEGAN: u8 = b's';
const ENDED: u8 = b'e';

/// A disk that does what two files beside it say, by a library that is preloaded into the server.
struct Disk {
    tools: TempDir,
    environment: [String; 3],
}

impl Disk {
    /// All that is below the directory.
    fn of(dir: &Path) -> Self {
        let tools = tempfile::tempdir().unwrap();
        let (library, control) = (tools.path().join("disk.so"), tools.path().join("disk"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/machine/disk.c");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]).arg("-ldl").status().unwrap();
        assert!(built.success(), "cc builds disk.c");
        let set = |name: &str, value: &Path| format!("{name}={}", value.display());
        let environment = [set("LD_PRELOAD", &library), set("DISK_DIR", dir), set("DISK_CONTROL", &control)];
        Self { tools, environment }
    }

    fn is(&self, what: &str, value: &str) {
        // Whole at once: the library may read it at any moment.
        let next = self.tools.path().join("next");
        fs::write(&next, value).unwrap();
        fs::rename(next, self.tools.path().join(format!("disk.{what}"))).unwrap();
    }

    fn is_no_longer(&self, what: &str) {
        fs::remove_file(self.tools.path().join(format!("disk.{what}"))).unwrap();
    }

    /// How many notes of these kinds the library made.
    fn counts<const N: usize>(&self, kinds: [u8; N]) -> [usize; N] {
        let notes = fs::read(self.tools.path().join("disk.fsyncs")).unwrap();
        kinds.map(|kind| notes.iter().filter(|noted| **noted == kind).count())
    }

    fn count(&self, kind: u8) -> usize {
        let [count] = self.counts([kind]);
        count
    }

    /// Which slow fsync waits now.
    fn waits(&self) -> Option<usize> {
        let [began, ended] = self.counts([BEGAN, ENDED]);
        (began > ended).then_some(began)
    }
}

/// Its own log, for one, when that is on a full disk: here, a file that may not grow.
#[tokio::test]
async fn a_log_that_cannot_be_written_is_lost_and_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let under = ["sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\" 2> log"];
    let server = Program::start_under(dir.path(), &under, &["--store", "memory", "--control-token", TOKEN]);
    let running = Running::of(dir.path(), server);
    let length = || fs::metadata(dir.path().join("log")).unwrap().len();
    let may_grow_to = |bytes: &str| {
        let process = running.server.id().to_string();
        let set = Command::new("prlimit").args([&format!("--fsize={bytes}:"), "--pid", &process]).status();
        assert!(set.unwrap().success());
    };
    let refused = async || running.check_at(template::PENDING).await;
    assert_eq!(refused().await, "MOCK0501E");
    let before = length();
    may_grow_to("0");
    for _ in 0..3 {
        assert_eq!(refused().await, "MOCK0501E", "it goes on");
    }
    assert_eq!(length(), before, "nothing was written");
    may_grow_to("unlimited");
    assert_eq!(refused().await, "MOCK0501E");
    wait_until("it is written again", || length() > before).await;
}

#[ignore = "nightly: needs a C compiler"]
#[tokio::test]
async fn a_disk_that_becomes_read_only() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::of(dir.path());
    let options = ["--store", "sqlite:state.db", "--linkage", "oqs", "--linkage-terminal", "9910000018-T1"];
    let mut running = Running::start(dir.path(), &disk.environment, &options);
    let folder = Folder(dir.path().join("oqs"));
    is_answered(&folder, "before").await;
    running.change().await.unwrap();
    disk.is("read-only", "");
    assert_eq!(running.change_until_refused().await, 0, "at once");
    let reason = running.is_not_ready().await;
    assert!(reason.contains("データベースのファイル"), "{reason}");
    folder.put_request("OQSsiquc01req_meanwhile.xml", check(template::UP_TO_DATE, "meanwhile"));
    running.has_all("while the disk is read-only").await;
    assert_eq!(running.check().await, "1", "a check that changes nothing is answered");
    assert_eq!(folder.names("req"), ["OQSsiquc01req_meanwhile.xml"], "it stays until it can be taken");
    disk.is_no_longer("read-only");
    running.is_ready().await;
    folder.wait_for("res/OQSsiquc01res_meanwhile.xml").await;
    running.change().await.unwrap();
    let running = running.kill_and_start(dir.path(), &disk.environment, &options);
    running.has_all("after a SIGKILL").await;
}

/// The library is right: whatever changes a file, also one that is open, finds the disk read-only.
#[ignore = "nightly: needs a C compiler"]
#[test]
fn a_read_only_disk_refuses_every_change() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::of(dir.path());
    let run = |command: &str| {
        let output = Command::new("env").args(&disk.environment).args(["LC_ALL=C", "sh", "-c", command]).current_dir(dir.path()).output();
        let output = output.unwrap();
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(run("echo text > file; echo text > old; mkdir empty"), (true, String::new()));
    let open = format!("exec 9>> file; touch {}; echo more >&9", disk.tools.path().join("disk.read-only").display());
    let (is_open_changed, said) = run(&open);
    assert!(!is_open_changed && said.contains("I/O error"), "{said}");
    let changes = [
        "cp file copy",
        "dd if=/dev/zero of=file bs=1 count=1 conv=notrunc",
        "truncate --size=1 file",
        "fallocate --length 9 file",
        "chmod 600 file",
        "touch file",
        "ln file hard",
        "ln -s file soft",
        "mv file moved && mv moved file",
        "mkdir made",
        "rmdir empty",
        "rm old",
    ];
    for change in changes {
        let (is_changed, said) = run(change);
        assert!(!is_changed && said.contains("Read-only file system"), "{change}: {said}");
    }
    assert_eq!(run("test \"$(echo *)\" = 'empty file old' && test \"$(cat file)\" = text"), (true, String::new()), "it is read");
    disk.is_no_longer("read-only");
    for change in changes {
        let (is_changed, said) = run(change);
        assert!(is_changed, "{change}: {said}");
    }
}

/// Changes something until that is over; how often it was refused.
async fn change_until(running: &mut Running, is_over: impl Fn() -> bool) -> usize {
    let mut refused = 0;
    for _ in 0..20_000 {
        if is_over() {
            return refused;
        }
        refused += usize::from(running.change().await.is_err());
    }
    panic!("it was never over");
}

/// How many checks and questions for readiness were answered while one and the same fsync waited.
#[derive(Debug, Default)]
struct Asked {
    checks: usize,
    ready: usize,
    unready: usize,
}

/// Asks until the load is over, and puts a request into the folder while an fsync waits.
async fn ask_while(loads: &Cell<bool>, disk: &Disk, client: Client, urls: [String; 2], put_request: impl FnOnce()) -> Asked {
    let [backend, control] = urls;
    let (mut asked, mut put_request) = (Asked::default(), Some(put_request));
    while loads.get() {
        let waits = disk.waits();
        let validity = check_by(&client, &backend, template::UP_TO_DATE).await;
        assert_eq!(validity, "1", "a check that changes nothing is answered");
        let checked = disk.waits();
        let status = client.get(format!("{control}/readyz")).send().await.unwrap().status();
        if waits.is_some() {
            asked.checks += usize::from(checked == waits);
            asked.ready += usize::from(disk.waits() == waits && status == StatusCode::OK);
            asked.unready += usize::from(disk.waits() == waits && status == StatusCode::SERVICE_UNAVAILABLE);
            put_request.take().into_iter().for_each(|put| put());
        }
    }
    asked
}

#[ignore = "nightly: needs a C compiler"]
#[tokio::test]
async fn a_disk_whose_fsync_is_slow() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::of(dir.path());
    let options = ["--store", "sqlite:state.db", "--linkage", "oqs", "--linkage-terminal", "9910000018-T1"];
    let mut running = Running::start(dir.path(), &disk.environment, &options);
    let folder = Folder(dir.path().join("oqs"));
    // As slow as busy disks are, and slower than an operation of the store may be.
    for (milliseconds, may_refuse) in [("1000", false), ("7000", true)] {
        disk.is("slow", milliseconds);
        // SQLite waits for two after some 16 MiB.
        let (before, loads) = (disk.count(BEGAN), Cell::new(true));
        let urls = ["backend", "control"].map(|listener| running.server.url(listener));
        let put_request = || folder.put_request(&format!("OQSsiquc01req_{milliseconds}.xml"), check(template::UP_TO_DATE, milliseconds));
        let asking = ask_while(&loads, &disk, running.another_client(), urls, put_request);
        let load = async {
            let refused = change_until(&mut running, || disk.count(BEGAN) >= before + 2 && disk.waits().is_none()).await;
            loads.set(false);
            refused
        };
        let (refused, asked) = tokio::join!(load, asking);
        assert!(asked.checks > 0 && asked.ready > 0, "{asked:?}");
        assert_eq!((refused > 0, asked.unready > 0), (may_refuse, may_refuse), "{milliseconds}: {refused} refused, {asked:?}");
        let answer = folder.wait_for(&format!("res/OQSsiquc01res_{milliseconds}.xml")).await;
        assert!(String::from_utf8(answer).unwrap().contains("<QualificationValidity>1</QualificationValidity>"), "{milliseconds}");
        running.is_ready().await;
        running.has_all("while fsync is slow").await;

        disk.is_no_longer("slow");
        wait_until("no fsync waits", || disk.waits().is_none()).await;
        running.is_ready().await;
        let quick = disk.count(QUICK);
        assert_eq!(change_until(&mut running, || disk.count(QUICK) >= quick + 2).await, 0, "it is quick again");
        running.has_all("when fsync is quick again").await;
        running = running.kill_and_start(dir.path(), &disk.environment, &options);
        running.is_ready().await;
        running.has_all("after a SIGKILL").await;
    }

    // What is refused by its time limit leaves the fsync waiting.
    disk.is("slow", "7000");
    assert_eq!(change_until(&mut running, || disk.waits().is_some()).await, 1);
    let running = running.kill_and_start(dir.path(), &disk.environment, &options);
    disk.is_no_longer("slow");
    running.is_ready().await;
    running.has_all("after a SIGKILL while an fsync waits").await;
}
