//! A server as a process, and all that it acknowledged.

use std::path::Path;
use std::process::Command;

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::server::program::Program;
use crate::store::failures::{check_problem, readiness};
use crate::support::request_files::{Folder, check};
use crate::support::{SEARCH, TOKEN, frozen, inquiry, template, trusting};

/// A running server. Its client keeps its connections, until another takes its place.
pub(super) struct Running {
    pub(super) server: Program,
    pub(super) client: Client,
    ca_pem: String,
    /// The codes of the institutions that were acknowledged, each with the name that was.
    acknowledged: Vec<(String, String)>,
}

impl Running {
    /// In this directory, with these variables of the environment and options.
    pub(super) fn start(dir: &Path, environment: &[String], options: &[&str]) -> Self {
        let under: Vec<&str> = ["env"].into_iter().chain(environment.iter().map(String::as_str)).collect();
        Self::of(dir, Program::start_under(dir, &under, &[&["--control-token", TOKEN, "--no-console-link"][..], options].concat()))
    }

    /// One that was started in this directory.
    pub(super) fn of(dir: &Path, server: Program) -> Self {
        let ca_pem = std::fs::read_to_string(dir.join("certs/ca.pem")).unwrap();
        Self { server, client: trusting(&ca_pem).build().unwrap(), ca_pem, acknowledged: Vec::new() }
    }

    /// Another client, without connections.
    pub(super) fn another_client(&self) -> Client {
        trusting(&self.ca_pem).build().unwrap()
    }

    /// Kills it, and starts it again on the same directory.
    pub(super) fn kill_and_start(self, dir: &Path, environment: &[String], options: &[&str]) -> Self {
        let Self { server, acknowledged, .. } = self;
        drop(server);
        Self { acknowledged, ..Self::start(dir, environment, options) }
    }

    async fn control(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("{}/v1/institutions{path}", self.server.url("control"));
        let request = self.client.request(method, url).bearer_auth(TOKEN);
        let request = if body.is_null() { request } else { request.json(&body) };
        let response = request.send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    /// Creates an institution and renames it. What is not acknowledged is refused with a clear
    /// problem, and its status is given.
    pub(super) async fn change(&mut self) -> Result<(), StatusCode> {
        let input = json!({"template": template::UP_TO_DATE, "clock": frozen("2026-01-20T10:00:00+09:00")});
        let (status, created) = self.control(Method::POST, "", input).await;
        if status != StatusCode::CREATED {
            check_problem(&created);
            return Err(status);
        }
        let code = created["code"].as_str().unwrap().to_owned();
        self.acknowledged.push((code.clone(), created["name"]["en"].as_str().unwrap().to_owned()));
        let name = format!("changed {}", self.acknowledged.len());
        let (status, changed) = self.control(Method::PATCH, &format!("/{code}"), json!({"name": {"ja": name, "en": name}})).await;
        if status != StatusCode::OK {
            check_problem(&changed);
            // It may have been made all the same: it was not acknowledged, and not denied.
            self.acknowledged.pop();
            return Err(status);
        }
        self.acknowledged.last_mut().unwrap().1 = name;
        Ok(())
    }

    /// Changes something until that is refused; how often it was acknowledged before.
    pub(super) async fn change_until_refused(&mut self) -> usize {
        for changed in 0..20_000 {
            if self.change().await.is_err() {
                return changed;
            }
        }
        panic!("nothing was refused");
    }

    /// All that was acknowledged is there.
    pub(super) async fn has_all(&self, when: &str) {
        for (code, name) in &self.acknowledged {
            let (status, there) = self.control(Method::GET, &format!("/{code}"), Value::Null).await;
            assert_eq!((status, &there["name"]["en"]), (StatusCode::OK, &json!(name)), "{when}: {code}");
        }
    }

    /// How much was acknowledged.
    pub(super) fn changes(&self) -> usize {
        self.acknowledged.len()
    }

    /// What a check is answered: an error's code, or the validity.
    pub(super) async fn check(&self) -> String {
        self.check_at(template::UP_TO_DATE).await
    }

    /// The same at another institution.
    pub(super) async fn check_at(&self, code: &str) -> String {
        check_by(&self.client, &self.server.url("backend"), code).await
    }

    /// Waits until it is ready.
    pub(super) async fn is_ready(&self) {
        readiness(&self.client, &self.server.url("control"), StatusCode::OK).await;
    }

    /// Waits until it is not; what it says then.
    pub(super) async fn is_not_ready(&self) -> String {
        readiness(&self.client, &self.server.url("control"), StatusCode::SERVICE_UNAVAILABLE).await
    }
}

/// What this client's check at an institution is answered: an error's code, or the validity.
pub(super) async fn check_by(client: &Client, backend: &str, code: &str) -> String {
    let answer: Value = client.post(format!("{backend}{SEARCH}")).json(&inquiry(code)).send().await.unwrap().json().await.unwrap();
    let (header, body) = (&answer["XmlMsg"]["MessageHeader"], &answer["XmlMsg"]["MessageBody"]);
    header["ErrorCode"].as_str().or(body["QualificationValidity"].as_str()).unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// A request of this name in a folder is answered, once.
pub(super) async fn is_answered(folder: &Folder, name: &str) {
    folder.put_request(&format!("OQSsiquc01req_{name}.xml"), check(template::UP_TO_DATE, name));
    folder.wait_for(&format!("res/OQSsiquc01res_{name}.xml")).await;
}

/// Whether this test may mount file systems; says so where not.
#[expect(clippy::print_stdout, reason = "whoever reads the tests' output has to know")]
pub(super) fn is_root(test: &str) -> bool {
    let root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
    if !root {
        println!("NOT RUN: {test}: it mounts file systems; run it as root");
    }
    root
}
