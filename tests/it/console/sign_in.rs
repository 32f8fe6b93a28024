//! Signing in to the console and out of it: links, the control token, how long each lasts.

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use onshi_mock::clock;
use onshi_mock::store::Target;
use reqwest::header::{ACCEPT, LOCATION, ORIGIN, RETRY_AFTER, SET_COOKIE};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::store::postgres::Cluster;
use crate::support::{Browser, Mock, TOKEN, trusting};

async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/console/start").send().await.unwrap().status() == StatusCode::OK
}

async fn problem(response: reqwest::Response, status: u16) -> Value {
    assert_eq!(response.status(), status);
    response.json().await.unwrap()
}

#[tokio::test]
async fn a_link_signs_in_once_with_a_cookie_that_only_this_server_gets() {
    let mock = Mock::start().await;
    let link = mock.post("/v1/console-links", Value::Null).await;
    let code = link["code"].as_str().unwrap();
    assert_eq!(link["path"], format!("/signin#{code}"));
    assert!(code.len() == 32 && code.bytes().all(|byte| byte.is_ascii_hexdigit()), "{code}");
    let expires: Timestamp = link["expires"].as_str().unwrap().parse().unwrap();
    assert!(expires > clock::wall() && expires <= clock::wall() + SignedDuration::from_mins(10), "{expires}");
    let mut browser = mock.browser();
    let signed_in = browser.sign_in(json!({"code": code})).await;
    assert_eq!(signed_in.status(), StatusCode::NO_CONTENT);
    let cookie = signed_in.headers()[SET_COOKIE].to_str().unwrap();
    let (name, rest) = cookie.split_once('=').unwrap();
    let (value, attributes) = rest.split_once("; ").unwrap();
    assert!(name.len() == "__Host-onshi-".len() + 8 && name.starts_with("__Host-onshi-"), "{cookie}");
    assert!(value.len() == 32 && value != code, "{cookie}");
    assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=43200");
    assert!(is_signed_in(&browser).await);
    for wrong in [code, "", "00000000000000000000000000000000", &code.to_uppercase()] {
        let refused = problem(mock.browser().sign_in(json!({"code": wrong})).await, 401).await;
        assert_eq!(refused["type"], "urn:onshi-mock:problem:sign-in-code", "{wrong}");
        assert!(refused["detail"].as_str().unwrap().contains("期限が切れているか、すでに使われています"), "{refused}");
    }
    for wrong in [json!({}), json!({"code": code, "token": TOKEN}), json!({"password": "x"}), json!({"code": 1})] {
        let status = mock.browser().sign_in(wrong.clone()).await.status().as_u16();
        assert!([400, 422].contains(&status), "{wrong}: {status}");
    }
    assert!(is_signed_in(&browser).await, "wrong tries end no session");
}

#[tokio::test]
async fn the_control_token_signs_in_and_wrong_ones_are_slowed_down() {
    let mock = Mock::start().await;
    let mut browser = mock.browser();
    assert_eq!(browser.sign_in(json!({"token": TOKEN})).await.status(), StatusCode::NO_CONTENT);
    assert!(is_signed_in(&browser).await);
    for _ in 0..5 {
        let refused = problem(mock.browser().sign_in(json!({"token": "wrong"})).await, 401).await;
        assert_eq!(refused["type"], "urn:onshi-mock:problem:sign-in-token");
    }
    let slowed = mock.browser().sign_in(json!({"token": TOKEN})).await;
    let seconds: u64 = slowed.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    let slowed = problem(slowed, 429).await;
    assert!(slowed["detail"].as_str().unwrap().contains(&format!("あと {seconds} 秒")), "{slowed}");
    assert!(is_signed_in(&mock.console().await).await, "links still work");
}

#[cfg_attr(target_os = "macos", ignore = "127.0.0.2 is no address of the machine")]
#[tokio::test]
async fn wrong_tokens_from_one_address_slow_down_no_other() {
    let mock = Mock::start().await;
    let origin = format!("https://{}", mock.control);
    let sign_in = async |address: [u8; 4], token: &str| {
        let client = trusting(&mock.ca_pem).local_address(IpAddr::from(address)).build().unwrap();
        let request = client.post(format!("{origin}/signin")).header(ORIGIN, &origin).json(&json!({"token": token}));
        request.send().await.unwrap().status().as_u16()
    };
    let (one, other) = ([127, 0, 0, 1], [127, 0, 0, 2]);
    for _ in 0..5 {
        assert_eq!(sign_in(one, "wrong").await, 401);
    }
    assert_eq!(sign_in(one, TOKEN).await, 429);
    assert_eq!(sign_in(other, "wrong").await, 401, "its own tries count");
    assert_eq!(sign_in(other, TOKEN).await, 204);
    assert_eq!(sign_in(one, TOKEN).await, 429, "and another's success does not");
}

/// The machine's clock, and what a test adds to it, in milliseconds.
fn wall_of_late() -> Timestamp {
    clock::wall() + SignedDuration::from_millis(LATE.load(Ordering::SeqCst))
}

