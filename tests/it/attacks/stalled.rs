//! Large answers that nobody reads, 64 at once on each connection of HTTP/2.

use std::sync::Arc;

use reqwest::{Client, StatusCode};
use serde_json::json;

use super::attacked::{Attacked, Count, MIB, attackers};
use crate::support::request_files::{DATE, element, message, plain, value};

const STREAMS: usize = 64;
/// What the unread answers to one address may take by default.
const BUDGET: u64 = 128 * MIB;
/// What the client receives on a connection, though nobody reads it.
const WINDOW: u64 = 5 * MIB;

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
    let (granted, bytes) = (Count::default(), Count::default());
    let attack = async |count: Count| {
        let attacker = || {
            let url = format!("{files}/OQSmuquc02req_1.xml");
            unread_results(attacked.attacker(), (count.clone(), granted.clone(), bytes.clone()), url, body.clone())
        };
        attackers(2, attacker).await;
    };
    let all = 2 * STREAMS as u64;
    attacked.withstands("large results that were asked for and not read", all, 256 * MIB, attack).await;
    assert!(granted.get() > 0 && granted.get() < all, "{} of {all} were granted, the others answered with 503", granted.get());
    let (length, bytes) = (bytes.get() / granted.get(), bytes.get());
    assert!((BUDGET - length..=BUDGET + 2 * WINDOW).contains(&bytes), "{bytes} bytes were granted, {length} at a time");
}

async fn unread_results(client: Client, (count, granted, bytes): (Count, Count, Count), url: String, body: String) {
    let mut unread = Vec::new();
    for _ in 0..STREAMS {
        let answer = client.post(&url).body(body.clone()).send().await.unwrap();
        if answer.status() == StatusCode::OK {
            granted.add(1);
            bytes.add(answer.content_length().unwrap());
        } else {
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        }
        unread.push(answer);
        count.add(1);
    }
    std::future::pending::<()>().await;
}
