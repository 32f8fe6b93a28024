//! Random histories of clients that use one institution at the same time, held against the model.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::model::{Observed, Operation, State, has_an_order};
use crate::server::program::Program;
use crate::store::postgres::Cluster;
use crate::support::{TOKEN, frozen, template, trusting};

const CLIENTS: usize = 4;
const OPERATIONS: usize = 8;
const NOW: &str = "2026-01-20T10:00:00+09:00";

/// A client of one institution at one of the servers.
#[derive(Clone)]
struct Observer {
    client: Client,
    institution: String,
    moments: Arc<AtomicU64>,
}

impl Observer {
    async fn call(&self, method: Method, below: &str, body: Value) -> (StatusCode, Value) {
        let request = self.client.request(method, format!("{}{below}", self.institution)).bearer_auth(TOKEN);
        // Over HTTP/2, a body that no handler reads, too: `null` with GET and DELETE.
        let answer = request.json(&body).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    /// Whether it succeeded; else it was refused so.
    async fn succeeds(&self, method: Method, below: &str, body: Value, refused: StatusCode) -> bool {
        let (status, answer) = self.call(method, below, body).await;
        assert!(status.is_success() || status == refused, "{status}: {answer}");
        status.is_success()
    }

    async fn read(&self) -> State {
        let there = self.call(Method::GET, "", Value::Null).await.1;
        let terminals: BTreeSet<String> = there["terminals"].as_object().unwrap().keys().cloned().collect();
        State { name: there["name"]["en"].as_str().unwrap().to_owned(), terminals, advanced: seconds(&there["clock"]["now"]) }
    }

    async fn operate(&self, chosen: u32, number: String) -> Operation {
        let id = format!("T{}", 2 + chosen % 2);
        match chosen / 2 {
            0 => {
                let renamed = self.succeeds(Method::PATCH, "", json!({"name": {"ja": number, "en": number}}), StatusCode::OK).await;
                assert!(renamed);
                Operation::Rename(number)
            }
            1 => {
                let added = self.succeeds(Method::POST, "/terminals", json!({"id": id}), StatusCode::CONFLICT).await;
                Operation::Add(id, added)
            }
            2 => {
                let removed = self.succeeds(Method::DELETE, &format!("/terminals/{id}"), Value::Null, StatusCode::NOT_FOUND).await;
                Operation::Remove(id, removed)
            }
            3 => Operation::Advance(seconds(&self.call(Method::POST, "/clock/advance", json!({"by": "PT1S"})).await.1["now"])),
            _ => Operation::Read(self.read().await),
        }
    }

    /// Does something at random, again and again.
    async fn observe(self, mut random: fastrand::Rng, client: usize) -> Vec<Observed> {
        let mut history = Vec::new();
        for number in 0..OPERATIONS {
            let asked = self.moments.fetch_add(1, Ordering::SeqCst);
            let operation = self.operate(random.u32(0..10), format!("{client}-{number}")).await;
            history.push(Observed { operation, asked, answered: self.moments.fetch_add(1, Ordering::SeqCst) });
        }
        history
    }
}

/// How far a clock that began at [`NOW`] was advanced.
fn seconds(now: &Value) -> i64 {
    let now: Timestamp = now.as_str().unwrap_or_else(|| panic!("no time: {now}")).parse().unwrap();
    now.as_second() - NOW.parse::<Timestamp>().unwrap().as_second()
}

/// So many histories, each on a new institution; the clients ask all servers in turn.
#[expect(clippy::print_stdout, reason = "the figures are for the nightly log")]
async fn histories(number: u64, servers: &[Program], ca_pem: &str) {
    let client = trusting(ca_pem).build().unwrap();
    let mut at_once = 0;
    for seed in 0..number {
        let institutions = format!("{}/v1/institutions", servers[0].url("control"));
        let input = json!({"template": template::UP_TO_DATE, "clock": frozen(NOW), "name": {"ja": "0", "en": "0"}});
        let created = client.post(institutions).bearer_auth(TOKEN).json(&input).send().await.unwrap();
        let created: Value = created.error_for_status().unwrap().json().await.unwrap();
        let (code, moments) = (created["code"].as_str().unwrap(), Arc::new(AtomicU64::new(0)));
        let at = |server: &Program| Observer {
            client: client.clone(),
            institution: format!("{}/v1/institutions/{code}", server.url("control")),
            moments: Arc::clone(&moments),
        };
        let initial = at(&servers[0]).read().await;
        let mut observing = JoinSet::new();
        for number in 0..CLIENTS {
            let random = fastrand::Rng::with_seed(seed * CLIENTS as u64 + number as u64);
            observing.spawn(at(&servers[number % servers.len()]).observe(random, number));
        }
        let mut history: Vec<Observed> = observing.join_all().await.into_iter().flatten().collect();
        history.sort_by_key(|observed| observed.asked);
        assert!(has_an_order(&initial, &history), "seed {seed}: no order explains {history:#?}");
        at_once += history.windows(2).filter(|pair| pair[1].asked < pair[0].answered).count();
        let removed = client.delete(at(&servers[0]).institution).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    }
    println!(
        "{number} histories of {CLIENTS} clients at {} servers, {at_once} operations begun before the one before was answered",
        servers.len()
    );
    assert!(at_once as u64 > number * 4, "they were at the same time");
}

fn start(dir: &std::path::Path, store: &str) -> Program {
    Program::start(dir, &["--store", store, "--control-token", TOKEN])
}

async fn on_both(number: u64) {
    let (dir, cluster) = (tempfile::tempdir().unwrap(), Cluster::start().await);
    let servers = [start(dir.path(), "sqlite:state.db")];
    let ca_pem = std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap();
    histories(number, &servers, &ca_pem).await;
    let store = cluster.database("histories").await;
    let servers = [start(dir.path(), &store), start(dir.path(), &store)];
    histories(number, &servers, &ca_pem).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_clients_see_at_the_same_time_could_have_come_one_after_another() {
    on_both(20).await;
}

#[ignore = "nightly: two thousand histories"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_histories_could_have_come_one_after_another() {
    on_both(1_000).await;
}
