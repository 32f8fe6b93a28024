//! Who is kept out of the console: requests without a session, from other pages, to another name.

use reqwest::header::{COOKIE, HOST, LOCATION, ORIGIN};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::control::screenshots;
use crate::support::{Browser, Clinic, Mock, template, trusting};

/// The kind of the problem in a response, or nothing.
async fn kind(response: Response) -> String {
    let problem: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default();
    problem["type"].as_str().unwrap_or_default().trim_start_matches("urn:onshi-mock:problem:").to_owned()
}

/// Sends a request, which is refused with this status and kind of problem.
async fn expect_refusal(what: &str, request: RequestBuilder, status: u16, of_kind: &str) {
    let response = request.send().await.unwrap();
    assert!(!response.headers().contains_key("set-cookie"), "{what}");
    assert_eq!(response.status(), status, "{what}");
    assert_eq!(kind(response).await, of_kind, "{what}");
}

/// The routes of the console that need a session: a page, the same by a script, a write.
fn requests(browser: &Browser) -> [(&'static str, RequestBuilder); 3] {
    [
        ("a page", browser.get("/console/start")),
        ("a script's read", browser.fetch("/console/start")),
        ("a write", browser.post_json("/console/sign-out", json!({}))),
    ]
}

/// A clinic whose clock stands still, with one check and one observation.
async fn clinic(mock: &Mock) -> Clinic<'_> {
    let clinic = mock.clinic(template::UP_TO_DATE, "2026-01-20T08:55:00+09:00").await;
    clinic.put("/scenario", json!({"id": "installed-not-restarted"})).await;
    clinic.check().await.expect_error("MOCK0501E");
    clinic.post("/observations", json!({"kind": "restart_prompted"})).await;
    screenshots::put(&clinic, 1, "image/png", screenshots::png(None)).await;
    clinic
}

/// All that is kept of a clinic: its state, as a snapshot has it, journal and observations; and the
/// codes of all institutions.
pub(crate) async fn kept(clinic: &Clinic<'_>) -> (Value, Vec<Value>, Value, Vec<Value>) {
    let snapshot = clinic.post("/snapshot", Value::Null).await["state"].clone();
    assert!(snapshot.is_object(), "{snapshot}");
    let listed = clinic.mock.get("/v1/institutions").await;
    let codes = listed["institutions"].as_array().unwrap().iter().map(|institution| institution["code"].clone());
    (snapshot, clinic.journal().await, clinic.get("/observations").await, codes.collect())
}

/// What can be read with a session: pages, their parts, streams, and texts and pictures.
fn reads(clinic: &Clinic<'_>) -> Vec<String> {
    let mut paths = vec!["/console/start".to_owned(), "/console/institutions".to_owned()];
    paths.extend([format!("/console/start?from={clinic}"), format!("/console/institutions?text={clinic}")]);
    paths.extend(["", "/parts", "/live"].map(|below| format!("/console/connect/{clinic}{below}")));
    let of_the_rehearsal = [
        "",
        "?range=hour",
        "/parts",
        "/live",
        "/entries",
        "/entries/1",
        "/entries/1?mask=false",
        "/entries/1/request?mask=false",
        "/entries/1/answer",
        "/report",
        "/report?save=1",
    ];
    paths.extend(of_the_rehearsal.map(|below| format!("/console/institutions/{clinic}{below}")));
    paths.push(format!("/console/api/institutions/{clinic}/observations/1/screenshot"));
    paths
}

/// Paths of what the console's pages do.
fn operations(clinic: &Clinic<'_>) -> Vec<String> {
    let below = ["", "/reset", "/clock", "/faults", "/observations/1/screenshot", "/terminals/T1", "/terminals/T1/restart"];
    let mut paths = vec!["/console/sign-out".to_owned(), "/console/api/institutions".to_owned()];
    paths.extend(below.map(|below| format!("/console/api/institutions/{clinic}{below}")));
    paths
}

#[tokio::test]
async fn no_read_and_no_operation_works_without_a_session() {
    let mock = Mock::start().await;
    let (clinic, nobody) = (clinic(&mock).await, mock.browser());
    for path in reads(&clinic) {
        let led = nobody.get(&path).send().await.unwrap();
        assert_eq!((led.status().as_u16(), &led.headers()[LOCATION]), (303, &"/signin".parse().unwrap()), "{path}");
        expect_refusal(&path, nobody.fetch(&path), 401, "console-session").await;
    }
    for path in operations(&clinic) {
        expect_refusal(&path, nobody.post_json(&path, json!({})), 401, "console-session").await;
    }
}

