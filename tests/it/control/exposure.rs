//! What mock servers were attacked by: other origins, paths, templates, and listening to everybody.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use onshi_mock::config::Options;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::eventually::wait_until;
use crate::support::{Browser, Mock, SEARCH, TOKEN, template};
use crate::wire::raw::Raw;

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

/// Forms of a path to the file `canary`, as they are sent: a client that parses URLs would resolve
/// some of them first.
const PATHS: [&str; 14] = [
    "../canary",
    "../../canary",
    "../../../canary",
    "..%2Fcanary",
    "..%2F..%2Fcanary",
    "..%2f..%2f..%2fcanary",
    "%2e%2e/%2e%2e/canary",
    "%252e%252e%252fcanary",
    "..%5C..%5Ccanary",
    "....//....//canary",
    "canary%00.xml",
    "/etc/passwd",
    "%2Fetc%2Fpasswd",
    "../../../../../../../../etc/passwd",
];

/// Files named `canary` lie at every level: no name leads to one, and none makes or changes a file.
#[tokio::test]
async fn no_path_that_a_client_names_leads_to_a_file() {
    let mock = Mock::with_folders().await;
    let (clinic, browser) = (mock.clinic(template::UP_TO_DATE, NOW).await, mock.console().await);
    clinic.check().await.expect_qualified();
    folders_are_there(&mock).await;
    for dir in [mock.dir.path().to_owned(), mock.dir.path().join("oqs"), mock.dir.path().join("certs"), clinic.folder().0] {
        std::fs::write(dir.join("canary"), "a canary").unwrap();
    }
    let before = tree(mock.dir.path());
    assert!(before.keys().any(|path| path.ends_with("req")), "directories are read, too: {before:?}");
    for path in PATHS {
        let places = [
            (mock.backend, format!("/delivery/v1/packages/2026-01/{path}/1.0.0")),
            (mock.backend, format!("/linkage/v1/terminals/{clinic}-T1/files/{path}")),
            (mock.backend, format!("/{path}")),
            (mock.control, format!("/console/assets/{path}")),
            (mock.control, format!("/console/institutions/{clinic}/entries/1/{path}")),
            (mock.control, format!("/v1/institutions/{path}")),
            (mock.control, format!("/v1/institutions/{clinic}/terminals/{path}/screen")),
            (mock.control, format!("/{path}")),
        ];
        for (address, target) in places {
            for method in ["GET", "POST"] {
                let answer = send_as_it_is(&mock, &browser, address, method, &target).await;
                assert!(answer.starts_with("HTTP/1.1 4"), "{method} {target}: {answer}");
                assert!(!answer.contains("a canary") && !answer.contains("root:"), "{method} {target}: {answer}");
            }
        }
    }
    for path in ["../../canary", "/etc/passwd", "file:///etc/passwd"] {
        clinic.put("/scenario", json!({"id": path})).expect_status(StatusCode::UNPROCESSABLE_ENTITY).await;
        mock.put("/v1/fixtures", json!({path: "a = 1"})).expect_status(StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    assert_eq!(tree(mock.dir.path()), before, "no file was made or changed");
}

/// Waits until the server has made the folders of all terminals.
async fn folders_are_there(mock: &Mock) {
    let listed = mock.get("/v1/institutions").await;
    for institution in listed["institutions"].as_array().unwrap() {
        for terminal in institution["terminals"].as_object().unwrap().keys() {
            let folder = mock.dir.path().join(format!("oqs/{}-{terminal}", institution["code"].as_str().unwrap()));
            let is_there = || ["req", "res", "face", ".onshi-mock/lock"].iter().all(|name| folder.join(name).exists());
            wait_until(&folder.display().to_string(), is_there).await;
        }
    }
}

/// Sends a request whose target nobody resolves on the way, with all that opens the API and the
/// console, and gives all that comes.
async fn send_as_it_is(mock: &Mock, browser: &Browser, address: SocketAddr, method: &str, target: &str) -> String {
    let body = if method == "GET" { "" } else { "x" };
    let head = [
        format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\nConnection: close\r\n"),
        format!("Authorization: Bearer {TOKEN}\r\nCookie: {}\r\n", browser.cookie),
        format!("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nContent-Length: {}\r\n\r\n", body.len()),
    ];
    let mut raw = Raw::connect(mock, address, &rustls::version::TLS13, "http/1.1").await;
    raw.write(format!("{}{body}", head.concat()).as_bytes()).await;
    raw.until_gone().await
}

/// What is in a directory and below: each file with its content, each directory with nothing.
fn tree(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.append(&mut tree(&path));
            found.insert(path, Vec::new());
        } else {
            // Windows lets nobody read a file that is locked.
            let content = std::fs::read(&path).unwrap_or_default();
            found.insert(path, content);
        }
    }
    found
}

/// What the templates below would come to if something executed them.
const PRODUCT: &str = "982007569";

/// A text as HTML shows it.
fn in_html(text: &str) -> String {
    text.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;").replace('"', "&#34;").replace('\'', "&#39;")
}

/// Templates are compiled in; what looks like one is shown and sent back as it is.
#[tokio::test]
async fn what_looks_like_a_template_is_text() {
    let mock = Mock::start().await;
    let browser = mock.console().await;
    for text in [
        "{{ 31337 * 31337 }}",
        "{{31337*31337}}",
        "${31337*31337}",
        "#{31337*31337}",
        "<%= 31337*31337 %>",
        "{% include \"canary\" %}",
        "$(expr 31337 \\* 31337)",
        "#set($x=31337*31337)$x",
    ] {
        let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
        clinic.change(json!({"name": {"ja": text, "en": text}})).await;
        assert_eq!(clinic.show().await["name"], json!({"ja": text, "en": text}));
        clinic.post("/observations", json!({"kind": "other", "text": text})).await;
        let mut inquiry = clinic.inquiry();
        inquiry["XmlMsg"]["MessageHeader"]["ArbitraryFileIdentifier"] = json!(text);
        let answer = mock.receipt_computer().search(&inquiry).await;
        assert_eq!(answer.expect_qualified().body["XmlMsg"]["MessageHeader"]["ArbitraryFileIdentifier"], text);
        let below = format!("/console/institutions/{clinic}");
        for (path, shown) in [
            (format!("/console/institutions?text={clinic}"), in_html(text)),
            (below.clone(), in_html(text)),
            (format!("{below}/report"), in_html(text)),
            (format!("{below}/entries/1?mask=false"), in_html(&json!(text).to_string())),
        ] {
            let page = browser.page(&path).await;
            assert!(page.contains(&shown) && !page.contains(PRODUCT), "{path}: {shown}: {page}");
        }
    }
}
