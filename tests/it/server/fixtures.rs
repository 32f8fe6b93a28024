//! Fixture files of one's own: what is wrong in them is said with file, line, and what was
//! expected, and the server starts on none that is.

use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::civil::date;
use onshi_mock::clock;
use onshi_mock::config::Options;
use onshi_mock::fixtures::{FILES, Fixtures};
use onshi_mock::server::Server;
use tempfile::TempDir;

use crate::support::{Mock, template};

/// A copy of the fixtures in which one text is replaced.
fn with(file: &str, old: &str, new: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in FILES {
        let text = if name == file {
            assert!(text.contains(old), "{file} has no {old}");
            text.replacen(old, new, 1)
        } else {
            text.to_owned()
        };
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn errors(dir: &Path) -> Vec<String> {
    let (fixtures, findings) = Fixtures::from_dir(dir, date(2026, 11, 22));
    assert_eq!(fixtures.is_none(), !findings.errors.is_empty());
    findings.errors.iter().map(ToString::to_string).collect()
}

#[test]
fn the_compiled_in_fixtures_are_right_hashes_and_sample_outcomes_included() {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let (fixtures, findings) = Fixtures::from_dir(&own, date(2026, 11, 22));
    assert_eq!((findings.errors, findings.warnings), (Vec::new(), Vec::new()));
    let fixtures = fixtures.unwrap();
    assert!(fixtures.samples.len() >= 14);
    assert_eq!(fixtures.samples[0].outcome, "valid (有効)");
}

#[test]
fn each_mistake_is_named_with_file_line_and_what_was_expected() {
    let cases = [
        ("institutions.toml", "code = \"9910000018\"", "code = \"9910000019\"", "institutions.toml:7:", "the last digit would be 8"),
        ("institutions.toml", "polling = false", "poling = false", "institutions.toml:11:", "unknown field `poling`, expected one of"),
        ("institutions.toml", "code = \"9910000026\"", "code = \"9910000018\"", "institutions.toml:14:", "has the same code"),
        ("institutions.toml", "automatic_restart = \"07:00\"", "automatic_restart = \"25:00\"", "institutions.toml:39:", "25:00"),
        ("persons.toml", "sex = \"male\"", "sex = \"man\"", "persons.toml:10:", "expected one of `male`, `female`, `not_set`"),
        ("persons.toml", "id = \"expired\"", "id = \"valid\"", "persons.toml:48:", "a person before has the same id"),
        ("persons.toml", "name_kana = \"ﾓｷﾞ ﾀﾛｳ\"", "name_kana = \"モギ タロウ\"", "persons.toml:9:", "half-width katakana"),
        ("persons.toml", "reason_of_loss = \"03\"", "reason_of_loss = \"04\"", "persons.toml:", "expected one of `01`, `02`, `03`, `99`"),
        ("persons.toml", "class = \"A03\"", "class = \"A3\"", "persons.toml:", "unknown variant `A3`, expected one of `A01`, `A02`"),
        ("persons.toml", "pharmacists = \"given\"", "pharmacist = \"given\"", "persons.toml:", "unknown variant `pharmacist`"),
        ("persons.toml", "branch = \"01\"", "branch = \"01\"\nunregistered = true", "persons.toml:21:", "only medical aid"),
        ("persons.toml", "lost = \"today-30\"", "lost = \"today-2147483648\"", "persons.toml:", "neither a date"),
        ("campaign.toml", "starts = \"2026-01-19\"", "starts = \"9999-12-25\"", "campaign.toml:9:", "from 2000 to 2199"),
        ("persons.toml", "validity = \"2\"", "validity = \"1\"", "persons.toml:", "this inquiry's outcome is 2"),
        ("campaign.toml", "size = 24000000", "size = 24000001", "campaign.toml:29:", "the SHA-256 of this package is"),
        ("campaign.toml", "size = 24000000", "size = 0", "campaign.toml:28:", "1 to 4294967296 bytes"),
        ("campaign.toml", "nights = 12", "nights = 0", "campaign.toml:10:", "from 1 to 400"),
        ("errors.toml", "id = \"terminal_off\"", "id = \"terminal_on\"", "errors.toml:", "unknown variant `terminal_on`"),
        ("errors.toml", "id = \"terminal_off\"", "id = \"token_expired\"", "errors.toml:", "terminal_off"),
        ("errors.toml", "{call_centre}", "{call_center}", "errors.toml:", "nothing fills {call_center}"),
        ("call-centre.toml", "weekdays", "workdays", "call-centre.toml:5:", "unknown field `workdays`"),
        ("invented.toml", "PT24H", "24 hours", "invented.toml:", "ISO 8601"),
        ("invented.toml", "[check]", "[check", "invented.toml:", "]"),
    ];
    for (file, old, new, place, words) in cases {
        let found = errors(with(file, old, new).path());
        assert!(found.iter().any(|found| found.starts_with(place) && found.contains(words)), "{new}: no {place} {words} in {found:#?}");
    }
}

#[test]
fn mistakes_in_several_files_and_several_in_one_are_told_at_once() {
    let dir = with("campaign.toml", "starts =", "start =");
    let institutions = std::fs::read_to_string("fixtures/institutions.toml").unwrap();
    let institutions = institutions.replace("9910000018", "9910000019").replace("9910000026", "9910000027");
    std::fs::write(dir.path().join("institutions.toml"), institutions).unwrap();
    let scenario = std::fs::read_to_string("fixtures/scenarios/happy-morning.toml").unwrap();
    std::fs::create_dir(dir.path().join("scenarios")).unwrap();
    std::fs::write(dir.path().join("scenarios/happy-morning.toml"), scenario.replace("source", "sourc").replace("T1", "T-1")).unwrap();
    let found = errors(dir.path()).join("\n");
    for mistake in ["「start」", "「9910000019」", "「9910000027」", "scenarios/happy-morning.toml:3: 項目「sourc」", "T-1"] {
        assert!(found.contains(mistake), "{mistake}\n{found}");
    }
}

#[test]
fn data_that_could_be_real_gets_a_warning_with_its_line() {
    for (file, old, new, place) in [
        ("institutions.toml", "code = \"9910000018\"", "code = \"1310000018\"", "institutions.toml:7:"),
        ("persons.toml", "institution = { code = \"9940008011\"", "institution = { code = \"1340008011\"", "persons.toml:"),
        ("persons.toml", "prescriber = {}", "prescriber = { code = \"1310000018\" }", "persons.toml:"),
    ] {
        let tokyo = with(file, old, new);
        let (fixtures, findings) = Fixtures::from_dir(tokyo.path(), date(2026, 11, 22));
        assert!(fixtures.is_some(), "a warning stops nobody: {:?}", findings.errors);
        let warned: Vec<String> = findings.warnings.iter().map(ToString::to_string).collect();
        assert!(warned.len() == 1 && warned[0].starts_with(place) && warned[0].contains("実在し得る"), "{warned:?}");
    }
}

#[test]
fn a_file_that_is_missing_is_taken_from_the_compiled_in_ones_and_an_unknown_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(errors(dir.path()), Vec::<String>::new());
    std::fs::write(dir.path().join("person.toml"), "").unwrap();
    assert!(errors(dir.path())[0].contains("persons.toml"));
    assert!(errors(&dir.path().join("nowhere"))[0].contains("cannot be read"));
}

#[test]
fn check_fixtures_exits_with_1_and_the_server_refuses_to_start_with_the_same_words() {
    let wrong = with("institutions.toml", "code = \"9910000018\"", "code = \"9910000019\"");
    let checked = Command::new(env!("CARGO_BIN_EXE_onshi-mock")).arg("check-fixtures").arg(wrong.path()).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
    let words = errors(wrong.path()).remove(0);
    assert!(String::from_utf8(checked.stdout).unwrap().contains(&words));

    let mut config = Options::default().complete().unwrap();
    config.fixtures = Some(wrong.path().to_owned());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = runtime.block_on(Server::bind(&config, clock::wall)).err().expect("it should not start");
    assert!(format!("{refused:#}").contains(&words));
}

#[tokio::test]
async fn an_official_code_and_text_replace_the_invented_ones_and_lose_their_label() {
    let provenance = "provenance = { code = \"invented\", message = \"invented\", source = \"N5\" }";
    let dir = with("errors.toml", provenance, "provenance = { code = \"documented\", message = \"documented\", source = \"N5\" }");
    let text = std::fs::read_to_string(dir.path().join("errors.toml")).unwrap().replace("MOCK0501E", "REAL0001E");
    std::fs::write(dir.path().join("errors.toml"), text).unwrap();
    let invented = Mock::start().await.institution(template::PENDING).check().await;
    assert!(invented.error_message().ends_with("（MOCK0501E は模擬の仮コードです）"), "{}", invented.error_message());
    let mock = Mock::start_with(|config| config.fixtures = Some(dir.path().to_owned())).await;
    let documented = mock.institution(template::PENDING).check().await;
    documented.expect_error("REAL0001E");
    assert!(!documented.error_message().contains("仮コード"));
}
