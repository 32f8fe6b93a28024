//! Names of namespaces: accepted exactly where they are URI references of RFC 3986.

#![no_main]

use fluent_uri::UriRef;
use libfuzzer_sys::{Corpus, fuzz_target};
use onshi_core::wire::document::Document;

/// What no document can declare, though they are URIs.
const RESERVED: [&str; 3] = ["", "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"];

fuzz_target!(|text: &str| -> Corpus {
    if RESERVED.contains(&text) || text.contains(char::is_control) {
        return Corpus::Reject;
    }
    let document = format!("<a xmlns:b='{}'/>", text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;"));
    assert_eq!(Document::xml(&document).is_ok(), UriRef::parse(text).is_ok(), "{text}");
    Corpus::Keep
});
