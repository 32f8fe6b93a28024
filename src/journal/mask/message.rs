//! Masking of a request or a response: its headers, and its body as JSON or XML.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};

use super::words::known_header;
use crate::journal::RenderedText;
use crate::journal::entry::MASKED;

/// Whether the text of a field or element, given name and text, does not identify a person.
pub(super) type FieldPredicate<'a> = &'a dyn Fn(&str, &str) -> bool;

/// Masks headers and body. `fields` are the names of fields and elements that are kept; if it is
/// empty, all are.
pub(super) fn masked_message(message: RenderedText, fields: &[&str], is_impersonal: FieldPredicate<'_>) -> RenderedText {
    let RenderedText { headers, body, bytes, truncated } = message;
    RenderedText {
        headers: headers.into_iter().map(|(name, value)| known_header(&name, &value)).collect(),
        body: body.map(|body| masked_body(&body, fields, is_impersonal)),
        bytes,
        truncated,
    }
}

pub(super) fn masked_body(body: &str, fields: &[&str], is_impersonal: FieldPredicate<'_>) -> String {
    let body = body.trim_start_matches('\u{feff}').trim_start();
    match serde_json::from_str(body) {
        Ok(value) => masked_value("", value, fields, is_impersonal).to_string(),
        Err(_) => masked_xml(body, fields, is_impersonal),
    }
}

fn known<'a>(name: &'a str, fields: &[&str]) -> &'a str {
    if fields.is_empty() || fields.contains(&name) { name } else { MASKED }
}

fn masked_value(name: &str, value: Value, fields: &[&str], is_impersonal: FieldPredicate<'_>) -> Value {
    match value {
        Value::Object(inner) => {
            let field =
                |(name, value): (String, Value)| (known(&name, fields).to_owned(), masked_value(&name, value, fields, is_impersonal));
            inner.into_iter().map(field).collect()
        }
        Value::Array(list) => list.into_iter().map(|value| masked_value(name, value, fields, is_impersonal)).collect(),
        Value::String(text) if is_impersonal(name, &text) => Value::String(text),
        Value::String(_) => json!(MASKED),
        other if is_impersonal(name, &other.to_string()) => other,
        _ => json!(MASKED),
    }
}

/// Masks XML: keeps the elements as far as they can be parsed, without attributes and comments.
fn masked_xml(body: &str, fields: &[&str], is_impersonal: FieldPredicate<'_>) -> String {
    let mut reader = Reader::from_str(body);
    let (mut open, mut written, mut is_masked) = (Vec::<String>::new(), String::new(), false);
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                let name = known(start.local_name().as_ref(), fields).to_owned();
                written.extend(["<", &name, ">"]);
                open.push(name);
                is_masked = false;
            }
            Ok(Event::Empty(empty)) => written.extend(["<", known(empty.local_name().as_ref(), fields), "/>"]),
            Ok(Event::End(_)) => {
                written.extend(["</", &open.pop().unwrap_or_default(), ">"]);
                is_masked = true;
            }
            Ok(Event::Text(text)) if open.last().is_some_and(|name| is_impersonal(name, &text)) => written.push_str(&text),
            Ok(Event::Text(text)) if text.trim().is_empty() => {}
            Ok(Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) if !open.is_empty() => {
                if !is_masked {
                    written.push_str(MASKED);
                }
                is_masked = true;
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    if written.is_empty() { MASKED.to_owned() } else { written }
}
