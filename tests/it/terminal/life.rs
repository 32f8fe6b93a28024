//! A simulated terminal against the real server: boots, what is no boot, its reader, its linkage
//! folder, and a server that forgets.

use std::path::PathBuf;

use onshi_mock::terminal::{CardInput, Command, Settings};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::eventually::wait_until;
use crate::support::request_files::{Folder, check, text, value};
use crate::support::{Clinic, Mock, template};
use crate::terminal::simulated::{Running, Site};

/// An institution whose downloads take no time.
async fn fast_clinic<'m>(mock: &'m Mock, now: &str) -> Clinic<'m> {
    let clinic = mock.clinic(template::EXTERNAL, now).await;
    clinic.set_terminal(json!({"bandwidth": 4_000_000_000_u64})).await;
    clinic
}

/// An institution with an open window and an external terminal, and what the terminal is started
/// with.
async fn clinic<'m>(site: &Site, mock: &'m Mock) -> (Clinic<'m>, Settings) {
    let clinic = fast_clinic(mock, "2026-01-19T21:00:00+09:00").await;
    let settings = site.settings_at(mock, &format!("{clinic}-T1"));
    (clinic, settings)
}

fn card(person: &str) -> CardInput {
    serde_json::from_value(json!({"person": person, "consents": {"pharmacists": "given"}})).unwrap()
}

async fn answered(folder: &Folder, code: &str, number: u32) -> String {
    wait_until("the folder", || folder.0.join("req").exists()).await;
    folder.put_request(&format!("OQSsiquc01req_{number}.xml"), check(code, "f"));
    text(&folder.wait_for(&format!("res/OQSsiquc01res_{number}.xml")).await)
}

#[tokio::test]
async fn only_a_boot_ends_pending_and_a_new_process_is_none() {
    let (site, mock) = (Site::new(), Mock::start().await);
    let (clinic, mut settings) = clinic(&site, &mock).await;
    let folder = Folder(PathBuf::from(site.path("oqs")));
    settings.linkage = Some(folder.0.clone());
    let running = Running::start(settings.clone()).await;
    let pending = running.until("all installed", |status| status.phase == "pending" && status.components.iter().all(is_new)).await;
    assert_eq!(value(&answered(&folder, &clinic.code, 1).await, "ErrorCode"), Some("MOCK0501E"));
    let seen = running.terminal.card(&card("valid")).await.unwrap();
    assert!(seen.outcome["kind"] == "refused" && seen.shown.ja.contains("再起動されていないため"), "{seen:?}");

    running.terminal.command(Command::RestartLinkage).unwrap();
    running.terminal.command(Command::Shutdown).unwrap();
    assert_eq!(running.terminal.status().phase, "off");
    assert!(running.terminal.command(Command::Restart).unwrap_err().en.contains("off"));
    let nothing = running.terminal.card(&card("valid")).await.unwrap();
    assert_eq!(nothing.outcome["kind"], "nothing");
    running.terminal.command(Command::PowerOn).unwrap();
    running.kill().await;
    let running = Running::start(settings).await;
    let status = running.terminal.status();
    assert!(status.pending && status.boot_id == pending.boot_id && status.boots == 1, "{status:?}");
    assert_eq!(value(&answered(&folder, &clinic.code, 2).await, "ErrorCode"), Some("MOCK0501E"));

    running.terminal.command(Command::Restart).unwrap();
    let status = running.until("the boot is told", |status| status.outstanding_reports == 0).await;
    assert!(!status.pending && status.boot_id != pending.boot_id && status.boots == 2, "{status:?}");
    assert_eq!(value(&answered(&folder, &clinic.code, 3).await, "QualificationValidity"), Some("1"));
    let seen = running.terminal.card(&card("valid")).await.unwrap();
    let face = std::fs::read(folder.0.join("face").join(seen.file.unwrap())).unwrap();
    assert_eq!(value(&text(&face), "PharmacistsInfoConsFlg"), Some("1"));
    assert_eq!(clinic.terminal().await["phase"], "up_to_date");
}

fn is_new(component: &onshi_mock::terminal::ComponentStatus) -> bool {
    ["5.3.0", "3.1.0", "2.4.0"].contains(&component.installed.to_string().as_str())
}

#[tokio::test]
async fn without_fast_startup_switching_on_is_a_boot() {
    let (site, mock) = (Site::new(), Mock::start().await);
    let (clinic, mut settings) = clinic(&site, &mock).await;
    settings.fast_startup = false;
    let running = Running::start(settings).await;
    running.until("pending", |status| status.phase == "pending" && status.components.iter().all(is_new)).await;
    running.terminal.command(Command::Shutdown).unwrap();
    running.terminal.command(Command::PowerOn).unwrap();
    let status = running.until("told", |status| status.outstanding_reports == 0).await;
    assert!(!status.pending && status.boots == 2, "{status:?}");
    assert_eq!(clinic.terminal().await["phase"], "up_to_date");
}

