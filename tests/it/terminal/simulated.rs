//! A simulated terminal in this process, a backend that misbehaves, and a wire between them that
//! cuts, drips and stalls.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use onshi_mock::clock;
use onshi_mock::domain::ids::TerminalAddress;
use onshi_mock::domain::text::Text;
use onshi_mock::terminal::{Connecting, Settings, Status, Terminal};
use onshi_mock::tls::{Authority, NewCa, OpenOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::eventually::{eventually, wait_until};

pub(crate) const ID: &str = "9910000034-T1";
pub(crate) const PACKAGE: &str = "/delivery/v1/packages/x/linkage_application/5.3.0";
const UPDATES: &str = "/delivery/v1/terminals/9910000034-T1/updates";

/// Certificates and a state directory.
pub(crate) struct Site {
    pub(crate) dir: TempDir,
    authority: Authority,
}

impl Site {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let certs = dir.path().join("certs");
        let options = OpenOptions { dir: &certs, extra_names: &[], listen: &[], new_ca: NewCa::default() };
        Self { authority: Authority::open_or_create(options, clock::wall()).unwrap(), dir }
    }

    /// Settings that hurry, for a server that has certificates of its own.
    pub(crate) fn settings_at(&self, mock: &crate::support::Mock, id: &str) -> Settings {
        let certs = mock.dir.path().join("certs");
        self.settings_of(&Authority::open(&certs).unwrap(), &certs, &format!("https://{}", mock.backend), id)
    }

    /// Settings that hurry.
    pub(crate) fn settings(&self, server: &str, id: &str) -> Settings {
        self.settings_of(&self.authority, &self.dir.path().join("certs"), server, id)
    }

    fn settings_of(&self, authority: &Authority, certs: &Path, server: &str, id: &str) -> Settings {
        let address = TerminalAddress::parse(id).unwrap();
        let issued = authority.issue_terminal(&address, clock::wall()).unwrap();
        Settings {
            address,
            connecting: Connecting {
                server: server.parse().unwrap(),
                ca_pem: std::fs::read(certs.join("ca.pem")).unwrap(),
                identity_pem: (issued.certificate_pem + &issued.private_key_pem).into_bytes(),
                silence: Duration::from_millis(400),
            },
            state: self.dir.path().join(format!("state-{id}")),
            linkage: None,
            speed: 3600.0,
            fast_startup: true,
            install_time: Duration::from_secs(1),
            token: "a-token-for-tests".to_owned(),
            wall: clock::wall,
        }
    }

    /// Writes certificate and key for the program, and gives their paths.
    pub(crate) fn issue(&self, id: &str) -> [String; 2] {
        let issued = self.authority.issue_terminal(&TerminalAddress::parse(id).unwrap(), clock::wall()).unwrap();
        let [certificate, key] = ["pem", "key"].map(|extension| self.dir.path().join(format!("{id}.{extension}")));
        std::fs::write(&certificate, issued.certificate_pem).unwrap();
        std::fs::write(&key, issued.private_key_pem).unwrap();
        [certificate, key].map(|path| path.to_str().unwrap().to_owned())
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }
}

/// A terminal that lives in this process until it is dropped: that is its process's end, not its
/// own.
pub(crate) struct Running {
    pub(crate) terminal: Arc<Terminal>,
    pub(crate) admin: SocketAddr,
    life: JoinHandle<Text>,
}

impl Running {
    pub(crate) async fn start(settings: Settings) -> Self {
        let terminal = Terminal::open(settings).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let admin = listener.local_addr().unwrap();
        let life = tokio::spawn(Arc::clone(&terminal).run(listener));
        Self { terminal, admin, life }
    }

    /// Waits until its status is so.
    pub(crate) async fn until(&self, what: &str, so: impl Fn(&Status) -> bool) -> Status {
        eventually(what, async || {
            let status = self.terminal.status();
            if so(&status) { Ok(status) } else { Err(status) }
        })
        .await
    }

    /// Waits for its end, and gives why.
    pub(crate) async fn end(self) -> Text {
        let life = self.life;
        tokio::time::timeout(Duration::from_secs(20), life).await.expect("it never ended").unwrap()
    }

