//! `onshi-mock verdict`: its exit codes, its forms, whom it asks, and what it verifies.

use std::process::{Command, Output};

use jiff::civil::date;
use serde_json::{Value, json};

use crate::support::{Mock, TOKEN, template};
use crate::verdict::forms::{MORNING, good_morning, verdict_as};
fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onshi-mock"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ONSHI_")) {
        command.env_remove(name);
    }
    command
}

/// `onshi-mock verdict` against a server of this test.
async fn cli(mock: &Mock, arguments: &[&str]) -> (i32, Output) {
    let mut command = command();
    command.args(["verdict", "--control-addr", &mock.control.to_string(), "--control-token", TOKEN]);
    command.arg("--certs").arg(mock.dir.path().join("certs")).args(arguments).current_dir(mock.dir.path());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (output.status.code().unwrap(), output)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_has_an_exit_code_for_each_case_and_verifies_files() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::PENDING, MORNING).await;
    good_morning(&clinic).await;
    let (exit, output) = cli(&mock, &[&clinic.code]).await;
    assert_eq!(exit, 0, "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, verdict_as(&clinic, "application/json").await);
    let output_text = String::from_utf8(output.stderr).unwrap();
    assert!(output_text.contains("未完了 INCOMPLETE") && output_text.contains("Test evidence, not a certification"), "{output_text}");
    assert_eq!(cli(&mock, &[&clinic.code, "--require-green"]).await.0, 3);
    let strict = ["--require-green", "--format", "junit", "--out", "strict.xml"];
    assert_eq!(cli(&mock, &[&[clinic.code.as_str()], &strict[..]].concat()).await.0, 3);
    let xml = std::fs::read_to_string(mock.dir.path().join("strict.xml")).unwrap();
    assert!(xml.contains(r#"<failure type="INCOMPLETE""#) && !xml.contains("<skipped"), "{xml}");
    let url = format!("https://{}/v1/institutions/{}/verdict?format=junit&require_green=true", mock.control, clinic.code);
    let served = mock.client.get(url).bearer_auth(TOKEN).send().await.unwrap().text().await.unwrap();
    assert_eq!(xml, served);
    assert_eq!(cli(&mock, &["9911000017"]).await.0, 4, "no such institution");
    assert_eq!(cli(&mock, &[]).await.0, 2, "neither an institution nor --verify");
    assert_eq!(cli(&mock, &[&clinic.code, "--format", "junit", "--out", "verdict.xml"]).await.0, 0);
    assert_eq!(std::fs::read_to_string(mock.dir.path().join("verdict.xml")).unwrap(), verdict_as(&clinic, "application/xml").await);
    let file = mock.dir.path().join("verdict.json");
    std::fs::write(&file, &text).unwrap();
    assert_eq!(cli(&mock, &["--verify", "verdict.json"]).await.0, 0);
    std::fs::write(&file, text.replace("INCONCLUSIVE", "PASS")).unwrap();
    assert_eq!(cli(&mock, &["--verify", "verdict.json"]).await.0, 1);
    std::fs::write(&file, "{}").unwrap();
    assert_eq!(cli(&mock, &["--verify", "verdict.json"]).await.0, 4);
    for _ in 0..12 {
        mock.institution(template::PENDING).check().await;
    }
    assert_eq!(cli(&mock, &["9910000026"]).await.0, 1, "hammered");
}

/// As `onshi-mock verdict … | head -n 1`, and with both outputs closed.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_closes_the_output_changes_no_exit_code() {
    let mock = Mock::start().await;
    for (requests, code, exit) in [(1, "9910000018", 3), (12, "9910000026", 1)] {
        for _ in 0..requests {
            mock.institution(code).check().await;
        }
        for closes_stderr in [false, true] {
            let mut command = command();
            command.args(["verdict", code, "--require-green", "--control-addr", &mock.control.to_string(), "--control-token", TOKEN]);
            command.current_dir(mock.dir.path()).stdout(closed_pipe()).stderr(std::process::Stdio::piped());
            if closes_stderr {
                command.stderr(closed_pipe());
            }
            let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.code() == Some(exit) && !said.contains("panicked"), "{code}: {}\n{said}", output.status);
            assert_eq!(said.contains("Test evidence, not a certification"), !closes_stderr, "{said}");
        }
    }
}

