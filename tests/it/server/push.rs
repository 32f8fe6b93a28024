//! Notices pushed (N10) by webhook, to a receiver that fails, is away, or comes back after the
//! server was killed.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::path::Path;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method};
use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock as Receiver, MockServer, Request, ResponseTemplate};

use crate::server::program::Program;
use crate::store::postgres::Cluster;
use crate::support::eventually::eventually;
use crate::support::{TOKEN, frozen, template, trusting};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A server that pushes, and a client of its control API.
pub(super) struct PushServer {
    program: Program,
    client: Client,
}

impl PushServer {
    pub(super) fn start(dir: &Path, arguments: &[&str]) -> Self {
        let program = Program::start(dir, &[&["--control-token", TOKEN], arguments].concat());
        let client = trusting(&std::fs::read_to_string(dir.join("certs/ca.pem")).unwrap()).build().unwrap();
        Self { program, client }
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.send(Method::POST, path, body).await
    }

    pub(super) async fn put(&self, path: &str, body: Value) -> Value {
        self.send(Method::PUT, path, body).await
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}/v1/institutions{path}", self.program.url("control"));
        let answer = self.client.request(method, url).bearer_auth(TOKEN).json(&body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// An institution on the day before the campaign; its terminal is one that nobody hears of.
    pub(super) async fn institution(&self) -> String {
        let clock = frozen("2026-01-18T12:00:00+09:00");
        let created = self.post("", json!({"template": template::EXTERNAL, "clock": clock})).await;
        created["code"].as_str().unwrap().to_owned()
    }

    pub(super) async fn advance(&self, code: &str, to: &str) {
        self.post(&format!("/{code}/clock/advance"), json!({"to": to})).await;
    }
}

async fn receiver(answers: &[u16]) -> MockServer {
    let server = MockServer::start().await;
    for (place, status) in answers.iter().enumerate() {
        let answer = Receiver::given(method("POST")).respond_with(ResponseTemplate::new(*status));
        if place + 1 < answers.len() { answer.up_to_n_times(1).mount(&server).await } else { answer.mount(&server).await }
    }
    server
}

/// What a receiver got, once that is enough.
async fn once(server: &MockServer, enough: impl Fn(&[Request]) -> bool) -> Vec<Request> {
    eventually("the receiver got enough", async || {
        let received = server.received_requests().await.unwrap();
        if enough(&received) { Ok(received) } else { Err(received) }
    })
    .await
}

/// What a receiver got, once that is so much.
async fn received(server: &MockServer, requests: usize) -> Vec<Request> {
    once(server, |received| received.len() >= requests).await
}

fn header<'a>(request: &'a Request, name: &str) -> &'a str {
    request.headers[name].to_str().unwrap()
}