    /// Ends the process, so to speak: nothing of it runs on.
    pub(crate) async fn kill(self) {
        self.terminal.close();
        self.life.abort();
        let _ = self.life.await;
        let terminal = self.terminal;
        wait_until("its last thread", || Arc::strong_count(&terminal) == 1).await;
    }
}

/// Whether the one package of [`Backend`] is installed.
pub(crate) fn installed(status: &Status) -> bool {
    status.components.iter().any(|component| component.installed.to_string() == "5.3.0")
}

/// A backend of wiremock with one package, whose answers a test changes as it goes.
pub(crate) struct Backend {
    pub(crate) server: MockServer,
    pub(crate) content: Vec<u8>,
    poll: Arc<Mutex<ResponseTemplate>>,
    package: Arc<Mutex<Option<ResponseTemplate>>>,
    pub(crate) served: Arc<AtomicU64>,
}

impl Backend {
    pub(crate) async fn start(size: usize) -> Self {
        let server = MockServer::start().await;
        let content: Vec<u8> = (0..size).map(|i| (i * 31 + i / 251) as u8).collect();
        let results = json!({"components": [{"component": "linkage_application", "installed": "5.2.0"}]});
        Mock::given(method("GET"))
            .and(path("/delivery/v1/terminals/9910000034-T1/results"))
            .respond_with(ResponseTemplate::new(200).set_body_json(results))
            .mount(&server)
            .await;
        Mock::given(method("POST"))
            .and(path("/delivery/v1/terminals/9910000034-T1/reports"))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"accepted": true})))
            .mount(&server)
            .await;
        let poll = Arc::new(Mutex::new(ResponseTemplate::new(200)));
        let asked = Arc::clone(&poll);
        Mock::given(method("GET")).and(path(UPDATES)).respond_with(move |_: &Request| asked.lock().unwrap().clone()).mount(&server).await;
        let package: Arc<Mutex<Option<ResponseTemplate>>> = Arc::default();
        let (instead, bytes, served) = (Arc::clone(&package), content.clone(), Arc::new(AtomicU64::new(0)));
        let counted = Arc::clone(&served);
        Mock::given(method("GET"))
            .and(path(PACKAGE))
            .respond_with(move |request: &Request| {
                counted.fetch_add(1, Ordering::Relaxed);
                instead.lock().unwrap().clone().unwrap_or_else(|| part(request, &bytes))
            })
            .mount(&server)
            .await;
        let backend = Self { server, content, poll, package, served };
        backend.poll(backend.offer("5.3.0"));
        backend
    }

    /// What polls get from now on.
    pub(crate) fn poll(&self, answer: ResponseTemplate) {
        *self.poll.lock().unwrap() = answer;
    }

    /// What package requests get from now on; with none, the package.
    pub(crate) fn package(&self, answer: Option<ResponseTemplate>) {
        *self.package.lock().unwrap() = answer;
    }

    /// A poll's answer that offers the package under a version.
    pub(crate) fn offer(&self, version: &str) -> ResponseTemplate {
        let sha256 = sha256(&self.content);
        let package = json!({"component": "linkage_application", "version": version, "size": self.content.len(), "sha256": sha256,
            "url": PACKAGE, "restart_required": true});
        self.answer(json!({"campaign": "x", "packages": [package]}), "open")
    }

    /// A poll's answer while the window is closed.
    pub(crate) fn window_closed_answer(&self) -> ResponseTemplate {
        self.answer(Value::Null, "closed")
    }

    fn answer(&self, update: Value, window: &str) -> ResponseTemplate {
        let window = json!({"state": window, "until": null, "next_opening": null});
        // A second at the speed of the tests is 20 ms, the shortest wait.
        ResponseTemplate::new(200).set_body_json(json!({"update": update, "window": window, "poll_after": "PT6M"}))
    }

    /// The requests so far whose path begins so.
    pub(crate) async fn requests(&self, path: &str) -> Vec<Request> {
        let all = self.server.received_requests().await.unwrap();
        all.into_iter().filter(|request| request.url.path().starts_with(path)).collect()
    }

    pub(crate) async fn polls(&self) -> usize {
        self.requests(UPDATES).await.len()
    }

    /// The states that were reported, in order.
    pub(crate) async fn reported(&self) -> Vec<String> {
        let reports = self.requests("/delivery/v1/terminals/9910000034-T1/reports").await;
        reports.iter().map(|report| report.body_json::<Value>().unwrap()["state"].as_str().unwrap().to_owned()).collect()
    }

    /// Where each package request began.
    pub(crate) async fn starts(&self) -> Vec<u64> {
        self.requests(PACKAGE).await.iter().map(start_of).collect()
    }
}

fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn start_of(request: &Request) -> u64 {
    let range = request.headers.get("range").and_then(|value| value.to_str().ok());
    range.and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()).unwrap_or(0)
}

/// The rest of the package from where the request begins.
fn part(request: &Request, bytes: &[u8]) -> ResponseTemplate {
    let start = start_of(request);
    let rest = bytes[usize::try_from(start).unwrap()..].to_vec();
    let status = if start == 0 { 200 } else { 206 };
    let range = format!("bytes {start}-{}/{}", bytes.len() - 1, bytes.len());
    let answer = ResponseTemplate::new(status).insert_header("etag", "\"tag\"").set_body_bytes(rest);
    if start == 0 { answer } else { answer.insert_header("content-range", range) }
}

/// How a connection of [`Wire`] behaves.
#[derive(Clone, Copy, Default)]
pub(crate) struct ConnectionBehaviour {
    /// It is cut after so many bytes towards the terminal.
    pub(crate) cut_after: Option<u64>,
    /// … or goes silent.
    pub(crate) stall_after: Option<u64>,
    /// Bytes a millisecond.
    pub(crate) rate: Option<usize>,
}

/// A wire to a backend.
pub(crate) struct Wire {
    pub(crate) url: String,
    flow: Arc<Mutex<ConnectionBehaviour>>,
    /// Bytes that went towards the terminal.
    pub(crate) passed: Arc<AtomicU64>,
}

impl Wire {
    pub(crate) async fn to(backend: &Backend, flow: ConnectionBehaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (target, flow, passed) = (*backend.server.address(), Arc::new(Mutex::new(flow)), Arc::new(AtomicU64::new(0)));
        let (flows, counter) = (Arc::clone(&flow), Arc::clone(&passed));
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (flow, counter) = (*flows.lock().unwrap(), Arc::clone(&counter));
                tokio::spawn(async move {
                    let far = TcpStream::connect(target).await.unwrap();
                    pass(near, far, flow, &counter).await;
                });
            }
        });
        Self { url, flow, passed }
    }

    /// How connections behave that are made from now on.
    pub(crate) fn set(&self, flow: ConnectionBehaviour) {
        *self.flow.lock().unwrap() = flow;
    }
}

async fn pass(near: TcpStream, far: TcpStream, flow: ConnectionBehaviour, counter: &AtomicU64) {
    let (mut near_in, mut near_out) = near.into_split();
    let (mut far_in, mut far_out) = far.into_split();
    let up = async {
        let _ = tokio::io::copy(&mut near_in, &mut far_out).await;
    };
    let down = async {
        let mut buffer = vec![0; flow.rate.map_or(64 * 1024, |rate| rate * 5)];
        let mut passed = 0;
        while let Ok(read @ 1..) = far_in.read(&mut buffer).await {
            let left = flow.cut_after.map_or(u64::MAX, |cut| cut.saturating_sub(passed));
            let read = read.min(usize::try_from(left).unwrap_or(usize::MAX));
            if near_out.write_all(&buffer[..read]).await.is_err() {
                return;
            }
            passed += read as u64;
            counter.fetch_add(read as u64, Ordering::Relaxed);
            if flow.cut_after.is_some_and(|cut| passed >= cut) {
                return;
            }
            if flow.stall_after.is_some_and(|stall| passed >= stall) {
                std::future::pending::<()>().await;
            }
            if flow.rate.is_some() {
                // The pace of a slow wire.
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
}

/// A clock that jumps by days at each look.
pub(crate) fn jumping_clock() -> Timestamp {
    static LOOKS: AtomicU64 = AtomicU64::new(0);
    let look = i64::try_from(LOOKS.fetch_add(1, Ordering::Relaxed)).unwrap();
    let days = if look % 2 == 0 { 300 } else { -300 };
    clock::wall().saturating_add(jiff::SignedDuration::from_hours(days * 24)).unwrap()
}
