//! The commands of the console: the link that `serve` prints, `console-link`, and `certs trust`.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::server::program::{Program, command};
use crate::support::trusting;

/// What `serve` says on standard error until it is told to stop, and its control API's port.
fn banner(dir: &Path, arguments: &[&str]) -> (String, String) {
    let mut serve = command(dir);
    serve.args(["serve", "--store", "memory", "--backend-addr", "127.0.0.1:0"]).args(arguments);
    if !arguments.contains(&"--control-addr") {
        serve.args(["--control-addr", "127.0.0.1:0"]);
    }
    let mut child = serve.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let ready = BufReader::new(child.stdout.take().unwrap()).lines().next().expect("its ready line").unwrap();
    // What follows the ready line is printed before signals are looked at.
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    (String::from_utf8(output.stderr).unwrap(), ready.rsplit(':').next().unwrap().to_owned())
}

fn is_code(code: &str) -> bool {
    code.len() == 32 && code.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[test]
fn the_start_prints_the_link_on_a_line_of_its_own_after_what_browsers_warn_of() {
    let dir = tempfile::tempdir().unwrap();
    for arguments in
        [&[][..], &["--control-token", "a-control-token-for-tests"], &["--control-addr", "0.0.0.0:0"], &["--no-console-link=false"]]
    {
        let (said, port) = banner(dir.path(), arguments);
        let lines: Vec<&str> = said.lines().collect();
        let place = lines.iter().position(|line| line.starts_with("https://")).unwrap_or_else(|| panic!("{arguments:?}: {said}"));
        let code = lines[place].strip_prefix(&format!("https://localhost:{port}/signin#"));
        assert!(code.is_some_and(is_code), "{arguments:?}: {said}");
        assert!(lines[place - 2].contains("この接続ではプライバシーが保護されません"), "{said}");
        assert!(lines[place - 2].contains("`onshi-mock certs trust`") && lines[place - 2].contains("詳細設定"), "{said}");
        assert!(lines[place - 1].is_ascii() && lines[place - 1].contains("Your connection is not private"), "{said}");
    }
}

#[test]
fn a_ci_job_can_leave_the_link_out_and_logs_in_json_have_it_as_a_field() {
    let dir = tempfile::tempdir().unwrap();
    assert!(!banner(dir.path(), &["--no-console-link"]).0.contains("/signin#"));
    let (said, port) = banner(dir.path(), &["--log-format", "json"]);
    assert!(!said.lines().any(|line| line.starts_with("https://")), "{said}");
    let events = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let links: Vec<String> = events.filter_map(|event| event["fields"]["console_link"].as_str().map(str::to_owned)).collect();
    assert_eq!(links.len(), 1, "{said}");
    assert!(links[0].strip_prefix(&format!("https://localhost:{port}/signin#")).is_some_and(is_code), "{links:?}");
    std::fs::write(dir.path().join("onshi-mock.toml"), "no-console-link = true\n").unwrap();
    assert!(!banner(dir.path(), &[]).0.contains("/signin#"), "the file counts");
}

fn succeeded(output: Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn console_link_prints_a_link_that_signs_in() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &["--store", "memory"]);
    let control = program.url("control");
    let port = control.rsplit(':').next().unwrap();
    let made = |arguments: &[&str]| succeeded(command(dir.path()).arg("console-link").args(arguments).output().unwrap());
    let link = made(&[]);
    let code = link.trim_end().strip_prefix(&format!("https://localhost:{port}/signin#")).unwrap();
    assert!(is_code(code), "{link}");
    let ca = std::fs::read_to_string(dir.path().join("certs/ca.pem")).unwrap();
    let signed_in =
        trusting(&ca).build().unwrap().post(format!("{control}/signin")).header("origin", &control).json(&json!({"code": code}));
    assert_eq!(signed_in.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert!(made(&["--host", "mock.example"]).starts_with(&format!("https://mock.example:{port}/signin#")));
    assert!(made(&["--host", "mock.example:9444"]).starts_with("https://mock.example:9444/signin#"));
    let refused = command(dir.path()).args(["console-link", "--control-token", "a-wrong-control-token"]).output().unwrap();
    assert!(!refused.status.success());
    assert!(String::from_utf8(refused.stderr).unwrap().contains("管理トークンが違います"));
    drop(program);
    let gone = command(dir.path()).arg("console-link").output().unwrap();
    assert!(String::from_utf8(gone.stderr).unwrap().contains("接続できません"));
}

/// Makes a program in `dir` that writes its arguments to a file beside it.
fn make_recorder(dir: &Path, name: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let program = dir.join(name);
    std::fs::write(&program, "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \"$0.log\"\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn open_hands_the_link_to_the_systems_program() {
    let (dir, programs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_recorder(programs.path(), "xdg-open");
    let mut serve = command(dir.path());
    serve.args(["serve", "--open", "--store", "memory", "--backend-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0"]);
    let mut child = serve.env("PATH", path_before(programs.path())).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    let link = said.find_map(|line| line.ok().filter(|line| line.starts_with("https://"))).expect("a link");
    let log = programs.path().join("xdg-open.log");
    let began = std::time::Instant::now();
    let opened = loop {
        match std::fs::read_to_string(&log) {
            Ok(opened) if opened.ends_with('\n') => break opened,
            _ => assert!(began.elapsed().as_secs() < 60, "it never opened anything"),
        }
        std::thread::yield_now();
    };
    assert_eq!(opened.trim_end(), link);
    let _ = child.kill();
    child.wait().unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_browser_that_cannot_be_opened_is_a_warning() {
    let (dir, programs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut serve = command(dir.path());
    serve.args(["serve", "--open", "--store", "memory", "--backend-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0"]);
    let mut child = serve.env("PATH", programs.path()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(said.any(|line| line.contains("WARN") && line.contains("ブラウザーを開けませんでした")));
    let _ = child.kill();
    child.wait().unwrap();
}

fn path_before(programs: &Path) -> String {
    format!("{}:{}", programs.display(), std::env::var("PATH").unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn certs_trust_tells_the_users_database_and_takes_it_back() {
    let (dir, home, programs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let certs = |arguments: &[&str], path: &str| {
        command(dir.path()).arg("certs").args(arguments).env("HOME", home.path()).env("PATH", path).output().unwrap()
    };
    let recorded = path_before(programs.path());
    let absent = certs(&["trust"], &recorded);
    assert!(String::from_utf8(absent.stderr).unwrap().contains("certs/ca.pem を読めません"));
    succeeded(certs(&["init"], &recorded));
    let missing = certs(&["trust"], programs.path().to_str().unwrap());
    assert!(String::from_utf8(missing.stderr).unwrap().contains("libnss3-tools"));
    make_recorder(programs.path(), "certutil");
    let said = succeeded(certs(&["trust"], &recorded));
    let undone = succeeded(certs(&["trust", "--remove"], &recorded));
    let ran = std::fs::read_to_string(programs.path().join("certutil.log")).unwrap();
    let database = format!("-d sql:{}/.pki/nssdb", home.path().display());
    let ca = dir.path().join("certs/ca.pem");
    let [made, added, removed] = ran.lines().collect::<Vec<_>>()[..] else { panic!("{ran}") };
    assert_eq!(made, format!("{database} -N --empty-password"));
    let name =
        added.strip_prefix(&format!("{database} -A -t C,, -n ")).and_then(|rest| rest.strip_suffix(&format!(" -i {}", ca.display())));
    let name = name.unwrap_or_else(|| panic!("{added}"));
    assert_eq!(removed, format!("{database} -D -n {name}"));
    assert!(name.starts_with("onshi-mock ") && said.contains("onshi-mock certs trust --remove") && said.contains("Firefox"), "{said}");
    assert!(said.contains(&format!("certutil {database} -D -n \"{name}\"")) && undone.contains("実行します / running: certutil"), "{said}");
}
