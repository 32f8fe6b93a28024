//! The READMEs keep their word: the walk-through runs as it stands, and the tables are what the
//! fixtures hold.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiff::civil::date;
use onshi_mock::domain::person::PersonOutcome;
use onshi_mock::fixtures::{Fixtures, Sample};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::Mock;

const READMES: [&str; 2] = ["README.md", "README.ja.md"];
const RESTART_REQUIRED: &str = "\"ErrorCode\":\"MOCK0501E\" \"ErrorMessage\":\"更新アプリケーションのインストール後、資格確認端末が再起動されていないため、資格確認ができません。資格確認端末を再起動した後、もう一度資格確認を行ってください。（MOCK0501E は模擬の仮コードです）\"";
const QUALIFIED: &str = "\"QualificationValidity\":\"1\"";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text_of(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn samples() -> Vec<Sample> {
    Fixtures::compiled_in(date(2026, 1, 20)).0.expect("the compiled-in fixtures are right").samples
}

/// The real program, started in an empty directory; it is stopped when this is dropped.
pub(crate) struct Program {
    child: Child,
    dir: TempDir,
    backend: String,
    control: String,
}

impl Program {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory for the program");
        let mut command = Command::new(env!("CARGO_BIN_EXE_onshi-mock"));
        command.args(["serve", "--backend-addr", "127.0.0.1:0", "--control-addr", "127.0.0.1:0"]);
        std::env::vars_os().map(|(name, _)| name).filter(|name| name.to_string_lossy().starts_with("ONSHI_")).for_each(|name| {
            command.env_remove(name);
        });
        let log = dir.path().join("stderr");
        command.stderr(std::fs::File::create(&log).expect("a file for its log"));
        let mut child =
            command.current_dir(dir.path()).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the built program starts");
        let mut ready = String::new();
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut program = Self { child, dir, backend: String::new(), control: String::new() };
        BufReader::new(stdout).read_line(&mut ready).expect("its standard output can be read");
        let addresses = ready.trim_end().strip_prefix("onshi-mock ready backend=").and_then(|rest| rest.split_once(" control="));
        let (backend, control) =
            addresses.unwrap_or_else(|| panic!("not the ready line: {ready:?}\n{}", std::fs::read_to_string(log).unwrap_or_default()));
        (program.backend, program.control) = (backend.to_owned(), control.to_owned());
        program
    }

    /// Where it was started.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The port of the backend.
    pub(crate) fn backend_port(&self) -> String {
        self.backend.rsplit(':').next().unwrap_or_default().to_owned()
    }

    /// The port of the control API.
    pub(crate) fn control_port(&self) -> String {
        self.control.rsplit(':').next().unwrap_or_default().to_owned()
    }

    /// What a script writes to standard output, started where the program was.
    pub(crate) fn run(&self, script: &str) -> String {
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", script])
            .current_dir(self.dir.path())
            .env("BACKEND", &self.backend)
            .env("CONTROL", &self.control)
            .env("ONSHI_MOCK", env!("CARGO_BIN_EXE_onshi-mock"))
            .env_remove("CERTS")
            .output()
            .expect("bash, which the walk-through needs, is installed");
        let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{}\n{said}\n{complained}", output.status);
        assert_eq!(complained, "", "the script complains of nothing");
        said.into_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bash blocks between two marks of that name.
pub(crate) fn blocks(readme: &str, name: &str) -> Vec<String> {
    let text = text_of(readme);
    let (_, rest) = text.split_once(&format!("<!-- {name} -->")).unwrap_or_else(|| panic!("{readme} has a {name}"));
    let (walk, _) = rest.split_once(&format!("<!-- /{name} -->")).unwrap_or_else(|| panic!("the {name} of {readme} ends"));
    let blocks = walk.split("```bash\n").skip(1);
    blocks.map(|block| block.split_once("\n```").unwrap_or_else(|| panic!("a block of {readme} ends")).0.to_owned()).collect()
}

/// The block that begins with these words, in one line, without what its ends leave open.
fn excerpt(readme: &str, begin: &str) -> String {
    let text = text_of(readme);
    let at = text.find(begin).unwrap_or_else(|| panic!("{readme} has {begin}"));
    let (block, _) = text[at..].split_once("\n```").expect("a block ends");
    block.replace(" …\n", " … ").replace('\n', "")
}

/// A block without comments and blank lines.
fn commands(block: &str) -> Vec<String> {
    block.lines().map(str::trim_end).filter(|line| !line.is_empty() && !line.trim_start().starts_with('#')).map(str::to_owned).collect()
}

#[cfg_attr(windows, ignore = "it needs bash and its tools")]
#[test]
fn the_walk_through_runs_as_it_stands_and_shows_what_it_promises() {
    let blocks = blocks("README.md", "walk-through");
    assert_eq!(blocks.len(), 9, "the functions, seven steps, and the cleaning up");
    let program = Program::start();
    let script = blocks.join("\necho '== next =='\n");
    let said = program.run(&script);
    let parts: Vec<&str> = said.split("== next ==\n").collect();
    let [functions, one, two, three, four, five, six, seven, cleaned] = parts[..] else {
        panic!("a block went missing:\n{said}");
    };
    assert_eq!(functions, "");

    assert!(one.contains(QUALIFIED) && one.contains("\"Name\":\"模擬　太郎\""), "1. qualified: {one}");
    let mut rest = one;
    for piece in excerpt("README.md", "{\"XmlMsg\":{\"MessageHeader\":{ …").split(" … ") {
        let at = rest.find(piece).unwrap_or_else(|| panic!("1. the README shows {piece}, and it is not in {rest}"));
        rest = &rest[at + piece.len()..];
    }

    assert!(two.starts_with("\"code\":\"9911000017\" \"phase\":\"update_available\"\n"), "2. created: {two}");
    assert!(two.contains("\"event\":\"downloaded\",\"component\":\"face_recognition_library\""), "2. downloaded: {two}");
    assert!(two.contains("\"completed\":true\n"), "2. the delivery results show it complete: {two}");
    for (component, installed, running) in [
        ("linkage_application", "5.3.0", "5.2.0"),
        ("face_recognition_library", "3.1.0", "3.0.2"),
        ("card_reader_application", "2.4.0", "2.3.1"),
    ] {
        let line = format!("\"component\":\"{component}\" \"installed\":\"{installed}\" \"mock\":{{\"running\":\"{running}\"}}\n");
        assert!(two.contains(&line), "2. new version installed, old one running: {two}");
    }

    assert_eq!(three, format!("{RESTART_REQUIRED}\n"), "3. refused in Japanese, with its code");

    let four: Vec<&str> = four.lines().collect();
    assert!(four[0].contains("\"event\":\"switched_off\",\"how\":\"shutdown\",\"hibernated\":true"), "4. {four:?}");
    assert!(four[1].contains("\"event\":\"resumed\""), "4. {four:?}");
    assert_eq!(four[2], RESTART_REQUIRED, "4. still refused after shutting down and switching on");
    assert!(four[3].contains("\"event\":\"linkage_restarted\""), "4. {four:?}");
    assert_eq!(four[4], RESTART_REQUIRED, "4. still refused after the linkage application's restart");
    assert!(four[5].starts_with("\"why\":{\"ja\":\"") && four[5].contains("高速スタートアップ"), "4. the journal says why: {four:?}");
    assert!(four[5].contains("連携アプリケーションだけの再起動は、端末の再起動ではありません。"), "4. {four:?}");
    assert_eq!(four.len(), 6);

    let five: Vec<&str> = five.lines().collect();
    assert!(five[0].contains("\"event\":\"booted\",\"boot\":\"boot-2\""), "5. {five:?}");
    assert_eq!(five[1..], [QUALIFIED], "5. the same check is qualified");

    assert!(six.contains("2026-01-20T07:00:00+09:00 T1 \"event\":\"booted\""), "6. it restarted by itself: {six}");
    let hours: Vec<&str> = six.lines().filter(|line| line.starts_with("2026-01-") && line.contains(":00 \"")).collect();
    assert_eq!(hours.len(), 15, "6. five days, three times a day: {six}");
    assert!(hours.iter().all(|line| line.ends_with(QUALIFIED)), "6. never the error in consultation hours: {six}");
    assert!(!six.contains("MOCK"), "6. {six}");
    assert!(six.contains("\"component\":\"linkage_application\" \"installed\":\"5.3.0\" \"mock\":{\"running\":\"5.3.0\"}"), "6. {six}");

    let seven: Vec<&str> = seven.lines().collect();
    assert_eq!(seven[1], RESTART_REQUIRED, "7. before the restart");
    for (line, hours) in [(seven[3], "現在受付時間内です"), (seven[4], "現在受付時間外です")] {
        for words in ["MOCK0502E", "オンライン資格確認等コールセンター 0800-080-4583", hours, "KB0011769#B"] {
            assert!(line.contains(words), "7. no {words} in {line}");
        }
    }
    assert_eq!(seven.len(), 5);

    assert_eq!(cleaned, "204\n204\n204\n", "deleted, so that it can be run again");
    let again = program.run(&script);
    let again: Vec<&str> = again.split("== next ==\n").collect();
    assert_eq!(again[2..], parts[2..], "and run again it says the same");
}

#[cfg_attr(windows, ignore = "it needs bash and its tools")]
#[test]
fn ten_lines_lead_to_a_red_and_a_green_report() {
    let blocks = blocks("README.md", "newcomer");
    assert!(blocks.len() == 1 && blocks[0].lines().count() <= 10, "one block of at most ten lines");
    let program = Program::start();
    let mut script = blocks[0].clone();
    // The program is in the place of its container.
    for (there, here) in [
        ("docker compose up --detach --wait\n", String::new()),
        ("docker compose cp onshi-mock:/data/certs/ca.pem ca.pem", "cp certs/ca.pem ca.pem".to_owned()),
        ("$(openssl rand -hex 16)", "$(<certs/control-token)".to_owned()),
        ("https://127.0.0.1:8443", program.backend.clone()),
        ("https://127.0.0.1:8444", program.control.clone()),
        ("docs/examples", root().join("docs/examples").display().to_string()),
    ] {
        assert!(script.contains(there), "no {there} in {script}");
        script = script.replace(there, &here);
    }
    let said = program.run(&script);
    let (red, green) = said.trim_end().split_once('\n').unwrap_or_else(|| panic!("two lines: {said}"));
    assert!(red.starts_with("naive: ") && red != "naive: 0 failures", "{said}");
    assert_eq!(green, "good: 0 failures");
    for report in ["naive.xml", "good.xml"] {
        let report = std::fs::read_to_string(program.dir().join(report)).expect("the report was fetched");
        assert!(report.contains("<testsuite "), "{report}");
    }
}

#[test]
fn both_languages_walk_the_same_way() {
    for name in ["walk-through", "two-terminals", "newcomer"] {
        let [english, japanese] = READMES.map(|readme| blocks(readme, name).iter().map(|block| commands(block)).collect::<Vec<_>>());
        assert_eq!(english, japanese);
    }
}

/// The cells of the table whose header begins with `first`, row by row.
fn table(readme: &str, first: &str) -> Vec<Vec<String>> {
    let text = text_of(readme);
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(|cell| cell.trim_matches(' ').to_owned()).collect()
    };
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&format!("| {first} |")));
    assert!(lines.next().is_some() && lines.next().is_some(), "{readme} has the table");
    lines.take_while(|line| line.starts_with('|')).map(cells).collect()
}

