//! Attacks by what lies in a linkage folder. The folder of another institution goes on being
//! served.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::attacked::{Attacked, Count, MIB};
use crate::support::eventually::wait_until;
use crate::support::request_files::{Folder, check, element, message, plain};

/// A server with the folders of an attacker and of another institution.
struct Folders {
    attacked: Attacked,
    own: Folder,
    code: String,
    other: Folder,
    other_code: String,
    asked: AtomicU64,
}

impl Folders {
    async fn start() -> Self {
        let attacked = Attacked::start();
        let folder = |code: &str| Folder(attacked.dir.path().join("oqs").join(format!("{code}-T1")));
        let (code, other_code) = (attacked.institution(json!({})).await, attacked.institution(json!({})).await);
        let (own, other) = (folder(&code), folder(&other_code));
        Self { attacked, own, code, other, other_code, asked: AtomicU64::new(0) }
    }

    /// One request in the other institution's folder is answered.
    async fn other_is_answered(&self) {
        is_answered(&self.other, &self.other_code, self.asked.fetch_add(1, Ordering::Relaxed)).await;
    }
}

/// A request in this folder is answered; the answer is taken away.
async fn is_answered(folder: &Folder, code: &str, number: u64) {
    folder.put_request(&format!("OQSsiquc01req_{number}.xml"), check(code, "f"));
    let answer = format!("res/OQSsiquc01res_{number}.xml");
    folder.wait_for(&answer).await;
    std::fs::remove_file(folder.0.join(answer)).unwrap();
}

/// Requests that are small for what they mean, and those that are as large as may be.
fn bombs(code: &str) -> Vec<(&'static str, Vec<u8>)> {
    let largest = 15 * MIB as usize;
    let entities =
        "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]>";
    let many_attributes: String = (0..500_000).map(|number| format!(" a{number}='1'")).collect();
    vec![
        ("entities", format!("{entities}<XmlMsg>&c;</XmlMsg>").into_bytes()),
        ("depth", "<a>".repeat(largest / 3).into_bytes()),
        ("elements", format!("<XmlMsg>{}</XmlMsg>", "<a/>".repeat(largest / 4)).into_bytes()),
        ("attributes", format!("<XmlMsg{many_attributes}></XmlMsg>").into_bytes()),
        ("text", message(code, "", &element("A", &"あ".repeat(largest / 3))).into_bytes()),
        ("references", message(code, "", &element("A", &"&#65;".repeat(largest / 5))).into_bytes()),
        ("persons", message(code, "", &plain().repeat(largest / plain().len())).into_bytes()),
        ("zip", zip_bomb()),
    ]
}

/// A zip of a few KiB whose one file is 64 MiB of zeros.
fn zip_bomb() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("OQSsiquc01req_1.xml", zip::write::SimpleFileOptions::default()).unwrap();
    for _ in 0..64 {
        zip.write_all(&vec![0; MIB as usize]).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zip_and_xml_bombs() {
    for (number, name) in bombs("").iter().map(|(name, _)| *name).enumerate() {
        let folders = Folders::start().await;
        let bomb = bombs(&folders.code).swap_remove(number).1;
        let attack = async |count: Count| {
            loop {
                for kind in ["siquc01", "muquc01"] {
                    let request = format!("OQS{kind}req_{name}.xml");
                    folders.own.put_request(&request, &bomb);
                    folders.other_is_answered().await;
                    wait_until("the bomb is taken", || !folders.own.0.join("req").join(&request).exists()).await;
                    for result in folders.own.names("res") {
                        // One that is just being put there may be gone again.
                        let _ = std::fs::remove_file(folders.own.0.join("res").join(result));
                    }
                    count.add(1);
                }
            }
        };
        folders.attacked.withstands(&format!("bombs of {name}"), 4, 160 * MIB, attack).await;
    }
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_files() {
    let folders = Folders::start().await;
    for number in 0..50_000 {
        std::fs::write(folders.own.0.join(format!("req/OQSsiquc01req_{number}.xml")), "<XmlMsg>").unwrap();
        std::fs::write(folders.own.0.join(format!("req/junk_{number}.tmp")), "").unwrap();
    }
    let attack = async |count: Count| {
        loop {
            folders.other_is_answered().await;
            count.add(1);
        }
    };
    folders.attacked.withstands("answers in another folder beside 100,000 files", 10, 48 * MIB, attack).await;
    assert!(folders.own.names("req").len() > 50_000, "they were there to the end");
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_file_and_names_that_no_result_can_have() {
    let folders = Folders::start().await;
    let req = folders.own.0.join("req");
    symlink("/dev/zero", req.join("OQSsiquc01req_zero.xml")).unwrap();
    symlink("/etc/passwd", req.join("OQSsiquc01req_passwd.xml")).unwrap();
    symlink(".", req.join("OQSsiquc01req_self.xml")).unwrap();
    std::fs::create_dir_all(req.join("OQSsiquc01req_dir.xml/OQSsiquc01req_in.xml")).unwrap();
    std::fs::write(req.join(format!("OQSsiquc01req_{}.xml", "n".repeat(255 - 18))), check(&folders.code, "f")).unwrap();
    let made = |what: &[&str]| Command::new(what[0]).args(&what[1..]).current_dir(&req).status().unwrap().success();
    assert!(made(&["mkfifo", "OQSsiquc01req_fifo.xml"]));
    let device = made(&["mknod", "OQSsiquc01req_device.xml", "c", "1", "5"]);
    assert!(device || !is_root(), "only root makes devices");
    let there = folders.own.names("req").len();
    let attack = async |count: Count| {
        loop {
            folders.other_is_answered().await;
            is_answered(&folders.own, &folders.code, count.get()).await;
            count.add(1);
        }
    };
    folders.attacked.withstands("answers beside links, devices, pipes and long names", 10, 32 * MIB, attack).await;
    // The last request may be under way.
    let others = |dir| folders.own.names(dir).into_iter().filter(|name| !is_numbered(name)).count();
    assert_eq!((others("req"), others("res")), (there, 0), "they are left alone, and nothing is read through a link");
}

/// Whether it is a name that `is_answered` gives.
fn is_numbered(name: &str) -> bool {
    name.split('_').nth(1).is_some_and(|tail| tail.starts_with(|first: char| first.is_ascii_digit()))
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0"
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_vanishes() {
    let folders = Folders::start().await;
    let all = folders.attacked.dir.path().join("oqs");
    let attack = async |count: Count| {
        for round in 0.. {
            let gone = if round % 2 == 0 { &folders.own.0 } else { &all };
            folders.own.put_request("OQSsiquc01req_gone.xml", check(&folders.code, "f"));
            while std::fs::remove_dir_all(gone).is_err() {
                // The server is just making something in it.
                tokio::task::yield_now().await;
            }
            wait_until("it is made again", || folders.own.0.join("req").is_dir() && folders.other.0.join("face").is_dir()).await;
            is_answered(&folders.own, &folders.code, round).await;
            folders.other_is_answered().await;
            count.add(1);
        }
    };
    folders.attacked.withstands("folders that vanished", 10, 32 * MIB, attack).await;
}
