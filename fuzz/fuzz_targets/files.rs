//! Request files of the linkage folder: a line with the name, then the content. The name of the
//! answer follows from the request's, and what is read can be written and reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onshi_core::domain::inquiry::CardData;
use onshi_core::domain::linkage::FileKind;
use onshi_core::domain::text::Text;
use onshi_core::wire::charset::decode;
use onshi_core::wire::document::Document;
use onshi_core::wire::file_name::{FileName, err_name, is_ours};
use onshi_core::wire::request::{self, Information, MedicalRequest, ParsedRequest, Sender};
use onshi_core::wire::tree::Group;
use onshi_mock_fuzz::messages;
use onshi_mock_fuzz::xml;
use serde_json::{Value, json};

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let Ok(name) = std::str::from_utf8(&input[..end]) else { return };
    check_name(name);
    let content = input.get(end + 1..).unwrap_or_default();
    if let Ok(document) = decode(content, None).and_then(|text| Document::xml(&text)) {
        // A message without its frame is refused for that, whatever its kind.
        if let Some(refusal) = request::frame_error(&document) {
            assert!(!refusal.ja.is_empty());
            assert!(request::check(&document).is_err());
        }
        let kinds = FileName::kind_of(name).map_or(FileKind::ALL.to_vec(), |kind| vec![kind]);
        kinds.into_iter().for_each(|kind| check_content(kind, &document));
    }
});

fn check_name(name: &str) {
    let parsed = FileName::parse(name);
    let same = FileName::parse(&name.to_ascii_uppercase());
    assert_eq!(parsed.is_ok(), same.is_ok(), "upper and lower case mean the same");
    let Ok(parsed) = parsed else { return };
    assert_eq!(Ok(parsed.kind), same.map(|same| same.kind));
    assert!(name.is_ascii() && !name.contains(['/', '\\', ':']) && name.len() <= 120, "{name}");
    let answer = parsed.answer("xml");
    assert!(is_ours(&answer) && is_ours(&err_name(name)) && is_ours(name));
    assert_eq!(answer.to_ascii_lowercase(), name.to_ascii_lowercase().replacen("req_", "res_", 1));
    assert!(FileName::parse(&answer).is_err(), "an answer is no request");
}

fn check_content(kind: FileKind, document: &Document<'_>) {
    let sender = Sender::of(document);
    match kind {
        FileKind::Check => {
            if let Some(read) = expected(request::check(document)) {
                reads_back(request::check, value(&messages::check(&sender, &read.content)), &read.content);
            }
        }
        FileKind::BulkCheck => {
            if let Some(read) = expected(request::persons(document)) {
                let bulk = value(&messages::checks(&sender, &read.content));
                reads_back(request::persons, submitted(&bulk, "BulkConfirmUnit", "QualificationConfirmSearchInfo"), &read.content);
            }
        }
        FileKind::Registration => {
            if let Some(read) = expected(request::registration(document)) {
                reads_back(request::registration, value(&messages::registration(&sender, &read.content)), &read.content);
            }
        }
        FileKind::BulkRegistration => {
            if let Some(read) = expected(request::registrations(document)) {
                let bulk = value(&messages::registrations(&sender, &read.content));
                let written = submitted(&bulk, "BulkRegistrationUnit", "ReferenceNumberRegistrationInfo");
                reads_back(request::registrations, written, &read.content);
            }
        }
        FileKind::MedicalAid => {
            if let Some(read) = expected(request::month(document)) {
                let body = json!({ "MedicalTreatmentMonth": read.content.strftime("%Y%m").to_string() });
                reads_back(request::month, message(json!({}), body), &read.content);
            }
        }
        FileKind::HomeVisits | FileKind::Online => {
            if let Some(read) = expected(request::period(document)) {
                assert!(read.content.from <= read.content.to);
            }
        }
        FileKind::Drugs => {
            if let Some(read) = expected(request::drugs(document)) {
                reads_back_medical(request::drugs, &read.content);
            }
        }
        FileKind::Checkups => {
            if let Some(read) = expected(request::checkups(document)) {
                reads_back_medical(request::checkups, &read.content);
            }
        }
        FileKind::BulkCheckResult
        | FileKind::MedicalAidResult
        | FileKind::HomeVisitsResult
        | FileKind::OnlineResult
        | FileKind::BulkRegistrationResult => {
            if let Some(read) = expected(request::fetch(document)) {
                let body = json!({ "ReceptionNumber": read.content.text });
                let again = Document::xml(&xml::document(&message(json!({}), body))).expect("it was read before");
                assert_eq!(request::fetch(&again).expect("it was read before").content.text, read.content.text);
            }
        }
    }
}

/// Returns what was read; a refusal says why in both languages.
fn expected<T>(read: Result<T, Text>) -> Option<T> {
    read.map_err(|refusal| assert!(!refusal.ja.is_empty() && !refusal.en.is_empty())).ok()
}

/// Returns a message as a value.
fn value(message: &Group) -> Value {
    serde_json::from_slice(&message.to_json()).expect("a message is JSON")
}

/// Returns a request with the infos that the units of a bulk result repeat.
fn submitted(result: &Value, unit: &str, info: &str) -> Value {
    let units = result["XmlMsg"]["MessageBody"][unit].as_array().cloned().unwrap_or_default();
    let infos: Vec<Value> = units.into_iter().map(|mut unit| unit[info].take()).collect();
    let header = result["XmlMsg"]["MessageHeader"].clone();
    json!({ "XmlMsg": { "MessageHeader": header, "MessageBody": { info: infos } } })
}

fn message(mut header: Value, body: Value) -> Value {
    header["MedicalInstitutionCode"] = json!("9910000018");
    json!({ "XmlMsg": { "MessageHeader": header, "MessageBody": body } })
}

type Reader<T> = fn(&Document<'_>) -> Result<ParsedRequest<T>, Text>;

fn reads_back<T: PartialEq + std::fmt::Debug>(read: Reader<T>, written: Value, content: &T) {
    let document = Document::xml(&xml::document(&written)).expect("what was read can be written");
    assert_eq!(read(&document).expect("it was read before").content, *content);
}

fn reads_back_medical(read: Reader<MedicalRequest>, content: &MedicalRequest) {
    let CardData { insurer_number, symbol, number, branch } = &content.card;
    let header = json!({
        "InsurerNumber": insurer_number,
        "InsuranceCardSymbol": symbol.as_deref().unwrap_or_default(),
        "InsuredPersonIdentificationNumber": number,
        "BranchNumber": branch.as_deref().unwrap_or_default(),
    });
    let mut body = json!({});
    let category = match content.requested {
        Information::Checkups => 2,
        Information::Drugs(query) => {
            for (name, month) in [("StartDate", query.first), ("EndDate", query.last)] {
                body[name] = json!(month.map_or_else(String::new, |month| month.strftime("%Y%m").to_string()));
            }
            if query.treatments { 4 } else { 2 }
        }
    };
    body["FileCategory"] = json!((category - i32::from(content.pdf)).to_string());
    let document = Document::xml(&xml::document(&message(header, body))).expect("what was read can be written");
    let again = read(&document).expect("it was read before").content;
    assert_eq!(again, MedicalRequest { notes: Vec::new(), ..content.clone() });
}
