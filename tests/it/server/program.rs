//! The program as a process: its command line, its ready line, its settings, its end.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use clap::CommandFactory;
use onshi_mock::cli::Cli;

/// A running `serve`, killed when the test is over.
pub(crate) struct Program {
    child: Child,
    pub(crate) ready: String,
}

impl Program {
    /// Starts it in a directory on free ports and waits for the ready line.
    pub(crate) fn start(dir: &Path, arguments: &[&str]) -> Self {
        Self::ready(command(dir).stderr(Stdio::null()), arguments)
    }

    /// The same, with its log in a file `log` there.
    #[cfg(unix)]
    pub(crate) fn start_logging(dir: &Path, arguments: &[&str]) -> Self {
        let log = std::fs::File::create(dir.join("log")).unwrap();
        Self::ready(command(dir).stderr(log), arguments)
    }

    /// The same under another program, which gets it as its last arguments.
    #[cfg(unix)]
    pub(crate) fn start_under(dir: &Path, other: &[&str], arguments: &[&str]) -> Self {
        Self::ready(command_under(dir, other).stderr(Stdio::null()), arguments)
    }

    fn ready(command: &mut Command, arguments: &[&str]) -> Self {
        command.arg("serve");
        for listener in ["--backend-addr", "--control-addr"] {
            if !arguments.contains(&listener) {
                command.args([listener, "127.0.0.1:0"]);
            }
        }
        let mut child = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.next().expect("the program ended without its ready line").unwrap();
        Self { child, ready }
    }

    /// Tells it to stop as a service manager does, and waits until it has.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) {
        let signalled = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap();
        assert!(signalled.success());
        assert!(self.child.wait().unwrap().success());
    }

    /// The process.
    #[cfg(unix)]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// One of the addresses in the ready line.
    pub(crate) fn url(&self, listener: &str) -> String {
        let found = self.ready.split(' ').find_map(|word| word.strip_prefix(&format!("{listener}=")));
        found.unwrap_or_else(|| panic!("no {listener} in {}", self.ready)).to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The built program, without any settings of the machine that runs the tests.
pub(crate) fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onshi-mock"));
    command.current_dir(dir);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ONSHI_")) {
        command.env_remove(name);
    }
    command
}

/// The same under another program, which gets it as its last arguments.
#[cfg(unix)]
fn command_under(dir: &Path, other: &[&str]) -> Command {
    let program = command(dir);
    let mut under = Command::new(other[0]);
    under.current_dir(dir).args(&other[1..]).arg(program.get_program());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => under.env(name, value),
            None => under.env_remove(name),
        };
    }
    under
}

/// What `serve` says under another program, where it ends by itself.
#[cfg(unix)]
pub(crate) fn output_under(dir: &Path, other: &[&str], options: &[&str]) -> Output {
    let ports = ["--backend-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0"];
    command_under(dir, other).arg("serve").args(ports).args(options).output().unwrap()
}

fn failure(output: &Output) -> String {
    assert!(!output.status.success(), "it should have failed");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}

#[test]
fn with_no_settings_it_makes_its_certificates_and_says_the_ready_line() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &[]);
    let (backend, control) = (program.url("backend"), program.url("control"));
    assert_eq!(program.ready, format!("onshi-mock ready backend={backend} control={control}"));
    for file in ["ca.pem", "ca.key", "server.pem", "server.key", "control-token"] {
        assert!(dir.path().join("certs").join(file).exists(), "certs/{file} was not made");
    }
}