#[tokio::test]
async fn without_a_session_a_page_leads_to_the_sign_in_and_all_else_is_refused() {
    let (mock, other) = (Mock::start().await, Mock::start().await);
    let name = mock.console().await.cookie.split('=').next().unwrap().to_owned();
    let elsewhere = other.console().await.cookie;
    let value = elsewhere.split('=').nth(1).unwrap();
    assert_ne!(elsewhere.split('=').next().unwrap(), name, "installations on one host do not share a cookie");
    let cookies = [
        ("no cookie", String::new()),
        ("another installation's", elsewhere.clone()),
        ("another installation's value", format!("{name}={value}")),
        ("made up", format!("{name}=0123456789abcdef0123456789abcdef")),
        ("empty", format!("{name}=")),
        ("the control token", format!("{name}={}", crate::support::TOKEN)),
    ];
    for (what, cookie) in cookies {
        let mut browser = mock.browser();
        browser.cookie = cookie;
        for (how, request) in requests(&browser) {
            let response = request.send().await.unwrap();
            if how == "a page" {
                assert_eq!((response.status().as_u16(), &response.headers()[LOCATION]), (303, &"/signin".parse().unwrap()), "{what}");
            } else {
                assert_eq!(response.status(), 401, "{what}, {how}");
                assert_eq!(kind(response).await, "console-session", "{what}, {how}");
            }
        }
    }
}

#[tokio::test]
async fn only_the_consoles_own_pages_write() {
    let mock = Mock::start().await;
    let signed_in = mock.console().await;
    let port = mock.control.port();
    let other_port = format!("https://127.0.0.1:{}", if port == 65535 { 1 } else { port + 1 });
    let foreign =
        ["https://example.com", "null", "", &other_port, &format!("http://127.0.0.1:{port}"), &format!("https://localhost:{port}")];
    let clinic = clinic(&mock).await;
    let before = kept(&clinic).await;
    let operations = operations(&clinic);
    let others = ["/signin", "/console/assets/signin.js"];
    for path in others.into_iter().chain(operations.iter().map(String::as_str)) {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let write = || signed_in.bare(method.clone(), path).header("sec-fetch-site", "same-origin").json(&json!({"token": "x"}));
            expect_refusal(&format!("{method} {path} without an origin"), write(), 403, "console-origin").await;
            for origin in foreign {
                expect_refusal(&format!("{method} {path} of {origin}"), write().header(ORIGIN, origin), 403, "console-origin").await;
            }
            let twice = write().header(ORIGIN, signed_in.origin()).header(ORIGIN, "https://example.com");
            expect_refusal(&format!("{method} {path} of two origins"), twice, 403, "console-origin").await;
        }
    }
    assert_eq!(signed_in.get("/console/start").send().await.unwrap().status(), 200, "still signed in");
    assert_eq!(kept(&clinic).await, before);
}

/// `Sec-Fetch-Site`, `-Mode` and `-Dest` (empty: not sent) of requests that are not the console's.
const FOREIGN: [(&str, &str, &str); 13] = [
    ("", "", ""),
    ("", "navigate", "document"),
    ("", "cors", "empty"),
    ("same-site", "cors", "empty"),
    ("cross-site", "no-cors", "image"),
    ("cross-site", "no-cors", "empty"),
    ("cross-site", "cors", "empty"),
    ("none", "cors", "empty"),
    ("same-site", "", ""),
    ("same-origin", "navigate", "iframe"),
    ("cross-site", "navigate", "iframe"),
    ("cross-site", "navigate", "object"),
    ("anything", "navigate", "document"),
];

