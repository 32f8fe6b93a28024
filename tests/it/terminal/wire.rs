//! A simulated terminal against a backend that misbehaves.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use onshi_mock::terminal::Command;
use serde_json::json;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::eventually::{eventually, wait_until};
use crate::terminal::simulated::{Backend, ConnectionBehaviour, ID, PACKAGE, Running, Site, Wire, installed, jumping_clock};

const KIB: usize = 1024;

/// Waits until the terminal has polled so often again: by then it has done what it makes of the
/// answer before.
async fn polls_more(backend: &Backend, times: usize) {
    let target = backend.polls().await + times;
    eventually("so many polls", async || {
        let polls = backend.polls().await;
        if polls >= target { Ok(()) } else { Err(polls) }
    })
    .await;
}

#[tokio::test]
async fn a_download_that_is_cut_again_and_again_is_resumed_where_it_was() {
    let backend = Backend::start(700 * KIB).await;
    let wire = Wire::to(&backend, ConnectionBehaviour { cut_after: Some(150_000), ..ConnectionBehaviour::default() }).await;
    let site = Site::new();
    let running = Running::start(site.settings(&wire.url, ID)).await;
    let status = running.until("installed", installed).await;
    assert!(status.pending && status.phase == "pending" || status.phase == "installing", "{status:?}");
    let starts = backend.starts().await;
    assert!(starts.len() >= 5 && starts.is_sorted(), "{starts:?}");
    let packages = backend.requests(PACKAGE).await;
    assert!(packages.iter().skip(1).all(|request| request.headers["if-range"] == "\"tag\""), "it resumes only the same bytes");
    let passed = wire.passed.load(Ordering::Relaxed);
    assert!(passed < 800 * KIB as u64, "{passed} bytes for 700 KiB");
    running.until("reported", |status| status.outstanding_reports == 0).await;
    let reported: Vec<String> = backend.reported().await.into_iter().filter(|state| state != "downloading").collect();
    assert_eq!(reported, ["booted", "downloaded", "installing", "installed"]);
    assert_eq!(std::fs::read_dir(site.dir.path().join(format!("state-{ID}/downloads"))).unwrap().count(), 0, "nothing is left lying");
}

#[tokio::test]
async fn a_slow_drip_is_awaited_and_a_silent_connection_is_not() {
    let backend = Backend::start(240 * KIB).await;
    // 40 KB in each 0.1 s: longer as a whole than the silence that is allowed.
    let wire = Wire::to(&backend, ConnectionBehaviour { rate: Some(400), ..ConnectionBehaviour::default() }).await;
    let site = Site::new();
    let running = Running::start(site.settings(&wire.url, ID)).await;
    running.until("installed", installed).await;
    assert_eq!(backend.starts().await, [0], "in one go");
    running.kill().await;

    let backend = Backend::start(240 * KIB).await;
    let wire = Wire::to(&backend, ConnectionBehaviour { stall_after: Some(100_000), ..ConnectionBehaviour::default() }).await;
    let site = Site::new();
    let running = Running::start(site.settings(&wire.url, ID)).await;
    running.until("installed", installed).await;
    assert!(backend.starts().await.len() >= 2, "{:?}", backend.starts().await);
}

#[tokio::test]
async fn a_package_with_a_wrong_hash_or_length_is_reported_and_never_installed() {
    let backend = Backend::start(20 * KIB).await;
    let site = Site::new();
    let mut wrong = backend.content.clone();
    wrong[5000] ^= 1;
    let [shorter, longer] = [&backend.content[1..], &[&*backend.content, b"x"].concat()].map(<[u8]>::to_vec);
    backend.package(Some(ResponseTemplate::new(200).set_body_bytes(wrong)));
    let running = Running::start(site.settings(&backend.server.uri(), ID)).await;
    for (next, word) in [(Some(shorter), "SHA-256"), (Some(longer), "20479"), (None, "20481")] {
        running.until(word, |status| status.trouble.as_ref().is_some_and(|trouble| trouble.en.contains(word))).await;
        assert!(!installed(&running.terminal.status()));
        backend.package(next.map(|bytes| ResponseTemplate::new(200).set_body_bytes(bytes)));
    }
    running.until("installed once it is right", installed).await;
    assert!(backend.reported().await.iter().filter(|state| *state == "failed").count() >= 3);
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_says_and_ever_more_rarely_when_it_does_not() {
    let backend = Backend::start(KIB).await;
    let site = Site::new();
    // 36 minutes are 0.6 s at this speed.
    backend.poll(ResponseTemplate::new(503).insert_header("retry-after", "2160"));
    let running = Running::start(site.settings(&backend.server.uri(), ID)).await;
    running.until("refused", |status| status.trouble.is_some()).await;
    let asked = Instant::now();
    backend.poll(backend.offer("5.3.0"));
    running.until("installed", installed).await;
    assert!(asked.elapsed() > Duration::from_millis(550), "{:?}", asked.elapsed());
    running.kill().await;

    let backend = Backend::start(KIB).await;
    backend.poll(ResponseTemplate::new(503));
    let mut settings = site.settings(&backend.server.uri(), ID);
    // 5, 10, 20, 40 … seconds are 0.05, 0.1, 0.2, 0.4 …: four or five polls in the first 0.8 s,
    // fifteen without backing off.
    (settings.speed, settings.state) = (100.0, site.dir.path().join("other"));
    let running = Running::start(settings).await;
    running.terminal.command(Command::Download).unwrap();
    // The time in which they are counted.
    tokio::time::sleep(Duration::from_millis(800)).await;
    let polls = backend.polls().await;
    assert!((3..=7).contains(&polls), "{polls}");
    backend.poll(backend.offer("5.3.0"));
    running.until("installed", installed).await;
}

#[tokio::test]
async fn a_redirect_is_followed_on_the_same_server_only() {
    let elsewhere = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&elsewhere).await;
    let backend = Backend::start(KIB).await;
    let to = |place: String| ResponseTemplate::new(302).insert_header("location", place);
    backend.package(Some(to(format!("{}/stolen", elsewhere.uri()))));
    let site = Site::new();
    let running = Running::start(site.settings(&backend.server.uri(), ID)).await;
    running.until("not followed", |status| status.trouble.as_ref().is_some_and(|trouble| trouble.en.contains("redirect"))).await;
    backend.poll(to(format!("{}/poll", elsewhere.uri())));
    polls_more(&backend, 2).await;
    assert!(elsewhere.received_requests().await.unwrap().is_empty(), "nothing left the server");
    let there = ResponseTemplate::new(200).set_body_bytes(backend.content.clone());
    Mock::given(wiremock::matchers::path("/moved")).respond_with(there).mount(&backend.server).await;
    backend.package(Some(to("/moved".to_owned())));
    backend.poll(backend.offer("5.3.0"));
    running.until("installed", installed).await;
}

