//! The preparation of a measurement: a store, institutions, a login, a package, a certificate.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::load::Client;
use super::process::TOKEN;

/// The store and the number of processes of the program.
pub(crate) struct BenchSetup {
    pub(crate) store: String,
    pub(crate) processes: usize,
    /// The database that the floor queries once per request.
    pub(crate) floor_asks: Option<String>,
    /// Another build of the program, measured in the same rounds.
    pub(crate) baseline: Option<String>,
}

/// A SQLite file in the bench's own directory. The build that `ONSHI_BENCH_BASELINE` names has its
/// own file.
pub(crate) fn sqlite() -> BenchSetup {
    let baseline = std::env::var("ONSHI_BENCH_BASELINE").ok();
    BenchSetup { store: "sqlite:bench.db".to_owned(), processes: 1, floor_asks: None, baseline }
}

/// The PostgreSQL database that `ONSHI_BENCH_POSTGRES` names. Its former tables are dropped.
pub(crate) fn postgres(processes: usize) -> BenchSetup {
    let url =
        std::env::var("ONSHI_BENCH_POSTGRES").expect("ONSHI_BENCH_POSTGRES=postgres://… names a database whose content may be dropped");
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(drop_all_tables(&url));
    BenchSetup { store: url.clone(), processes, floor_asks: Some(url), baseline: None }
}

async fn drop_all_tables(url: &str) {
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(url).await.unwrap();
    for statement in ["DROP SCHEMA public CASCADE", "CREATE SCHEMA public"] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
}

/// Returns an HTTP/1.1 request.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\n{headers}\r\n").into_bytes();
    bytes.extend(body);
    bytes
}

/// Returns a check of the simplest person.
pub(crate) fn check(path: &str, institution: &str, token: &str) -> Vec<u8> {
    let body = json!({"XmlMsg": {
        "MessageHeader": {"QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": institution},
        "MessageBody": {"QualificationConfirmSearchInfo": {
            "InsurerNumber": "01990019", "InsuredCardSymbol": "11010203", "InsuredIdentificationNumber": "1001",
            "InsuredBranchNumber": "01", "Birthdate": "19800517", "LimitApplicationCertificateRelatedConsFlg": "0"}}}});
    let headers = format!("Content-Type: application/json;charset=UTF-8\r\nAccept: application/json\r\nAuthorization: {token}\r\n");
    request("POST", path, &headers, body.to_string().as_bytes())
}

async fn control(control: &Client, method: &str, path: &str, body: &Value) -> Value {
    let headers = format!("Content-Type: application/json\r\nAuthorization: Bearer {TOKEN}\r\n");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    serde_json::from_slice(&control.once(&request(method, path, &headers, body.as_bytes())).await).unwrap()
}

/// Returns a token that names no institution and is valid for every one.
pub(crate) async fn login(backend: &Client) -> String {
    let answer =
        backend.once(&request("POST", "/oqs-api-pro/MSA12020/ILI12020SV01/auth", "Content-Type: application/json\r\n", b"{}")).await;
    serde_json::from_slice::<Value>(&answer).unwrap()["result"]["idToken"].as_str().unwrap().to_owned()
}

/// Creates institutions and returns their codes. For one, returns the fixture's code.
pub(crate) async fn institutions(client: &Client, count: u32) -> Vec<String> {
    if count == 1 {
        return vec!["9910000018".to_owned()];
    }
    let headers = format!("Content-Type: application/json\r\nAuthorization: Bearer {TOKEN}\r\n");
    let codes: Vec<String> = (0..count).map(code).collect();
    let mut creating = tokio::task::JoinSet::new();
    for part in codes.chunks(codes.len().div_ceil(16)) {
        let (client, headers, part) = (client.clone(), headers.clone(), part.to_vec());
        creating.spawn(async move {
            let bodies = part.iter().map(|code| json!({"template": "9910000018", "code": code}).to_string());
            let requests = bodies.map(|body| request("POST", "/v1/institutions", &headers, body.as_bytes()));
            client.each(requests).await;
        });
    }
    creating.join_all().await;
    codes
}

/// Returns the nth code of prefecture 99, with its check digit.
fn code(number: u32) -> String {
    let digits = format!("{:06}", number + 100_000);
    let weighed = digits.bytes().rev().enumerate().map(|(i, digit)| u32::from(digit - b'0') * if i % 2 == 0 { 2 } else { 1 });
    let sum: u32 = weighed.map(|product| product / 10 + product % 10).sum();
    let mut code = format!("991{digits}");
    let _ = write!(code, "{}", (10 - sum % 10) % 10);
    code
}

/// Returns the path of a package with this size, ready for download without a bandwidth limit.
pub(crate) async fn package(client: &Client, backend: &Client, size: usize) -> String {
    let campaign = json!({"starts": "2026-01-19", "packages": [{"component": "linkage_application", "version": "9.0.0", "size": size}]});
    let input = json!({"template": "9910000034", "campaign": campaign, "terminals": {"T1": {"bandwidth": 100_000_000_000_u64}}});
    let created = control(client, "POST", "/v1/institutions", &input).await;
    let code = created["code"].as_str().unwrap();
    let updates = request("GET", &format!("/delivery/v1/terminals/{code}-T1/updates"), "", b"");
    loop {
        let polled: Value = serde_json::from_slice(&backend.once(&updates).await).unwrap();
        if let Some(url) = polled["update"]["packages"][0]["url"].as_str() {
            return url.to_owned();
        }
        eprintln!("waiting for the package's hash: {polled}");
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
}

/// Returns a terminal's certificate and its key.
pub(crate) async fn certificate(client: &Client) -> (String, String) {
    let issued = control(client, "POST", "/v1/institutions/9910000018/terminals/T1/certificate", &json!({})).await;
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    (text("certificate_pem"), text("private_key_pem"))
}