#[tokio::test]
async fn a_readers_update_waits_for_its_power_and_a_download_by_hand_for_no_window() {
    let (site, mock) = (Site::new(), Mock::start().await);
    let clinic = fast_clinic(&mock, "2026-01-19T12:00:00+09:00").await;
    let mut settings = site.settings_at(&mock, &format!("{clinic}-T1"));
    let folder = Folder(PathBuf::from(site.path("oqs")));
    settings.linkage = Some(folder.0.clone());
    let running = Running::start(settings).await;
    running.until("a poll", |status| status.last_poll.is_some()).await;
    assert!(!running.terminal.status().pending, "the window is closed");
    running.terminal.command(Command::ReaderPower { on: false }).unwrap();
    running.terminal.command(Command::Download).unwrap();
    let status = running.until("installed", |status| status.phase == "pending" || status.phase == "update_available").await;
    assert!(!status.reader_powered);
    let rest = |status: &onshi_mock::terminal::Status| status.components.iter().filter(|component| is_new(component)).count();
    running.until("all but the reader's", |status| rest(status) == 3 && status.progress.is_none()).await;
    assert_eq!(running.terminal.card(&card("valid")).await.unwrap().outcome["kind"], "nothing");
    running.terminal.command(Command::ReaderPower { on: true }).unwrap();
    running.terminal.command(Command::Download).unwrap();
    running.until("the reader's, too", |status| rest(status) == 4).await;
}

/// The server keeps its state in memory: a new one knows nothing of what was installed, and would
/// answer checks.
#[tokio::test]
async fn a_server_that_forgot_is_told_before_anything_is_asked_of_it() {
    let site = Site::new();
    let mut mock = Mock::start_with(|config| config.certs = site.dir.path().join("certs")).await;
    let clinic = mock.institution(template::EXTERNAL);
    clinic.freeze_at("2026-01-19T21:00:00+09:00").await;
    clinic.set_terminal(json!({"bandwidth": 4_000_000_000_u64})).await;
    let folder = Folder(PathBuf::from(site.path("oqs")));
    let mut settings = site.settings(&format!("https://{}", mock.backend), "9910000034-T1");
    settings.linkage = Some(folder.0.clone());
    let running = Running::start(settings.clone()).await;
    running.until("pending", |status| status.phase == "pending" && status.components.iter().all(is_new)).await;
    running.kill().await;
    let addr = mock.backend;
    mock.stop().await;
    let certs = site.dir.path().join("certs");
    let mock = Mock::start_with(|config| (config.certs, config.backend_addr) = (certs, addr)).await;
    // The first poll is a minute away: only what is asked about the file can tell the server.
    settings.speed = 1.0;
    let _running = Running::start(settings).await;
    let clinic = mock.institution(template::EXTERNAL);
    assert_eq!(clinic.terminal().await["phase"], "update_available", "it forgot");
    assert_eq!(value(&answered(&folder, &clinic.code, 1).await, "ErrorCode"), Some("MOCK0501E"));
    assert_eq!(clinic.terminal().await["phase"], "pending");
}

#[tokio::test]
async fn a_terminal_that_is_off_takes_nothing_from_the_folder() {
    let (site, mock) = (Site::new(), Mock::start().await);
    let (clinic, mut settings) = clinic(&site, &mock).await;
    let folder = Folder(PathBuf::from(site.path("oqs")));
    settings.linkage = Some(folder.0.clone());
    settings.speed = 1.0;
    let running = Running::start(settings).await;
    assert_eq!(value(&answered(&folder, &clinic.code, 1).await, "QualificationValidity"), Some("1"));
    running.terminal.command(Command::Shutdown).unwrap();
    folder.put_request("OQSsiquc01req_2.xml", check(&clinic.code, "f"));
    // Three looks at the folder long: that none of them takes anything is told by nothing.
    tokio::time::sleep(std::time::Duration::from_millis(900)).await;
    assert_eq!(
        (folder.names("req"), folder.names("res")),
        (vec!["OQSsiquc01req_2.xml".to_owned()], vec!["OQSsiquc01res_1.xml".to_owned()])
    );
    running.terminal.command(Command::PowerOn).unwrap();
    folder.wait_for("res/OQSsiquc01res_2.xml").await;
    folder.put_request("OQSsiquc01req_3.xml", "<XmlMsg>no</Xml></XmlMsg>");
    folder.wait_for("res/OQSsiquc01req_3.err").await;
}

#[tokio::test]
async fn commands_want_the_token_and_no_page_gives_any() {
    let (site, mock) = (Site::new(), Mock::start().await);
    let (_, settings) = clinic(&site, &mock).await;
    let running = Running::start(settings).await;
    let ask = |path: &str| mock.client.get(format!("http://{}{path}", running.admin));
    assert_eq!(ask("/v1/status").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(ask("/v1/status").bearer_auth("a-token-for-test").send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    for (name, text) in [("origin", "https://example.com"), ("origin", "null"), ("host", "rebound.example.com:8445")] {
        let refused = ask("/v1/status").bearer_auth("a-token-for-tests").header(name, text).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{name}: {text}");
    }
    let status: Value = ask("/v1/status").bearer_auth("a-token-for-tests").send().await.unwrap().json().await.unwrap();
    assert_eq!(status["id"], running.terminal.status().id);
}
