//! SIGKILL at random moments under load: whatever was acknowledged is there afterwards.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use onshi_mock::store::Target;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::server::program::Program;
#[cfg(unix)]
use crate::store::postgres::Cluster;
use crate::support::{TOKEN, template, trusting};

/// Clients that change things at once, each at an institution of its own.
const CLIENTS: usize = 6;

/// What one client was told is done: the number that its institution's name ends with, and the
/// institutions that it made.
#[derive(Default)]
struct Acknowledged {
    code: String,
    last: u64,
    made: BTreeSet<String>,
    checks: u64,
}

impl Acknowledged {
    /// Asks for all of it at a server.
    async fn is_there(&self, client: &Client, control: &str, when: &str) {
        let institution = ask(client, &format!("{control}/v1/institutions/{}", self.code)).await;
        let stored: u64 = institution["name"]["en"].as_str().unwrap().parse().unwrap_or_else(|_| panic!("{institution}"));
        assert!(stored >= self.last, "{when}: change {} was acknowledged, {stored} is stored", self.last);
        for code in &self.made {
            let there = ask(client, &format!("{control}/v1/institutions/{code}")).await;
            assert_eq!(there["code"], *code, "{when}: it was created, and is gone");
        }
    }
}

#[tokio::test]
async fn after_a_sigkill_everything_acknowledged_is_there_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    rounds(10, "SQLite", dir.path(), "sqlite:state.db").await;
}

#[cfg(unix)]
#[tokio::test]
async fn after_a_sigkill_everything_acknowledged_is_there_on_postgresql() {
    let (dir, cluster) = (tempfile::tempdir().unwrap(), Cluster::start().await);
    rounds(10, "PostgreSQL", dir.path(), &cluster.database("crash").await).await;
}

#[cfg(unix)]
#[ignore = "takes minutes: ./test --nightly"]
#[tokio::test]
async fn a_hundred_sigkills_lose_nothing_acknowledged() {
    let (dir, cluster) = (tempfile::tempdir().unwrap(), Cluster::start().await);
    rounds(100, "SQLite", dir.path(), "sqlite:state.db").await;
    rounds(100, "PostgreSQL", dir.path(), &cluster.database("crash").await).await;
}

#[cfg(unix)]
#[tokio::test]
async fn of_two_servers_either_is_killed_and_nothing_acknowledged_is_lost() {
    let (dir, cluster) = (tempfile::tempdir().unwrap(), Cluster::start().await);
    let store = cluster.database("two").await;
    let start = || Program::start(dir.path(), &["--store", &store, "--control-token", TOKEN]);
    let (mut stays, mut random) = (start(), fastrand::Rng::with_seed(20260120));
    let client = trusting(&std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap()).build().unwrap();
    let mut changes = 0;
    for round in 1..=4 {
        let dies = start();
        let working = working(&client, &dies).await;
        // Killed at any moment, whatever it is at.
        tokio::time::sleep(Duration::from_millis(random.u64(200..700))).await;
        drop(dies);
        for acknowledgement in working.join_all().await {
            acknowledgement.is_there(&client, &stays.url("control"), &format!("PostgreSQL, two servers, round {round}")).await;
            changes += acknowledgement.last;
        }
        // Another one stays each time.
        stays = start();
    }
    assert!(changes > 4, "there was a load");
}

#[expect(clippy::print_stdout, reason = "what was counted is for whoever reads the tests' output")]
async fn rounds(rounds: u32, back_end: &str, dir: &Path, store: &str) {
    assert!(store.parse::<Target>().is_ok());
    let mut random = fastrand::Rng::with_seed(20260119);
    let (mut changes, mut made, mut checks, mut lost) = (0, 0, 0, 0);
    for round in 1..=rounds {
        let program = Program::start(dir, &["--store", store, "--control-token", TOKEN]);
        let client = trusting(&std::fs::read_to_string(dir.join("certs/ca.pem")).unwrap());
        // Under Wine a client may never learn that the server is gone.
        let client = client.timeout(Duration::from_secs(10)).build().unwrap();
        let working = working(&client, &program).await;
        // Killed at any moment, whatever it is at.
        tokio::time::sleep(Duration::from_millis(random.u64(200..700))).await;
        // Dropped: killed, and waited for.
        drop(program);
        let acknowledged = working.join_all().await;
        let program = Program::start(dir, &["--store", store, "--control-token", TOKEN]);
        let control = program.url("control");
        for acknowledgement in &acknowledged {
            acknowledgement.is_there(&client, &control, &format!("{back_end}, round {round}")).await;
            let journal = ask(&client, &format!("{control}/v1/institutions/{}/journal?limit=500", acknowledgement.code)).await;
            let kept = journal["entries"].as_array().unwrap().len() as u64;
            changes += acknowledgement.last;
            made += acknowledgement.made.len();
            checks += acknowledgement.checks;
            lost += acknowledgement.checks.saturating_sub(kept);
        }
    }
    println!(
        "{back_end}: {rounds} SIGKILLs; {changes} acknowledged changes and {made} acknowledged institutions, all there; \
         of {checks} answered checks {lost} are missing in the journal"
    );
    assert!(changes > u64::from(rounds), "there was a load");
}

/// Clients that have begun.
async fn working(client: &Client, program: &Program) -> JoinSet<Acknowledged> {
    let mut working = JoinSet::new();
    for _ in 0..CLIENTS {
        let created = send(client.post(format!("{}/v1/institutions", program.url("control"))), blueprint()).await;
        let code = created.expect("the server runs")["code"].as_str().unwrap().to_owned();
        working.spawn(work(client.clone(), program.url("control"), program.url("backend"), code));
    }
    working
}

fn blueprint() -> Value {
    json!({"template": template::UP_TO_DATE, "name": {"ja": "0", "en": "0"}})
}

/// Changes, creates and checks until the server is gone; gives what was acknowledged.
async fn work(client: Client, control: String, backend: String, code: String) -> Acknowledged {
    let mut acknowledgement = Acknowledged { code, ..Acknowledged::default() };
    let institutions = format!("{control}/v1/institutions");
    let own = format!("{institutions}/{}", acknowledgement.code);
    for change in 1.. {
        let name = json!({"name": {"ja": change.to_string(), "en": change.to_string()}});
        if send(client.patch(&own), name).await.is_none() {
            break;
        }
        acknowledgement.last = change;
        let Some(another) = send(client.post(&institutions), blueprint()).await else {
            break;
        };
        acknowledgement.made.insert(another["code"].as_str().unwrap().to_owned());
        let inquiry = crate::support::inquiry(&acknowledgement.code);
        if send(client.post(format!("{backend}{}", crate::support::SEARCH)), inquiry).await.is_none() {
            break;
        }
        acknowledgement.checks += 1;
    }
    acknowledgement
}

/// The answer, whole; none where the server was gone before it had come.
async fn send(request: reqwest::RequestBuilder, body: Value) -> Option<Value> {
    let response = request.bearer_auth(TOKEN).json(&body).send().await.ok()?;
    let status = response.status();
    let answer = response.json().await.ok()?;
    assert!(status.is_success(), "{status}: {answer}");
    Some(answer)
}

async fn ask(client: &Client, url: &str) -> Value {
    client.get(url).bearer_auth(TOKEN).send().await.unwrap().json().await.unwrap()
}
