//! One inquiry as JSON, as XML in both character sets and as a request file: one outcome, and a
//! journal entry for each answer.

#![no_main]

use std::sync::LazyLock;

use arbitrary::{Arbitrary, Unstructured};
use axum::body::Body;
use axum::http::Request;
use encoding_rs::SHIFT_JIS;
use libfuzzer_sys::fuzz_target;
use onshi_core::domain::encoding::Encoding;
use onshi_core::domain::ids::InstitutionCode;
use onshi_core::wire::charset::can_encode;
use onshi_core::wire::document::Document;
use onshi_mock::journal::Outcome;
use onshi_mock_fuzz::server::{Answer, SEARCH, Server};
use onshi_mock_fuzz::xml;
use serde_json::{Map, Value, json};

static SERVER: LazyLock<(Server, Vec<InstitutionCode>)> = LazyLock::new(start);

/// Institutions that differ in their terminals and in the form of their errors.
fn start() -> (Server, Vec<InstitutionCode>) {
    let server = Server::start();
    let create = |template: &str, profile: &str, terminal: Value| {
        let institution = json!({ "template": template, "error_profile": profile, "terminals": { "T1": terminal } });
        let created = server.set("POST", "/v1/institutions", &institution);
        InstitutionCode::parse(created["code"].as_str().expect("a code")).expect("a code")
    };
    let pending = "9910000026";
    let created = vec![
        create("9910000018", "envelope", json!({})),
        create("9910000018", "envelope", json!({ "encoding": "shift_jis", "element_order": "shuffled" })),
        create(pending, "envelope", json!({})),
        create(pending, "bare", json!({ "encoding": "shift_jis" })),
        create(pending, "http", json!({ "element_order": "hash" })),
        create(pending, "silent", json!({})),
    ];
    (server, created)
}

/// The elements of a request, in the order in which the input decides on them.
const HEADER: [&str; 3] = ["MedicalInstitutionCode", "QualificationConfirmationDate", "ArbitraryFileIdentifier"];
const INFO: [&str; 7] = [
    "InsurerNumber",
    "InsuredCardSymbol",
    "InsuredIdentificationNumber",
    "InsuredBranchNumber",
    "Birthdate",
    "LimitApplicationCertificateRelatedConsFlg",
    "ArbitraryIdentifier",
];
const NAMES: [&str; 6] = ["XmlMsg", "MessageHeader", "MessageBody", "QualificationConfirmSearchInfo", "Birthdate", "x"];

/// A request as one tree, which both forms can write.
#[derive(Debug)]
struct Inquiry {
    tree: Value,
    institution: usize,
    asks_for_xml: bool,
}

impl<'a> Arbitrary<'a> for Inquiry {
    fn arbitrary(input: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let (_, codes) = &*SERVER;
        let institution = input.choose_index(codes.len())?;
        let sample = input.choose_index(SERVER.0.app.fixtures().samples.len())?;
        let mut header = Map::new();
        let mut info = Map::new();
        for name in HEADER {
            let usual = match name {
                "MedicalInstitutionCode" => codes[institution].to_string(),
                "QualificationConfirmationDate" => "20260120".to_owned(),
                _ => "file-1".to_owned(),
            };
            add(input, &mut header, name, usual)?;
        }
        for name in INFO {
            add(input, &mut info, name, of_sample(sample, name))?;
        }
        let mut body = Map::from_iter([("QualificationConfirmSearchInfo".to_owned(), Value::Object(info))]);
        body.retain(|_, info| info.as_object().is_some_and(|info| !info.is_empty()));
        for _ in 0..input.int_in_range(0..=2)? {
            let (name, value) = (*input.choose(&NAMES)?, tree(input, 2)?);
            let part = if input.arbitrary()? { &mut header } else { &mut body };
            part.insert(name.to_owned(), value);
        }
        let parts = [("MessageHeader", header), ("MessageBody", body)].into_iter().filter(|(_, part)| !part.is_empty());
        let message: Map<String, Value> = parts.map(|(name, part)| (name.to_owned(), Value::Object(part))).collect();
        let root = if input.ratio(1, 32)? { *input.choose(&NAMES)? } else { "XmlMsg" };
        let message = if message.is_empty() { json!("") } else { Value::Object(message) };
        Ok(Self { tree: json!({ root: message }), institution, asks_for_xml: input.arbitrary()? })
    }
}

/// Adds an element: mostly with its usual text, else with another, with something else, or not.
fn add(input: &mut Unstructured<'_>, group: &mut Map<String, Value>, name: &str, usual: String) -> arbitrary::Result<()> {
    let value = match input.int_in_range(0..=9)? {
        7 => return Ok(()),
        8 => text(input)?,
        9 => tree(input, 2)?,
        _ => Value::String(usual),
    };
    group.insert(name.to_owned(), value);
    Ok(())
}

