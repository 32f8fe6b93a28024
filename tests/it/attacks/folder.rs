//! Attacks by what lies in a linkage folder. The folder of another institution goes on being
//! served.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::attacked::{Attacked, Count, MIB};
use crate::support::eventually::wait_until;
use crate::support::request_files::{Folder, check, element, message, plain, text};

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

/// A request that is small for what it means, or as large as may be.
struct Bomb {
    name: &'static str,
    /// For an institution.
    content: fn(&str) -> Vec<u8>,
    /// Words of the file that the receipt computer gets.
    reply: &'static str,
    max_growth: u64,
}

/// Nearly the size up to which requests are read.
const LARGEST: usize = 15 * MIB as usize;

const BOMBS: [Bomb; 8] = [
    Bomb { name: "entities", content: |_| entities().into_bytes(), reply: "DTD", max_growth: 16 * MIB },
    Bomb { name: "depth", content: |_| "<a>".repeat(LARGEST / 3).into_bytes(), reply: "入れ子が深すぎます", max_growth: 96 * MIB },
    Bomb {
        name: "elements",
        content: |_| format!("<XmlMsg>{}</XmlMsg>", "<a/>".repeat(LARGEST / 4)).into_bytes(),
        reply: "要素が多すぎます",
        max_growth: 96 * MIB,
    },
    Bomb { name: "attributes", content: |_| attributes().into_bytes(), reply: "属性が多すぎます", max_growth: 64 * MIB },
    Bomb {
        name: "text",
        content: |code| message(code, "", &element("A", &"あ".repeat(LARGEST / 3))).into_bytes(),
        reply: "QualificationConfirm",
        max_growth: 112 * MIB,
    },
    Bomb {
        name: "references",
        content: |code| message(code, "", &element("A", &"&#65;".repeat(LARGEST / 5))).into_bytes(),
        reply: "QualificationConfirm",
        max_growth: 112 * MIB,
    },
    Bomb {
        name: "persons",
        content: |code| message(code, "", &plain().repeat(LARGEST / plain().len())).into_bytes(),
        reply: "要素が多すぎます",
        max_growth: 128 * MIB,
    },
    Bomb { name: "zip", content: |_| zip_bomb(), reply: "UTF-8 ではありません", max_growth: 96 * MIB },
];

/// Ten levels of ten references: 100 GB of text.
fn entities() -> String {
    let level = |level: u32| format!("<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(10));
    let levels: String = (1..=10).map(level).collect();
    format!("<!DOCTYPE XmlMsg [<!ENTITY e0 \"aaaaaaaaaa\">{levels}]><XmlMsg>&e10;</XmlMsg>")
}

fn attributes() -> String {
    let attributes: String = (0..500_000).map(|number| format!(" a{number}='1'")).collect();
    format!("<XmlMsg{attributes}></XmlMsg>")
}

/// A zip whose one file is a gibibyte of zeros: a thousandth of that.
fn zip_bomb() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let deflated = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    zip.start_file("OQSsiquc01req_1.xml", deflated.compression_level(Some(1))).unwrap();
    let zeros = vec![0; MIB as usize];
    for _ in 0..1024 {
        zip.write_all(&zeros).unwrap();
    }
    let zip = zip.finish().unwrap().into_inner();
    assert!(zip.len() < LARGEST, "it is read: {} bytes", zip.len());
    zip
}

/// The text of the error or the answer to a request of a kind and name. With an error the request
/// comes back.
async fn reply(folder: &Folder, kind: &str, name: &str) -> String {
    let request = format!("OQS{kind}req_{name}.xml");
    let (error, answer) = (format!("OQS{kind}req_{name}.err"), format!("OQS{kind}res_{name}.xml"));
    wait_until("the reply to a bomb", || {
        let names = folder.names("res");
        names.contains(&answer) || (names.contains(&error) && names.contains(&request))
    })
    .await;
    let file = if folder.names("res").contains(&answer) { answer } else { error };
    text(&folder.wait_for(&format!("res/{file}")).await)
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn zip_and_xml_bombs() {
    for Bomb { name, content, reply: words, max_growth } in BOMBS {
        let folders = Folders::start().await;
        let bomb = content(&folders.code);
        let attack = async |count: Count| {
            loop {
                for kind in ["siquc01", "muquc01"] {
                    let request = format!("OQS{kind}req_{name}.xml");
                    folders.own.put_request(&request, &bomb);
                    folders.other_is_answered().await;
                    let reply = reply(&folders.own, kind, name).await;
                    assert!(reply.contains(words), "{name}, {kind}: {}", reply.chars().take(1_000).collect::<String>());
                    assert!(!folders.own.0.join("req").join(&request).exists(), "{request} was taken");
                    for result in folders.own.names("res") {
                        std::fs::remove_file(folders.own.0.join("res").join(result)).unwrap();
                    }
                    count.add(1);
                }
            }
        };
        folders.attacked.withstands(&format!("bombs of {name}"), 4, max_growth, attack).await;
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
    if is_root() {
        assert!(made(&["mknod", "OQSsiquc01req_device.xml", "c", "1", "5"]));
    } else {
        tell_that_devices_were_not_tried();
    }
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

#[expect(clippy::print_stdout, reason = "for the nightly log")]
fn tell_that_devices_were_not_tried() {
    println!("devices were not tried: only root makes them");
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
