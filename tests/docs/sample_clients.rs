//! The sample clients of docs/examples, each in its language: they live through the morning over
//! the web API and in the linkage folder and pass the verdict, and their screens show the same
//! words for every row of docs/answers.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

use onshi_mock::linkage::LinkageLocation;
use onshi_mock::policy::LoginPolicy;
use serde_json::json;
use tempfile::TempDir;

use crate::program::{blocks, path_of, text_of};
use crate::screen::{asks, sit_at};
use crate::support::eventually::wait_until;
use crate::support::{Clinic, Mock, template};

const PAGES: [&str; 2] = ["docs/sample-clients.md", "docs/sample-clients.ja.md"];
const MORNING: &str = "2026-01-20T08:55:00+09:00";
/// 模擬　太郎, who is valid.
const VALID: &str = "person=01990019,11010203,1001,01,19800517";
/// A card that nobody has.
const NOBODY: &str = "person=01990019,99999999,9999,01,19850101";
/// One person for each row of the table that a check which worked can come to, and rows 5 and 6.
const PERSONS: [&str; 10] = [
    "person=01990019,11010206,1311,01,19820222",
    "person=01990019,11010206,1312,01,19830313",
    "person=990010,国,1007,01,19681224",
    VALID,
    "person=12990016,,2345672,,19631123",
    "person=01990019,11010203,1003,01,19750228",
    "person=01990019,11010204,1004,01,19900809",
    NOBODY,
    "person=06990014,双,777,,20180606",
    "person=06990014,双,777,02,20180606",
];

/// What stands for the arguments in the page's commands.
const ARGUMENTS: &str = r#"web "settings=$EXAMPLES/settings.txt""#;

/// A sample client, built as the page says.
struct Sample {
    language: &'static str,
    /// The command that runs it.
    run: String,
    /// Where it was built, and where it runs.
    dir: TempDir,
}

