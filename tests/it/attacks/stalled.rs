//! Requests and answers of full size that stop midway, 64 at once on each connection of HTTP/2.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use http_body_util::StreamBody;
use hyper::body::Frame;
use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;

use super::attacked::{Attacked, Count, MIB, attackers};
use crate::support::SEARCH;
use crate::support::request_files::{DATE, element, message, plain, value};

const CONNECTIONS: usize = 8;
const STREAMS: usize = 64;

/// Half a gibibyte of bodies that are never complete: they are answered 408 after 30 seconds.
#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_that_stop_before_their_end() {
    let attacked = Arc::new(Attacked::start());
    let url = format!("{}{SEARCH}", attacked.server.url("backend"));
    let attack = async |count: Count| {
        let attacker = || stalled_bodies(attacked.attacker(), count.clone(), url.clone());
        attackers(CONNECTIONS, attacker).await;
    };
    attacked.withstands("large bodies that stop before their end", (CONNECTIONS * STREAMS) as u64, 96 * MIB, attack).await;
}

async fn stalled_bodies(client: Client, count: Count, url: String) {
    let mut asking: JoinSet<()> = (0..STREAMS).map(|_| stalled_body(client.clone(), count.clone(), url.clone())).collect();
    while asking.join_next().await.is_some() {}
}

async fn stalled_body(client: Client, count: Count, url: String) {
    let nearly_all = Frame::data(Bytes::from(vec![b' '; MIB as usize - 1]));
    let body = StreamBody::new(stream::iter([Ok::<_, Infallible>(nearly_all)]).chain(stream::pending()));
    let answer = client.post(url).body(reqwest::Body::wrap(body)).send().await;
    if answer.is_ok_and(|answer| answer.status() == StatusCode::REQUEST_TIMEOUT) {
        count.add(1);
    }
}

/// Results of bulk requests for 1,000 persons, the most that one request may have, asked for and
/// not read.
#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_results_that_nobody_reads() {
    let attacked = Arc::new(Attacked::start());
    let code = attacked.institution(json!({"terminals": {"T1": {"linkage": {"bulk_time": "PT0S"}}}})).await;
    let files = format!("{}/linkage/v1/terminals/{code}-T1/files", attacked.server.url("backend"));
    let client = attacked.attacker();
    let submitted = client.post(format!("{files}/OQSmuquc01req_1.xml")).body(message(&code, DATE, &plain().repeat(1_000)));
    let taken = submitted.send().await.unwrap().text().await.unwrap();
    let number = value(&taken, "ReceptionNumber").unwrap_or_else(|| panic!("{taken}"));
    let body = message(&code, "", &element("ReceptionNumber", number));
    let attack = async |count: Count| {
        let attacker = || unread_results(attacked.attacker(), count.clone(), format!("{files}/OQSmuquc02req_1.xml"), body.clone());
        attackers(2, attacker).await;
    };
    attacked.withstands("large results that nobody reads", 2 * STREAMS as u64, 256 * MIB, attack).await;
}

async fn unread_results(client: Client, count: Count, url: String, body: String) {
    let mut unread = Vec::new();
    for _ in 0..STREAMS {
        let Ok(answer) = client.post(&url).body(body.clone()).send().await else { return };
        assert!(answer.status().is_success() || answer.status() == StatusCode::SERVICE_UNAVAILABLE, "{}", answer.status());
        unread.push(answer);
        count.add(1);
    }
    std::future::pending::<()>().await;
}
