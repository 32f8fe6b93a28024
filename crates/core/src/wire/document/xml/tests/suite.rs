//! Test against the W3C conformance suite: its documents for XML 1.0 (5th edition) and Namespaces
//! in XML 1.0. All those with a DTD must be refused.

use std::collections::BTreeMap;
use std::path::Path;

use encoding_rs::Encoding;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::wire::charset::decode;
use crate::wire::document::Document;

/// A document of the suite.
struct Case {
    id: String,
    uri: String,
    is_well_formed: bool,
}

/// Declared as UTF-8 but encoded in UTF-16: refused as UTF-16, and valid once it is decoded.
const MISLABELLED: &str = "hst-lhs-008";
/// These have `<!DOCTYPE` only in a comment, a processing instruction or a CDATA section.
const WITHOUT_DTD: [&str; 3] = ["o-p15pass1", "o-p16pass1", "o-p18pass1"];

#[test]
#[ignore = "needs the suite: .ci/xml fetches it and runs this"]
fn the_documents_of_the_suite_are_accepted_and_refused_as_it_says() {
    let dir = std::env::var("XML_SUITE").expect("XML_SUITE is the directory of the suite: run .ci/xml");
    let dir = Path::new(&dir);
    let list = std::fs::read_to_string(dir.join("cleaned/xmlconf-flattened.xml")).unwrap();
    let (mut counts, mut disagreements) = (BTreeMap::<_, usize>::new(), Vec::new());
    for case in cases(&list) {
        let bytes = std::fs::read(dir.join("xmlconf").join(&case.uri)).unwrap();
        let (text, kind) = match as_utf_16(&bytes) {
            Some(text) => {
                assert!(decode(&bytes, None).is_err(), "{}: UTF-16 is not read", case.id);
                (Ok(text), " (UTF-16)")
            }
            None => (decode(&bytes, None), ""),
        };
        let has_dtd = has_dtd(&bytes) && !WITHOUT_DTD.contains(&&*case.id);
        let read = text.and_then(|text| Document::xml(&text));
        let expected = case.is_well_formed && !has_dtd;
        let kind =
            if has_dtd { "with DTD".to_owned() } else { format!("{}{kind}", if expected { "well-formed" } else { "not well-formed" }) };
        *counts.entry(kind).or_default() += 1;
        if read.is_ok() != expected && case.id != MISLABELLED {
            disagreements.push((case.id, case.uri, read.map(drop)));
        }
    }
    println!("W3C suite: {counts:?}, {} disagreements", disagreements.len());
    assert!(counts["well-formed"] > 60 && counts["not well-formed"] > 200, "{counts:?}");
    assert!(disagreements.is_empty(), "{disagreements:#?}");
}

/// Returns the documents of the list that are relevant here.
fn cases(list: &str) -> Vec<Case> {
    let mut reader = Reader::from_str(list);
    let (mut bases, mut cases) = (Vec::<String>::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) if start.local_name().into_inner() == "TEST" => {
                cases.extend(case(&start, &bases.concat()));
                bases.push(String::new());
            }
            Event::Start(start) => bases.push(attribute(&start, "xml:base").unwrap_or_default()),
            Event::End(_) => drop(bases.pop()),
            Event::Eof => return cases,
            _ => {}
        }
    }
}

/// Creates a case. Left out are XML 1.1, rules for names that the 5th edition dropped, documents
/// that a parser may accept or refuse, and those without namespaces.
fn case(start: &BytesStart<'_>, base: &str) -> Option<Case> {
    let given = |name| attribute(start, name).unwrap_or_default();
    let (kind, edition) = (given("TYPE"), given("EDITION"));
    let is_of_another =
        given("RECOMMENDATION").contains("1.1") || given("VERSION") == "1.1" || !(edition.is_empty() || edition.contains('5'));
    let is_either_way = kind == "error" || (kind != "not-wf" && given("NAMESPACE") == "no");
    (!is_of_another && !is_either_way).then(|| Case {
        id: given("ID"),
        uri: format!("{base}{}", given("URI")),
        is_well_formed: kind != "not-wf",
    })
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    start.try_get_attribute(name).unwrap().map(|attribute| attribute.value.into_owned())
}

fn as_utf_16(bytes: &[u8]) -> Option<String> {
    let (encoding, _) = Encoding::for_bom(bytes).filter(|(encoding, _)| *encoding != encoding_rs::UTF_8)?;
    Some(encoding.decode_with_bom_removal(bytes).0.into_owned())
}

/// Whether a document in UTF-8 or UTF-16 contains a document type declaration.
fn has_dtd(bytes: &[u8]) -> bool {
    let ascii: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
    ascii.windows(9).any(|part| part == b"<!DOCTYPE")
}