impl Sample {
    /// The commands of a language are a paragraph of the page: lines that build it, and the one
    /// that runs it.
    fn of(language: &'static str) -> Self {
        let commands = blocks(PAGES[0], "commands").remove(0);
        let named = |paragraph: &&str| paragraph.replace('"', "").contains(&format!("$EXAMPLES/{language}/"));
        let paragraph = commands.split("\n\n").find(named).unwrap_or_else(|| panic!("{} has no commands for {language}", PAGES[0]));
        let (build, run) = paragraph.rsplit_once('\n').unwrap_or(("", paragraph));
        assert!(run.contains(ARGUMENTS), "{run}");
        let sample = Self { language, run: format!("exec {}", run.replace(ARGUMENTS, r#""$@""#)), dir: tempfile::tempdir().unwrap() };
        let built = sample.bash(build).output().expect("bash is installed");
        let said = [built.stdout, built.stderr].concat();
        assert!(built.status.success(), "{build}: ./test installs what is missing\n{}", String::from_utf8_lossy(&said));
        sample
    }

    fn bash(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["-euc", script, "bash"]).current_dir(self.dir.path()).env("EXAMPLES", path_of("docs/examples"));
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONIOENCODING", "utf-8").env("LANG", "C.UTF-8");
        command
    }

    /// Its command over `web`, in the `folder` or in `bulk`, with these settings.
    fn command(&self, mode: &str, settings: &[&str]) -> Command {
        let mut command = self.bash(&self.run);
        command.arg(mode).args(settings);
        command
    }

    /// Its command at a clinic, whose settings come last.
    fn at(&self, clinic: &Clinic<'_>, mode: &str, settings: &[&str]) -> Command {
        let mut command = self.command(mode, settings);
        command.arg(format!("base_url=https://localhost:{}", clinic.mock.backend.port()));
        command.arg(format!("ca={}", clinic.mock.dir.path().join("certs/ca.pem").display()));
        command.arg(format!("folder={}", clinic.folder().0.display()));
        command.args([format!("institution={clinic}"), "date=20260120".to_owned(), "interval=0".to_owned()]);
        command
    }

    /// Makes a CA of the kind that it takes: Mono needs an RSA key.
    fn make_ca(&self, certs: &Path) {
        let kind = if self.language == "csharp" { "rsa" } else { "ecdsa" };
        let mut command = Command::new(env!("CARGO_BIN_EXE_onshi-mock"));
        let made = command.args(["certs", "init", "--key", kind, "--certs"]).arg(certs).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// A server with linkage folders and a CA that it takes.
    async fn mock(&self) -> Mock {
        Mock::start_with(|config| {
            config.linkage = Some(LinkageLocation { dir: config.certs.with_file_name("oqs"), only: None });
            self.make_ca(&config.certs);
        })
        .await
    }
}

/// Everything that is asked of a sample.
async fn holds(sample: Sample) {
    let mock = sample.mock().await;
    for mode in ["web", "folder"] {
        passes_the_morning(&sample, &mock, mode).await;
        shows_every_row(&sample, &mock, mode).await;
        understands_every_profile(&sample, &mock, mode).await;
    }
    copes_with_faults(&sample, &mock).await;
    fetches_in_bulk(&sample, &mock).await;
    shows_what_the_folder_has(&sample).await;
    says_what_is_wrong_with_its_settings(&sample, &mock).await;
    shows_why_the_login_failed(&sample).await;
}

/// Staff restart the terminal at the first question and have the same patient checked again.
async fn passes_the_morning(sample: &Sample, mock: &Mock, mode: &str) {
    let clinic = mock.clinic(template::PENDING, MORNING).await;
    clinic.put("/scenario", json!({"id": "installed-not-restarted"})).await;
    let settings = format!("settings={}", path_of("docs/examples/settings.txt").display());
    let mut command = sample.at(&clinic, mode, &[settings.as_str()]);
    command.args([format!("base_url=https://localhost:{}/", mock.backend.port()), "interval=1".to_owned()]);
    let (code, shown) = sit_at(command, async |screen| {
        observe(&clinic, screen).await;
        clinic.restart().await;
        ""
    })
    .await;
    assert_eq!(code, 0, "{shown:#?}");
    for page in PAGES {
        assert!(text_of(page).contains(&format!("```\n{}\n```", shown.join("\n"))), "{page}, {}: {shown:#?}", sample.language);
    }
    let denied = json!({"kind": "no_qualification_shown", "entry": clinic.last_entry().await["id"].clone()});
    clinic.post("/observations", denied).await;
    let verdict = clinic.verdict().await;
    assert_eq!(verdict["overall"], "PASS", "{}, {mode}: {verdict}", sample.language);
}

/// What stands on the screen is told as its UI test would, of the check that led to it.
async fn observe(clinic: &Clinic<'_>, screen: &[String]) {
    let entry = clinic.last_entry().await["id"].clone();
    for line in screen {
        clinic.post("/observations", json!({"kind": "message_shown", "text": line, "entry": entry, "by": "sample_clients.rs"})).await;
    }
}

/// In the folder with everything that a client has to cope with: Shift_JIS, elements in any order
/// and elements that nobody knows.
async fn shows_every_row(sample: &Sample, mock: &Mock, mode: &str) {
    let clinic = mock.clinic(template::UP_TO_DATE, MORNING).await;
    clinic.change(json!({"wire": {"unknown_elements": true}})).await;
    clinic.set_terminal(json!({"encoding": "shift_jis", "element_order": "shuffled"})).await;
    let mut command = sample.at(&clinic, mode, &PERSONS);
    command.arg("charset=shift_jis");
    let (code, shown) = sit_at(command, async |_| "n").await;
    assert_eq!(code, 1, "two patients have no result: {shown:#?}");
    insta::assert_snapshot!("rows", shown.join("\n"));
}

/// In whatever form the error arrives, it is no result; the restart does not help there, so that
/// the call centre follows.
async fn understands_every_profile(sample: &Sample, mock: &Mock, mode: &str) {
    for profile in ["envelope", "bare", "http", "silent"] {
        let clinic = mock.clinic(template::STUCK, MORNING).await;
        clinic.set_profile(profile).await;
        let mut command = sample.at(&clinic, mode, &[VALID]);
        if (mode, profile) == ("folder", "silent") {
            command.arg("timeout=2");
        }
        let (code, shown) = sit_at(command, async |screen| {
            if screen.iter().filter(|line| asks(line)).count() > 1 {
                return "q";
            }
            clinic.restart().await;
            ""
        })
        .await;
        assert_eq!(code, 1, "{shown:#?}");
        let shown = shown.join("\n");
        let wanted = if profile == "silent" {
            "応答がありません"
        } else {
            "再起動してもエラーが続く場合は、コールセンター（0800-080-4583）"
        };
        assert!(shown.contains(wanted) && !shown.contains("資格確認の結果"), "{}, {mode}, {profile}: {shown}", sample.language);
    }
}

/// An answer that is spoilt once says nothing about the patient; the same check then works.
async fn copes_with_faults(sample: &Sample, mock: &Mock) {
    for (mode, operation, kinds) in [
        ("web", "search", &["expired_token", "reset", "close", "cut", "malformed", "wrong_encoding"][..]),
        ("folder", "folder", &["malformed"][..]),
    ] {
        for kind in kinds {
            let clinic = mock.clinic(template::UP_TO_DATE, MORNING).await;
            clinic.add_fault(json!({"operation": operation, "kind": kind, "times": 1})).await;
            let mut command = sample.at(&clinic, mode, &[VALID]);
            if mode == "folder" {
                command.arg("timeout=5");
            }
            let (code, shown) = sit_at(command, async |_| "").await;
            let questions = shown.iter().filter(|line| asks(line)).count();
            assert_eq!((code, questions), (0, 1), "{}, {mode}, {kind}: {shown:#?}", sample.language);
        }
    }
}

/// Bulk check 01 and 02: refused, restarted, taken, still processed, fetched.
async fn fetches_in_bulk(sample: &Sample, mock: &Mock) {
    let clinic = mock.clinic(template::PENDING, MORNING).await;
    let (code, shown) = sit_at(sample.at(&clinic, "bulk", &PERSONS[1..]), async |screen| {
        if screen.iter().any(|line| line.starts_with("受け付けられました")) {
            clinic.advance_by("PT1M").await;
        } else {
            clinic.restart().await;
        }
        ""
    })
    .await;
    assert_eq!(code, 1, "one patient has an error: {shown:#?}");
    let number = shown.iter().find_map(|line| line.strip_prefix("受け付けられました。受付番号 ")).unwrap();
    insta::assert_snapshot!("bulk", shown.join("\n").replace(number, "NUMBER"));
}

/// What only a folder without its terminal can show: nobody takes the request, an `.err` in
/// Shift_JIS, and an answer that is unknown.
async fn shows_what_the_folder_has(sample: &Sample) {
    let folder = tempfile::tempdir().unwrap();
    let [req, res] = ["req", "res"].map(|name| folder.path().join(name));
    for dir in [&req, &res] {
        std::fs::create_dir(dir).unwrap();
    }
    let requests = || {
        let names = std::fs::read_dir(&req).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".xml")).collect::<Vec<_>>()
    };
    let mut command = sample.command("folder", &[VALID, VALID, VALID]);
    command.args([format!("folder={}", folder.path().display()), "timeout=2".to_owned()]);
    let terminal = async {
        let mut seen: Vec<String> = Vec::new();
        for answer in ["nothing", "err", "unknown"] {
            wait_until("a further request", || requests().iter().any(|name| !seen.contains(name))).await;
            let name = requests().into_iter().find(|name| !seen.contains(name)).unwrap();
            if answer == "err" {
                let (err, _, _) = encoding_rs::SHIFT_JIS.encode("要求ファイルを処理できませんでした。");
                std::fs::write(res.join(name.replace(".xml", ".err")), err).unwrap();
                std::fs::rename(req.join(&name), res.join(&name)).unwrap();
            } else if answer == "unknown" {
                let unknown = "<XmlMsg><MessageHeader><SegmentOfResult>7</SegmentOfResult></MessageHeader><MessageBody/></XmlMsg>";
                std::fs::remove_file(req.join(&name)).unwrap();
                std::fs::write(res.join(name.replace("req_", "res_")), unknown).unwrap();
            }
            seen.push(name);
        }
    };
    let ((code, shown), ()) = tokio::join!(sit_at(command, async |_| "n"), terminal);
    assert_eq!(code, 1, "{shown:#?}");
    let kept = shown.iter().find_map(|line| line.split("answer-").nth(1)?.split_once(".txt")).unwrap().0;
    assert!(sample.dir.path().join(format!("answer-{kept}.txt")).exists());
    insta::assert_snapshot!("folder", shown.join("\n").replace(kept, "TIME"));
}

/// Each message says what to do.
async fn says_what_is_wrong_with_its_settings(sample: &Sample, mock: &Mock) {
    let clinic = mock.institution(template::UP_TO_DATE);
    let other = tempfile::tempdir().unwrap();
    sample.make_ca(other.path());
    let other_ca = other.path().join("ca.pem").display().to_string();
    for (mode, setting, code, wanted) in [
        ("web", "base_url=https://localhost:1".to_owned(), 1, "サーバーと、設定の base_url を確認してください"),
        ("web", format!("ca={other_ca}"), 1, "が接続先の CA の証明書か、base_url のホスト名が証明書にあるか確認してください"),
        ("web", "ca=nowhere.pem".to_owned(), 2, "CA のファイル ca=nowhere.pem"),
        ("web", "institution=9919999996".to_owned(), 1, "MOCK0102E"),
        ("folder", "folder=nowhere".to_owned(), 2, "req と res のあるフォルダーを指定してください"),
        ("bulk", "colour=blue".to_owned(), 2, "設定 colour=blue は使えません"),
    ] {
        let mut command = sample.at(&clinic, mode, &[VALID]);
        command.arg(&setting);
        let (ended, shown) = sit_at(command, async |_| "q").await;
        assert_eq!(ended, code, "{}, {setting}: {shown:#?}", sample.language);
        assert!(shown.iter().any(|line| line.contains(wanted)), "{}, {setting}: {shown:#?}", sample.language);
    }
}

/// Code and message of a login that fails come before the advice.
async fn shows_why_the_login_failed(sample: &Sample) {
    let mock = Mock::start_with(|config| {
        config.login = LoginPolicy::Strict;
        sample.make_ca(&config.certs);
    })
    .await;
    let clinic = mock.institution(template::UP_TO_DATE);
    let mut command = sample.command("web", &[VALID, "password=wrong", "interval=0"]);
    command.arg(format!("base_url=https://localhost:{}", mock.backend.port()));
    command.arg(format!("ca={}", mock.dir.path().join("certs/ca.pem").display()));
    command.arg(format!("institution={clinic}"));
    let (code, shown) = sit_at(command, async |_| "n").await;
    assert_eq!(code, 1, "{shown:#?}");
    insta::assert_snapshot!("login", shown.join("\n"));
}

#[test]
fn both_languages_have_the_same_commands() {
    let [english, japanese] = PAGES.map(|page| blocks(page, "commands"));
    assert_eq!(english, japanese);
}

#[tokio::test]
async fn the_python_client_holds() {
    holds(Sample::of("python")).await;
}

#[tokio::test]
async fn the_node_client_holds() {
    holds(Sample::of("node")).await;
}

#[tokio::test]
async fn the_java_client_holds() {
    holds(Sample::of("java")).await;
}

#[tokio::test]
#[ignore = "needs Mono; part of ./test --nightly"]
async fn the_csharp_client_holds() {
    holds(Sample::of("csharp")).await;
}

#[tokio::test]
#[ignore = "needs Free Pascal; part of ./test --nightly"]
async fn the_delphi_client_holds() {
    holds(Sample::of("delphi")).await;
}
