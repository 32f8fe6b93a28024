//! A process that may open no more files.

use std::process::{Command, Stdio};

use super::running::{Running, is_answered};
use crate::support::request_files::{Folder, check};
use crate::support::{SEARCH, inquiry, template, trusting};

#[ignore = "nightly: waits for what cannot connect"]
#[tokio::test]
async fn no_more_files() {
    let dir = tempfile::tempdir().unwrap();
    let options = ["--store", "sqlite:state.db", "--linkage", "oqs", "--linkage-terminal", "9910000018-T1"];
    let mut running = Running::start(dir.path(), &[], &options);
    let folder = Folder(dir.path().join("oqs"));
    is_answered(&folder, "before").await;
    running.change().await.unwrap();
    // Its connections to both listeners are open.
    assert_eq!(running.check().await, "1");
    let process = running.server.id();
    let allow = |files: &str| {
        let set =
            Command::new("prlimit").args([&format!("--nofile={files}:"), "--pid", &process.to_string()]).stdout(Stdio::null()).status();
        assert!(set.unwrap().success());
    };
    allow("3");
    let late = trusting(&std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap()).build().unwrap();
    let late = late.post(format!("{}{SEARCH}", running.server.url("backend"))).json(&inquiry(template::UP_TO_DATE));
    let mut waiting = tokio::spawn(late.send());
    folder.put_request("OQSsiquc01req_meanwhile.xml", check(template::UP_TO_DATE, "meanwhile"));
    for _ in 0..50 {
        running.change().await.unwrap();
        assert_eq!(running.check().await, "1", "who is connected is served");
    }
    running.is_ready().await;
    assert!(futures_util::FutureExt::now_or_never(&mut waiting).is_none(), "a new connection waits");
    assert_eq!(folder.names("req"), ["OQSsiquc01req_meanwhile.xml"], "a request waits");
    allow("1024");
    assert!(waiting.await.unwrap().unwrap().status().is_success(), "it is served when there are files again");
    folder.wait_for("res/OQSsiquc01res_meanwhile.xml").await;
    running.has_all("when there are files again").await;
    let running = running.kill_and_start(dir.path(), &[], &options);
    running.has_all("after a SIGKILL").await;
}
