//! Checks by card data in JSON and in XML: what is read, an answer repeats, in each form,
//! character set and order, and it reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use onshi_core::domain::element_order::ElementOrder;
use onshi_core::domain::encoding::Encoding;
use onshi_core::wire::charset::decode;
use onshi_core::wire::document::Document;
use onshi_core::wire::element_order::ordered;
use onshi_core::wire::request::{self, Sender};
use onshi_core::wire::tree::Group;
use onshi_core::wire::xml;
use onshi_mock_fuzz::messages::{self, REPLACEMENT, replaced_text, with_replacements};

/// The longest refusal: it names what is wrong, and does not repeat the request.
const MAX_REFUSAL: usize = 600;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(document) = Document::json(bytes) {
        check(&document);
    }
    if let Ok(document) = decode(bytes, None).and_then(|text| Document::xml(&text)) {
        check(&document);
    }
});

fn check(document: &Document<'_>) {
    let sender = Sender::of(document);
    match request::check(document) {
        Ok(read) => {
            let message = messages::check(&sender, &read.content);
            check_json(&message, &sender, &read);
            for order in [ElementOrder::Specification, ElementOrder::Hash, ElementOrder::Shuffled] {
                for encoding in [Encoding::Utf8, Encoding::ShiftJis] {
                    check_xml(&ordered(message.clone(), order, 7), encoding, &sender, &read);
                }
            }
        }
        Err(refusal) => {
            for text in [refusal.ja, refusal.en] {
                assert!(!text.is_empty() && text.chars().count() < MAX_REFUSAL, "{text}");
            }
        }
    }
}

type Check = request::ParsedRequest<onshi_core::domain::inquiry::Inquiry>;

fn check_json(message: &Group, sender: &Sender, read: &Check) {
    let json = message.to_json();
    let again = Document::json(&json).expect("an answer is JSON");
    assert_eq!(request::check(&again).expect("an answer repeats the request").content, read.content);
    let text = |sender: &Sender| sender.file_identifier.as_ref().map(|identifier| identifier.text.clone());
    let of_answer = Sender::of(&again);
    assert_eq!(text(&of_answer), text(sender));
    assert_eq!(Sender { file_identifier: None, ..of_answer }, Sender { file_identifier: None, ..sender.clone() });
}

fn check_xml(message: &Group, encoding: Encoding, sender: &Sender, read: &Check) {
    let written = xml::write(message, encoding, REPLACEMENT);
    let again = Document::xml(&decode(&written.bytes, None).expect("its character set is declared")).expect("an answer is XML");
    let content = request::check(&again).expect("an answer repeats the request").content;
    assert_eq!(serde_json::json!(content), with_replacements(&read.content, &written.replaced));
    let of_answer = Sender::of(&again);
    if written.replaced.is_empty() {
        assert_eq!(of_answer, *sender, "the identifier byte for byte");
    }
    let text = |sender: &Sender| sender.file_identifier.as_ref().map(|identifier| identifier.text.to_string());
    let is_usual = sender.file_identifier.as_ref().is_none_or(|identifier| identifier.xml.is_none());
    if is_usual {
        assert_eq!(text(&of_answer), text(sender).map(|text| replaced_text(&text, &written.replaced)));
    }
}