/// Returns what a sample of the fixtures has in an element.
fn of_sample(sample: usize, name: &str) -> String {
    let fixtures = SERVER.0.app.fixtures();
    let sample = &fixtures.samples[sample];
    match name {
        "InsurerNumber" => sample.insurer_number.clone(),
        "InsuredCardSymbol" => sample.symbol.clone().unwrap_or_default(),
        "InsuredIdentificationNumber" => sample.number.clone(),
        "InsuredBranchNumber" => sample.branch.clone().unwrap_or_default(),
        "Birthdate" => sample.birthdate.strftime("%Y%m%d").to_string(),
        "LimitApplicationCertificateRelatedConsFlg" => "1".to_owned(),
        _ => "mine".to_owned(),
    }
}

/// Returns a text of characters that XML allows.
fn text(input: &mut Unstructured<'_>) -> arbitrary::Result<Value> {
    let text: &str = input.arbitrary()?;
    Ok(Value::String(text.chars().filter(|c| can_encode(Encoding::Utf8, *c)).collect()))
}

/// Returns a value that JSON and XML can both write: no empty object, no array of fewer than two.
fn tree(input: &mut Unstructured<'_>, depth: usize) -> arbitrary::Result<Value> {
    let shape = if depth == 0 { 0 } else { input.int_in_range(0..=2)? };
    match shape {
        1 => Ok(Value::Array(vec![tree(input, 0)?, tree(input, 0)?])),
        2 => {
            let (name, value) = (*input.choose(&NAMES)?, tree(input, depth - 1)?);
            Ok(json!({ name: value }))
        }
        _ => text(input),
    }
}

fuzz_target!(|inquiry: Inquiry| {
    let (server, codes) = &*SERVER;
    let mut likely = codes.clone();
    likely.swap(0, inquiry.institution);
    let codes = &likely;
    let accept = if inquiry.asks_for_xml { "application/xml" } else { "application/json" };
    let send = |path: &str, content_type: &str, body: Vec<u8>| {
        let request = Request::post(path).header("Content-Type", content_type).header("Accept", accept);
        server.backend(request.body(Body::from(body)).expect("a request"))
    };
    let text = xml::document(&inquiry.tree);
    let path = format!("/linkage/v1/terminals/{}-T1/files/OQSsiquc01req_1.xml", codes[0]);
    let file = send(&path, "application/xml", text.clone().into_bytes());
    let mut answers = vec![
        send(SEARCH, "application/json;charset=UTF-8", inquiry.tree.to_string().into_bytes()),
        send(SEARCH, "application/xml", text.clone().into_bytes()),
    ];
    if text.chars().all(|c| can_encode(Encoding::ShiftJis, c)) {
        let text = text.replacen("UTF-8", "Shift_JIS", 1);
        answers.push(send(SEARCH, "text/xml", SHIFT_JIS.encode(&text).0.into_owned()));
    }
    let all: Vec<&Answer> = answers.iter().chain([&file]).collect();
    let mut outcomes: Vec<Outcome> = server.entries_of(&all, codes).into_iter().map(|listed| listed.entry.outcome).collect();
    let of_file = outcomes.pop().expect("it is the last");
    let json = &answers[0];
    assert!(json.status != 500 && file.status != 500);
    for (answer, outcome) in answers.iter().zip(&outcomes) {
        assert_eq!(*outcome, outcomes[0], "{inquiry:?}");
        assert_eq!((answer.status, answer.text(), answer.is_silent), (json.status, json.text(), json.is_silent), "{inquiry:?}");
    }
    // The institution in the path of a file may be another one.
    if let (Outcome::Checked { .. }, Outcome::Checked { .. }) = (&outcomes[0], &of_file) {
        assert_eq!(outcomes[0], of_file);
        assert_eq!(leaves(json), leaves(&file));
    }
});

/// Returns the texts of an answer's elements, sorted; without what names the character set, and
/// with characters that the terminal's lacks replaced.
fn leaves(answer: &Answer) -> Vec<(String, String)> {
    let body = answer.body.as_deref().unwrap_or_default();
    let value = if answer.media_type().ends_with("json") {
        Document::json(body).map(|read| serde_json::json!(read.value))
    } else {
        let text = onshi_core::wire::charset::decode(body, None).expect("an answer declares its character set");
        Document::xml(&text).map(|read| serde_json::json!(read.value))
    };
    let mut leaves = Vec::new();
    collect("", &value.expect("an answer can be read"), &mut leaves);
    leaves.retain(|(name, _)| name != "CharacterCodeIdentifier");
    leaves.sort();
    leaves
}

fn collect(name: &str, value: &Value, leaves: &mut Vec<(String, String)>) {
    let carried = |c| if can_encode(Encoding::ShiftJis, c) { c } else { '〓' };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| collect(name, member, leaves)),
        Value::Array(items) => items.iter().for_each(|item| collect(name, item, leaves)),
        value => leaves.push((name.to_owned(), value.as_str().unwrap_or_default().chars().map(carried).collect())),
    }
}
