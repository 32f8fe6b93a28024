//! `onshi-mock terminal` as a process: killed in the middle, started with what does not fit, told
//! what to do.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::eventually::wait_until;
use crate::support::{Mock, frozen, template};
use crate::terminal::simulated::{Backend, ConnectionBehaviour, ID, Site, Wire};

/// The built program with options that are right, without any settings of the machine that runs the
/// tests.
fn program(site: &Site, server: &str, id: &str) -> Command {
    let [certificate, key] = site.issue(id);
    let mut command = Command::new(env!("CARGO_BIN_EXE_onshi-mock"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ONSHI_")) {
        command.env_remove(name);
    }
    command.args(["terminal", "--server", server, "--ca", &site.path("certs/ca.pem"), "--cert", &certificate, "--key", &key]);
    command.args(["--state", &site.path("state"), "--admin-addr", "127.0.0.1:0", "--speed", "3600"]);
    command
}

/// A running terminal, killed when the test is over.
struct Process {
    child: Child,
}

impl Process {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut ready).unwrap();
        assert!(ready.starts_with("onshi-mock terminal ready id="), "not the ready line: {ready:?}");
        Self { child }
    }

    fn run_command(&self, site: &Site, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onshi-mock"));
        command.arg("terminal").args(arguments).args(["--state", &site.path("state")]).output().unwrap()
    }

    fn status(&self, site: &Site) -> Value {
        let output = self.run_command(site, &["status", "--json"]);
        assert!(output.status.success(), "{output:?}");
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs it to its end, and gives its exit code and what it complained of.
async fn ends(mut command: Command) -> (Option<i32>, String) {
    command.stdout(Stdio::null()).stderr(Stdio::piped()).stdin(Stdio::null());
    let child = command.spawn().unwrap();
    let waiting = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let output = tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it never ended").unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Kills it so many times during one download.
async fn killed(times: u64, size: usize) {
    let backend = Backend::start(size).await;
    // About 1.5 s a MiB: slow enough to be met in the middle.
    let wire = Wire::to(&backend, ConnectionBehaviour { rate: Some(700), ..ConnectionBehaviour::default() }).await;
    let site = Site::new();
    let part = site.dir.path().join("state/downloads/linkage_application-5.3.0.part");
    let received = || std::fs::metadata(&part).map_or(0, |data| data.len());
    for kill in 1..=times {
        let mut process = Process::start(program(&site, &wire.url, ID));
        let enough = size as u64 * kill / (times + 2);
        wait_until("more of the download", || received() > enough).await;
        process.child.kill().unwrap();
        process.child.wait().unwrap();
    }
    wire.set(ConnectionBehaviour::default());
    let process = Process::start(program(&site, &wire.url, ID));
    let installed = || process.status(&site)["pending"] == true;
    wait_until("installed", installed).await;
    let starts = backend.starts().await;
    assert!(starts.len() as u64 == times + 1 && starts.is_sorted(), "{starts:?}");
    let again = wire.passed.load(Ordering::Relaxed).saturating_sub(size as u64);
    assert!(again <= times * 8 * 1024 * 1024 && again < size as u64, "{again} bytes were fetched again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_twenty_times_during_a_download_it_still_ends_with_the_right_bytes() {
    killed(20, 2 * 1024 * 1024).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "nightly: a minute; cargo nextest run --run-ignored only"]
async fn killed_twenty_times_during_a_large_download_it_still_ends_with_the_right_bytes() {
    killed(20, 24 * 1024 * 1024).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_ends_it_with_clear_words() {
    let (site, other) = (Site::new(), Site::new());
    let mock = Mock::start_with(|config| config.certs = site.dir.path().join("certs")).await;
    let server = format!("https://{}", mock.backend);

    let (code, output_text) = ends(program(&other, &server, ID)).await;
    assert_eq!(code, Some(1), "{output_text}");
    assert!(output_text.contains("サーバーの証明書を信頼できません") && output_text.contains("is not trusted"), "{output_text}");

    let (code, output_text) = ends(program(&site, &server, "9910000091-T1")).await;
    assert_eq!(code, Some(1), "{output_text}");
    assert!(output_text.contains("登録されていません") && output_text.contains("There is no institution 9910000091"), "{output_text}");

    let [certificate, key] = other.issue(ID);
    let swapped = |certificate: &str, key: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onshi-mock"));
        command.args(["terminal", "--server", &server, "--ca", &site.path("certs/ca.pem"), "--cert", certificate, "--key", key]);
        command.args(["--state", &site.path("state"), "--admin-addr", "127.0.0.1:0"]);
        command
    };
    let (code, output_text) = ends(swapped(&certificate, &key)).await;
    assert_eq!(code, Some(1), "{output_text}");
    assert!(output_text.contains("発行したものではありません") && output_text.contains("was not issued by the CA"), "{output_text}");

    let [own, _] = site.issue("9910000018-T1");
    let (code, output_text) = ends(swapped(&own, &key)).await;
    assert_eq!(code, Some(1), "{output_text}");
    assert!(output_text.contains("証明書と鍵") && output_text.contains("Certificate and key"), "{output_text}");
    let (code, output_text) = ends(swapped(&site.path("certs/server.key"), &key)).await;
    assert!(code == Some(1) && output_text.contains("--cert"), "{output_text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_settings_are_named() {
    let site = Site::new();
    for (arguments, exit, word) in [
        (&["--server", "http://example.com"][..], 2, "https://"),
        (&["--server", "example.com"], 2, "https://"),
        (&["--speed", "0"], 1, "speed"),
        (&["--speed", "fast"], 2, "--speed"),
        (&["--admin-addr", "0.0.0.0:8445"], 1, "loopback"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onshi-mock"));
        let given = |option: &&str| arguments.contains(option);
        let rest = [("--server", "https://127.0.0.1:1"), ("--ca", "a"), ("--cert", "b"), ("--key", "c"), ("--state", &site.path("state"))];
        let rest = rest.iter().filter(|(option, _)| !given(option)).flat_map(|(option, value)| [*option, *value]);
        command.arg("terminal").args(rest).args(arguments);
        let (code, output_text) = ends(command).await;
        assert!(code == Some(exit) && output_text.contains(word), "{arguments:?}: {output_text}");
    }
    let mut nothing = Command::new(env!("CARGO_BIN_EXE_onshi-mock"));
    nothing.arg("terminal").current_dir(site.dir.path());
    let (code, output_text) = ends(nothing).await;
    assert!(code == Some(1) && output_text.contains("--server or ONSHI_TERMINAL_SERVER is needed"), "{output_text}");
    let file = site.dir.path().join("onshi-mock.toml");
    std::fs::write(&file, "[terminal]\nserver = \"https://127.0.0.1:1\"\nca = \"nowhere.pem\"\ncert = \"c\"\nkey = \"k\"\n").unwrap();
    let with_file = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onshi-mock"));
        command.arg("terminal").current_dir(site.dir.path());
        command
    };
    assert!(ends(with_file()).await.1.contains("nowhere.pem cannot be read"));
    let mut command = with_file();
    command.args(["--ca", "elsewhere.pem"]);
    assert!(ends(command).await.1.contains("elsewhere.pem cannot be read"), "the command line wins");
    std::fs::write(&file, "[terminal]\nserver = \"ftp://x\"\n").unwrap();
    let (code, output_text) = ends(with_file()).await;
    assert!(code == Some(1) && output_text.contains("line 2") && output_text.contains("https://"), "{output_text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_act_on_the_running_one() {
    let site = Site::new();
    let mock = Mock::start_with(|config| config.certs = site.dir.path().join("certs")).await;
    let created = json!({"template": template::EXTERNAL, "clock": frozen("2026-01-19T12:00:00+09:00")});
    let id = format!("{}-T1", mock.clinic_with(created).await);
    // By the environment, too.
    let mut command = program(&site, "https://127.0.0.1:1", &id);
    let arguments: Vec<_> = command.get_args().skip(3).map(std::ffi::OsStr::to_owned).collect();
    command = Command::new(env!("CARGO_BIN_EXE_onshi-mock"));
    command.arg("terminal").args(arguments).env("ONSHI_TERMINAL_SERVER", format!("https://{}", mock.backend));
    let process = Process::start(command);
    let run_command = |arguments: &[&str]| {
        let output = process.run_command(&site, arguments);
        (output.status.code(), String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap())
    };
    let before = process.status(&site);
    assert_eq!((&before["id"], &before["boots"]), (&json!(id), &json!(1)));
    let text = run_command(&["status"]).1;
    assert!(text.contains(&id) && text.contains("連携アプリケーション  installed 5.2.0  running 5.2.0"), "{text}");
    let (code, output_text) = run_command(&["card", "--person", "valid", "--card", "wrong", "--consent", "pharmacists=given"]);
    assert!(code == Some(0) && output_text.contains("【002:マイナンバーカード以外】"), "{output_text}");
    assert_eq!(run_command(&["card", "--person", "nobody"]).0, Some(1));
    assert_eq!(run_command(&["card", "--person", "valid", "--consent", "pharmacists"]).0, Some(2));
    assert_eq!(run_command(&["shutdown"]).0, Some(0));
    let (code, output_text) = run_command(&["restart"]);
    assert!(code == Some(1) && output_text.contains("電源が切れています"), "{output_text}");
    assert_eq!(run_command(&["power-on"]).0, Some(0));
    assert_eq!(process.status(&site)["boot_id"], before["boot_id"], "fast startup: no boot");
    assert_eq!(run_command(&["restart-linkage"]).0, Some(0));
    assert_eq!(run_command(&["reader-power", "off"]).0, Some(0));
    assert_eq!(run_command(&["restart"]).0, Some(0));
    let after = process.status(&site);
    assert!(after["boot_id"] != before["boot_id"] && after["boots"] == 2 && after["reader_powered"] == false, "{after}");
    let (code, output_text) = ends(program(&site, &format!("https://{}", mock.backend), &id)).await;
    assert!(code == Some(1) && output_text.contains("is in use by another terminal process"), "{output_text}");
    let elsewhere =
        Command::new(env!("CARGO_BIN_EXE_onshi-mock")).args(["terminal", "status", "--state", "/nonexistent"]).output().unwrap();
    assert_eq!(elsewhere.status.code(), Some(1));
}