#[cfg(unix)]
#[test]
fn keys_and_token_are_readable_by_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let _program = Program::start(dir.path(), &[]);
    for file in ["ca.key", "server.key", "control-token"] {
        let mode = std::fs::metadata(dir.path().join("certs").join(file)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

/// What it says on standard error until it is told to stop.
#[cfg(unix)]
fn banner(dir: &Path, arguments: &[&str]) -> String {
    let mut child = command(dir).arg("serve").args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let ready = BufReader::new(child.stdout.take().unwrap()).lines().next().expect("its ready line").unwrap();
    assert!(ready.starts_with("onshi-mock ready "), "{ready}");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap()
}

#[cfg(unix)]
#[test]
fn on_all_addresses_it_says_those_that_clients_can_verify_and_where_the_token_is() {
    let dir = tempfile::tempdir().unwrap();
    let output_text = banner(dir.path(), &["--backend-addr", "0.0.0.0:0", "--control-addr", "127.0.0.1:0", "--tls-san", "mock.example"]);
    let named: Vec<&str> = output_text.lines().filter(|line| line.contains("addresses in the certificate")).collect();
    assert!(named.len() == 1 && named[0].contains("資格確認 backend"), "{output_text}");
    for name in ["https://localhost:", "https://127.0.0.1:", "https://mock.example:", "https://host.docker.internal:"] {
        assert!(named[0].contains(name), "{name}\n{output_text}");
    }
    assert!(!named[0].contains("[::1]"), "it does not listen there\n{output_text}");
    assert!(output_text.contains("certs/control-token  (このファイルの内容"), "{output_text}");
    assert!(
        !banner(dir.path(), &["--backend-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0"]).contains("addresses in the certificate")
    );
}

/// What it says on standard error up to the first line with these words; then it is killed.
fn output_up_to(dir: &Path, arguments: &[&str], words: &str) -> Vec<String> {
    let mut command = command(dir);
    command.arg("serve").args(["--backend-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0"]).args(arguments);
    let mut child = command.env("TZ", "JST-9").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut lines, mut is_there) = (Vec::new(), false);
    let mut output_text = BufReader::new(child.stderr.take().unwrap()).lines();
    while !is_there && let Some(line) = output_text.next() {
        lines.push(line.unwrap());
        is_there = lines.last().unwrap().contains(words);
    }
    // It may have ended already.
    let _ = child.kill();
    child.wait().unwrap();
    assert!(is_there, "it ended without {words}: {lines:#?}");
    lines
}

#[test]
fn a_refusal_in_a_linkage_folder_is_logged_as_one_of_the_web_api_with_the_machines_offset() {
    let dir = tempfile::tempdir().unwrap();
    let requests = dir.path().join("oqs/req");
    std::fs::create_dir_all(&requests).unwrap();
    let header = "<MessageHeader><QualificationConfirmationDate>20260120</QualificationConfirmationDate><MedicalInstitutionCode>9910000026</MedicalInstitutionCode></MessageHeader>";
    let card = "<InsurerNumber>01990019</InsurerNumber><InsuredIdentificationNumber>1001</InsuredIdentificationNumber><Birthdate>19800517</Birthdate>";
    let body = format!("<MessageBody><QualificationConfirmSearchInfo>{card}</QualificationConfirmSearchInfo></MessageBody>");
    std::fs::write(requests.join("OQSsiquc01req_1.xml"), format!("<XmlMsg>{header}{body}</XmlMsg>")).unwrap();
    let arguments = ["--store", "memory", "--linkage", "oqs", "--linkage-terminal", "9910000026-T1"];
    let output_text = output_up_to(dir.path(), &arguments, "operation=\"linkage\"");
    let logged = output_text.last().unwrap();
    assert!(logged.contains("拒否しました / refused") && logged.contains("code=\"MOCK0501E\""), "{logged}");
    assert!(!logged.contains("1001"), "no number of a person is logged: {logged}");
    let at: jiff::Timestamp = logged.split_whitespace().next().unwrap().parse().unwrap();
    assert!(logged.contains("+09:00") && at.as_second() > 0, "{logged}");
}

#[test]
fn a_linkage_folder_of_another_process_is_named_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["--store", "memory", "--linkage", "oqs", "--linkage-terminal", "9910000026-T1"];
    let first = Program::start(dir.path(), &arguments);
    let output_text = output_up_to(dir.path(), &arguments, "状態     state").join("\n");
    assert!(
        output_text.contains("別のプロセスが処理しているため") && output_text.contains("left alone until that ends: oqs"),
        "{output_text}"
    );
    drop(first);
    let output_text = output_up_to(dir.path(), &arguments, "状態     state").join("\n");
    assert!(!output_text.contains("別のプロセス"), "{output_text}");
}

#[test]
fn a_wrong_command_line_is_said_in_japanese_before_the_parsers_words() {
    let dir = tempfile::tempdir().unwrap();
    let output = command(dir.path()).args(["serve", "--bakend-addr", "x"]).output().unwrap();
    let output_text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        output_text
            .starts_with("エラー error: 「--bakend-addr」という引数・オプションはありません。「--backend-addr」のことですか？\nerror: "),
        "{output_text}"
    );
    std::fs::write(dir.path().join("onshi-mock.toml"), "\nbackend-addr = \"x\"\n").unwrap();
    let output_text = failure(&command(dir.path()).arg("serve").output().unwrap());
    assert!(output_text.contains("2行目が正しくありません：IPアドレスとポート（例：127.0.0.1:8443）が必要です"), "{output_text}");
}

