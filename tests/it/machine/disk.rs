//! A full disk, a disk that becomes read-only, and one whose fsync is slow.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::running::{Running, is_answered, is_root};
use crate::server::program::Program;
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
    if !is_root("a_full_disk") {
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
    crate::support::eventually::wait_until("it is taken", || !own.0.join("req/OQSsiquc01req_full.xml").exists()).await;
    running.is_ready().await;
    folder.free();
    own.wait_for("res/OQSsiquc01res_full.xml").await;
    let running = running.kill_and_start(dir.path(), &[], &options);
    running.has_all("after a SIGKILL").await;
}

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
        fs::write(self.tools.path().join(format!("disk.{what}")), value).unwrap();
    }

    fn is_no_longer(&self, what: &str) {
        fs::remove_file(self.tools.path().join(format!("disk.{what}"))).unwrap();
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
    crate::support::eventually::wait_until("it is written again", || length() > before).await;
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

#[ignore = "nightly: needs a C compiler"]
#[tokio::test]
async fn a_disk_whose_fsync_is_slow() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::of(dir.path());
    let options = ["--store", "sqlite:state.db"];
    let mut running = Running::start(dir.path(), &disk.environment, &options);
    // As slow as busy disks are, and slower than an operation of the store may be.
    for milliseconds in ["1000", "7000"] {
        disk.is("slow", milliseconds);
        let (mut refused, before) = (0, running.changes());
        // Some 16 MiB are written between two of SQLite's fsyncs.
        while running.changes() < before + 1_500 {
            if running.change().await.is_err() {
                refused += 1;
                assert_eq!(running.check().await, "1", "a check that changes nothing is answered");
                running.is_ready().await;
            }
        }
        assert!(milliseconds == "7000" || refused == 0, "a second is waited for; {refused} were refused");
        running.has_all("while fsync is slow").await;
        running = running.kill_and_start(dir.path(), &disk.environment, &options);
        disk.is_no_longer("slow");
        running.is_ready().await;
        running.has_all("after a SIGKILL").await;
    }
}
