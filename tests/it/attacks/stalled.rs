//! Large answers that nobody reads, 64 at once on each connection of HTTP/2.

use std::sync::Arc;

use reqwest::{Client, StatusCode};
use serde_json::json;

use super::attacked::{Attacked, Count, MIB, attackers};
use crate::support::request_files::{DATE, element, message, plain, value};

const STREAMS: usize = 64;

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
