//! That only what is known to be of nobody is left of an entry.

use serde_json::json;

use super::message::masked_body;
use super::words::{FIELDS, known_header, known_path, known_value, told};
use super::*;

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
    assert_eq!(masked_body(body, &[], &told("search", false)), masked);
    assert_eq!(masked_body(body, &[], &told("search", true)), masked.replace("\"m\"", "\"[masked]\""));
    assert_eq!(masked_body(r#"{"a":"b"}"#, &[], &told("updates", false)), r#"{"a":"b"}"#);
}

#[test]
fn an_entry_keeps_what_decided_it_but_not_what_was_quoted() {
    let entry = json!({
        "operation": "search", "method": "POST", "path": "/oqs-api-pro/MSA01030/ILI01030SV01/search", "later": "山田",
        "error": {"id": "malformed_request", "message": {"ja": "読めません。/XmlMsg/MessageBody/Birthdate は \"山田\" です。", "en": "山田"}},
        "why": {"ja": "山田", "en": "山田"},
        "notes": [{"ja": "知らない要素 /XmlMsg/山田 を無視しました。", "en": "The unknown element /XmlMsg/Yamada was passed over."}],
        "near_miss": {"person": "valid", "criteria": [{"element": "Birthdate", "met": false, "expected": "1980", "got": "山田"}]},
        "request": {"headers": {"accept": "*/*", "referer": "山田", "x-yamada": "1"}, "body": "山田"},
        "answer": {"headers": {}, "body": "{\"ErrorMessage\":\"山田\"}"},
    });
    let masked = masked(entry);
    assert!(!masked.to_string().contains("山田") && !masked.to_string().to_lowercase().contains("yamada"), "{masked}");
    assert_eq!(masked["error"]["message"]["ja"], "/XmlMsg/MessageBody/Birthdate: [masked]");
    assert_eq!(masked["notes"][0]["en"], "/XmlMsg/[masked]: [masked]");
    assert_eq!((&masked["near_miss"]["criteria"][0]["met"], &masked["request"]["headers"]["accept"]), (&json!(false), &json!("*/*")));
    assert_eq!(masked["path"], "/oqs-api-pro/MSA01030/ILI01030SV01/search");
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
