//! The life of an institution from its creation to its deletion, with all that clients do to it.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::samples::Sample;
use crate::delivery::memory::memory;
use crate::server::program::Program;
use crate::support::eventually::eventually;
use crate::support::request_files::{Folder, check};
use crate::support::{SEARCH, TOKEN, frozen, inquiry, template, trusting};

const NOW: &str = "2026-01-20T08:55:00+09:00";
/// The institution whose folder is served, and whose journal is as long as it may be.
const STAYS: &str = template::UP_TO_DATE;

/// A server, and a signed-in console.
pub(super) struct Soaked {
    dir: TempDir,
    server: Program,
    ca_pem: String,
    cookie: String,
    files: AtomicU32,
}

impl Soaked {
    pub(super) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = ["--linkage", "oqs", "--linkage-terminal", &format!("{STAYS}-T1")];
        let server = Program::start(dir.path(), &[&["--control-token", TOKEN, "--store", "sqlite:soak.db"][..], &folder[..]].concat());
        let ca_pem = std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap();
        let mut soaked = Self { dir, server, ca_pem, cookie: String::new(), files: AtomicU32::new(0) };
        soaked.cookie = soaked.sign_in().await;
        soaked
    }

    pub(super) fn client(&self) -> Client {
        trusting(&self.ca_pem).build().unwrap()
    }

    async fn sign_in(&self) -> String {
        let (client, origin) = (self.client(), self.server.url("control"));
        let link = self.control(&client, Method::POST, "/v1/console-links", Value::Null).await;
        let signed_in = client.post(format!("{origin}/signin")).header("origin", &origin).header("sec-fetch-site", "same-origin");
        let signed_in = signed_in.json(&json!({"code": link["code"]})).send().await.unwrap().error_for_status().unwrap();
        signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    async fn control(&self, client: &Client, method: Method, path: &str, body: Value) -> Value {
        let request = client.request(method, format!("{}{path}", self.server.url("control"))).bearer_auth(TOKEN);
        let answer = request.json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap_or_default()
    }

    /// A page or a stream of the console.
    fn console(&self, client: &Client, path: &str) -> RequestBuilder {
        let request = client.get(format!("{}/console{path}", self.server.url("control"))).header("cookie", &self.cookie);
        request
            .header("accept", "*/*")
            .header("sec-fetch-site", "same-origin")
            .header("sec-fetch-mode", "cors")
            .header("sec-fetch-dest", "empty")
    }

    async fn check(&self, client: &Client, code: &str) -> String {
        let answer = client.post(format!("{}{SEARCH}", self.server.url("backend"))).json(&inquiry(code)).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap_or_default();
        answer["XmlMsg"]["MessageHeader"]["ErrorCode"].as_str().unwrap_or_default().to_owned()
    }

    /// One institution is created, checked, advanced, broken, restarted, looked at and deleted;
    /// every fourth time there is a request in the folder.
    pub(super) async fn one_life(&self, client: &Client, number: u32) {
        let input = json!({"template": template::PENDING, "clock": frozen(NOW)});
        let created = self.control(client, Method::POST, "/v1/institutions", input).await;
        let code = created["code"].as_str().unwrap().to_owned();
        let own = |below: &str| format!("/v1/institutions/{code}{below}");
        let mut stream = self.console(client, &format!("/institutions/{code}/live")).send().await.unwrap().error_for_status().unwrap();
        assert_eq!(self.check(client, &code).await, "MOCK0501E");
        self.control(client, Method::POST, &own("/clock/advance"), json!({"by": "PT1H"})).await;
        self.control(client, Method::POST, &own("/faults"), json!({"kind": "status", "status": 503, "operation": "search", "nth": 1}))
            .await;
        self.check(client, &code).await;
        self.control(client, Method::DELETE, &own("/faults"), Value::Null).await;
        self.control(client, Method::POST, &own("/terminals/T1/restart"), Value::Null).await;
        for _ in 0..5 {
            assert_eq!(self.check(client, &code).await, "");
            assert_eq!(self.check(client, STAYS).await, "");
        }
        self.control(client, Method::PUT, &own("/scenario"), json!({"id": "installed-not-restarted"})).await;
        self.console(client, &format!("/institutions/{code}")).send().await.unwrap().error_for_status().unwrap();
        stream.chunk().await.unwrap().expect("the stream tells what happens");
        self.control(client, Method::GET, &own("/journal?limit=500"), Value::Null).await;
        self.control(client, Method::GET, &own("/verdict"), Value::Null).await;
        if number.is_multiple_of(4) {
            self.one_file().await;
        }
        self.control(client, Method::DELETE, &own(""), Value::Null).await;
    }

    async fn one_file(&self) {
        let folder = Folder(self.dir.path().join("oqs"));
        let number = self.files.fetch_add(1, Ordering::Relaxed);
        folder.put_request(&format!("OQSsiquc01req_{number}.xml"), check(STAYS, "f"));
        let answer = format!("res/OQSsiquc01res_{number}.xml");
        folder.wait_for(&answer).await;
        std::fs::remove_file(folder.0.join(answer)).unwrap();
    }

    /// What the server takes now.
    pub(super) async fn sample(&self) -> Sample {
        let request = self.client().get(format!("{}/metrics", self.server.url("control"))).bearer_auth(TOKEN);
        let metrics = request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap();
        let metric = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
        };
        Sample {
            memory: memory(&self.server, "VmRSS"),
            files: size_of(self.dir.path()),
            tasks: metric("onshi_mock_tasks"),
            institutions: metric("onshi_mock_institutions_stored"),
        }
    }

    /// Waits until there are as few tasks and institutions as before.
    pub(super) async fn comes_back_to(&self, before: &Sample) {
        eventually("as few tasks and institutions as before", async || {
            let now = self.sample().await;
            if now.tasks <= before.tasks && now.institutions <= before.institutions { Ok(()) } else { Err(now.to_string()) }
        })
        .await;
        let folder = Folder(self.dir.path().join("oqs"));
        assert!(["req", "res", "face"].iter().all(|dir| folder.names(dir).is_empty()), "no file is left");
    }
}

/// The bytes of the files in a directory: the store and what belongs to it.
fn size_of(dir: &Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(Result::unwrap);
    // A file may be gone between listing and looking.
    entries.filter_map(|entry| Some(entry.metadata().ok()?.len())).sum()
}
