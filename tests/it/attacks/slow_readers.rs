//! Answers over HTTP/2 that are read by a byte at a time, for longer than the server's time-outs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;
use tokio::time::interval;

use super::attacked::{Attacked, Count, MIB, attackers};
use super::frames::{
    ACK, DATA, END_HEADERS, END_STREAM, HEADER_TABLE_SIZE, HEADERS, Http2, INITIAL_WINDOW_SIZE, PING, WINDOW_UPDATE, frame, head, status,
};
use crate::delivery::memory::offered;
use crate::support::{TOKEN, template};

const CONNECTIONS: usize = 8;
/// The streams that a connection may have at once.
const STREAMS: u32 = 64;
/// What the unread answers to one address may take by default.
const BUDGET: u64 = 128 * MIB;
/// How often each window is opened by a byte.
const PACE: Duration = Duration::from_millis(100);
/// Longer than 30 s, after which the server ends slow requests and connections without answers to
/// its PINGs.
const HELD: Duration = Duration::from_secs(40);

/// The resource that the readers ask for.
#[derive(Clone)]
struct Resource {
    listener: &'static str,
    path: String,
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_that_are_read_by_the_byte() {
    for (path, max_growth) in
        [("/openapi.json".to_owned(), 64 * MIB), (format!("/v1/institutions/{}/persons", template::UP_TO_DATE), 160 * MIB)]
    {
        let attacked = Arc::new(Attacked::start());
        let answer = attacked.control(&attacked.attacker(), Method::GET, &path).send().await.unwrap();
        let length = answer.error_for_status().unwrap().bytes().await.unwrap().len() as u64;
        // The others are answered with 503.
        let granted = (BUDGET / length).min(CONNECTIONS as u64 * u64::from(STREAMS));
        read_slowly(&attacked, Resource { listener: "control", path }, granted, max_growth).await;
    }
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn downloads_that_are_read_by_the_byte() {
    let attacked = Arc::new(Attacked::start());
    let (url, _) = offered(&attacked.attacker(), &attacked.server, 1024 * MIB).await;
    let path = url.trim_start_matches(&attacked.server.url("backend")).to_owned();
    let all = CONNECTIONS as u64 * u64::from(STREAMS);
    read_slowly(&attacked, Resource { listener: "backend", path }, all, 160 * MIB).await;
}

async fn read_slowly(attacked: &Arc<Attacked>, resource: Resource, wanted: u64, max_growth: u64) {
    let attack = async |count: Count| {
        attackers(CONNECTIONS, || slow_reader(Arc::clone(attacked), count.clone(), resource.clone())).await;
    };
    attacked.withstands(&format!("answers of {} that are read by the byte", resource.path), wanted, max_growth, attack).await;
}

/// Asks 64 times and goes on reading. After 40 s, counts the answers that still come.
async fn slow_reader(attacked: Arc<Attacked>, count: Count, Resource { listener, path }: Resource) {
    let settings = [(HEADER_TABLE_SIZE, 0), (INITIAL_WINDOW_SIZE, 1)];
    let Some(mut connection) = Http2::open(&attacked, listener, &settings).await else { return };
    // Downloads are refused to a client with another token than a terminal's.
    let bearer = (listener == "control").then(|| format!("Bearer {TOKEN}"));
    let fields: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
    let request = |number| frame(HEADERS, END_HEADERS | END_STREAM, number * 2 + 1, &head("GET", &path, &fields));
    connection.send(&(0..STREAMS).flat_map(request).collect::<Vec<_>>()).await.unwrap();
    let (began, mut pace, mut counted) = (Instant::now(), interval(PACE), false);
    // How many bytes each answer may have sent and has sent, by its stream.
    let mut answers: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
    loop {
        tokio::select! {
            read = connection.read() => match read.expect("the server keeps the connection") {
                (HEADERS, stream, block) if status(&block) == 200 => {
                    answers.insert(stream, (1, 0));
                }
                (DATA, stream, bytes) => {
                    if let Some((_, sent)) = answers.get_mut(&stream) {
                        *sent += bytes.len();
                    }
                }
                (PING, _, payload) => connection.send(&frame(PING, ACK, 0, &payload)).await.unwrap(),
                _ => {}
            },
            _ = pace.tick() => {
                let mut windows = Vec::new();
                for (stream, (allowed, _)) in &mut answers {
                    *allowed += 1;
                    windows.extend([*stream, 0].map(|stream| frame(WINDOW_UPDATE, 0, stream, &1_u32.to_be_bytes())).concat());
                }
                connection.send(&windows).await.unwrap();
            }
        }
        if !counted && began.elapsed() > HELD {
            assert!(answers.values().all(|(allowed, sent)| (allowed / 2..=*allowed).contains(sent)), "{answers:?}");
            count.add(answers.len() as u64);
            counted = true;
        }
    }
}