#[tokio::test]
async fn a_url_that_leads_away_from_the_server_is_not_asked() {
    let elsewhere = MockServer::start().await;
    let backend = Backend::start(KIB).await;
    let url = format!("{}/package", elsewhere.uri());
    let package = json!({"component": "linkage_application", "version": "5.3.0", "size": 9, "sha256": "0".repeat(64), "url": url});
    let update = json!({"update": {"packages": [package]}, "poll_after": "PT1H"});
    backend.poll(ResponseTemplate::new(200).set_body_json(update));
    let site = Site::new();
    let running = Running::start(site.settings(&backend.server.uri(), ID)).await;
    running.until("told", |status| status.trouble.as_ref().is_some_and(|trouble| trouble.en.contains("leads away"))).await;
    assert!(elsewhere.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_window_that_closes_midway_stops_the_download_and_the_next_one_goes_on() {
    let backend = Backend::start(300 * KIB).await;
    let wire = Wire::to(&backend, ConnectionBehaviour { cut_after: Some(120_000), ..ConnectionBehaviour::default() }).await;
    let site = Site::new();
    let running = Running::start(site.settings(&wire.url, ID)).await;
    let served = backend.served.clone();
    wait_until("a first part", || served.load(Ordering::Relaxed) > 0).await;
    backend.poll(backend.window_closed_answer());
    let part = site.dir.path().join(format!("state-{ID}/downloads/linkage_application-5.3.0.part"));
    polls_more(&backend, 3).await;
    let stopped = std::fs::metadata(&part).map_or(0, |data| data.len());
    assert!(stopped > 50_000 && !installed(&running.terminal.status()), "{stopped}");
    wire.set(ConnectionBehaviour::default());
    backend.poll(backend.offer("5.3.0"));
    running.until("installed", installed).await;
    assert_eq!(backend.starts().await[1], stopped, "it goes on where it stopped");
}

#[tokio::test]
async fn a_version_that_goes_back_is_declined_once() {
    let backend = Backend::start(KIB).await;
    backend.poll(backend.offer("5.1.9"));
    let site = Site::new();
    let running = Running::start(site.settings(&backend.server.uri(), ID)).await;
    running.until("told", |status| status.last_poll.is_some() && status.outstanding_reports == 0).await;
    polls_more(&backend, 3).await;
    assert_eq!(backend.reported().await, ["booted", "failed"]);
    assert!(backend.starts().await.is_empty(), "it was not downloaded");
}

#[tokio::test]
async fn a_clock_that_jumps_changes_nothing() {
    let backend = Backend::start(50 * KIB).await;
    let site = Site::new();
    let mut settings = site.settings(&backend.server.uri(), ID);
    settings.wall = jumping_clock;
    let running = Running::start(settings).await;
    running.until("installed", installed).await;
    polls_more(&backend, 3).await;
}

#[tokio::test]
async fn a_server_that_does_not_know_the_terminal_ends_it() {
    let backend = Backend::start(KIB).await;
    let problem =
        json!({"type": "urn:onshi-mock:problem:identity-unknown", "detail": "登録されていません。", "detail_en": "There is none."});
    backend.poll(ResponseTemplate::new(404).set_body_json(problem));
    let site = Site::new();
    let running = Running::start(site.settings(&backend.server.uri(), ID)).await;
    let why = running.end().await;
    assert!(why.ja.contains("登録されていません") && why.en.contains("There is none."), "{why:?}");
}