#[tokio::test]
async fn a_page_is_shown_to_who_opens_it_and_not_to_other_pages() {
    let mock = Mock::start().await;
    let browser = mock.console().await;
    let ask = |site: &str, mode: &str, dest: &str| {
        let mut request = browser.bare(Method::GET, "/console/start?a=%22%3E%3Cscript%3E&b=1");
        for (name, value) in [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)] {
            if !value.is_empty() {
                request = request.header(name, value);
            }
        }
        request
    };
    for site in ["none", "same-origin"] {
        let shown = ask(site, "navigate", "document").send().await.unwrap().text().await.unwrap();
        assert!(shown.contains("はじめる"), "{shown}");
    }
    for site in ["same-site", "cross-site"] {
        let response = ask(site, "navigate", "document").send().await.unwrap();
        assert_eq!(response.status(), 200);
        let shown = response.text().await.unwrap();
        assert!(shown.contains("<a href=\"/console/start?a=%22%3E%3Cscript%3E&#38;b=1\">続ける") && !shown.contains("はじめる"), "{shown}");
    }
    assert_eq!(ask("same-origin", "cors", "empty").send().await.unwrap().status(), 200);
    for (site, mode, dest) in FOREIGN {
        expect_refusal(&format!("{site:?} {mode:?} {dest:?}"), ask(site, mode, dest), 403, "console-source").await;
    }
}

#[tokio::test]
async fn a_stream_is_opened_by_the_consoles_own_pages_only() {
    let mock = Mock::start().await;
    let (clinic, browser) = (clinic(&mock).await, mock.console().await);
    for path in [format!("/console/institutions/{clinic}/live"), format!("/console/connect/{clinic}/live")] {
        let ask = |browser: &Browser, source: [&str; 3]| {
            let named = ["sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"].into_iter().zip(source);
            let request = browser.bare(Method::GET, &path).header("accept", "text/event-stream");
            named.filter(|(_, value)| !value.is_empty()).fold(request, |request, (name, value)| request.header(name, value))
        };
        let own = ["same-origin", "cors", "empty"];
        let mut opened = ask(&browser, own).send().await.unwrap();
        assert_eq!((opened.status().as_u16(), &opened.headers()["content-type"]), (200, &"text/event-stream".parse().unwrap()));
        assert!(opened.chunk().await.unwrap().is_some_and(|first| first.starts_with(b"event: parts")), "{path}");
        for (site, mode, dest) in FOREIGN {
            let what = format!("{path}: {site:?} {mode:?} {dest:?}");
            expect_refusal(&what, ask(&browser, [site, mode, dest]), 403, "console-source").await;
        }
        for site in ["same-site", "cross-site"] {
            let page = ask(&browser, [site, "navigate", "document"]).send().await.unwrap();
            assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8", "{path}");
            assert!(page.text().await.unwrap().contains("続ける"), "{path}");
        }
        expect_refusal(&path, ask(&mock.browser(), own), 401, "console-session").await;
    }
}

#[tokio::test]
async fn only_a_name_of_the_certificate_leads_to_the_console() {
    let mock = Mock::start().await;
    let browser = mock.console().await;
    // Over HTTP/1.1 the Host is what this sends; over HTTP/2 it stands beside the address.
    let client = trusting(&mock.ca_pem).http1_only().build().unwrap();
    let open = |host: &str, path: &str| {
        let request = client.get(format!("{}{path}", browser.origin())).header(HOST, host).header(COOKIE, &browser.cookie);
        request.header("sec-fetch-site", "none").header("sec-fetch-mode", "navigate")
    };
    let port = mock.control.port();
    for host in ["localhost", "LocalHost", "127.0.0.1", "[::1]", "onshi-mock"] {
        for host in [host.to_owned(), format!("{host}:{port}")] {
            assert_eq!(open(&host, "/console/start").send().await.unwrap().status(), 200, "{host}");
        }
    }
    for host in ["rebound.example", "localhost.example", "127.0.0.2", "localhost.", "", "127.0.0.1 rebound.example"] {
        for path in ["/console/start", "/signin", "/console/assets/signin.js"] {
            expect_refusal(&format!("{path} of {host}"), open(host, path), 421, "console-host").await;
        }
        let write = client.post(format!("{}/signin", browser.origin())).header(HOST, host).header(ORIGIN, format!("https://{host}"));
        expect_refusal(&format!("a write to {host}"), write.json(&json!({"token": "x"})), 421, "console-host").await;
    }
    let beside = browser.fetch("/console/start").header(HOST, "localhost");
    expect_refusal("two names", beside, 421, "console-host").await;
}

#[tokio::test]
async fn no_read_changes_anything() {
    let mock = Mock::start().await;
    let browser = mock.console().await;
    for method in [Method::GET, Method::HEAD] {
        let read = browser.bare(method, "/console/sign-out").header("sec-fetch-site", "same-origin").header("sec-fetch-mode", "cors");
        assert_eq!(read.send().await.unwrap().status(), 405);
    }
    let code = mock.new_code().await;
    assert_eq!(browser.get(&format!("/signin?code={code}")).send().await.unwrap().status(), 200);
    assert_eq!(mock.browser().sign_in(json!({"code": code})).await.status(), 204, "the code was not used");
    assert_eq!(browser.get("/console/start").send().await.unwrap().status(), 200, "still signed in");
}

