//! More than anybody needs of what a client may ask for: institutions, streams of events, sessions.

use std::sync::Arc;

use reqwest::header::ORIGIN;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};

use super::attacked::{Attacked, Count, MIB, attackers};
use super::frames::{END_HEADERS, END_STREAM, HEADER_TABLE_SIZE, HEADERS, Http2, frame, head};
use crate::support::{TOKEN, template};

const INSTITUTIONS: u64 = 100_000;
const STREAMS: u64 = 10_000;
/// How many of them there may be at once by default.
const GRANTED: u64 = 256;
const SESSIONS: u64 = 3_000;

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_thousand_institutions_by_one_token() {
    let attacked = Arc::new(Attacked::start_with(&[]));
    let client = attacked.attacker();
    let attack = async |count: Count| {
        attackers(8, || create(Arc::clone(&attacked), client.clone(), count.clone())).await;
    };
    attacked.withstands("institutions", INSTITUTIONS, 256 * MIB, attack).await;
}

async fn create(attacked: Arc<Attacked>, client: Client, count: Count) {
    for _ in 0..1_000 {
        let request = attacked.control(&client, Method::POST, "/v1/institutions").json(&json!({"template": template::PENDING}));
        assert_eq!(request.send().await.unwrap().status(), StatusCode::CREATED);
        count.add(1);
    }
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_streams_of_events() {
    let attacked = Arc::new(Attacked::start_with(&[]));
    let granted = Count::default();
    let attack = async |count: Count| {
        attackers(200, || streams(Arc::clone(&attacked), count.clone(), granted.clone())).await;
    };
    attacked.withstands("streams of events that were asked for", STREAMS, 96 * MIB, attack).await;
    assert_eq!(granted.get(), GRANTED, "so many were granted, the others answered with 503");
}

/// Asks for as many as a connection may have; those that are granted stay open.
async fn streams(attacked: Arc<Attacked>, count: Count, granted: Count) {
    let Some(mut connection) = Http2::open(&attacked, "control", &[(HEADER_TABLE_SIZE, 0)]).await else { return };
    let bearer = format!("Bearer {TOKEN}");
    let fields = [("authorization", bearer.as_str()), ("accept", "text/event-stream")];
    let block = head("GET", &format!("/v1/institutions/{}/events", template::PENDING), &fields);
    let requests: Vec<u8> = (0..64).flat_map(|number| frame(HEADERS, END_HEADERS | END_STREAM, number * 2 + 1, &block)).collect();
    connection.send(&requests).await.unwrap();
    for _ in 0..64 {
        match connection.next_status().await.unwrap() {
            200 => granted.add(1),
            refused => assert_eq!(refused, 503),
        }
        count.add(1);
    }
    connection.hold().await;
    panic!("the server ended a connection");
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_console_sessions() {
    let attacked = Arc::new(Attacked::start_with(&[]));
    let client = attacked.attacker();
    let attack = async |count: Count| {
        attackers(8, || sign_in(Arc::clone(&attacked), client.clone(), count.clone())).await;
    };
    attacked.withstands("console sessions", SESSIONS, 32 * MIB, attack).await;
}

/// Signs in, and opens the page of a rehearsal.
async fn sign_in(attacked: Arc<Attacked>, client: Client, count: Count) {
    let link = attacked.control(&client, Method::POST, "/v1/console-links").send().await.unwrap();
    let link: Value = link.error_for_status().unwrap().json().await.unwrap();
    let origin = attacked.server.url("control");
    let signed_in = client.post(format!("{origin}/signin")).header(ORIGIN, &origin).header("sec-fetch-site", "same-origin");
    let signed_in = signed_in.json(&json!({"code": link["code"]})).send().await.unwrap();
    assert_eq!(signed_in.status(), StatusCode::NO_CONTENT);
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let page = client.get(format!("{origin}/console/institutions/{}", template::PENDING)).header("cookie", cookie);
    let page = page.header("accept", "text/html").header("sec-fetch-site", "same-origin").header("sec-fetch-mode", "navigate");
    assert_eq!(page.header("sec-fetch-dest", "document").send().await.unwrap().status(), StatusCode::OK);
    count.add(1);
}
