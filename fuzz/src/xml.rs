//! Writes a document's values as XML in the usual spelling, to be read back.

use serde_json::Value;

/// Writes a document: an object with one member, the outermost element.
pub fn document(value: &Value) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n");
    members(value, &mut xml);
    xml
}

fn members(value: &Value, xml: &mut String) {
    for (name, value) in value.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) => items.iter().for_each(|item| element(name, item, xml)),
            value => element(name, value, xml),
        }
    }
}

fn element(name: &str, value: &Value, xml: &mut String) {
    xml.extend(["<", name, ">"]);
    match value {
        Value::String(text) => xml.push_str(&escaped(text)),
        value => members(value, xml),
    }
    xml.extend(["</", name, ">"]);
}

/// Escapes a text as the program does.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\r', "&#13;")
}