/// Whoever reads Japanese finds it first in each line of the help, and the English behind it.
#[test]
fn every_option_and_command_is_explained_in_japanese_first() {
    fn check(command: &clap::Command) {
        let own = command.get_arguments().filter(|argument| !["help", "version"].contains(&argument.get_id().as_str()));
        let helps = own.map(|argument| (argument.get_id().to_string(), argument.get_help()));
        for (name, help) in helps.chain([(command.get_name().to_owned(), command.get_about())]) {
            let help = help.unwrap_or_else(|| panic!("{name} has no help")).to_string();
            let (ja, en) = help.split_once(" / ").or(help.split_once(" — ")).unwrap_or_else(|| panic!("{name}: {help}"));
            assert!(!ja.is_ascii() && en.is_ascii(), "{name}: {help}");
        }
        for value in command.get_arguments().flat_map(clap::Arg::get_possible_values) {
            // What is named only (on, off, json) needs no words.
            let help = value.get_help().map(ToString::to_string).unwrap_or_else(|| "名前 / a name".to_owned());
            let (ja, en) = help.split_once(" / ").unwrap_or_else(|| panic!("{}: {help}", value.get_name()));
            assert!(!ja.is_ascii() && en.is_ascii(), "{}: {help}", value.get_name());
        }
        command.get_subcommands().filter(|command| command.get_name() != "help").for_each(check);
    }
    check(&Cli::command());
}

/// What `certs issue` and the walk-throughs write into a checkout is never offered for a commit.
#[test]
fn private_keys_and_samples_are_ignored_by_git() {
    let ignored = include_str!("../../../.gitignore");
    for pattern in ["/certs/*", "*.key", "*.p12", "*.pfx", "/two-terminals/", "/onshi-mock.db*"] {
        assert!(ignored.lines().any(|line| line == pattern), "{pattern}");
    }
}

#[cfg(unix)]
#[test]
fn sigterm_ends_it_with_exit_code_0() {
    let dir = tempfile::tempdir().unwrap();
    Program::start(dir.path(), &[]).stop();
}

#[test]
fn health_finds_a_server_that_listens_elsewhere_than_the_environment_says() {
    let dir = tempfile::tempdir().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let program = Program::start(dir.path(), &[]);
    let health_of = |address: String| command(dir.path()).arg("health").env("ONSHI_CONTROL_ADDR", address).output().unwrap();
    let health = || health_of(format!("0.0.0.0:{}", closed.port()));
    assert!(health().status.success(), "the server noted its address in certs/control-addr");
    assert!(
        failure(&health_of(closed.to_string())).contains(&format!("cannot connect to {closed}")),
        "an address to connect to is the only one"
    );
    let noted = std::fs::read_to_string(dir.path().join("certs/control-addr")).unwrap();
    assert_eq!(format!("https://{}", noted.trim()), program.url("control"));
    drop(program);
    assert!(failure(&health()).contains(noted.trim()), "a server that is gone is not ready, and both addresses are named");
}

#[test]
fn health_says_whether_the_server_is_ready() {
    let dir = tempfile::tempdir().unwrap();
    let program = Program::start(dir.path(), &[]);
    let control = program.url("control").replace("https://", "");
    let health = |addr: &str| command(dir.path()).args(["health", "--control-addr", addr]).output().unwrap();
    assert!(health(&control).status.success());
    drop(program);
    assert!(failure(&health(&control)).contains("接続できません"));
}

#[test]
fn the_command_line_wins_over_the_environment_and_that_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("onshi-mock.toml"), "max-body = 10\ncerts = \"from-file\"\n").unwrap();
    let serve = |arguments: &[&str], environment: &[(&str, &str)]| {
        command(dir.path()).arg("serve").args(arguments).envs(environment.iter().copied()).output().unwrap()
    };
    assert!(failure(&serve(&[], &[])).contains("max-body"), "the file counts");
    let from_environment = serve(&[], &[("ONSHI_MAX_BODY", "20000"), ("ONSHI_MAX_CONNECTIONS", "0")]);
    assert!(failure(&from_environment).contains("max-connections:"), "the environment counts, and wins over the file");
    let from_flag =
        serve(&["--max-connections", "5", "--control-token", "short"], &[("ONSHI_MAX_BODY", "20000"), ("ONSHI_MAX_CONNECTIONS", "0")]);
    assert!(failure(&from_flag).contains("control-token:"), "the command line wins over the environment");
}

#[test]
fn a_wrong_configuration_file_is_refused_with_line_and_known_names() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("onshi-mock.toml"), "login = \"strict\"\nmax-bdy = 10\n").unwrap();
    let output_text = failure(&command(dir.path()).arg("serve").output().unwrap());
    for words in ["onshi-mock.toml", "line 2", "max-bdy", "max-body"] {
        assert!(output_text.contains(words), "no {words} in {output_text}");
    }
}

#[test]
fn a_taken_port_is_named_with_the_option_that_changes_it() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = taken.local_addr().unwrap().to_string();
    let output_text = failure(&command(dir.path()).args(["serve", "--backend-addr", &addr]).output().unwrap());
    for words in [addr.as_str(), "--backend-addr", "別のポート"] {
        assert!(output_text.contains(words), "no {words} in {output_text}");
    }
}
