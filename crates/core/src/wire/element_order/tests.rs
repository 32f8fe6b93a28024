//! Tests that the table of elements gives the order of captured messages.

use jiff::civil::date;

use super::*;
use crate::domain::consent::Consents;
use crate::domain::encoding::Encoding;
use crate::domain::ids::InstitutionCode;
use crate::domain::inquiry::{CardData, Validity};
use crate::domain::person::Person;
use crate::domain::reference::Registration;
use crate::wire::message::{Body, Counts, Header, HeldQualification, MESSAGE, MessageKind, Scope, Segment, Unit, render};
use crate::wire::tree::Node;

const PERSON: &str = r#"
id = "a"
name = "模擬　太郎"
name_kana = "ﾓｷﾞ ﾀﾛｳ"
sex = "male"
birthdate = "1980-05-17"
[[qualifications]]
card = "01"
insurer_number = "01990019"
insurer_name = "模擬健康保険協会"
number = "1"
from = "2020-04-01"
issued = "2020-04-10"
valid_from = "2020-04-01"
"#;

fn header(kind: MessageKind) -> Header {
    Header {
        kind,
        at: date(2026, 1, 20).at(9, 0, 0, 0),
        confirmation_date: (kind != MessageKind::Registration).then(|| date(2026, 1, 20)),
        institution: InstitutionCode::parse("9910000018").ok(),
        file_identifier: Some("a".into()),
        segment: Segment::Done,
        error: None,
        encoding: Encoding::Utf8,
        reception: None,
        confirmation_key: None,
        counts: None,
    }
}

fn message(header: &Header, unit: Unit<'_>) -> Group {
    let body = Body { unit, units: Vec::new() };
    ordered(render(MESSAGE, &Scope::message(header, Some(&body))), ElementOrder::Hash, 0)
}

/// Returns the names in the group of the message at `path`.
fn names_in<'a>(message: &'a Group, path: &[&str]) -> Vec<&'a str> {
    let mut group = message;
    for name in path {
        let node = group.elements.iter().find(|(other, _)| other == name).map(|(_, node)| node);
        group = match node {
            Some(Node::Group(inner)) => inner,
            Some(Node::List { items, .. }) => &items[0],
            _ => panic!("no {name} in {group:?}"),
        };
    }
    group.elements.iter().map(|(name, _)| &**name).collect()
}

#[test]
fn a_face_result_has_the_captured_order() {
    let header = header(MessageKind::Face);
    let person: Person = toml::from_str(PERSON).unwrap();
    let (consents, institution) = (Consents::new(), InstitutionCode::parse("9910000018").unwrap());
    let held = HeldQualification {
        person: &person,
        qualification: &person.qualifications[0],
        consents: &consents,
        now: header.at,
        institution: &institution,
        reference_number: None,
        arbitrary_identifier: None,
    };
    let message = message(&header, Unit { succeeded: Some(true), validity: Some(Validity::Valid), results: vec![held], ..Unit::default() });
    assert_eq!(names_in(&message, &["XmlMsg"]), ["MessageHeader", "MessageBody"], "the frame stays");
    assert_eq!(
        names_in(&message, &["XmlMsg", "MessageHeader"]),
        [
            "ProcessExecutionTime",
            "CharacterCodeIdentifier",
            "SegmentOfResult",
            "QualificationConfirmationDate",
            "ReferenceClassification",
            "ArbitraryFileIdentifier",
            "MedicalInstitutionCode",
        ]
    );
    assert_eq!(names_in(&message, &["XmlMsg", "MessageBody"]), ["ResultList", "ProcessingResultStatus", "QualificationValidity"]);
    let result = names_in(&message, &["XmlMsg", "MessageBody", "ResultList"]);
    let buckets: Vec<u32> = result.iter().map(|name| bucket(name, 128)).collect();
    assert!(buckets.is_sorted() && result.len() > 10, "65 names can occur: {result:?}");
}

#[test]
fn a_registration_has_the_captured_order() {
    let card = CardData { insurer_number: "01990019".into(), symbol: Some("1".into()), number: "2".into(), branch: Some("01".into()) };
    let registration = Some(Registration { reference_number: "7".to_owned(), card });
    let message = message(&header(MessageKind::Registration), Unit { succeeded: Some(true), registration, ..Unit::default() });
    assert_eq!(
        names_in(&message, &["XmlMsg", "MessageHeader"]),
        ["ProcessExecutionTime", "CharacterCodeIdentifier", "SegmentOfResult", "ArbitraryFileIdentifier", "MedicalInstitutionCode",]
    );
    assert_eq!(
        names_in(&message, &["XmlMsg", "MessageBody", "ReferenceNumberRegistrationInfo"]),
        ["InsurerNumber", "InsuredIdentificationNumber", "ReferenceNumber", "InsuredCardSymbol", "InsuredBranchNumber"]
    );
    assert_eq!(names_in(&message, &["XmlMsg", "MessageBody"]), ["ReferenceNumberRegistrationInfo", "ProcessingResultStatus"]);
}

#[test]
fn the_header_of_a_bulk_result_has_more_names_and_another_capacity() {
    let mut header = header(MessageKind::BulkResult);
    header.reception = Some("1".into());
    header.counts = Some(Counts { processed: 1, normal: 1, error: 0 });
    let message = message(&header, Unit::default());
    let names = names_in(&message, &["XmlMsg", "MessageHeader"]);
    let buckets = |capacity| names.iter().map(|name| bucket(name, capacity)).is_sorted();
    assert!(buckets(32) && !buckets(16), "13 names can occur: {names:?}");
}

#[test]
fn capacity_is_a_power_of_two_that_is_at_most_three_quarters_full() {
    let capacities = [1, 12, 13, 24, 25, 48, 49].map(capacity);
    assert_eq!(capacities, [16, 16, 32, 32, 64, 64, 128]);
}

#[test]
fn names_in_one_bucket_keep_the_order_of_the_specification() {
    // Two names with the same hash code.
    for names in [["BB", "Aa"], ["Aa", "BB"]] {
        let group = names.iter().fold(Group { names: 2, ..Group::new() }, |group, name| group.text(name, "1"));
        let message = Group::new().group("XmlMsg", Group::new().group("MessageBody", group));
        let sorted = ordered(message, ElementOrder::Hash, 0);
        assert_eq!(names_in(&sorted, &["XmlMsg", "MessageBody"]), names);
    }
}
