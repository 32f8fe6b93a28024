//! Tests that a masked entry contains only what is known to be harmless.

use super::message::masked_body;
use super::words::{FIELDS, keeps_field, known_header, known_path, known_value};
use super::*;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::ids::TerminalId;
use crate::domain::inquiry::Validity;
use crate::domain::operation::Operation;
use crate::journal::example::{error, example};
use crate::journal::write;

fn request(body: &str) -> String {
    masked_body(body, FIELDS, &known_value)
}

#[test]
fn only_known_words_are_left_of_a_request() {
    let json = r#"{"XmlMsg":{"MessageHeader":{"ReferenceClassification":"1","ReceptionNumber":"山田"},"山田":[{"Birthdate":1,"card":"山田","person":"山田"}]}}"#;
    assert_eq!(
        request(json),
        r#"{"XmlMsg":{"MessageHeader":{"ReceptionNumber":"[masked]","ReferenceClassification":"1"},"[masked]":[{"Birthdate":"[masked]","card":"[masked]","person":"[masked]"}]}}"#
    );
    let xml = "<?xml version=\"1.0\"?><x:XmlMsg a='山田'><!-- 山田 -->\n<MedicalInstitutionCode>9910000018</MedicalInstitutionCode>\
        <Birthdate>山&amp;田<![CDATA[太郎]]></Birthdate><Yamada/><Yamada>1</Yamada></x:XmlMsg>";
    assert_eq!(
        request(xml),
        "<XmlMsg><MedicalInstitutionCode>9910000018</MedicalInstitutionCode><Birthdate>[masked]</Birthdate><[masked]/><[masked]>[masked]</[masked]></XmlMsg>"
    );
    for none in ["name=山田", "{\"Name\":\"山田", "<Name", ""] {
        assert_eq!(request(none), MASKED, "{none}");
    }
    assert!(!request("<Name>山田</Wrong><Name>太郎").contains(['山', '太']));
    assert_eq!(request(r#"{"state":"failed","component":"linkage_application","message":"山田"}"#).matches("masked").count(), 1);
    assert_eq!(
        request(r#"{"MedicalInstitutionCode":"1234","state":"山田","QualificationConfirmationDate":"山田"}"#).matches("masked").count(),
        3
    );
}

#[test]
fn an_answer_keeps_its_elements_and_the_values_that_tell_of_nobody() {
    let body = r#"{"XmlMsg":{"SegmentOfResult":"1","ErrorMessage":"m","ResultList":[{"Name":"模擬　太郎","Sex1":1}]},"type":"urn:x","status":422}"#;
    let masked = r#"{"XmlMsg":{"ErrorMessage":"m","ResultList":[{"Name":"[masked]","Sex1":"[masked]"}],"SegmentOfResult":"1"},"status":422,"type":"urn:x"}"#;
    assert_eq!(masked_body(body, &[], &keeps_field(Operation::Search, false)), masked);
    assert_eq!(masked_body(body, &[], &keeps_field(Operation::Search, true)), masked.replace("\"m\"", "\"[masked]\""));
    assert_eq!(masked_body(r#"{"a":"b"}"#, &[], &keeps_field(Operation::Updates, false)), r#"{"a":"b"}"#);
}

#[test]
fn an_entry_keeps_what_decided_it_but_not_what_was_quoted() {
    let message = Text::new("読めません。/XmlMsg/MessageBody/Birthdate は \"山田\" です。", "山田");
    let error = JournalError { message, ..error(ErrorId::MalformedRequest) };
    let shown = |headers: &[(&str, &str)], body: &str| {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Some(RenderedText { headers, body: Some(body.to_owned()), bytes: body.len(), truncated: false })
    };
    let entry = Entry {
        path: "/oqs-api-pro/MSA01030/ILI01030SV01/search".to_owned(),
        terminal: Some(EntryTerminal::Named(TerminalId::parse("Yamada").unwrap())),
        why: Text::same("山田"),
        notes: vec![Text::new("知らない要素 /XmlMsg/山田 を無視しました。", "The unknown element /XmlMsg/Yamada was passed over.")],
        request: shown(&[("accept", "*/*"), ("referer", "山田"), ("x-yamada", "1")], "山田"),
        answer: shown(&[], "{\"ErrorMessage\":\"山田\"}"),
        ..example(Operation::Search, Outcome::refused(error, None))
    };
    let masked = entry.masked();
    let text = write(&masked);
    assert!(!text.contains("山田") && !text.to_lowercase().contains("yamada"), "{text}");
    assert_eq!(masked.error().unwrap().message.ja, "/XmlMsg/MessageBody/Birthdate: [masked]");
    assert_eq!(masked.notes[0].en, "/XmlMsg/[masked]: [masked]");
    assert_eq!(masked.request.unwrap().headers["accept"], "*/*");
    assert_eq!((&*masked.path, masked.terminal), ("/oqs-api-pro/MSA01030/ILI01030SV01/search", Some(EntryTerminal::Masked)));
}

#[test]
fn of_the_nearest_person_only_what_differs_is_told() {
    let (expected, got) = ("1980".to_owned(), "山田".to_owned());
    let criteria = vec![Criterion { element: "Birthdate".into(), met: false, expected, got }];
    let near_miss = Some(NearMiss { person: "valid".to_owned(), criteria });
    let masked = example(Operation::Search, Outcome::Checked { validity: Validity::None, person: None, near_miss }).masked();
    let Outcome::Checked { near_miss: Some(miss), .. } = masked.outcome else { panic!("it stays a check") };
    let only = &miss.criteria[0];
    assert_eq!((&*miss.person, &*only.element, only.met, &*only.expected, &*only.got), ("valid", "Birthdate", false, MASKED, MASKED));
}

#[test]
fn paths_headers_and_file_names_keep_only_what_is_ours() {
    let updates = "/delivery/v1/terminals/9910000018-T1/updates";
    for (path, is_known, kept) in [
        ("/patients/YamadaTaro/summary", false, "/[masked]/[masked]/[masked]"),
        ("/oqs-api-pro/MSA01030/Yamada", false, "/oqs-api-pro/MSA01030/[masked]"),
        (updates, true, updates),
        (updates, false, "/delivery/v1/terminals/[masked]/updates"),
        (
            "/linkage/v1/terminals/9910000018-T1/files/OQSsiquc01req_Yamada.xml",
            true,
            "/linkage/v1/terminals/9910000018-T1/files/OQSsiquc01req_[masked].xml",
        ),
        ("/delivery/v1/packages/yamada/taro/1", true, "/delivery/v1/packages/[masked]/[masked]/[masked]"),
        ("YZKsiquc01res_Yamada.PDF", true, "YZKsiquc01res_[masked].pdf"),
        ("Yamada.taro", true, "[masked]"),
        ("", true, ""),
    ] {
        assert_eq!(known_path(path, is_known, false), kept);
    }
    assert_eq!(known_path("/delivery/v1/packages/a/b/1", true, true), "/delivery/v1/packages/a/b/1");
    for (name, value, kept) in [
        ("content-type", "application/xml; name=yamada.xml; charset=UTF-8", "application/xml; charset=UTF-8"),
        ("content-disposition", "attachment; filename=\"OQSsiquc01res_Yamada.xml\"", "attachment; filename=\"OQSsiquc01res_[masked].xml\""),
        ("content-disposition", "inline; yamada", MASKED),
        ("if-none-match", "\"0af\"", "\"0af\""),
        ("if-none-match", "\"yamada\"", MASKED),
        ("range", "bytes=0-9", "bytes=0-9"),
    ] {
        assert_eq!(known_header(name, value), (name.to_owned(), kept.to_owned()));
    }
}
