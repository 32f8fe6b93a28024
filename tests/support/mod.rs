//! Starts the real server with certificates of its own, and a client that checks the wire's
//! invariants on every answer.

mod answer;
mod calls;
mod clinic;
mod computer;
mod console;
pub(crate) mod eventually;
pub(crate) mod request_files;

use std::net::SocketAddr;

use jiff::Timestamp;
use onshi_mock::clock;
use onshi_mock::config::{Config, Options};
use onshi_mock::server::Server;
use onshi_mock::store::Target;
use reqwest::{Certificate, Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) use answer::Answer;
pub(crate) use calls::Call;
pub(crate) use clinic::{Clinic, frozen, template};
pub(crate) use computer::ReceiptComputer;
pub(crate) use console::Browser;

pub(crate) const LOGIN: &str = "/oqs-api-pro/MSA12020/ILI12020SV01/auth";
pub(crate) const SEARCH: &str = "/oqs-api-pro/MSA01030/ILI01030SV01/search";
pub(crate) const TOKEN: &str = "a-control-token-for-tests";

/// A running server.
pub(crate) struct Mock {
    pub(crate) backend: SocketAddr,
    pub(crate) control: SocketAddr,
    pub(crate) ca_pem: String,
    pub(crate) client: Client,
    pub(crate) dir: TempDir,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
}

impl Mock {
    /// With the defaults.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// With other settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_by_clock(clock::wall, change).await
    }

    /// With other settings, and another clock in place of the machine's.
    pub(crate) async fn start_by_clock(wall: fn() -> Timestamp, change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Options::default().complete().unwrap();
        config.backend_addr = SocketAddr::from(([127, 0, 0, 1], 0));
        config.control_addr = SocketAddr::from(([127, 0, 0, 1], 0));
        config.store = Target::Memory;
        config.certs = dir.path().join("certs");
        config.control_token = Some(TOKEN.to_owned());
        change(&mut config);
        let server = Server::bind(&config, wall).await.unwrap();
        let (backend, control) = (server.backend_addr().unwrap(), server.control_addr().unwrap());
        let ca_pem = std::fs::read_to_string(config.certs.join("ca.pem")).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(server.run(async {
            let _ = stopped.await;
        }));
        let client = trusting(&ca_pem).build().unwrap();
        Self { backend, control, ca_pem, client, dir, stop: Some(stop), running: Some(running) }
    }

    /// Stops the server and waits until it has ended.
    pub(crate) async fn stop(&mut self) {
        drop(self.stop.take());
        self.running.take().unwrap().await.unwrap();
    }

    /// A request to the backend, for a test to complete.
    pub(crate) fn backend(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("https://{}{path}", self.backend))
    }

    /// Logs in with any JSON object and gives the idToken.
    pub(crate) async fn login(&self, fields: Value) -> String {
        self.receipt_computer().login(fields).await.id_token().to_owned()
    }

    /// A GET of the backend.
    pub(crate) async fn ask(&self, path: &str) -> Answer {
        self.send(self.backend(Method::GET, path)).await
    }

    /// Sends a request to the backend and checks what holds for every answer.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let status = response.status();
        assert_eq!(response.headers()["x-onshi-mock"], env!("CARGO_PKG_VERSION"));
        let journal = response.headers()["x-onshi-journal"].to_str().unwrap().to_owned();
        let text = response.text().await.unwrap();
        let body: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}: no JSON: {text}"));
        if let Some(message) = body.get("XmlMsg") {
            check_message(message);
        }
        Answer { status, journal, body }
    }
}

/// A client that trusts the installation's CA and nothing else.
pub(crate) fn trusting(ca_pem: &str) -> reqwest::ClientBuilder {
    // Already installed by another test of this process: the same provider.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let ca = Certificate::from_pem(ca_pem.as_bytes()).unwrap();
    Client::builder().tls_certs_only([ca]).no_proxy()
}

/// An inquiry about the plainest person.
pub(crate) fn inquiry(code: &str) -> Value {
    json!({"XmlMsg": {
        "MessageHeader": {"QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": code, "ArbitraryFileIdentifier": "file-1"},
        "MessageBody": {"QualificationConfirmSearchInfo": {
            "InsurerNumber": "01990019", "InsuredCardSymbol": "11010203", "InsuredIdentificationNumber": "1001", "InsuredBranchNumber": "01",
            "Birthdate": "19800517", "LimitApplicationCertificateRelatedConsFlg": "0"}}}})
}

/// What a verdict says of a rule.
pub(crate) fn ruling(verdict: &Value, rule: &str) -> String {
    let ruling = verdict["rules"].as_array().unwrap().iter().find(|ruling| ruling["rule"] == rule);
    ruling.unwrap_or_else(|| panic!("no ruling on {rule}"))["result"].as_str().unwrap().to_owned()
}

/// What holds for every message: texts only, nothing empty, and an error says so in each of its
/// places.
fn check_message(message: &Value) {
    let header = &message["MessageHeader"];
    check_texts(message, "");
    match header["SegmentOfResult"].as_str() {
        Some("1") => assert!(header["ErrorCode"].is_null(), "a success with an error code: {message}"),
        Some("9") => {
            assert!(header["ErrorCode"].is_string() && header["ErrorMessage"].is_string(), "an error without its words: {message}");
            assert_eq!(message["MessageBody"]["ProcessingResultStatus"], "2");
        }
        Some("2") => assert!(header["ErrorCode"].is_null() && message["MessageBody"]["ResultList"].is_null(), "processing: {message}"),
        other => panic!("SegmentOfResult {other:?}"),
    }
    assert_eq!(header["ReferenceClassification"], "2");
    assert_eq!(header["ProcessExecutionTime"].as_str().unwrap().len(), 14);
}

fn check_texts(value: &Value, at: &str) {
    match value {
        Value::String(text) => assert!(!text.is_empty(), "{at} is empty"),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| check_texts(value, &format!("{at}/{name}"))),
        Value::Array(list) => {
            let lists = ["/ResultList", "/SpecificDiseasesCertificateList", "/PublicExpenseResultList"];
            assert!(lists.iter().any(|name| at.ends_with(name)), "{at} is a list");
            list.iter().for_each(|value| check_texts(value, at));
        }
        other => panic!("{at} is {other}, not a text"),
    }
}
