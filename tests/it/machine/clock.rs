//! A machine whose clock is a day off, from the start or all at once: libfaketime shows the server
//! another time, and the machine's own stays as it is.

use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::{Value, json};

use super::running::{Running, is_answered};
use crate::support::TOKEN;
use crate::support::request_files::Folder;

const OPTIONS: [&str; 6] = ["--store", "sqlite:state.db", "--linkage", "oqs", "--linkage-terminal", "9910000018-T1"];

/// The server's clock, which a file sets.
struct Clock {
    file: PathBuf,
    environment: Vec<String>,
}

impl Clock {
    fn of(dir: &Path, off: &str) -> Self {
        let library =
            ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"].map(|dir| Path::new(dir).join("faketime/libfaketimeMT.so.1"));
        let library = library.into_iter().find(|path| path.exists()).expect("libfaketime: apt-get install libfaketime");
        let file = dir.join("clock");
        let mut environment = vec![format!("LD_PRELOAD={}", library.display()), format!("FAKETIME_TIMESTAMP_FILE={}", file.display())];
        // It reads the file each time, and leaves the clock of time-outs and the times of files
        // alone.
        environment.extend(["FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1"].map(str::to_owned));
        let clock = Self { file, environment };
        clock.is_off(off);
        clock
    }

    fn is_off(&self, by: &str) {
        // Whole at once: the server may read it at any moment.
        let next = self.file.with_extension("next");
        std::fs::write(&next, by).unwrap();
        std::fs::rename(next, &self.file).unwrap();
    }
}

/// A new connection is verified by the machine's own clock; checks, changes, the folder and what
/// needs a date of now work.
async fn works(running: &mut Running, dir: &Path, when: &str) {
    running.client = running.another_client();
    running.is_ready().await;
    running.change().await.unwrap();
    running.has_all(when).await;
    assert_eq!(running.check().await, "1", "{when}");
    is_answered(&Folder(dir.join("oqs")), &when.replace([' ', '+'], "-")).await;
    let control = running.server.url("control");
    let call = async |method, path: &str, body: Value| {
        let request = running.client.request(method, format!("{control}{path}")).bearer_auth(TOKEN).json(&body);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_success(), "{when}: {path}: {}", answer.text().await.unwrap());
        answer.text().await.unwrap()
    };
    let link: Value = serde_json::from_str(&call(Method::POST, "/v1/console-links", Value::Null).await).unwrap();
    let signed_in = running.client.post(format!("{control}/signin")).header("origin", &control).header("sec-fetch-site", "same-origin");
    let signed_in = signed_in.json(&json!({"code": link["code"]})).send().await.unwrap();
    assert!(signed_in.status().is_success(), "{when}: {}", signed_in.text().await.unwrap());
    let passing = call(Method::POST, "/v1/institutions", json!({"template": "9910000018", "expires_after": "PT1H"})).await;
    let passing: Value = serde_json::from_str(&passing).unwrap();
    call(Method::GET, &format!("/v1/institutions/{}", passing["code"].as_str().unwrap()), Value::Null).await;
    call(Method::GET, "/v1/institutions/9910000018/journal?limit=500", Value::Null).await;
}

#[ignore = "nightly: needs libfaketime"]
#[tokio::test]
async fn a_clock_that_was_a_day_off_at_the_start() {
    for off in ["-1d", "+1d"] {
        let dir = tempfile::tempdir().unwrap();
        // Certificates made by a wrong clock, by the right one, and used by either.
        for (start, now) in [off, "+0d", off].into_iter().enumerate() {
            let clock = Clock::of(dir.path(), now);
            let mut running = Running::start(dir.path(), &clock.environment, &OPTIONS);
            works(&mut running, dir.path(), &format!("start {start} at {now}")).await;
            assert!(says(&running).await.contains(&date_of(now)), "libfaketime is at work");
            running.server.stop();
        }
    }
}

#[ignore = "nightly: needs libfaketime"]
#[tokio::test]
async fn a_clock_that_jumps_by_a_day() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::of(dir.path(), "+0d");
    let mut running = Running::start(dir.path(), &clock.environment, &OPTIONS);
    for (jump, off) in ["+0d", "+1d", "+0d", "-1d", "+1d", "+0d"].into_iter().enumerate() {
        clock.is_off(off);
        works(&mut running, dir.path(), &format!("jump {jump} to {off}")).await;
        assert!(says(&running).await.contains(&date_of(off)), "libfaketime is at work");
    }
    let mut running = running.kill_and_start(dir.path(), &clock.environment, &OPTIONS);
    works(&mut running, dir.path(), "after a SIGKILL").await;
}

/// The time of an institution whose clock is the machine's.
async fn says(running: &Running) -> String {
    let url = format!("{}/v1/institutions/9910000018/clock", running.server.url("control"));
    running.client.get(url).bearer_auth(TOKEN).send().await.unwrap().text().await.unwrap()
}

/// Today's date in Japan by a clock that is off.
fn date_of(off: &str) -> String {
    let days: i64 = off.trim_end_matches('d').parse().unwrap();
    let now = onshi_mock::clock::wall() + jiff::SignedDuration::from_hours(24 * days);
    now.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(9))).date().to_string()
}
