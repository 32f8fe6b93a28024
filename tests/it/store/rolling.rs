//! Two servers on one PostgreSQL are restarted in turn, as a rolling release does, and no client
//! that asks again notices.
#![cfg(unix)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use reqwest::Client;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::server::program::Program;
use crate::store::postgres::Cluster;
use crate::store::replicas::journal;
use crate::support::{SEARCH, TOKEN, inquiry, trusting};

/// A check that is asked again where a connection was refused, or closed while idle.
async fn asked_again(client: &Client, servers: &[String; 2], first: usize, code: &str) -> reqwest::Result<Value> {
    let mut tries = (0..20).map(|more| format!("{}{}", servers[(first + more) % 2], SEARCH));
    loop {
        let url = tries.next().expect("one of the two servers is always there");
        match client.post(url).json(&inquiry(code)).send().await {
            Ok(answer) => return answer.error_for_status()?.json().await,
            Err(error) if error.is_connect() || error.is_request() => {}
            Err(error) => return Err(error),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_fails_no_request_of_a_client_that_asks_again() {
    let (dir, cluster) = (tempfile::tempdir().unwrap(), Cluster::start().await);
    let store = cluster.database("rolling").await;
    let start = |addresses: &[&str]| Program::start(dir.path(), &[&["--store", &store, "--control-token", TOKEN], addresses].concat());
    let mut servers = vec![start(&[]), start(&[])];
    let urls = [servers[0].url("backend"), servers[1].url("backend")];
    let ca = std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let codes = ["9910000018", "9910000026", "9910000034", "9910000075"];
    let mut asking = JoinSet::new();
    for (number, code) in codes.into_iter().enumerate() {
        let (client, urls, over) = (trusting(&ca).build().unwrap(), urls.clone(), Arc::clone(&over));
        asking.spawn(async move {
            let mut answered = 0_u64;
            while !over.load(Ordering::Relaxed) || answered == 0 {
                let answer = asked_again(&client, &urls, number + answered as usize, code).await;
                let answer = answer.unwrap_or_else(|error| panic!("{code}, request {answered}: {error:?}"));
                assert!(answer["XmlMsg"]["MessageHeader"]["SegmentOfResult"].is_string(), "{answer}");
                answered += 1;
            }
            (code, answered)
        });
    }
    for _ in 0..6 {
        // The one that has run longest; the other goes on meanwhile.
        let oldest = servers.remove(0);
        let addresses = ["backend", "control"].map(|listener| oldest.url(listener).trim_start_matches("https://").to_owned());
        let again = tokio::task::block_in_place(|| {
            oldest.stop();
            start(&["--backend-addr", &addresses[0], "--control-addr", &addresses[1]])
        });
        servers.push(again);
    }
    over.store(true, Ordering::Relaxed);
    let client = trusting(&ca).build().unwrap();
    for (code, answered) in asking.join_all().await {
        let listed = client.get(format!("{}{}", servers[0].url("control"), journal(code))).bearer_auth(TOKEN);
        let listed: Value = listed.send().await.unwrap().json().await.unwrap();
        let kept = listed["entries"].as_array().unwrap().len() as u64;
        assert_eq!(kept + listed["evicted"].as_u64().unwrap(), answered, "{code}: each was answered and journalled once");
    }
}