static LATE: AtomicI64 = AtomicI64::new(0);

#[tokio::test]
async fn a_link_lasts_ten_minutes_and_a_session_twelve_hours() {
    let mock = Mock::start_by_clock(wall_of_late, |_| ()).await;
    let pass = |minutes: i64| LATE.fetch_add(minutes * 60_000, Ordering::SeqCst);
    let (early, late) = (mock.new_code().await, mock.new_code().await);
    pass(9);
    let mut browser = mock.browser();
    assert_eq!(browser.sign_in(json!({"code": early})).await.status(), StatusCode::NO_CONTENT);
    pass(1);
    assert_eq!(mock.browser().sign_in(json!({"code": late})).await.status(), StatusCode::UNAUTHORIZED);
    pass(12 * 60 - 2);
    assert!(is_signed_in(&browser).await);
    pass(1);
    assert!(!is_signed_in(&browser).await, "however much it was used");
    assert_eq!(browser.fetch("/console/start").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert!(is_signed_in(&mock.console().await).await, "and again by another link");
}

#[tokio::test]
async fn signing_out_ends_this_session_for_good() {
    let mock = Mock::start().await;
    let (browser, other) = (mock.console().await, mock.console().await);
    let left = browser.post_json("/console/sign-out", json!({})).send().await.unwrap();
    assert_eq!(left.status(), StatusCode::NO_CONTENT);
    let cookie = left.headers()[SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-onshi-") && cookie.contains("=; ") && cookie.ends_with("Max-Age=0"), "{cookie}");
    assert!(!is_signed_in(&browser).await, "the old cookie is worth nothing");
    assert!(is_signed_in(&other).await, "another's session goes on");
}

#[tokio::test]
async fn sessions_outlive_a_restart_and_end_with_the_control_token() {
    let dir = tempfile::tempdir().unwrap();
    let start = |token: &'static str| {
        Mock::start_with(|config| {
            config.store = Target::Sqlite(dir.path().join("store.db"));
            config.certs = dir.path().join("certs");
            config.control_token = Some(token.to_owned());
        })
    };
    let mut mock = start(TOKEN).await;
    let cookie = mock.console().await.cookie;
    let code = mock.new_code().await;
    mock.stop().await;
    for (token, works) in [(TOKEN, true), ("another-control-token", false), (TOKEN, true)] {
        let mut mock = start(token).await;
        let mut browser = mock.browser();
        browser.cookie = cookie.clone();
        assert_eq!(is_signed_in(&browser).await, works, "{token}");
        mock.stop().await;
    }
    let mut mock = start(TOKEN).await;
    assert_eq!(mock.browser().sign_in(json!({"code": code})).await.status(), StatusCode::NO_CONTENT, "a link does, too");
    mock.stop().await;
}

#[cfg_attr(windows, ignore = "the cluster is made from Debian's packages")]
#[tokio::test]
async fn of_many_who_use_one_link_at_two_servers_one_signs_in_and_both_know_the_session() {
    let (cluster, certs) = (Cluster::start().await, tempfile::tempdir().unwrap());
    let url = cluster.database("console").await;
    let start = || {
        Mock::start_with(|config| {
            config.store = Target::Postgres(url.clone());
            config.certs = certs.path().to_owned();
        })
    };
    let (mut a, mut b) = (start().await, start().await);
    for _ in 0..5 {
        let code = a.new_code().await;
        let mut trying = JoinSet::new();
        for number in 0..10 {
            let mut browser = if number % 2 == 0 { a.browser() } else { b.browser() };
            let input = json!({"code": code});
            trying.spawn(async move {
                let status = browser.sign_in(input).await.status();
                (status == StatusCode::NO_CONTENT).then_some(browser.cookie)
            });
        }
        let mut cookies = trying.join_all().await.into_iter().flatten();
        let (Some(cookie), None) = (cookies.next(), cookies.next()) else { panic!("not exactly one signed in") };
        for mock in [&a, &b] {
            let mut browser = mock.browser();
            browser.cookie = cookie.clone();
            assert!(is_signed_in(&browser).await);
        }
    }
    a.stop().await;
    b.stop().await;
}

#[tokio::test]
async fn a_browser_that_opens_the_control_port_is_led_to_the_console() {
    let mock = Mock::start().await;
    let browser = mock.browser();
    let led = browser.get("/").send().await.unwrap();
    assert_eq!((led.status().as_u16(), &led.headers()[LOCATION]), (303, &"/console/start".parse().unwrap()));
    for accept in ["*/*", "application/json", "application/json, text/html;q=0.9"] {
        let page = browser.bare(Method::GET, "/").header(ACCEPT, accept).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK, "{accept}");
        assert!(page.text().await.unwrap().contains("/openapi.json"), "{accept}");
    }
    let page = browser.page("/signin").await;
    for words in ["管理トークン", "control-token", "onshi-mock console-link", "docker exec", "10分間、1回だけ"] {
        assert!(page.contains(words), "{words}");
    }
}
