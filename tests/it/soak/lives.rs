//! The life of an institution from its creation to its deletion, with all that clients do to it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::samples::Sample;
use crate::delivery::memory::memory;
use crate::server::program::Program;
use crate::support::eventually::{eventually, wait_until};
use crate::support::request_files::{Folder, check};
use crate::support::{SEARCH, TOKEN, frozen, inquiry, template, trusting};

const NOW: &str = "2026-01-20T08:55:00+09:00";
/// The institution whose journal is as long as it may be.
const STAYS: &str = template::UP_TO_DATE;

/// A server, and a signed-in console.
pub(super) struct Soaked {
    dir: TempDir,
    server: Program,
    ca_pem: String,
    cookie: String,
    /// The linkage folders of institutions that were deleted.
    removed: Mutex<Vec<PathBuf>>,
}

impl Soaked {
    pub(super) async fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let server = Program::start(dir.path(), &["--control-token", TOKEN, "--store", "sqlite:soak.db", "--linkage", "oqs"]);
        let ca_pem = std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap();
        let mut soaked = Self { dir, server, ca_pem, cookie: String::new(), removed: Mutex::default() };
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

    /// The status and the error code of a check's answer; an error where none comes.
    async fn check(&self, client: &Client, code: &str) -> reqwest::Result<(u16, String)> {
        let answer = client.post(format!("{}{SEARCH}", self.server.url("backend"))).json(&inquiry(code)).send().await?;
        let status = answer.status().as_u16();
        let answer: Value = answer.json().await.unwrap_or_default();
        Ok((status, answer["XmlMsg"]["MessageHeader"]["ErrorCode"].as_str().unwrap_or_default().to_owned()))
    }

    /// A fault strikes the next check of an institution.
    async fn one_fault(&self, client: &Client, code: &str, number: u32) {
        let kinds = [
            json!({"kind": "status", "status": 503, "operation": "search", "nth": 1}),
            json!({"kind": "delay", "delay": "PT0.05S", "operation": "search", "nth": 1}),
            json!({"kind": "close", "operation": "search", "nth": 1}),
        ];
        let chosen = number as usize % kinds.len();
        self.control(client, Method::POST, &format!("/v1/institutions/{code}/faults"), kinds[chosen].clone()).await;
        let checked = self.check(client, code).await.map(|(status, _)| status);
        match chosen {
            0 => assert_eq!(checked.unwrap(), 503),
            1 => assert_eq!(checked.unwrap(), 200),
            _ => assert!(checked.is_err(), "no answer comes"),
        }
        self.control(client, Method::DELETE, &format!("/v1/institutions/{code}/faults"), Value::Null).await;
    }

    /// One institution is created, checked, advanced, broken, restarted, looked at and deleted;
    /// every fourth time there is a request in its folder, and every hundredth somebody signs in.
    pub(super) async fn one_life(&self, client: &Client, number: u32) {
        let input = json!({"template": template::PENDING, "clock": frozen(NOW)});
        let created = self.control(client, Method::POST, "/v1/institutions", input).await;
        let code = created["code"].as_str().unwrap().to_owned();
        let own = |below: &str| format!("/v1/institutions/{code}{below}");
        let mut stream = self.console(client, &format!("/institutions/{code}/live")).send().await.unwrap().error_for_status().unwrap();
        assert_eq!(self.check(client, &code).await.unwrap().1, "MOCK0501E");
        self.control(client, Method::POST, &own("/clock/advance"), json!({"by": "PT1H"})).await;
        self.one_fault(client, &code, number).await;
        self.control(client, Method::POST, &own("/terminals/T1/restart"), Value::Null).await;
        for _ in 0..5 {
            assert_eq!(self.check(client, &code).await.unwrap(), (200, String::new()));
            assert_eq!(self.check(client, STAYS).await.unwrap(), (200, String::new()));
        }
        self.control(client, Method::PUT, &own("/scenario"), json!({"id": "installed-not-restarted"})).await;
        self.console(client, &format!("/institutions/{code}")).send().await.unwrap().error_for_status().unwrap();
        stream.chunk().await.unwrap().expect("the stream tells what happens");
        self.control(client, Method::GET, &own("/journal?limit=500"), Value::Null).await;
        self.control(client, Method::GET, &own("/verdict"), Value::Null).await;
        if number.is_multiple_of(4) {
            self.one_file(&code).await;
        }
        if number.is_multiple_of(100) {
            self.sign_in().await;
        }
        self.control(client, Method::DELETE, &own(""), Value::Null).await;
        // The folder stays, and is the client's to remove.
        let folder = self.dir.path().join(format!("oqs/{code}-T1"));
        eventually("the folder can be removed", async || remove(&folder)).await;
        self.removed.lock().unwrap().push(folder);
    }

    async fn one_file(&self, code: &str) {
        let folder = Folder(self.dir.path().join(format!("oqs/{code}-T1")));
        wait_until("the folder of the institution", || folder.0.join("req").exists()).await;
        folder.put_request("OQSsiquc01req_1.xml", check(code, "f"));
        folder.wait_for("res/OQSsiquc01res_1.xml").await;
    }

    /// Removes the folders that a sweep made once more while their institution was being deleted;
    /// how many there were.
    fn remove_folders_made_again(&self) -> usize {
        let removed = self.removed.lock().unwrap();
        removed.iter().filter(|path| path.exists()).inspect(|path| remove(path).unwrap()).count()
    }

    /// What the server takes now.
    pub(super) async fn sample(&self) -> Sample {
        let request = self.client().get(format!("{}/metrics", self.server.url("control"))).bearer_auth(TOKEN);
        let metrics = request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap();
        let metric = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("no {name}")).parse().unwrap()
        };
        // Those of the fixtures, too: they are in the store from when the real time changes them.
        let listed = self.control(&self.client(), Method::GET, "/v1/institutions", Value::Null).await;
        Sample {
            memory: memory(&self.server, "VmRSS"),
            files: size_of(self.dir.path()),
            tasks: metric("onshi_mock_tasks"),
            institutions: listed["institutions"].as_array().unwrap().len() as u64,
        }
    }

    /// Waits until there are as few tasks and institutions as before.
    pub(super) async fn comes_back_to(&self, before: &Sample) {
        eventually("as few tasks and institutions as before", async || {
            let now = self.sample().await;
            let folders = self.remove_folders_made_again();
            let back = now.tasks <= before.tasks && now.institutions <= before.institutions && folders == 0;
            if back { Ok(()) } else { Err(format!("{now}, {folders} folders")) }
        })
        .await;
    }
}

/// Removes a directory, if it is there.
fn remove(dir: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// The bytes of the files below a directory: the store, and the linkage folders.
fn size_of(dir: &Path) -> u64 {
    // What was listed may be gone when it is looked at.
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let size = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => size_of(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}
