//! The tables of persons, institutions and errors are what the fixtures hold.

use jiff::civil::date;
use onshi_mock::domain::person::PersonOutcome;
use onshi_mock::fixtures::{Fixtures, Sample};
use serde_json::{Value, json};

use crate::program::text_of;
use crate::support::Mock;

fn samples() -> Vec<Sample> {
    Fixtures::compiled_in(date(2026, 1, 20)).0.expect("the compiled-in fixtures are right").samples
}

/// The cells of the table whose header begins with `first`, row by row.
pub(crate) fn table(page: &str, first: &str) -> Vec<Vec<String>> {
    let text = text_of(page);
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(|cell| cell.trim_matches(' ').to_owned()).collect()
    };
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&format!("| {first} |")));
    assert!(lines.next().is_some() && lines.next().is_some(), "{page} has the table");
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
    assert_eq!(table("docs/persons.md", "insurer number"), expected);
    let in_japanese = |mut row: Vec<String>| {
        let (_, outcome) = row[6].trim_end_matches(')').split_once(" (").unwrap();
        row[6] = outcome.to_owned();
        row
    };
    assert_eq!(table("docs/persons.ja.md", "保険者番号"), expected.into_iter().map(in_japanese).collect::<Vec<_>>());
}

#[tokio::test]
async fn each_row_of_the_table_of_persons_sent_as_it_stands_gives_its_outcome() {
    let mock = Mock::start().await;
    let clinic = mock.clinic("9910000018", "2026-01-20T10:00:00+09:00").await;
    let persons = Fixtures::compiled_in(date(2026, 1, 20)).0.expect("the compiled-in fixtures are right").persons;
    // Those about whom a check ends otherwise have tests of their own.
    let otherwise = |name: &str| persons.iter().any(|person| person.name == name && person.outcome != PersonOutcome::Answered);
    for (row, sample) in table("docs/persons.md", "insurer number").iter().zip(samples()).filter(|(_, sample)| !otherwise(&sample.name)) {
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
    for (page, first) in [("docs/institutions.md", "institution"), ("docs/institutions.ja.md", "医療機関")] {
        let codes: Vec<String> = table(page, first).into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(codes, expected, "{page}");
    }
}

#[test]
fn every_error_of_the_catalogue_is_in_both_tables_of_errors() {
    let catalogue = Fixtures::compiled_in(date(2026, 1, 20)).0.expect("the compiled-in fixtures are right").catalogue;
    let expected: Vec<String> =
        onshi_mock::domain::error_catalogue::ErrorId::ALL.iter().map(|id| format!("`{}`", catalogue.entry(*id).code)).collect();
    for (page, first) in [("docs/errors.md", "code"), ("docs/errors.ja.md", "コード")] {
        let mut codes: Vec<String> = table(page, first).into_iter().map(|row| row[0].clone()).collect();
        let mut expected = expected.clone();
        codes.sort();
        expected.sort();
        assert_eq!(codes, expected, "{page}");
    }
}