#[tokio::test]
async fn no_page_changes_the_institution_that_it_shows() {
    let mock = Mock::start().await;
    let (clinic, browser) = (clinic(&mock).await, mock.console().await);
    let before = kept(&clinic).await;
    browser.page("/signin").await;
    for path in reads(&clinic) {
        let mut read = browser.fetch(&path).send().await.unwrap();
        assert_eq!(read.status(), 200, "{path}");
        // Of a stream, which does not end, what comes first.
        assert!(read.chunk().await.unwrap().is_some(), "{path}");
        assert_eq!(browser.get(&path).send().await.unwrap().status(), 200, "{path}");
    }
    assert_eq!(kept(&clinic).await, before);
}

#[tokio::test]
async fn every_response_says_what_browsers_may_do_with_it() {
    let mock = Mock::start().await;
    let browser = mock.console().await;
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                  form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let from_elsewhere = browser.bare(Method::GET, "/console/start").header("sec-fetch-site", "cross-site");
    for (what, request) in [
        ("a page", browser.get("/console/start")),
        ("the sign-in", mock.browser().get("/signin")),
        ("who goes on by a click", from_elsewhere.header("sec-fetch-mode", "navigate")),
        ("a refusal", mock.browser().fetch("/console/start")),
        ("a wrong sign-in", mock.browser().post_json("/signin", json!({"code": "x"}))),
    ] {
        let response = request.send().await.unwrap();
        for (name, value) in [
            ("content-security-policy", policy),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(response.headers()[name], value, "{what}: {name}");
        }
        assert!(!response.headers().contains_key("strict-transport-security"), "{what}");
        let text = response.text().await.unwrap();
        for inline in ["<script>", "<style", " style=", " on"] {
            assert!(
                !text.contains(inline) || inline == " on" && !text.contains("=\"javascript") && !text.contains("onclick"),
                "{what}: {inline}"
            );
        }
    }
}

#[tokio::test]
async fn assets_can_be_kept_where_their_address_has_their_hash() {
    let mock = Mock::start().await;
    let browser = mock.browser();
    let page = browser.page("/signin").await;
    let script = page.split('"').find(|part| part.starts_with("/console/assets/signin.js?v=")).unwrap();
    let asset = |path: &str| browser.bare(Method::GET, path).send();
    let kept = asset(script).await.unwrap();
    assert_eq!(kept.headers()["cache-control"], "public, max-age=31536000, immutable");
    assert_eq!(kept.headers()["content-type"], "text/javascript; charset=utf-8");
    assert!(kept.text().await.unwrap().contains("history.replaceState"));
    for path in ["/console/assets/signin.js", "/console/assets/signin.js?v=00000000", "/console/assets/signin.js?x"] {
        assert_eq!(asset(path).await.unwrap().headers()["cache-control"], "no-cache", "{path}");
    }
    let absent = asset("/console/assets/..%2f..%2fbase.html").await.unwrap();
    assert_eq!(absent.status(), 404);
}

#[tokio::test]
async fn the_cookie_opens_the_console_and_nothing_else() {
    let mock = Mock::start().await;
    let browser = mock.console().await;
    for path in ["/v1/institutions", "/metrics", "/v1/journal", "/v1/institutions/9910000018/events"] {
        let read = browser.fetch(path).send().await.unwrap();
        assert_eq!(read.status(), 401, "{path}");
        assert_eq!(kind(read).await, "control-token", "{path}");
        let as_a_token = browser.bare(Method::GET, path).bearer_auth(browser.cookie.split('=').nth(1).unwrap());
        expect_refusal(path, as_a_token, 401, "control-token").await;
    }
    expect_refusal("a write", browser.post_json("/v1/console-links", json!({})), 401, "control-token").await;
    let token_alone = mock.client.get(format!("{}/console/start", browser.origin())).bearer_auth(crate::support::TOKEN);
    let token_alone = token_alone.header("sec-fetch-site", "same-origin").header("sec-fetch-mode", "cors").header(COOKIE, "a=b");
    expect_refusal("the control token opens no page", token_alone, 401, "console-session").await;
}
