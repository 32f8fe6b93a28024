//! What it costs to create and delete institutions all day: neither memory nor the store's file
//! grows.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::delivery::memory::memory;
use crate::server::program::Program;
use crate::support::{SEARCH, TOKEN, inquiry, template, trusting};

const MIB: u64 = 1024 * 1024;
/// What memory, and what the store's files, may grow by.
const MAX_MEMORY: u64 = 6 * MIB;
const MAX_FILES: u64 = 2 * MIB;

/// A server on a SQLite file, and its client.
struct Churn {
    dir: TempDir,
    server: Program,
    client: Client,
}

impl Churn {
    fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Program::start(dir.path(), &["--control-token", TOKEN, "--store", "sqlite:churn.db"]);
        let ca_pem = std::fs::read_to_string(dir.path().join(Path::new("certs/ca.pem"))).unwrap();
        Self { client: trusting(&ca_pem).build().unwrap(), dir, server }
    }

    async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let request = self.client.request(method, format!("{}/v1/institutions{path}", self.server.url("control")));
        let answer = request.bearer_auth(TOKEN).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap_or(Value::Null)
    }

    /// One institution's life: it is created with a person of its own, asked, and deleted.
    async fn one(&self) {
        let person = json!({"id": "own", "name": "試験　花子", "name_kana": "ｼｹﾝ ﾊﾅｺ", "sex": "female", "birthdate": "1991-02-03"});
        let input = json!({"template": template::UP_TO_DATE, "scenario": "installed-not-restarted", "persons": [person]});
        let code = self.control(Method::POST, "", input).await["code"].as_str().unwrap().to_owned();
        let asked = self.client.post(format!("{}{SEARCH}", self.server.url("backend"))).json(&inquiry(&code)).send().await.unwrap();
        assert!(asked.text().await.unwrap().contains("MOCK0501E"));
        self.control(Method::DELETE, &format!("/{code}"), Value::Null).await;
    }

    /// Bytes of memory, and of the store's files.
    fn sizes(&self) -> (u64, u64) {
        let files = std::fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap());
        let files = files.filter(|entry| entry.file_name().to_str().unwrap().starts_with("churn.db"));
        (memory(&self.server, "VmRSS"), files.map(|entry| entry.metadata().unwrap().len()).sum())
    }

    /// Lets so many live and die, one every `pace`, and gives the sizes after every `each` of them.
    #[allow(clippy::print_stdout, reason = "the measurement is what the nightly run is for")]
    async fn live(&self, lives: u32, each: u32, pace: Duration) -> Vec<(u64, u64)> {
        let began = Instant::now();
        let mut sizes = Vec::new();
        for life in 1..=lives {
            // The pace at which they come.
            tokio::time::sleep((pace * life).saturating_sub(began.elapsed())).await;
            self.one().await;
            if life % each == 0 {
                let (memory, files) = self.sizes();
                println!("{life} institutions in {:.0?}: {} KiB of memory, {} KiB of files", began.elapsed(), memory / 1024, files / 1024);
                sizes.push((memory, files));
            }
        }
        sizes
    }
}

fn assert_flat(sizes: &[(u64, u64)]) {
    let (memory, files) = sizes[0];
    for (later_memory, later_files) in sizes {
        assert!(later_memory.saturating_sub(memory) <= MAX_MEMORY, "memory grew from {memory} to {later_memory}");
        assert!(later_files.saturating_sub(files) <= MAX_FILES, "files grew from {files} to {later_files}");
    }
}

#[tokio::test]
async fn institutions_that_come_and_go_leave_neither_memory_nor_file_behind() {
    let sizes = Churn::start().live(900, 300, Duration::ZERO).await;
    assert_flat(&sizes);
}

#[tokio::test]
#[ignore = "five minutes: ./test --nightly"]
async fn a_thousand_institutions_a_minute_leave_memory_and_file_flat_between_the_second_and_the_fifth_minute() {
    let churn = Churn::start();
    let began = Instant::now();
    let sizes = churn.live(5_000, 500, Duration::from_millis(60)).await;
    assert!(began.elapsed() < Duration::from_secs(310), "it kept up with a thousand a minute");
    assert_flat(&sizes[3..]);
}
