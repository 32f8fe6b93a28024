//! Masks what may be of a person in a journal entry, so that reports leave no patient's data behind: only what is known to be none is kept.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value, json};

/// What stands in place of it.
const MASKED: &str = "[masked]";

/// Operations whose bodies are about terminals and their software alone; of a login, values are redacted anyway.
const IMPERSONAL: [&str; 6] = ["login", "updates", "package", "reports", "results", "notices"];

/// Elements of messages, and fields of answers in the mock's own form, that tell nothing of a person.
const KEPT: [&str; 25] = [
    "ProcessExecutionTime",
    "QualificationConfirmationDate",
    "MedicalInstitutionCode",
    "ReferenceClassification",
    "SegmentOfResult",
    "ErrorCode",
    "ErrorMessage",
    "CharacterCodeIdentifier",
    "ReceptionNumber",
    "NumberOfProcessingResult",
    "NumberOfNormalProcessing",
    "NumberOfError",
    "ProcessingResultStatus",
    "ProcessingResultCode",
    "QualificationValidity",
    "LimitApplicationCertificateRelatedConsFlg",
    "ResultCode",
    "person",
    "card",
    "kind",
    "type",
    "title",
    "title_en",
    "status",
    "code",
];

/// Headers that tell nothing of a person; so do those that begin with one of [`KEPT_HEADERS_BEGIN`].
const KEPT_HEADERS: [&str; 10] =
    ["authorization", "connection", "content-length", "content-type", "cookie", "etag", "host", "range", "retry-after", "user-agent"];
const KEPT_HEADERS_BEGIN: [&str; 4] = ["accept", "content-", "if-", "x-onshi-"];

/// An entry without what may be of a person.
pub(super) fn masked(mut entry: Value) -> Value {
    let is = |entry: &Value, pointer: &str, text: &str| entry.pointer(pointer).is_some_and(|value| value == text);
    let operation = entry["operation"].as_str().unwrap_or_default().to_owned();
    // Its message quotes what could not be read.
    let quoting = is(&entry, "/error/id", "malformed_request");
    if quoting {
        for pointer in ["/error/message", "/why"] {
            entry.pointer_mut(pointer).into_iter().for_each(mask_quotation);
        }
    }
    for criterion in entry.pointer_mut("/near_miss/criteria").and_then(Value::as_array_mut).into_iter().flatten() {
        (criterion["expected"], criterion["got"]) = (json!(MASKED), json!(MASKED));
    }
    if let Some(path) = entry["path"].as_str() {
        entry["path"] = masked_path(path, operation == "unknown").into();
    }
    for (message, quoting) in [("request", false), ("answer", quoting)] {
        let Some(message) = entry.get_mut(message).and_then(Value::as_object_mut) else {
            continue;
        };
        message.get_mut("headers").and_then(Value::as_object_mut).into_iter().for_each(mask_headers);
        if IMPERSONAL.contains(&&*operation) && !quoting {
            continue;
        }
        if let Some(body) = message.get("body").and_then(Value::as_str) {
            let body = if quoting { MASKED.to_owned() } else { masked_body(body) };
            message.insert("body".to_owned(), body.into());
        }
    }
    entry
}

/// Of what a message quotes only the place is kept.
fn mask_quotation(text: &mut Value) {
    for said in text.as_object_mut().into_iter().flat_map(Map::values_mut) {
        let words = said.as_str().unwrap_or_default();
        let pointer = words.split_once("/XmlMsg").map(|(_, rest)| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '/')).next());
        *said = pointer.flatten().map_or_else(|| json!(MASKED), |rest| json!(format!("/XmlMsg{rest}: {MASKED}")));
    }
}

fn mask_headers(headers: &mut Map<String, Value>) {
    for (name, value) in headers {
        if !KEPT_HEADERS.contains(&&**name) && !KEPT_HEADERS_BEGIN.iter().any(|begin| name.starts_with(begin)) {
            *value = json!(MASKED);
        }
    }
}

/// A path whose parts are words; on routes that do not exist a part with digits may be someone's number.
fn masked_path(path: &str, unknown: bool) -> String {
    let word = |c: char| c.is_ascii_alphabetic() || matches!(c, '.' | '-' | '_') || (c.is_ascii_digit() && !unknown);
    let parts: Vec<&str> = path.split('/').map(|part| if part.chars().all(word) { part } else { MASKED }).collect();
    parts.join("/")
}

