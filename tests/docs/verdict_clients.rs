//! The example clients of docs/examples live through a refusal and a restart: the verdict passes
//! the good one and fails the naive one, each for the right reasons.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Mock, ruling};

/// Runs a client through the morning, as its staff and its UI test would: what its screen shows is
/// observed, and after its first words the terminal is restarted.
async fn morning_of(client: &str) -> (Vec<String>, Value) {
    let mock = Mock::start().await;
    let clinic = mock.clinic("9910000026", "2026-01-20T08:55:00+09:00").await;
    clinic.put("/scenario", json!({"id": "installed-not-restarted"})).await;
    let script = format!("{}/docs/examples/{client}", env!("CARGO_MANIFEST_DIR"));
    let mut child = Command::new("python3")
        .args(["-B", &script, &clinic.code])
        .env("BACKEND", format!("https://{}", mock.backend))
        .env("CA", mock.dir.path().join("certs/ca.pem"))
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("python3 is needed for this test (./test installs it): {error}"));
    let (mut staff, mut screen) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
    let mut shown: Vec<String> = Vec::new();
    while let Some(line) = tokio::task::block_in_place(|| screen.next()) {
        let line = line.unwrap();
        let kind = if line.ends_with("該当資格なし") { "no_qualification_shown" } else { "message_shown" };
        let entry = clinic.last_entry().await["id"].clone();
        let seen = json!({"kind": kind, "text": line, "entry": entry, "by": "verdict_clients.rs"});
        clinic.post("/observations", seen).await;
        if shown.is_empty() {
            clinic.restart().await;
        }
        shown.push(line);
        // The client may have ended.
        let _ = staff.write_all(b"\n");
    }
    assert!(child.wait().unwrap().success(), "{client}: {shown:?}");
    (shown, clinic.verdict().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_good_client_passes() {
    let (shown, verdict) = morning_of("good_client.py").await;
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert_eq!((shown[1].as_str(), shown[2].as_str()), ("1001: 有効", "9999: 該当資格なし"));
    assert_eq!(verdict["overall"], "PASS", "{verdict}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_naive_client_fails_for_the_right_reasons() {
    let (shown, verdict) = morning_of("naive_client.py").await;
    assert_eq!(shown, ["1001: 該当資格なし", "9999: 該当資格なし"]);
    assert_eq!(verdict["overall"], "FAIL");
    for rule in ["not_hammered", "same_patient_repeated", "error_not_taken_for_no_qualification", "restart_message_shown"] {
        assert_eq!(ruling(&verdict, rule), "FAIL", "{rule}: {verdict}");
    }
    assert_eq!(ruling(&verdict, "check_repeated_after_restart"), "PASS", "another patient was checked after the restart");
}
