//! Attacks over TCP, TLS and HTTP/1.1: silence, slowness, bytes without end, answers nobody reads.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{interval, timeout};

use super::attacked::{Attacked, Count, MIB, attackers};
use crate::delivery::memory::offered;
use crate::support::{SEARCH, TOKEN};
use crate::wire::raw::post;

/// Nearly as many connections as one address may have.
const CONNECTIONS: usize = 240;
/// The pace of a slow client.
const PACE: Duration = Duration::from_millis(100);
/// When the server ends a connection without a complete handshake: after 10 s.
const IDLE_ENDS: (Duration, Duration) = (Duration::from_secs(8), Duration::from_secs(20));
/// When the server ends a request whose head or body is not complete: after 30 s, and another 2 s
/// for its answer to be read.
const SLOW_ENDS: (Duration, Duration) = (Duration::from_secs(25), Duration::from_secs(40));
const ENDLESS: &str = "Host: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Reads and drops what comes until the other end is gone.
async fn drain(stream: &mut (impl AsyncReadExt + Unpin)) {
    let mut bytes = [0; 4096];
    while matches!(stream.read(&mut bytes).await, Ok(1..)) {}
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_idle_connections() {
    let attacked = Attacked::start();
    for listener in ["backend", "control"] {
        // Those beyond what an address may have are closed at once, the others by the time-out.
        let attack = async |count: Count| {
            let (began, mut open) = (Instant::now(), Vec::new());
            while open.len() < 2_000 {
                open.extend(attacked.connect(listener).await);
            }
            for mut stream in open {
                let left = IDLE_ENDS.1.saturating_sub(began.elapsed());
                timeout(left, drain(&mut stream)).await.expect("the server ends idle connections");
                count.add(1);
            }
            assert!(began.elapsed() > IDLE_ENDS.0, "those that were admitted were ended after {:?}", began.elapsed());
            pending().await
        };
        attacked.withstands(&format!("idle connections that the {listener} listener ended"), 2_000, 16 * MIB, attack).await;
    }
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_heads() {
    let attacked = Arc::new(Attacked::start());
    let attack = async |count: Count| {
        attackers(CONNECTIONS, || slow(Arc::clone(&attacked), count.clone(), format!("POST {SEARCH} HTTP/1.1\r\nX-Slow: ").into_bytes()))
            .await;
    };
    attacked.withstands("slow heads that the server ended", CONNECTIONS as u64, 48 * MIB, attack).await;
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_bodies() {
    let attacked = Arc::new(Attacked::start());
    // Each has sent half of what it announced before it becomes slow.
    let begun = post(SEARCH, 128 * 1024, "", &[b' '; 64 * 1024]);
    let attack = async |count: Count| {
        attackers(CONNECTIONS, || slow(Arc::clone(&attacked), count.clone(), begun.clone())).await;
    };
    attacked.withstands("slow bodies that the server ended", CONNECTIONS as u64, 96 * MIB, attack).await;
}

/// Sends the beginning at once, then a byte at a time until the server ends the connection.
async fn slow(attacked: Arc<Attacked>, count: Count, beginning: Vec<u8>) {
    let Some(mut stream) = attacked.connect_tls("backend", "http/1.1").await else { return };
    let (began, mut pace) = (Instant::now(), interval(PACE));
    let mut sent = stream.write_all(&beginning).await;
    while sent.is_ok() {
        assert!(began.elapsed() < SLOW_ENDS.1, "the server ends slow requests");
        pace.tick().await;
        sent = async {
            stream.write_all(b"x").await?;
            stream.flush().await
        }
        .await;
    }
    assert!(began.elapsed() > SLOW_ENDS.0, "it was ended after {:?}", began.elapsed());
    count.add(1);
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chunked_bodies_of_a_gibibyte() {
    let attacked = Arc::new(Attacked::start());
    for (listener, path, token) in [("backend", SEARCH, ""), ("control", "/v1/institutions", TOKEN)] {
        let head = format!("POST {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n{ENDLESS}");
        let attack = async |count: Count| {
            attackers(CONNECTIONS, || endless_body(Arc::clone(&attacked), count.clone(), listener, head.clone())).await;
        };
        attacked.withstands(&format!("MiB of endless chunked bodies to the {listener} listener"), 1024, 320 * MIB, attack).await;
    }
}

/// Sends up to a gibibyte in chunks, and reads nothing before that.
async fn endless_body(attacked: Arc<Attacked>, count: Count, listener: &str, head: String) {
    let Some(mut stream) = attacked.connect_tls(listener, "http/1.1").await else { return };
    let chunk = [format!("{:x}\r\n", MIB).into_bytes(), vec![b' '; MIB as usize], b"\r\n".to_vec()].concat();
    let mut sent = stream.write_all(head.as_bytes()).await;
    for _ in 0..1024 {
        if sent.is_err() {
            break;
        }
        sent = stream.write_all(&chunk).await;
        count.add(1);
    }
    drain(&mut stream).await;
}

/// What a refused body sends is read, so that its client gets the answer, and not kept.
#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_bodies_that_stop_before_their_end() {
    let attacked = Arc::new(Attacked::start());
    let attack = async |count: Count| {
        attackers(CONNECTIONS, || refused_body(Arc::clone(&attacked), count.clone())).await;
    };
    attacked.withstands("MiB of refused bodies", 1_000, 64 * MIB, attack).await;
}

/// Announces a body that is too large, sends the part of it that is discarded, but for its last
/// byte.
async fn refused_body(attacked: Arc<Attacked>, count: Count) {
    let Some(mut stream) = attacked.connect_tls("backend", "http/1.1").await else { return };
    let mut sent = stream.write_all(&post(SEARCH, 15 * MIB as usize, "", b"")).await;
    for _ in 0..14 {
        if sent.is_err() {
            break;
        }
        sent = stream.write_all(&[b' '; MIB as usize]).await;
        count.add(1);
    }
    drain(&mut stream).await;
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn downloads_that_nobody_reads() {
    let attacked = Arc::new(Attacked::start());
    let (url, _) = offered(&attacked.attacker(), &attacked.server, 1024 * MIB).await;
    let path = url.trim_start_matches(&attacked.server.url("backend")).to_owned();
    let attack = async |count: Count| {
        attackers(CONNECTIONS, || unread(Arc::clone(&attacked), count.clone(), path.clone())).await;
    };
    attacked.withstands("downloads that nobody reads", CONNECTIONS as u64, 64 * MIB, attack).await;
}

async fn unread(attacked: Arc<Attacked>, count: Count, path: String) {
    let Some(mut stream) = attacked.connect_tls("backend", "http/1.1").await else { return };
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.unwrap();
    // Its answer has begun.
    stream.read_exact(&mut [0; 12]).await.unwrap();
    count.add(1);
    pending().await
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn header_bombs() {
    let attacked = Arc::new(Attacked::start());
    let many: String = (0..2_000).map(|field| format!("X-{field}: {}\r\n", "x".repeat(20))).collect();
    let heads = [format!("X: {}", "x".repeat(8 * MIB as usize)), many, format!("X: 1\r\n{}", " x\r\n".repeat(100_000))];
    let attack = async |count: Count| {
        let bomb = || {
            let head = &heads[count.get() as usize % heads.len()];
            header_bomb(Arc::clone(&attacked), count.clone(), format!("GET {SEARCH} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n"))
        };
        attackers(32, bomb).await;
    };
    attacked.withstands("header bombs", 1_000, 48 * MIB, attack).await;
}

async fn header_bomb(attacked: Arc<Attacked>, count: Count, head: String) {
    let Some(mut stream) = attacked.connect_tls("backend", "http/1.1").await else { return };
    let _ = stream.write_all(head.as_bytes()).await;
    drain(&mut stream).await;
    count.add(1);
}

#[ignore = "nightly: an attack"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_and_broken_hellos() {
    let attacked = Arc::new(Attacked::start());
    let hellos = [
        // A record that announces more than it has, nothing but the type, a hello of SSL 2, noise.
        vec![0x16, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc],
        vec![0x16],
        vec![0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10],
        vec![0xff; 64 * 1024],
        tls10_hello(),
    ];
    for listener in ["backend", "control"] {
        let attack = async |count: Count| {
            let hello =
                || broken_hello(Arc::clone(&attacked), count.clone(), listener, hellos[count.get() as usize % hellos.len()].clone());
            attackers(CONNECTIONS, hello).await;
        };
        attacked.withstands(&format!("broken hellos to the {listener} listener"), 2_000, 32 * MIB, attack).await;
    }
}

/// A whole hello of TLS 1.0 with two of its cipher suites.
fn tls10_hello() -> Vec<u8> {
    let hello = [&[3, 1][..], &[7; 32], &[0], &[0, 4, 0, 0x2f, 0, 0x35], &[1, 0]].concat();
    let length = u8::try_from(hello.len()).unwrap();
    [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat()
}

/// Half of them end their sending, the others wait for the server to end the handshake.
async fn broken_hello(attacked: Arc<Attacked>, count: Count, listener: &str, hello: Vec<u8>) {
    let Some(mut stream) = attacked.connect(listener).await else { return };
    let _ = stream.write_all(&hello).await;
    if count.get().is_multiple_of(2) {
        let _ = stream.shutdown().await;
    }
    drain(&mut stream).await;
    count.add(1);
}