/// The letter, if its signature is right.
fn verified_payload(request: &Request) -> Value {
    let (id, seconds) = (header(request, "webhook-id"), header(request, "webhook-timestamp"));
    let now = onshi_mock::clock::wall().as_second();
    assert!((now - seconds.parse::<i64>().unwrap()).abs() < 300, "a receiver tells replays by it");
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(SECRET.trim_start_matches("whsec_")).unwrap());
    let signed = [format!("{id}.{seconds}.").as_bytes(), &request.body].concat();
    let tag = STANDARD.decode(header(request, "webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
    assert!(hmac::verify(&key, &signed, &tag).is_ok());
    let letter: Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(letter["id"], id);
    letter
}

fn webhook(url: &str) -> [&str; 4] {
    ["--webhook-url", url, "--webhook-secret", SECRET]
}

#[tokio::test]
async fn what_happens_on_the_institutions_clock_is_posted_signed_and_tried_again_after_an_error() {
    let (dir, receiver) = (tempfile::tempdir().unwrap(), receiver(&[500, 200]).await);
    let server = PushServer::start(dir.path(), &[&["--store", "memory"], &webhook(&receiver.uri())[..]].concat());
    let code = server.institution().await;
    server.advance(&code, "2026-01-19T21:00:00+09:00").await;
    let requests = received(&receiver, 2).await;
    let (first, again) = (verified_payload(&requests[0]), verified_payload(&requests[1]));
    assert_eq!(first, again, "after the 500");
    assert_eq!(
        (&first["type"], &first["at"], &first["institution"]["code"]),
        (&json!("night.begins"), &json!("2026-01-19T20:00:00+09:00"), &json!(code))
    );
    let window = json!({"start": "2026-01-19T20:00:00+09:00", "end": "2026-01-20T05:00:00+09:00"});
    assert_eq!((&first["data"]["campaign"], &first["data"]["window"]), (&json!("2026-01"), &window));

    server.put(&format!("/{code}/campaign"), json!({"starts": "2026-02-02", "title": {"ja": "別の配信", "en": "another"}})).await;
    let announced = verified_payload(&received(&receiver, 3).await[2]);
    assert_eq!((&announced["type"], &announced["data"]["title"]["ja"]), (&json!("campaign.announced"), &json!("別の配信")));
    assert_eq!(announced["data"]["window"]["start"], "2026-02-02T20:00:00+09:00");

    server.advance(&code, "2026-01-22T12:00:00+09:00").await;
    let silent = verified_payload(&received(&receiver, 4).await[3]);
    let (kind, data, at) = (&silent["type"], &silent["data"], &silent["at"]);
    assert_eq!((kind, at), (&json!("terminal.silent"), &json!("2026-01-21T12:00:00+09:00")));
    assert_eq!(data, &json!({"terminal": "T1", "last_contact": null, "silent_after": "PT72H"}));
}

#[tokio::test]
async fn a_night_is_told_in_real_time_though_nobody_asks() {
    let (dir, receiver) = (tempfile::tempdir().unwrap(), receiver(&[204]).await);
    let server = PushServer::start(dir.path(), &[&["--store", "memory"], &webhook(&receiver.uri())[..]].concat());
    let clock = json!({"mode": "running", "now": "2026-01-19T19:59:58+09:00"});
    server.post("", json!({"template": template::UP_TO_DATE, "clock": clock})).await;
    assert_eq!(verified_payload(&received(&receiver, 1).await[0])["type"], "night.begins");
}

/// Pushes to a receiver that is away, is killed, and starts again when the receiver is there.
async fn killed_before_it_could_deliver(dir: &Path, store: &str) {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = PushServer::start(dir, &[&["--store", store], &webhook(&format!("http://{closed}/"))[..]].concat());
    let code = server.institution().await;
    server.advance(&code, "2026-01-21T11:00:00+09:00").await;
    // Dropped: killed.
    drop(server);
    let receiver = receiver(&[200]).await;
    let _server = PushServer::start(dir, &[&["--store", store], &webhook(&receiver.uri())[..]].concat());
    let nights: BTreeSet<String> = received(&receiver, 2).await.iter().map(|request| verified_payload(request)["at"].to_string()).collect();
    assert_eq!(nights.len(), 2, "both nights: {nights:?}");
}

#[tokio::test]
async fn what_a_killed_server_could_not_deliver_the_next_one_does_on_sqlite() {
    killed_before_it_could_deliver(tempfile::tempdir().unwrap().path(), "sqlite:state.db").await;
}

#[tokio::test]
async fn what_a_killed_server_could_not_deliver_the_next_one_does_on_postgresql() {
    let cluster = Cluster::start().await;
    killed_before_it_could_deliver(tempfile::tempdir().unwrap().path(), &cluster.database("push").await).await;
}

#[tokio::test]
async fn of_two_servers_on_one_database_one_delivers() {
    let (cluster, receiver) = (Cluster::start().await, receiver(&[200]).await);
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (store, url) = (cluster.database("pushes").await, receiver.uri());
    let arguments = [&["--store", store.as_str()], &webhook(&url)[..]].concat();
    let server = PushServer::start(one.path(), &arguments);
    let _other = PushServer::start(other.path(), &arguments);
    let code = server.institution().await;
    server.advance(&code, "2026-01-25T12:00:00+09:00").await;
    // Six nights, and a terminal that fell silent.
    let ids: BTreeSet<String> = received(&receiver, 7).await.iter().map(|request| verified_payload(request)["id"].to_string()).collect();
    assert_eq!(ids.len(), 7);
    // The last of all, written when the others were delivered: what came twice would have come
    // before it.
    server.put(&format!("/{code}/campaign"), json!({"starts": "2026-02-02"})).await;
    let announced = |received: &[Request]| received.iter().any(|request| verified_payload(request)["type"] == "campaign.announced");
    let all = once(&receiver, announced).await;
    assert_eq!(all.len(), 8, "none came twice");
}

#[tokio::test]
async fn nothing_is_sent_to_an_address_that_came_over_the_api() {
    let (dir, given, named) = (tempfile::tempdir().unwrap(), receiver(&[200]).await, receiver(&[200]).await);
    let server = PushServer::start(dir.path(), &[&["--store", "memory"], &webhook(&given.uri())[..]].concat());
    let url = named.uri();
    for field in ["webhook_url", "smtp_url", "notice_to"] {
        let body = json!({"template": template::UP_TO_DATE, field: url});
        let target = format!("{}/v1/institutions", server.program.url("control"));
        let answer = server.client.post(target).bearer_auth(TOKEN).json(&body).send().await.unwrap();
        assert!(answer.status().is_client_error(), "{field} is no field of the API");
    }
    let code = server.institution().await;
    let notice = json!({"channel": "portal_mail", "published": "2026-01-18T00:00:00+09:00",
        "title": {"ja": url, "en": url}, "body": {"ja": url, "en": url}});
    server.put(&format!("/{code}/campaign"), json!({"starts": "2026-02-02", "notices": [notice]})).await;
    assert!(
        verified_payload(&received(&given, 1).await[0]).to_string().contains(&url),
        "it is told as a text, to whom was given at the start"
    );
    assert!(named.received_requests().await.unwrap().is_empty());
}
