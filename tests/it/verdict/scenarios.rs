//! Every scenario can be passed: a client that does what its rules want gets a PASS, and none of
//! them wants the impossible.

use std::process::Command;

use onshi_mock::domain::ids::TerminalId;
use onshi_mock::domain::terminal::Driver;
use onshi_mock::verdict::RULES;
use reqwest::Method;
use serde_json::{Value, json};

use crate::control::scenarios::{DAYS, fixtures};
use crate::support::{Clinic, Mock, SEARCH, template};

/// A careful client at a terminal, and staff who do what it says.
struct CarefulClient {
    terminal: TerminalId,
    token: String,
}

impl CarefulClient {
    async fn open(clinic: &Clinic<'_>, terminal: &TerminalId) -> Self {
        let token = clinic.mock.login(json!({"user": format!("{clinic}-{terminal}")})).await;
        Self { terminal: terminal.clone(), token }
    }

    /// Checks a patient, logs in anew where the token has expired, and says what to do where the
    /// check is refused.
    async fn check(&mut self, clinic: &Clinic<'_>) {
        let mut entry = self.send(clinic).await;
        if entry["error"]["id"] == "token_expired" {
            *self = Self::open(clinic, &self.terminal).await;
            entry = self.send(clinic).await;
        }
        if entry["outcome"] != "refused" {
            return;
        }
        for kind in ["restart_prompted", "fallback_offered", "call_centre_shown"] {
            let seen = json!({"kind": kind, "text": "", "entry": entry["id"]});
            clinic.post("/observations", seen).await;
        }
    }

    /// Sends the check, and gives its journal entry: in the error profile `silent` there is no
    /// answer.
    async fn send(&self, clinic: &Clinic<'_>) -> Value {
        let request = clinic.mock.backend(Method::POST, SEARCH).header("authorization", &self.token).json(&clinic.inquiry());
        if let Ok(answer) = request.send().await {
            answer.bytes().await.unwrap();
        }
        clinic.last_entry().await
    }
}

/// Polls as an update client does, receives the first package that is offered in so many transfers,
/// and reports it.
async fn update(clinic: &Clinic<'_>, transfers: &[&str]) {
    let poll = clinic.poll("").await;
    let Some(offer) = poll.body["update"]["packages"].get(0) else {
        return;
    };
    let (url, size) = (offer["url"].as_str().unwrap(), offer["size"].as_u64().unwrap());
    let mut received = 0;
    for transfer in transfers {
        if *transfer == "anew" {
            received = 0;
        }
        let mut answer = clinic.mock.backend(Method::GET, url).header("range", format!("bytes={received}-")).send().await.unwrap();
        while let Ok(Some(bytes)) = answer.chunk().await {
            received += bytes.len() as u64;
        }
        assert_eq!(received < size, *transfer == "cut", "{transfer}: {received} of {size}");
    }
    for state in ["downloaded", "installed"] {
        let report = json!({"state": state, "component": offer["component"], "version": offer["version"]});
        let answer = clinic.report(report).await;
        assert!(answer.status.is_success(), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_careful_client_passes_every_scenario() {
    let (mock, fixtures) = (Mock::start().await, fixtures());
    let mut failed = Vec::new();
    for (scenario, (id, day)) in fixtures.scenarios.iter().zip(DAYS) {
        let stage = &scenario.setup;
        let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "scenario": id})).await;
        if *id == "slow-answers" {
            // They are late by the machine's clock, and come to the same.
            clinic.delete("/faults").await;
        }
        let mut clients = Vec::new();
        for terminal in stage.terminals.keys().rev() {
            clients.push(CarefulClient::open(&clinic, terminal).await);
        }
        let start = stage.clock.now.unwrap();
        let later = day.iter().map(|(at, _)| format!("{at}:00+09:00")).filter(|at| at.parse::<jiff::Timestamp>().unwrap() > start);
        for at in [None].into_iter().chain(later.map(Some)) {
            if let Some(at) = at {
                clinic.advance(&at).await;
            }
            for client in &mut clients {
                client.check(&clinic).await;
            }
            if stage.terminals.values().any(|settings| settings.driver == Driver::External) {
                update(&clinic, if stage.faults.is_empty() { &["whole"] } else { &["cut", "cut", "spoilt", "anew"] }).await;
            }
        }
        let read: Value = clinic.verdict().await;
        if read["overall"] != "PASS" {
            failed.push(format!("{id}: {} {:#} {:#}", read["overall"], read["rules"], read["coverage"]));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn check_fixtures_names_a_rule_or_limit_that_there_is_not() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("scenarios")).unwrap();
    let own = "title = { ja = \"朝\", en = \"Morning\" }\nteaches = { ja = \"朝\", en = \"Morning\" }\nsource = \"mock\"\n\
        clock = { mode = \"frozen\", now = \"2026-01-20T08:30:00+09:00\" }\nterminals.T1 = { starts = \"pending\" }\n\
        [wants]\nrules = [\"not_hammered\", \"never_late\"]\nlimits = { checks_per_hour = 1 }\n";
    std::fs::write(dir.path().join("scenarios/our-morning.toml"), own).unwrap();
    let checked = Command::new(env!("CARGO_BIN_EXE_onshi-mock")).arg("check-fixtures").arg(dir.path()).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
    let output_text = String::from_utf8(checked.stdout).unwrap();
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    assert!(output_text.contains(&format!("there is no \"never_late\"; expected one of: {}", rules.join(", "))), "{output_text}");
    assert!(output_text.contains("scenarios/our-morning.toml: /wants/limits: \"checks_per_hour\" はありません"), "{output_text}");
    assert_eq!(output_text.lines().count(), 2, "{output_text}");
    let refused = Command::new(env!("CARGO_BIN_EXE_onshi-mock"))
        .args(["serve", "--store", "memory", "--backend-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0", "--fixtures"])
        .args([dir.path(), "--certs".as_ref(), &dir.path().join("certs")])
        .output();
    let refused = refused.unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let with_the_same_words = String::from_utf8(refused.stderr).unwrap();
    output_text
        .lines()
        .for_each(|line| assert!(with_the_same_words.contains(line.trim_start_matches("エラー error: ")), "{with_the_same_words}"));
}
