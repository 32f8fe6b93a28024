//! What downloads cost the server: eight at once do not make it grow by more than 64 MiB, however
//! large the package.
#![cfg(target_os = "linux")]

use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::server::program::Program;
use crate::support::eventually::eventually;
use crate::support::{TOKEN, frozen, template, trusting};

const MIB: u64 = 1024 * 1024;
const DOWNLOADS: usize = 8;
const MAX_MEMORY: u64 = 64 * MIB;

/// What the server's memory is, and was at most, in bytes.
pub(crate) fn memory(server: &Program, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.trim_start_matches(':').trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() * 1024
}

async fn control(client: &Client, server: &Program, method: Method, path: &str, body: Value) -> Value {
    let request = client.request(method, format!("{}/v1/institutions{path}", server.url("control")));
    let answer = request.bearer_auth(TOKEN).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    answer.json().await.unwrap()
}

/// One package of that size at a new institution, offered: URL and hash.
pub(crate) async fn offered(client: &Client, server: &Program, size: u64) -> (String, String) {
    let package = json!({"component": "linkage_application", "version": "6.0.0", "size": size});
    let institution = json!({
        "template": template::EXTERNAL, "clock": frozen("2026-01-19T21:00:00+09:00"),
        "campaign": {"id": "large", "starts": "2026-01-19", "packages": [package]}, "terminals": {"T1": {"bandwidth": 1_000_000_000_000_u64}},
    });
    let code = control(client, server, Method::POST, "", institution).await["code"].as_str().unwrap().to_owned();
    eventually("the package's hash", async || {
        let poll = client.get(format!("{}/delivery/v1/terminals/{code}-T1/updates", server.url("backend"))).send().await.unwrap();
        let poll: Value = poll.json().await.unwrap();
        let package = &poll["update"]["packages"][0];
        if let (Some(url), Some(sha256)) = (package["url"].as_str(), package["sha256"].as_str()) {
            return Ok((format!("{}{url}", server.url("backend")), sha256.to_owned()));
        }
        Err(poll)
    })
    .await
}

async fn download(client: Client, url: String) -> (u64, String) {
    let mut answer = client.get(url).send().await.unwrap();
    let (mut received, mut context) = (0, Context::new(&SHA256));
    while let Some(chunk) = answer.chunk().await.unwrap() {
        received += chunk.len() as u64;
        context.update(&chunk);
    }
    (received, context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Lets eight terminals fetch a package of that size at once, and measures the server.
#[allow(clippy::print_stdout, reason = "the measurement is what the nightly run is for")]
async fn measure(size: u64) {
    let dir = tempfile::tempdir().unwrap();
    let server = Program::start(dir.path(), &["--control-token", TOKEN]);
    let ca_pem = std::fs::read_to_string(dir.path().join(Path::new("certs/ca.pem"))).unwrap();
    // A connection each, as eight terminals have.
    let client = || trusting(&ca_pem).http1_only().build().unwrap();
    let (url, sha256) = offered(&client(), &server, size).await;
    // The tile that all packages share, and what a first download sets up, are there before the
    // measurement.
    client().get(&url).header("range", "bytes=0-2097151").send().await.unwrap().bytes().await.unwrap();
    let before = memory(&server, "VmRSS");
    let downloads: Vec<_> = (0..DOWNLOADS).map(|_| tokio::spawn(download(client(), url.clone()))).collect();
    for download in downloads {
        assert_eq!(download.await.unwrap(), (size, sha256.clone()));
    }
    let most = memory(&server, "VmHWM");
    let grown = most.saturating_sub(before);
    println!(
        "{DOWNLOADS} downloads of {} MiB: {} KiB before, {} KiB at most, grown by {} KiB",
        size / MIB,
        before / 1024,
        most / 1024,
        grown / 1024
    );
    assert!(grown <= MAX_MEMORY, "it grew by {grown} bytes");
}

#[tokio::test]
async fn eight_downloads_at_once_do_not_grow_the_server() {
    measure(24 * MIB).await;
}

#[tokio::test]
#[ignore = "8 GiB over TLS: ./test --nightly"]
async fn eight_downloads_of_a_gibibyte_at_once_do_not_grow_the_server() {
    measure(1024 * MIB).await;
}
