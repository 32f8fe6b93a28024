//! What mock servers were attacked by: other origins, paths, templates, and listening to everybody.

use onshi_mock::config::Options;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Mock, SEARCH, TOKEN, template};

const NOW: &str = "2026-01-20T10:00:00+09:00";

#[test]
fn it_listens_on_loopback_unless_told_otherwise() {
    let config = Options::default().complete().unwrap();
    assert!(config.backend_addr.ip().is_loopback() && config.control_addr.ip().is_loopback());
}

/// Without the headers of CORS, no page of another origin reads an answer or sends JSON.
#[tokio::test]
async fn no_answer_lets_another_origin_read_it() {
    let mock = Mock::start().await;
    let (backend, control) = (format!("https://{}", mock.backend), format!("https://{}", mock.control));
    let urls =
        [format!("{backend}{SEARCH}"), format!("{control}/v1/institutions"), format!("{control}/healthz"), format!("{control}/signin")];
    for url in urls {
        for method in [Method::OPTIONS, Method::GET, Method::POST] {
            let request = mock.client.request(method.clone(), &url).bearer_auth(TOKEN).header("origin", "https://example.com");
            let request = request.header("access-control-request-method", "POST").header("access-control-request-headers", "authorization");
            let answer = request.send().await.unwrap();
            let allowed = answer.headers().keys().find(|name| name.as_str().starts_with("access-control-"));
            assert_eq!(allowed, None, "{method} {url}");
            assert!(method != Method::OPTIONS || !answer.status().is_success(), "{url}");
        }
    }
}

/// The control token lies two directories above the folders: no name leads there, and none makes a
/// file outside.
#[tokio::test]
async fn no_path_that_a_client_names_leads_to_a_file() {
    let mock = Mock::with_folders().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    std::fs::write(mock.dir.path().join("canary"), "a canary").unwrap();
    let before = files(&mock);
    for up in
        ["../../canary", "..%2F..%2Fcanary", "%2e%2e/%2e%2e/canary", "..%5C..%5Ccanary", "/etc/passwd", "%2Fetc%2Fpasswd", "canary%00.xml"]
    {
        let paths = [
            format!("{}/delivery/v1/packages/2026-01/{up}/1.0.0", mock.backend),
            format!("{}/linkage/v1/terminals/{clinic}-T1/files/{up}", mock.backend),
            format!("{}/console/assets/{up}", mock.control),
            format!("{}/v1/institutions/{up}", mock.control),
            format!("{}/v1/institutions/{clinic}/terminals/{up}/screen", mock.control),
            format!("{}/{up}", mock.control),
        ];
        for path in paths {
            for method in [Method::GET, Method::POST] {
                let answer = mock.client.request(method, format!("https://{path}")).bearer_auth(TOKEN).body("x").send();
                let answer = answer.await.unwrap();
                let (status, text) = (answer.status(), answer.text().await.unwrap());
                assert!(!text.contains("a canary") && !text.contains("root:"), "{path}: {status} {text}");
            }
        }
    }
    for path in ["../../canary", "/etc/passwd", "file:///etc/passwd"] {
        clinic.put("/scenario", json!({"id": path})).expect_status(StatusCode::UNPROCESSABLE_ENTITY).await;
        mock.put("/v1/fixtures", json!({path: "a = 1"})).expect_status(StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    assert_eq!(files(&mock), before, "no file was made");
}

/// The names in the server's directory.
fn files(mock: &Mock) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = std::fs::read_dir(mock.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

/// Templates are compiled in; what looks like one is shown as it is.
#[tokio::test]
async fn what_looks_like_a_template_is_text() {
    let mock = Mock::start().await;
    let browser = mock.console().await;
    for name in
        ["{{ 7 * 191 }}", "${7*191}", "#{7*191}", "<%= 7*191 %>", "{% include \"canary\" %}", "$(expr 7 \\* 191)", "#set($x=7*191)$x"]
    {
        let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
        clinic.change(json!({"name": {"ja": name, "en": name}})).await;
        assert_eq!(clinic.show().await["name"]["en"], name);
        for path in [format!("/console/institutions/{clinic}"), format!("/console/institutions/{clinic}/report")] {
            assert!(!browser.page(&path).await.contains("1337"), "{path}: {name}");
        }
    }
}
