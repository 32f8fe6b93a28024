//! XML documents: accepted exactly where libxml2 accepts them, and read back as they were read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onshi_core::domain::text::Text;
use onshi_core::wire::charset::decode;
use onshi_core::wire::document::Document;
use onshi_mock_fuzz::{libxml2, xml};
use serde_json::Value;

/// The program's own rules, in addition to those of XML and of namespaces.
const OWN_RULES: [&str; 6] = [
    "has both text and elements",
    "a DTD (DOCTYPE) is refused",
    "lie too deep",
    "too many elements",
    "too many attributes",
    // The target `uri` has a better oracle than libxml2, which refuses `//h:` and accepts `//[ ]`.
    "is not a URI",
];
/// `XML_WAR_NS_URI`: the name of a namespace is not a URI.
const NOT_A_URI: i32 = 99;

/// The elements that are returned in the client's spelling.
const VERBATIM: [&str; 2] = ["ArbitraryFileIdentifier", "ReceptionNumber"];

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = decode(bytes, None) else { return };
    let read = Document::xml(&text);
    let refusal = read.as_ref().err();
    if text.contains('\0') {
        // Which is where a document ends for libxml2.
        assert!(refusal.is_some());
    } else if !refusal.is_some_and(is_by_an_own_rule) {
        let mut errors = libxml2::errors(&text);
        errors.retain(|code| *code != NOT_A_URI);
        assert_eq!(refusal.is_none(), errors.is_empty(), "{refusal:?}, libxml2: {errors:?}");
    }
    if let Ok(document) = read {
        let value = serde_json::to_value(&document.value).expect("a document is plain data");
        let again = Document::xml(&xml::document(&value)).expect("what was read can be written");
        assert_eq!(again.value, document.value);
        check_spellings(&document, &value);
    }
});

fn is_by_an_own_rule(refusal: &Text) -> bool {
    OWN_RULES.iter().any(|rule| refusal.en.contains(rule))
}

/// The spelling that is kept for an element reads as its text.
fn check_spellings(document: &Document<'_>, value: &Value) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            if let (Some(name), Some(text)) = (VERBATIM.iter().find(|known| *known == name), member.as_str()) {
                let spelt = document.verbatim(name, text).xml.map_or_else(|| xml::escaped(text), String::from);
                let read = Document::xml(&format!("<a>{spelt}</a>")).expect("the spelling was read before");
                assert_eq!(read.value.get("a").and_then(|read| read.as_str()), Some(text));
            }
            check_spellings(document, member);
        }),
        Value::Array(items) => items.iter().for_each(|item| check_spellings(document, item)),
        _ => {}
    }
}
