//! Attacks by frames of HTTP/2.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::attacked::{Attacked, Count, MIB, attackers};
use super::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, Http2, INITIAL_WINDOW_SIZE, MAX_PAYLOAD, PING, PRIORITY, RST_STREAM, SETTINGS,
    frame, head, text,
};
use crate::support::{SEARCH, TOKEN, template};

const CONNECTIONS: usize = 32;
/// The streams that a connection may have at once.
const STREAMS: u32 = 64;

/// The numbers of a client's streams.
fn streams() -> impl Iterator<Item = u32> {
    (1..i32::MAX as u32).step_by(2)
}

/// On each of the connections sends what is made for a stream, one stream after another, until the
/// server ends it; then on a new one.
async fn flood(attacked: &Arc<Attacked>, count: &Count, of_stream: impl Fn(u32) -> Vec<u8> + Clone + Send + 'static) {
    let attacker = || {
        let (attacked, count, of_stream) = (Arc::clone(attacked), count.clone(), of_stream.clone());
        async move {
            let Some(mut connection) = Http2::open(&attacked, "backend", &[]).await else { return };
            for stream in streams() {
                if connection.send(&of_stream(stream)).await.is_err() {
                    break;
                }
                count.add(1);
            }
        }
    };
    attackers(CONNECTIONS, attacker).await;
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rapid_reset() {
    let attacked = Arc::new(Attacked::start());
    let attack = async |count: Count| {
        let reset = |stream| {
            let request = frame(HEADERS, END_HEADERS, stream, &head("POST", SEARCH, &[("content-type", "application/json")]));
            [request, frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes())].concat()
        };
        flood(&attacked, &count, reset).await;
    };
    attacked.withstands("streams that are reset at once", 20_000, 32 * MIB, attack).await;
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn continuation_flood() {
    let attacked = Arc::new(Attacked::start());
    let field = |number: u32| [&[0][..], &text(&format!("x-{number}")), &text(&"x".repeat(MAX_PAYLOAD - 32))].concat();
    let attack = async |count: Count| {
        let next = move |stream: u32| match stream {
            1 => frame(HEADERS, 0, 1, &head("GET", "/", &[])),
            // All belong to the first stream, whose head never ends.
            more => frame(CONTINUATION, 0, 1, &field(more)),
        };
        flood(&attacked, &count, next).await;
    };
    attacked.withstands("frames of heads that never end", 5_000, 32 * MIB, attack).await;
}

/// One entry of the dynamic table, named thousands of times: a few KiB that mean 64 MiB.
#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn header_bombs() {
    let attacked = Arc::new(Attacked::start());
    let attack = async |count: Count| {
        let bomb = |stream| {
            let mut block = head("GET", "/", &[]);
            block.push(0x40);
            block.extend([text("x"), text(&"x".repeat(4_000))].concat());
            block.resize(MAX_PAYLOAD, 0xbe);
            frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
        };
        flood(&attacked, &count, bomb).await;
    };
    attacked.withstands("header bombs over HTTP/2", 2_000, 48 * MIB, attack).await;
}

/// Frames that cost the sender nothing, and whose acknowledgements nobody reads.
#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn floods_of_small_frames() {
    let attacked = Arc::new(Attacked::start());
    let setting = [&3_u16.to_be_bytes()[..], &100_u32.to_be_bytes()].concat();
    let frames: [(&str, Vec<u8>); 4] = [
        ("PING", frame(PING, 0, 0, &[0; 8])),
        ("SETTINGS", frame(SETTINGS, 0, 0, &setting)),
        ("PRIORITY", frame(PRIORITY, 0, 1, &[0, 0, 0, 3, 0])),
        ("empty DATA", frame(DATA, 0, 1, &[])),
    ];
    for (name, small) in frames {
        let attack = async |count: Count| {
            let hundred = small.repeat(100);
            let next = move |stream: u32| match stream {
                1 => frame(HEADERS, END_HEADERS, 1, &head("POST", SEARCH, &[])),
                _ => hundred.clone(),
            };
            flood(&attacked, &count, next).await;
        };
        attacked.withstands(&format!("hundreds of {name} frames"), 2_000, 48 * MIB, attack).await;
    }
}

