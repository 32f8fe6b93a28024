//! Handshakes that fail: told on the control API, in metrics and in the log, on both listeners.

use serde_json::{Value, json};

#[cfg(unix)]
use crate::server::program::Program;
use crate::support::eventually::eventually;
use crate::support::{Mock, TOKEN, trusting};

/// The failed handshakes, once there are `count`.
async fn failed(mock: &Mock, count: usize) -> Vec<Value> {
    let failed = eventually("so many failed handshakes", async || {
        let failed = mock.get("/v1/failed-handshakes").await["failed"].as_array().unwrap().clone();
        if failed.len() >= count { Ok(failed) } else { Err(failed) }
    });
    let failed = failed.await;
    assert_eq!(failed.len(), count, "{failed:?}");
    failed
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_ca_is_listed_with_what_to_do() {
    let (mock, stranger) = (Mock::start().await, Mock::start().await);
    assert!(failed(&mock, 0).await.is_empty());
    let client = trusting(&stranger.ca_pem).build().unwrap();
    for (count, (address, listener)) in [(mock.backend, "backend"), (mock.control, "control")].into_iter().enumerate() {
        client.get(format!("https://{address}/")).send().await.unwrap_err();
        let failure = failed(&mock, count + 1).await.remove(count);
        assert_eq!(failure["listener"], listener);
        assert_eq!((&failure["cause"], &failure["alert"]), (&json!("untrusted_ca"), &json!("unknown_ca")));
        assert!(failure["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{failure}");
        assert!(failure["wall"].as_str().unwrap().ends_with("+09:00"), "{failure}");
        for language in ["ja", "en"] {
            assert!(failure["remedy"][language].as_str().unwrap().contains("certs/ca.pem"), "{failure}");
            assert!(!failure["meaning"][language].as_str().unwrap().is_empty());
        }
    }
    let metrics = mock.client.get(format!("https://{}/metrics", mock.control)).bearer_auth(TOKEN).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for sample in [r#"{cause="untrusted_ca"} 2"#, r#"{cause="plain_http"} 0"#] {
        assert!(metrics.contains(&format!("onshi_mock_tls_handshakes_failed_total{sample}\n")), "{metrics}");
    }
}

#[tokio::test]
async fn they_are_behind_the_token() {
    let mock = Mock::start().await;
    let answer = mock.client.get(format!("https://{}/v1/failed-handshakes", mock.control)).send().await.unwrap();
    assert_eq!(answer.status(), 401);
}

#[cfg(unix)]
#[tokio::test]
async fn curl_without_the_ca_is_known_by_its_alert() {
    let mock = Mock::start().await;
    let url = format!("https://{}/", mock.backend);
    for (count, version) in ["1.2", "1.3"].into_iter().enumerate() {
        let mut curl = std::process::Command::new("curl");
        curl.args(["--silent", "--tls-max", version, &url]);
        let ended = tokio::task::spawn_blocking(move || curl.status()).await.unwrap();
        assert_eq!(ended.unwrap().code(), Some(60), "the certificate could not be verified");
        let failure = failed(&mock, count + 1).await.remove(count);
        assert_eq!((&failure["cause"], &failure["alert"]), (&json!("untrusted_ca"), &json!("unknown_ca")), "TLS {version}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn the_log_tells_it_once_a_minute() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start_logging(dir.path(), &["--control-token", TOKEN]);
    let ca = std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap();
    let client = trusting(&ca).build().unwrap();
    for _ in 0..3 {
        client.get(program.url("backend").replace("https", "http")).send().await.unwrap();
    }
    // The hint is sent before the connection's end is noted.
    eventually("three failed handshakes", async || {
        let url = format!("{}/v1/failed-handshakes", program.url("control"));
        let failure = client.get(url).bearer_auth(TOKEN).send().await.unwrap().text().await.unwrap();
        if failure.matches("plain_http").count() >= 3 { Ok(()) } else { Err(failure) }
    })
    .await;
    let log = std::fs::read_to_string(dir.path().join("log")).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("(plain_http)")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    let (japanese, english) = lines[0].split_once(" / ").unwrap();
    assert!(
        japanese.contains("WARN") && japanese.contains("（plain_http）") && japanese.contains("URL を https:// で始めてください。"),
        "{log}"
    );
    assert!(english.contains("to the backend failed") && english.contains("Use a URL that begins with https://."), "{log}");
}