/// A pipe whose reader has gone.
fn closed_pipe() -> std::io::PipeWriter {
    std::io::pipe().unwrap().1
}

/// No command panics where nobody reads its output; what it does, it does nevertheless.
#[test]
fn every_command_that_writes_lines_ends_with_its_own_exit_code_where_nobody_reads_them() {
    let dir = tempfile::tempdir().unwrap();
    for (arguments, exit) in [
        (&["certs", "init"][..], 0),
        (&["certs", "issue", "9910000026-T1"], 0),
        (&["certs", "show"], 0),
        (&["openapi"], 0),
        (&["check-fixtures", "nowhere"], 1),
        (&["health", "--control-addr", "127.0.0.1:1"], 1),
        (&["--help"], 0),
        (&["serv"], 2),
    ] {
        let status = command().args(arguments).current_dir(dir.path()).stdout(closed_pipe()).stderr(closed_pipe()).status().unwrap();
        assert_eq!(status.code(), Some(exit), "{arguments:?}");
    }
    assert!(dir.path().join("9910000026-T1.p12").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verified_verdict_gives_the_exit_code_and_the_forms_of_a_fetched_one() {
    let mock = Mock::start().await;
    for (requests, code, exits) in [(1, "9910000018", [0, 3]), (12, "9910000026", [1, 1])] {
        for _ in 0..requests {
            mock.institution(code).check().await;
        }
        for (exit, more) in exits.into_iter().zip([&[][..], &["--require-green"]]) {
            let fetch = [&[code, "--out", "verdict.json"], more].concat();
            assert_eq!(cli(&mock, &fetch).await.0, exit, "{fetch:?}");
            let verify = [&["--verify", "verdict.json"], more].concat();
            let (verified, output) = cli(&mock, &verify).await;
            assert_eq!((verified, output.stdout.len()), (exit, 0), "{verify:?}");
            assert!(String::from_utf8_lossy(&output.stderr).contains("証跡そのものが書き換えられていないことの証明ではありません"));
        }
        for (format, accept) in [("json", "application/json"), ("junit", "application/xml"), ("html", "text/html")] {
            let (_, output) = cli(&mock, &["--verify", "verdict.json", "--format", format]).await;
            assert_eq!(String::from_utf8(output.stdout).unwrap(), verdict_as(&mock.institution(code), accept).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_shows_both_sides_of_each_differing_place_and_where_evidence_cannot_be_read() {
    let mock = Mock::start().await;
    mock.institution(template::UP_TO_DATE).check().await;
    let right = mock.institution(template::UP_TO_DATE).verdict().await;
    let file = mock.dir.path().join("verdict.json");
    let verify = async |changed: &Value| {
        std::fs::write(&file, changed.to_string()).unwrap();
        let (exit, output) = cli(&mock, &["--verify", "verdict.json"]).await;
        (exit, String::from_utf8(output.stderr).unwrap())
    };
    let mut changed = right.clone();
    changed["rules"][4]["result"] = json!("PASS");
    changed["ru/le"] = json!("x");
    changed["evidence"]["journal"][0]["extra"] = json!([1]);
    let (exit, output_text) = verify(&changed).await;
    assert_eq!(exit, 1);
    for line in [
        r#"  /rules/4/result (restart_message_shown)  ファイル file: "PASS"  再計算 recomputed: "NOT_EXERCISED""#,
        r#"  /ru~1le  ファイル file: "x"  再計算 recomputed: なし absent"#,
        r#"  /evidence/journal/0/extra  ファイル file: [1]  再計算 recomputed: なし absent"#,
    ] {
        assert_eq!(output_text.lines().filter(|there| *there == line).count(), 1, "{line}\n{output_text}");
    }
    assert_eq!(output_text.lines().count(), 5, "{output_text}");
    let mut changed = right.clone();
    (0..30).for_each(|number| changed[format!("x{number}")] = json!("long ".repeat(100)));
    let (_, output_text) = verify(&changed).await;
    assert_eq!(output_text.lines().filter(|line| line.starts_with("  /x") && line.chars().count() < 250).count(), 20, "{output_text}");
    assert!(output_text.ends_with("ほか 10 か所 / and 10 more\n"), "{output_text}");
    let mut changed = right;
    changed["evidence"]["journal"][0]["at"] = json!("yesterday");
    let (exit, output_text) = verify(&changed).await;
    assert!(exit == 4 && output_text.contains("/evidence/journal/0/at: 日付・時刻の形式が違います"), "{output_text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_what_was_tested_over_what_the_institution_says() {
    let mock = Mock::start().await;
    let clinic =
        mock.clinic_with(json!({"template": template::UP_TO_DATE, "rehearsal": {"product": "模擬レセコン", "version": "1"}})).await;
    let named = ["--product-version", "2.0", "--tester", "品質保証部"];
    let (exit, output) = cli(&mock, &[&[clinic.code.as_str(), "--out", "verdict.json"], &named[..]].concat()).await;
    let output_text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(exit, 0, "{output_text}");
    for line in ["製品 product: 模擬レセコン", "製品のバージョン version: 2.0", "担当者 tester: 品質保証部"] {
        assert!(output_text.contains(line), "{line}\n{output_text}");
    }
    let (exit, output) = cli(&mock, &["--verify", "verdict.json", "--product", "別のレセコン", "--format", "html"]).await;
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(exit == 0 && page.contains("<dd>別のレセコン</dd>") && page.contains("<dd>2.0</dd>"), "{page}");
    let (exit, output) = cli(&mock, &[&clinic.code, "--tester", ""]).await;
    assert!(exit == 2 && String::from_utf8_lossy(&output.stderr).contains("制御文字を含まない1〜100文字が必要です"), "{output:?}");
}

/// A server that judges at a later date than the command wants, and the other way round: the
/// command's date counts, and only where it is given.
#[tokio::test(flavor = "multi_thread")]
async fn the_strictness_of_the_command_line_judges_the_evidence_anew() {
    let mock = Mock::start_with(|config| config.strictness = date(2027, 4, 1)).await;
    mock.institution(template::UP_TO_DATE).check().await;
    let as_served = verdict_as(&mock.institution(template::UP_TO_DATE), "application/json").await;
    for (arguments, strictness) in
        [(&[][..], "2027-04-01"), (&["--strictness", "2027-04-01"], "2027-04-01"), (&["--strictness", "2026-12-01"], "2026-12-01")]
    {
        let (exit, output) = cli(&mock, &[&["9910000018"], arguments].concat()).await;
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(exit, 0, "{arguments:?}");
        assert_eq!(text == as_served, strictness == "2027-04-01", "{arguments:?}");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["evidence"]["strictness"], strictness, "{arguments:?}");
    }
    let (exit, output) = cli(&mock, &["9910000018", "--strictness", "foo"]).await;
    assert!(exit == 2 && String::from_utf8_lossy(&output.stderr).contains("a date such as 2026-11-25 is expected"), "{output:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_that_was_asked_is_named_and_a_given_address_is_the_only_one_asked() {
    let mock = Mock::start().await;
    std::fs::write(mock.dir.path().join("certs/control-addr"), mock.control.to_string()).unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let asked = async |address: String| {
        let mut command = command();
        command.args(["verdict", "9910000018", "--control-addr", &address, "--control-token", TOKEN]).current_dir(mock.dir.path());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for address in [mock.control.to_string(), "127.0.0.1:0".to_owned(), format!("0.0.0.0:{}", mock.control.port())] {
        let (exit, output_text) = asked(address).await;
        assert!(exit == 0 && output_text.contains(&format!("問い合わせ先 asked: https://{}", mock.control)), "{output_text}");
    }
    let (exit, output_text) = asked(closed.to_string()).await;
    assert!(exit == 4 && output_text.contains(&format!("cannot connect to {closed}")), "{output_text}");
}

#[test]
fn strictness_is_a_date_and_has_a_first_day() {
    for (date, words) in [("2020-01-01", "the first rule set is of 2026-11-25"), ("foo", "2026-11-25 のような日付が必要です")] {
        let output = command().args(["serve", "--strictness", date, "--store", "memory"]).output().unwrap();
        assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains(words), "{output:?}");
    }
}
