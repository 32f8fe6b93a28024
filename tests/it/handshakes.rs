//! Handshakes that fail: told on the control API, in metrics and in the log, on both listeners.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Mock, TOKEN, trusting};

/// The failed handshakes, once there are `count`.
async fn failed(mock: &Mock, count: usize) -> Vec<Value> {
    for _ in 0..1000 {
        let failed = mock.set(Method::GET, "/v1/failed-handshakes", Value::Null).await["failed"].as_array().unwrap().clone();
        if failed.len() >= count {
            assert_eq!(failed.len(), count, "{failed:?}");
            return failed;
        }
        tokio::task::yield_now().await;
    }
    panic!("there are not {count} failed handshakes");
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_ca_is_listed_with_what_to_do() {
    let (mock, stranger) = (Mock::start().await, Mock::start().await);
    assert!(failed(&mock, 0).await.is_empty());
    let client = trusting(&stranger.ca_pem).build().unwrap();
    for (count, (address, listener)) in [(mock.backend, "backend"), (mock.control, "control")].into_iter().enumerate() {
        client.get(format!("https://{address}/")).send().await.unwrap_err();
        let told = failed(&mock, count + 1).await.remove(count);
        assert_eq!(told["listener"], listener);
        assert_eq!((&told["cause"], &told["alert"]), (&json!("untrusted_ca"), &json!("unknown_ca")));
        assert!(told["peer"].as_str().unwrap().starts_with("127.0.0.1:"), "{told}");
        assert!(told["wall"].as_str().unwrap().ends_with("+09:00"), "{told}");
        for language in ["ja", "en"] {
            assert!(told["remedy"][language].as_str().unwrap().contains("certs/ca.pem"), "{told}");
            assert!(!told["meaning"][language].as_str().unwrap().is_empty());
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
        let told = failed(&mock, count + 1).await.remove(count);
        assert_eq!((&told["cause"], &told["alert"]), (&json!("untrusted_ca"), &json!("unknown_ca")), "TLS {version}");
    }
}

#[cfg(unix)]
#[test]
fn the_log_tells_it_once_a_minute() {
    let program = crate::readme::Program::start();
    let url = format!("http://127.0.0.1:{}/", program.backend_port());
    for _ in 0..3 {
        program.run(&format!("curl --silent --output answer {url}"));
    }
    let asked = "curl --silent --cacert certs/ca.pem -H \"Authorization: Bearer $(cat certs/control-token)\" $CONTROL/v1/failed-handshakes";
    // The hint is sent before the connection's end is noted.
    while program.run(asked).matches("plain_http").count() < 3 {}
    let log = std::fs::read_to_string(program.dir().join("stderr")).unwrap();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("(plain_http)")).collect();
    assert_eq!(lines.len(), 1, "{log}");
    let (japanese, english) = lines[0].split_once(" / ").unwrap();
    assert!(
        japanese.contains("WARN") && japanese.contains("（plain_http）") && japanese.contains("URL を https:// で始めてください。"),
        "{log}"
    );
    assert!(english.contains("to the backend failed") && english.contains("Use a URL that begins with https://."), "{log}");
}