#[test]
fn the_table_of_persons_is_what_the_fixtures_hold() {
    let row = |sample: &Sample| {
        let Sample { insurer_number, symbol, number, branch, birthdate, name, outcome, .. } = sample;
        let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
        vec![
            insurer_number.clone(),
            or_empty(symbol),
            number.clone(),
            or_empty(branch),
            birthdate.to_string(),
            name.clone(),
            outcome.clone(),
        ]
    };
    let expected: Vec<_> = samples().iter().map(row).collect();
    assert_eq!(expected[0][6], "valid (有効)");
    assert_eq!(table("README.md", "insurer number"), expected);
    let in_japanese = |mut row: Vec<String>| {
        let (_, outcome) = row[6].trim_end_matches(')').split_once(" (").unwrap();
        row[6] = outcome.to_owned();
        row
    };
    assert_eq!(table("README.ja.md", "保険者番号"), expected.into_iter().map(in_japanese).collect::<Vec<_>>());
}

#[tokio::test]
async fn each_row_of_the_table_of_persons_sent_as_it_stands_gives_its_outcome() {
    let mock = Mock::start().await;
    let clinic = mock.clinic("9910000018", "2026-01-20T10:00:00+09:00").await;
    let persons = Fixtures::compiled_in(date(2026, 1, 20)).0.expect("the compiled-in fixtures are right").persons;
    // Those about whom a check ends otherwise have tests of their own.
    let otherwise = |name: &str| persons.iter().any(|person| person.name == name && person.outcome != PersonOutcome::Answered);
    for (row, sample) in table("README.md", "insurer number").iter().zip(samples()).filter(|(_, sample)| !otherwise(&sample.name)) {
        let elements = ["InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber", "InsuredBranchNumber", "Birthdate"];
        let mut info = json!({"LimitApplicationCertificateRelatedConsFlg": "1"});
        for (element, cell) in elements.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
            info[element] = Value::String(if *element == "Birthdate" { cell.replace('-', "") } else { cell.clone() });
        }
        let header = json!({"QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": clinic.code});
        let message = json!({"XmlMsg": {"MessageHeader": header, "MessageBody": {"QualificationConfirmSearchInfo": info}}});
        let answer = mock.receipt_computer().search(&message).await;
        assert_eq!(answer.validity(), sample.validity.as_str(), "{row:?}");
        let result = &answer.body["XmlMsg"]["MessageBody"]["ResultList"][0]["ResultOfQualificationConfirmation"];
        let is_told = matches!(sample.validity.as_str(), "1" | "2" | "3" | "6");
        assert_eq!(result["Name"].as_str(), is_told.then_some(row[5].as_str()), "{row:?}");
    }
}

#[test]
fn the_table_of_institutions_is_what_the_fixtures_hold() {
    let fixtures = Fixtures::compiled_in(date(2026, 1, 20)).0.expect("the compiled-in fixtures are right");
    let expected: Vec<String> = fixtures.institutions.keys().map(|code| format!("`{code}`")).collect();
    for (readme, first) in [("README.md", "institution"), ("README.ja.md", "医療機関")] {
        let codes: Vec<String> = table(readme, first).into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(codes, expected, "{readme}");
    }
}

#[test]
fn every_error_of_the_catalogue_is_in_both_tables_of_errors() {
    let catalogue = Fixtures::compiled_in(date(2026, 1, 20)).0.expect("the compiled-in fixtures are right").catalogue;
    let expected: Vec<String> =
        onshi_mock::domain::error_catalogue::ErrorId::ALL.iter().map(|id| format!("`{}`", catalogue.entry(*id).code)).collect();
    for (readme, first) in [("README.md", "code"), ("README.ja.md", "コード")] {
        let mut codes: Vec<String> = table(readme, first).into_iter().map(|row| row[0].clone()).collect();
        let mut expected = expected.clone();
        codes.sort();
        expected.sort();
        assert_eq!(codes, expected, "{readme}");
    }
}
