//! The program's two routers in this process, over a store in memory and at a fixed time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use jiff::Timestamp;
use onshi_mock::app::App;
use onshi_mock::config::Options;
use onshi_mock::domain::ids::InstitutionCode;
use onshi_mock::http;
use onshi_mock::http::connection::NoResponse;
use onshi_mock::journal::ListedEntry;
use onshi_mock::linkage::LinkageFolders;
use onshi_mock::listener::Addresses;
use onshi_mock::store::Target;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

/// The path of a check.
pub const SEARCH: &str = "/oqs-api-pro/MSA01030/ILI01030SV01/search";

const TOKEN: &str = "a-control-token-for-fuzzing";
/// Bodies beyond this size are not read: whole packages.
const MAX_BODY: usize = 1024 * 1024;

/// The routers and what they share.
pub struct Server {
    runtime: Runtime,
    /// The application.
    pub app: Arc<App>,
    backend: Router,
    control: Router,
    body_time: Duration,
}

/// An answer of a router.
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; `None` if it is cut off, or larger or slower than the target reads.
    pub body: Option<Vec<u8>>,
    /// Whether the client gets nothing of it.
    pub is_silent: bool,
}

/// 9 o'clock on 20 January 2026 in Japan.
fn wall() -> Timestamp {
    Timestamp::constant(1_768_867_200, 0)
}

impl Server {
    /// Starts it, with the compiled-in fixtures.
    pub fn start() -> Self {
        Self::reading_within(Duration::from_secs(5))
    }

    /// Starts it for a target that reads a body no longer than this, since faults make some slow.
    pub fn reading_within(body_time: Duration) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let app = runtime.block_on(app());
        let linkage = LinkageFolders::new(None, Duration::ZERO, app.institutions.clone());
        let addresses = Addresses::default();
        let body = Options::default().complete().expect("the defaults are right").body;
        let interface = http::router::interface(&addresses);
        let state = Arc::new(http::app::App::new(Arc::clone(&app), linkage, interface, addresses, body, 8));
        let (backend, control) = (http::router::backend(Arc::clone(&state)), http::router::control(state));
        Self { runtime, app, backend, control, body_time }
    }

    /// Sends a request to the backend.
    pub fn backend(&self, request: Request<Body>) -> Answer {
        self.runtime.block_on(answer(self.backend.clone(), request, self.body_time))
    }

    /// Sends a request with JSON to the control API.
    pub fn control(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let request = Request::builder().method(method).uri(path).header("Authorization", format!("Bearer {TOKEN}"));
        let request = request.body(Body::from(body.to_vec())).expect("the path is a URI");
        self.runtime.block_on(answer(self.control.clone(), request, self.body_time))
    }

    /// Sends a request with JSON to the control API that has to succeed.
    ///
    /// # Panics
    /// It does not.
    pub fn set(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.control(method, path, body.to_string().as_bytes());
        assert!(answer.status.is_success(), "{method} {path} {body}: {} {}", answer.status, answer.text());
        answer.json()
    }

    /// Returns the newest entries of an institution's journal, or of the strays.
    pub fn entries(&self, code: Option<&InstitutionCode>, newest: usize) -> Vec<ListedEntry> {
        let page = self.runtime.block_on(async {
            match code {
                Some(code) => self.app.institutions.entries(code, newest).await,
                None => self.app.institutions.stray_entries(newest).await.map(Some),
            }
        });
        page.expect("memory works as a store").map(|page| page.entries).unwrap_or_default()
    }

    /// Returns the journal's entries of answers, from the journal of the first of these institutions,
    /// from the strays, from another's, or from that of an institution of the fixtures.
    ///
    /// # Panics
    /// An answer names no entry, or the entry does not exist or is of another answer.
    pub fn entries_of(&self, answers: &[&Answer], codes: &[InstitutionCode]) -> Vec<ListedEntry> {
        let fixtures = self.app.fixtures();
        let others = codes.iter().skip(1).chain(fixtures.institutions.keys());
        let owners = codes.iter().take(1).map(Some).chain([None]).chain(others.map(Some));
        let mut entries: Vec<ListedEntry> = Vec::new();
        for owner in owners {
            entries.extend(self.entries(owner, answers.len() + 1));
            if answers.iter().all(|answer| entries.iter().any(|listed| answer.is_of(listed))) {
                break;
            }
        }
        let entry = |answer: &&Answer| {
            let found = entries.iter().find(|listed| answer.is_of(listed)).cloned();
            let found = found.unwrap_or_else(|| panic!("no journal has the entry of {} {}", answer.status, answer.text()));
            let status = (!answer.is_silent).then_some(answer.status.as_u16());
            assert_eq!(found.entry.status, status, "the journal has the status that was sent");
            found
        };
        answers.iter().map(entry).collect()
    }

    /// Returns the journal's entry of one answer, as [`Server::entries_of`].
    pub fn entry_of(&self, answer: &Answer, codes: &[InstitutionCode]) -> ListedEntry {
        self.entries_of(&[answer], codes).remove(0)
    }
}

impl Answer {
    /// Whether a journal entry is that of this answer.
    fn is_of(&self, listed: &ListedEntry) -> bool {
        let id = self.headers.get("x-onshi-journal").expect("an answer names its entry");
        listed.entry.id.to_string().as_bytes() == id.as_bytes()
    }

    /// Returns the body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body.as_deref().unwrap_or_default()).into_owned()
    }

    /// Returns the body as JSON; null if it is empty.
    ///
    /// # Panics
    /// It is neither.
    pub fn json(&self) -> Value {
        let text = self.text();
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")) }
    }

    /// Returns the media type, without parameters.
    pub fn media_type(&self) -> &str {
        let value = self.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        value.split(';').next().unwrap_or_default()
    }
}

/// Creates the application. Its certificates are read into memory, and their files deleted.
async fn app() -> Arc<App> {
    let dir = tempfile::tempdir().expect("a directory for certificates");
    let mut config = Options::default().complete().expect("the defaults are right");
    config.backend_addr = SocketAddr::from(([127, 0, 0, 1], 0));
    config.control_addr = config.backend_addr;
    config.store = Target::Memory;
    config.certs = dir.path().to_owned();
    config.control_token = Some(TOKEN.to_owned());
    let server = onshi_mock::server::Server::bind(&config, wall).await.expect("the server starts");
    Arc::clone(server.app())
}

async fn answer(router: Router, request: Request<Body>, body_time: Duration) -> Answer {
    let Ok(response) = router.oneshot(request).await;
    let is_silent = response.extensions().get::<NoResponse>().is_some();
    let (parts, body) = response.into_parts();
    let announced = parts.headers.get("content-length").and_then(|value| value.to_str().ok()?.parse().ok());
    let body = if announced.is_some_and(|length: usize| length > MAX_BODY) {
        None
    } else {
        let read = tokio::time::timeout(body_time, Limited::new(body, MAX_BODY).collect()).await;
        read.ok().and_then(Result::ok).map(|body| body.to_bytes().to_vec())
    };
    Answer { status: parts.status, headers: parts.headers, body, is_silent }
}