fn masked_body(body: &str) -> String {
    let body = body.trim_start_matches('\u{feff}').trim_start();
    match serde_json::from_str(body) {
        Ok(value) => masked_value(value).to_string(),
        Err(_) => masked_xml(body),
    }
}

fn masked_value(value: Value) -> Value {
    let field = |(name, value): (String, Value)| {
        let value = match value {
            Value::Object(_) | Value::Array(_) => masked_value(value),
            value if KEPT.contains(&&*name) => value,
            _ => json!(MASKED),
        };
        (name, value)
    };
    match value {
        Value::Object(fields) => fields.into_iter().map(field).collect(),
        Value::Array(list) => list.into_iter().map(masked_value).collect(),
        _ => json!(MASKED),
    }
}

/// The elements as far as they can be read, without attributes and comments.
fn masked_xml(body: &str) -> String {
    let mut reader = Reader::from_str(body);
    let (mut open, mut written, mut told) = (Vec::<String>::new(), String::new(), false);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                let name = start.local_name().as_ref().to_owned();
                written.extend(["<", &name, ">"]);
                open.push(name);
                told = false;
            }
            Ok(Event::Empty(empty)) => written.extend(["<", empty.local_name().as_ref(), "/>"]),
            Ok(Event::End(_)) => {
                written.extend(["</", &open.pop().unwrap_or_default(), ">"]);
                told = true;
            }
            Ok(Event::Text(text)) if open.last().is_some_and(|name| KEPT.contains(&&**name)) => {
                written.push_str(&text);
            }
            Ok(Event::Text(text)) if text.trim().is_empty() => {}
            Ok(Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) if !open.is_empty() => {
                if !told {
                    written.push_str(MASKED);
                }
                told = true;
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    if written.is_empty() { MASKED.to_owned() } else { written }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_to_be_of_nobody_is_left_of_a_message() {
        let json = r#"{"XmlMsg":{"MessageHeader":{"SegmentOfResult":"1","Unknown":"山田"},"ResultList":[{"Name":"模擬　太郎","Sex1":1}]}}"#;
        assert_eq!(
            masked_body(json),
            r#"{"XmlMsg":{"MessageHeader":{"SegmentOfResult":"1","Unknown":"[masked]"},"ResultList":[{"Name":"[masked]","Sex1":"[masked]"}]}}"#
        );
        let xml = "<?xml version=\"1.0\"?><x:XmlMsg a='山田'><!-- 山田 -->\n<ErrorCode>E1</ErrorCode><Name>山&amp;田<![CDATA[太郎]]></Name><A/></x:XmlMsg>";
        assert_eq!(masked_body(xml), "<XmlMsg><ErrorCode>E1</ErrorCode><Name>[masked]</Name><A/></XmlMsg>");
        for none in ["name=山田", "{\"Name\":\"山田", "<Name", ""] {
            assert_eq!(masked_body(none), MASKED, "{none}");
        }
        assert!(!masked_body("<Name>山田</Wrong><Name>太郎").contains(['山', '太']));
    }

    #[test]
    fn an_entry_keeps_what_decided_it_but_not_what_was_quoted() {
        let entry = json!({
            "operation": "search", "path": "/oqs-api-pro/MSA01030/ILI01030SV01/search",
            "error": {"id": "malformed_request", "message": {"ja": "読めません。/XmlMsg/MessageBody/Birthdate は \"山田\" です。", "en": "山田"}},
            "why": {"ja": "山田", "en": "山田"},
            "near_miss": {"person": "valid", "criteria": [{"element": "Birthdate", "met": false, "expected": "1980", "got": "山田"}]},
            "request": {"headers": {"accept": "*/*", "referer": "山田"}, "body": "山田"},
            "answer": {"headers": {}, "body": "{\"ErrorMessage\":\"山田\"}"},
        });
        let masked = masked(entry);
        assert!(!masked.to_string().contains("山田"), "{masked}");
        assert_eq!(masked["error"]["message"]["ja"], "/XmlMsg/MessageBody/Birthdate: [masked]");
        assert_eq!((&masked["near_miss"]["criteria"][0]["met"], &masked["request"]["headers"]["accept"]), (&json!(false), &json!("*/*")));
        assert_eq!(masked["path"], "/oqs-api-pro/MSA01030/ILI01030SV01/search");
        assert_eq!(masked_path("/patients/12345/山田", true), "/patients/[masked]/[masked]");
    }
}
