//! Starts the real server with certificates of its own, and a client that checks the wire's invariants on every answer.

use std::net::SocketAddr;

use onshi_mock::clock;
use onshi_mock::config::{Config, Options};
use onshi_mock::server::Server;
use onshi_mock::store::Target;
use reqwest::{Certificate, Client, Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

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

/// An answer of the backend: status, the journal entry's id, and the JSON body.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) journal: String,
    pub(crate) body: Value,
}

impl Mock {
    /// With the defaults.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// With other settings.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Options::default().complete().unwrap();
        config.backend_addr = SocketAddr::from(([127, 0, 0, 1], 0));
        config.control_addr = SocketAddr::from(([127, 0, 0, 1], 0));
        config.store = Target::Memory;
        config.certs = dir.path().join("certs");
        config.control_token = Some(TOKEN.to_owned());
        change(&mut config);
        let server = Server::bind(&config, clock::wall).await.unwrap();
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

    /// A JSON request to the control surface with its token: status and body (null where there is none).
    pub(crate) async fn control(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let mut request = self.client.request(method, format!("https://{}{path}", self.control)).bearer_auth(TOKEN);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        let body: Value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap_or(Value::String(text)) };
        if status.is_client_error() {
            for field in ["type", "title", "title_en", "status", "detail", "detail_en"] {
                assert!(!body[field].is_null(), "a problem lacks {field}: {body}");
            }
        }
        assert!(!status.is_server_error(), "{path}: {status} {body}");
        (status, body)
    }

    /// A control request that has to succeed.
    pub(crate) async fn set(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, body) = self.control(method, path, body).await;
        assert!(status.is_success(), "{path}: {status} {body}");
        body
    }

    /// Creates an institution from a template with a frozen clock, and gives its code.
    pub(crate) async fn create(&self, template: &str, now: &str) -> String {
        self.create_with(json!({"template": template, "clock": {"mode": "frozen", "now": now}})).await
    }

    /// Creates an institution, and gives its code.
    pub(crate) async fn create_with(&self, input: Value) -> String {
        let created = self.set(Method::POST, "/v1/institutions", input).await;
        created["code"].as_str().unwrap().to_owned()
    }

    /// Advances an institution's clock to a time and gives the events on the way.
    pub(crate) async fn advance(&self, code: &str, to: &str) -> Value {
        self.set(Method::POST, &format!("/v1/institutions/{code}/clock/advance"), json!({"to": to})).await["events"].clone()
    }

    /// Acts on a terminal.
    pub(crate) async fn act(&self, code: &str, terminal: &str, action: &str, body: Value) -> Value {
        self.set(Method::POST, &format!("/v1/institutions/{code}/terminals/{terminal}/{action}"), body).await
    }

    /// A terminal as the control surface shows it.
    pub(crate) async fn terminal(&self, code: &str, terminal: &str) -> Value {
        self.set(Method::GET, &format!("/v1/institutions/{code}/terminals/{terminal}"), Value::Null).await
    }

    /// The newest journal entry of an institution.
    pub(crate) async fn last_entry(&self, code: &str) -> Value {
        let journal = self.set(Method::GET, &format!("/v1/institutions/{code}/journal?limit=1"), Value::Null).await;
        journal["entries"][0].clone()
    }

    /// Logs in with any JSON object and gives the idToken.
    pub(crate) async fn login(&self, fields: Value) -> String {
        let answer = self.send(self.backend(Method::POST, LOGIN).json(&fields)).await;
        answer.body["result"]["idToken"].as_str().unwrap_or_else(|| panic!("no idToken: {}", answer.body)).to_owned()
    }

    /// Checks the plainest person at an institution, without a token.
    pub(crate) async fn check(&self, code: &str) -> Answer {
        self.send(self.backend(Method::POST, SEARCH).json(&inquiry(code))).await
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

impl Answer {
    /// `ErrorCode` of the header; null where the check worked.
    pub(crate) fn error_code(&self) -> &Value {
        &self.body["XmlMsg"]["MessageHeader"]["ErrorCode"]
    }

    /// `ErrorMessage` of the header.
    pub(crate) fn error_message(&self) -> &str {
        self.body["XmlMsg"]["MessageHeader"]["ErrorMessage"].as_str().unwrap_or_default()
    }

    /// `QualificationValidity`; null where the check did not work.
    pub(crate) fn validity(&self) -> &Value {
        &self.body["XmlMsg"]["MessageBody"]["QualificationValidity"]
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

/// What holds for every message: texts only, nothing empty, and an error says so in each of its places.
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