/// 64 requests on each connection, whose answers the client never lets come.
#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_lets_come() {
    let attacked = Arc::new(Attacked::start());
    for (listener, path) in [("control", "/openapi.json"), ("control", "/docs"), ("backend", "/notices/v1")] {
        let attack = async |count: Count| {
            let attacker = || closed_window(Arc::clone(&attacked), count.clone(), listener, path.to_owned(), END_HEADERS | END_STREAM);
            attackers(200, attacker).await;
        };
        attacked.withstands(&format!("connections whose 64 answers of {path} nobody reads"), 200, 160 * MIB, attack).await;
    }
}

async fn closed_window(attacked: Arc<Attacked>, count: Count, listener: &str, path: String, flags: u8) {
    let Some(mut connection) = Http2::open(&attacked, listener, &[(INITIAL_WINDOW_SIZE, 0)]).await else { return };
    let fields = [("accept", "*/*"), ("authorization", &*format!("Bearer {TOKEN}"))];
    let request = |stream| frame(HEADERS, flags, stream, &head("GET", &path, &fields));
    let requests: Vec<u8> = streams().take(STREAMS as usize).flat_map(request).collect();
    // The head of each answer comes: only bodies wait.
    if connection.send(&requests).await.is_ok() && connection.wait_for(HEADERS, STREAMS as usize).await {
        count.add(1);
        pending().await
    }
}

/// The same with answers that are made for each request, a client's own: 800 MiB of them.
#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_of_its_own_that_nobody_lets_come() {
    let attacked = Arc::new(Attacked::start());
    let path = format!("/v1/institutions/{}/persons", template::UP_TO_DATE);
    let listing = attacked.control(&attacked.attacker(), reqwest::Method::GET, &path).send().await.unwrap().bytes().await.unwrap();
    let connections = 800 * MIB / (u64::from(STREAMS) * listing.len() as u64) + 1;
    // Also to requests whose bodies never come, for which the server waits a moment.
    for (flags, bodies) in [(END_HEADERS | END_STREAM, "no bodies"), (END_HEADERS, "bodies that never come")] {
        let attack = async |count: Count| {
            let attacker = || closed_window(Arc::clone(&attacked), count.clone(), "control", path.clone(), flags);
            attackers(usize::try_from(connections).unwrap(), attacker).await;
        };
        let what = format!("connections, {bodies}, whose 64 answers of {} bytes nobody reads", listing.len());
        attacked.withstands(&what, connections, 240 * MIB, attack).await;
    }
}

/// 64 bodies on each connection, each as long as a body may be, and none complete.
#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_never_end() {
    let attacked = Arc::new(Attacked::start());
    let attack = async |count: Count| {
        let attacker = || unfinished_bodies(Arc::clone(&attacked), count.clone());
        attackers(CONNECTIONS, attacker).await;
    };
    attacked.withstands("bodies of 960 KiB that never end", 400, 288 * MIB, attack).await;
}

async fn unfinished_bodies(attacked: Arc<Attacked>, count: Count) {
    let Some(mut connection) = Http2::open(&attacked, "backend", &[]).await else { return };
    for stream in streams().take(STREAMS as usize) {
        let request = frame(HEADERS, END_HEADERS, stream, &head("POST", SEARCH, &[("content-type", "application/json")]));
        if connection.send(&request).await.is_err() || connection.send_body(stream, 960 * 1024).await.is_err() {
            return;
        }
        count.add(1);
    }
    pending().await
}

/// No attack: data that comes after its answer is an error once its stream is forgotten, and 1,024
/// of them would end the connection. The server reads the body first, though no handler does.
#[tokio::test]
async fn a_client_keeps_its_connection_where_no_handler_reads_its_bodies() {
    let attacked = Attacked::start();
    let mut connection = Http2::open(&attacked, "control", &[]).await.unwrap();
    for stream in streams().take(1_500) {
        connection.send(&frame(HEADERS, END_HEADERS, stream, &head("GET", "/healthz", &[]))).await.unwrap();
        // The time in which it would be answered.
        sleep(Duration::from_millis(2)).await;
        connection.send(&frame(DATA, END_STREAM, stream, b"null")).await.unwrap();
    }
    let answered = timeout(Duration::from_secs(60), connection.wait_for(HEADERS, 1_500)).await;
    assert!(answered.expect("the answers come"), "the server ended the connection");
}

/// None of the requests is complete, so that all streams of a connection stay open.
#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_streams_than_a_connection_may_have() {
    let attacked = Arc::new(Attacked::start());
    let attack = async |count: Count| {
        flood(&attacked, &count, |stream| frame(HEADERS, END_HEADERS, stream, &head("POST", SEARCH, &[]))).await;
    };
    attacked.withstands("streams, more than a connection may have", 10_000, 32 * MIB, attack).await;
}
