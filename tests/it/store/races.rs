//! Two writers on one institution, at once: exactly one wins each race, and what it wrote is there.
#![cfg(unix)]

use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use crate::server::program::Program;
use crate::store::postgres::Cluster;
use crate::support::{TOKEN, frozen, template, trusting};

/// A race of two writers to add a terminal, then one to remove it.
const ROUNDS: usize = 5_000;

/// A writer: its server, and what it writes.
struct Writer {
    client: Client,
    terminals: String,
    settings: Value,
}

impl Writer {
    fn at(server: &Program, ca_pem: &str, code: &str, settings: Value) -> Self {
        let terminals = format!("{}/v1/institutions/{code}/terminals", server.url("control"));
        Self { client: trusting(ca_pem).build().unwrap(), terminals, settings }
    }

    async fn ask(&self, method: Method, below: &str, body: &Value) -> StatusCode {
        let request = self.client.request(method, format!("{}{below}", self.terminals)).bearer_auth(TOKEN);
        request.json(body).send().await.unwrap().status()
    }

    async fn add(&self, id: &str) -> StatusCode {
        let mut terminal = self.settings.clone();
        terminal["id"] = json!(id);
        self.ask(Method::POST, "", &terminal).await
    }

    async fn remove(&self, id: &str) -> StatusCode {
        self.ask(Method::DELETE, &format!("/{id}"), &Value::Null).await
    }

    async fn read(&self, id: &str) -> Value {
        let answer = self.client.get(format!("{}/{id}", self.terminals)).bearer_auth(TOKEN).send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }
}

/// The winner of two, where one got this status and the other that.
fn winner(statuses: [StatusCode; 2], won: StatusCode, lost: StatusCode, round: usize) -> usize {
    let winner = usize::from(statuses[1] == won);
    assert_eq!((statuses[winner], statuses[1 - winner]), (won, lost), "round {round}: exactly one wins");
    winner
}

/// Two at once, of which this one begins; what each was answered, in the order of the writers.
async fn at_once(begins: usize, calls: [impl Future<Output = StatusCode>; 2]) -> [StatusCode; 2] {
    let [first, second] = calls;
    if begins == 0 {
        tokio::join!(first, second).into()
    } else {
        let (second, first) = tokio::join!(second, first);
        [first, second]
    }
}

/// How often each writer won: where it began, and where the other did.
type Wins = [[usize; 2]; 2];

#[expect(clippy::print_stdout, reason = "the figures are for the nightly log")]
async fn race(back_end: &str, writers: [Writer; 2]) {
    let [first, second] = &writers;
    let (mut added, mut removed): (Wins, Wins) = Default::default();
    for round in 0..ROUNDS {
        let id = format!("R{round}");
        let begins = round % 2;
        let statuses = at_once(begins, [first.add(&id), second.add(&id)]).await;
        let won = winner(statuses, StatusCode::CREATED, StatusCode::CONFLICT, round);
        added[won][usize::from(won != begins)] += 1;
        for writer in &writers {
            let settings = writer.read(&id).await["settings"].clone();
            assert_eq!(settings["bandwidth"], writers[won].settings["bandwidth"], "round {round}: what the winner wrote");
        }
        // Whoever began the addition begins the removal in every second of its rounds.
        let begins = round / 2 % 2;
        let statuses = at_once(begins, [first.remove(&id), second.remove(&id)]).await;
        let won = winner(statuses, StatusCode::NO_CONTENT, StatusCode::NOT_FOUND, round);
        removed[won][usize::from(won != begins)] += 1;
    }
    println!("{back_end}: each won, where [it, the other] began: {added:?} of {ROUNDS} additions, {removed:?} of {ROUNDS} removals");
    // Else there was no race: the one that began had won before the other was there.
    for [began, followed] in [added, removed].concat() {
        assert!(began >= ROUNDS / 100 && followed >= ROUNDS / 100, "{back_end}: {added:?}, {removed:?}");
    }
}

async fn create(server: &Program, ca_pem: &str) -> String {
    let input = json!({"template": template::UP_TO_DATE, "clock": frozen("2026-01-20T10:00:00+09:00")});
    let create = trusting(ca_pem).build().unwrap().post(format!("{}/v1/institutions", server.url("control")));
    let created: Value = create.bearer_auth(TOKEN).json(&input).send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    created["code"].as_str().unwrap().to_owned()
}

/// What each of the two writes.
fn settings() -> [Value; 2] {
    [json!({"bandwidth": 1_000_000}), json!({"bandwidth": 3_000_000})]
}

#[ignore = "nightly: ten thousand races"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_clients_at_one_server_on_sqlite_one_wins_each_of_ten_thousand_races() {
    let dir = tempfile::tempdir().unwrap();
    let server = Program::start(dir.path(), &["--store", "sqlite:state.db", "--control-token", TOKEN]);
    let ca_pem = std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap();
    let code = create(&server, &ca_pem).await;
    race("SQLite", settings().map(|settings| Writer::at(&server, &ca_pem, &code, settings))).await;
}

#[ignore = "nightly: ten thousand races"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_on_postgresql_one_wins_each_of_ten_thousand_races() {
    let (dir, cluster) = (tempfile::tempdir().unwrap(), Cluster::start().await);
    let store = cluster.database("races").await;
    let servers = [(); 2].map(|()| Program::start(dir.path(), &["--store", &store, "--control-token", TOKEN]));
    let ca_pem = std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap();
    let code = create(&servers[0], &ca_pem).await;
    let [one, other] = settings();
    race("PostgreSQL", [Writer::at(&servers[0], &ca_pem, &code, one), Writer::at(&servers[1], &ca_pem, &code, other)]).await;
}
