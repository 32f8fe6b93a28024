//! A server that is attacked, the attackers' connections, and the other client.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use crate::delivery::memory::memory;
use crate::server::program::Program;
use crate::support::{SEARCH, TOKEN, frozen, inquiry, template, trusting};
use crate::wire::raw;

pub(super) const MIB: u64 = 1024 * 1024;
/// All attackers' address.
const ATTACKER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// The other client's address.
const OTHER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
/// How often the other client asks during an attack, at least.
const CHECKS: u32 = 50;
/// How long it waits for an answer, the connection included.
const MAX_WAIT: Duration = Duration::from_secs(5);
/// What an attack may take in all before the test fails.
const MAX_ATTACK: Duration = Duration::from_secs(600);

/// How often an attack did what it does.
#[derive(Clone, Default)]
pub(super) struct Count(Arc<AtomicU64>);

impl Count {
    pub(super) fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A server on a SQLite file.
pub(super) struct Attacked {
    pub(super) dir: TempDir,
    pub(super) server: Program,
    ca_pem: String,
}

impl Attacked {
    /// With linkage folders in `oqs`.
    pub(super) fn start() -> Self {
        Self::start_with(&["--linkage", "oqs"])
    }

    /// With these options of `serve`.
    pub(super) fn start_with(more: &[&str]) -> Self {
        allow_many_files();
        let dir = tempfile::tempdir().unwrap();
        let options = ["--control-token", TOKEN, "--store", "sqlite:state.db", "--no-console-link"];
        let server = Program::start(dir.path(), &[&options[..], more].concat());
        let ca_pem = std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap();
        Self { dir, server, ca_pem }
    }

    /// The address of a listener.
    pub(super) fn address(&self, listener: &str) -> SocketAddr {
        self.server.url(listener).trim_start_matches("https://").parse().unwrap()
    }

    /// A client at this address; each request has a connection of its own.
    fn client_at(&self, address: IpAddr) -> Client {
        trusting(&self.ca_pem).local_address(address).pool_max_idle_per_host(0).build().unwrap()
    }

    /// An attacker's client that keeps its connections.
    pub(super) fn attacker(&self) -> Client {
        trusting(&self.ca_pem).local_address(ATTACKER).build().unwrap()
    }

    /// A call of the control API.
    pub(super) fn control(&self, client: &Client, method: Method, path: &str) -> RequestBuilder {
        client.request(method, format!("{}{path}", self.server.url("control"))).bearer_auth(TOKEN)
    }

    /// A new institution with these settings beside template and clock.
    pub(super) async fn institution(&self, mut input: Value) -> String {
        let defaults = json!({"template": template::UP_TO_DATE, "clock": frozen("2026-01-20T10:00:00+09:00")});
        for (name, value) in defaults.as_object().unwrap() {
            input.as_object_mut().unwrap().entry(name).or_insert_with(|| value.clone());
        }
        let answer = self.control(&self.client_at(OTHER), Method::POST, "/v1/institutions").json(&input).send().await.unwrap();
        let created: Value = answer.error_for_status().unwrap().json().await.unwrap();
        created["code"].as_str().unwrap().to_owned()
    }

    /// Attacks until it has been done `wanted` times and the other client has been served 50
    /// times by both listeners. No answer takes longer than five seconds, and the server's memory,
    /// at its highest, is at most `max_growth` above what it was before. An attack does not end by
    /// itself.
    pub(super) async fn withstands(&self, what: &str, wanted: u64, max_growth: u64, attack: impl AsyncFnOnce(Count)) {
        let other = self.client_at(OTHER);
        // What a first check and a first connection set up is there before the measurement.
        for _ in 0..10 {
            self.is_served(&other).await;
        }
        let (before, count) = (memory(&self.server, "VmRSS"), Count::default());
        let mut waits = Vec::new();
        let serving = async {
            while count.get() < wanted || waits.len() < CHECKS as usize {
                waits.push(self.is_served(&other).await);
            }
        };
        let attacked = async {
            tokio::select! {
                () = attack(count.clone()) => panic!("{what}: the attack ended"),
                () = serving => {}
            }
        };
        assert!(timeout(MAX_ATTACK, attacked).await.is_ok(), "{what}: done {} of {wanted} times", count.get());
        self.tell(what, &count, &mut waits, before, max_growth);
    }

    #[expect(clippy::print_stdout, reason = "the figures are for the nightly log")]
    fn tell(&self, what: &str, count: &Count, waits: &mut [Duration], before: u64, max_growth: u64) {
        waits.sort_unstable();
        let growth = memory(&self.server, "VmHWM").saturating_sub(before);
        println!(
            "{what}: {} times; {} rounds of another client, the slowest {:?}, the median {:?}; memory {} MiB before, {} MiB more at most",
            count.get(),
            waits.len(),
            waits[waits.len() - 1],
            waits[waits.len() / 2],
            before / MIB,
            growth.div_ceil(MIB)
        );
        assert!(growth <= max_growth, "{what}: memory grew by {growth} bytes, at most {max_growth} were expected");
    }

    /// A check of the other client and two questions of it to the control listener, each over a
    /// new connection; how long the slowest took.
    async fn is_served(&self, other: &Client) -> Duration {
        let check = async {
            let request = other.post(format!("{}{SEARCH}", self.server.url("backend"))).json(&inquiry(template::UP_TO_DATE));
            let answer: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["XmlMsg"]["MessageBody"]["QualificationValidity"], "1", "{answer}");
        };
        let ready = async {
            let answer = other.get(format!("{}/readyz", self.server.url("control"))).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::OK);
        };
        let institution = async {
            let request = self.control(other, Method::GET, &format!("/v1/institutions/{}", template::UP_TO_DATE));
            let answer: Value = request.send().await.unwrap().json().await.unwrap();
            assert_eq!(answer["code"], template::UP_TO_DATE, "{answer}");
        };
        let waits = [in_time("a check", check).await, in_time("/readyz", ready).await, in_time("the institution", institution).await];
        waits.into_iter().max().unwrap()
    }

    /// A bare connection of an attacker. None where the server refused it.
    pub(super) async fn connect(&self, listener: &str) -> Option<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(ATTACKER, 0)).unwrap();
        socket.set_nodelay(true).unwrap();
        socket.connect(self.address(listener)).await.ok()
    }

    /// The same with TLS, by ALPN.
    pub(super) async fn connect_tls(&self, listener: &str, alpn: &str) -> Option<TlsStream<TcpStream>> {
        let connector = raw::connector(&self.ca_pem, &rustls::version::TLS13, alpn);
        connector.connect("localhost".try_into().unwrap(), self.connect(listener).await?).await.ok()
    }
}

/// How long an answer to the other client took.
async fn in_time(what: &str, answered: impl Future<Output = ()>) -> Duration {
    let began = Instant::now();
    assert!(timeout(MAX_WAIT, answered).await.is_ok(), "another client did not get {what} in time");
    began.elapsed()
}

/// Runs many attackers of a kind at once, for as long as the returned future is polled.
pub(super) async fn attackers<F>(number: usize, attacker: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut running: JoinSet<()> = (0..number).map(|_| attacker()).collect();
    while let Some(ended) = running.join_next().await {
        ended.unwrap();
        running.spawn(attacker());
    }
}

/// Thousands of connections are files of this process.
fn allow_many_files() {
    let raised = std::process::Command::new("prlimit").args(["--nofile=8192:", "--pid", &std::process::id().to_string()]).status();
    assert!(raised.unwrap().success(), "8192 files may be open");
}
