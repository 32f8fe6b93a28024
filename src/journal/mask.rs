//! Masks what may be of a person in a journal entry, so that reports leave no patient's data behind: what a client sent is kept only where it is
//! one of the words that are known here.

mod message;
mod words;

use serde_json::{Value, json};

use message::mask_message;
use words::{FIELDS, METHODS, PLAIN_ERRORS, SERVER_FIELDS, known_path, known_pointer};

/// What stands in place of it.
const MASKED: &str = "[masked]";

/// An entry without what may be of a person.
pub(super) fn masked(mut entry: Value) -> Value {
    let operation = entry["operation"].as_str().unwrap_or_default().to_owned();
    let has = |field: &str| !entry[field].is_null();
    // Only a terminal that exists is at something.
    let is_known = has("phase") || entry["method"] == "FILE";
    let is_done = is_known && !has("error");
    let error = entry.pointer("/error/id").and_then(Value::as_str);
    let quotes = error.is_some_and(|error| !PLAIN_ERRORS.contains(&error));
    let has_fault = has("fault");
    for (name, value) in entry.as_object_mut().into_iter().flatten() {
        match (&**name, &mut *value) {
            ("path", Value::String(path)) => *path = known_path(path, is_known, is_done),
            ("method", method) if METHODS.contains(&method.as_str().unwrap_or_default()) => {}
            ("terminal", _) if is_known => {}
            ("why", text) if quotes => mask_quotation(text),
            ("error", error) if quotes => mask_quotation(&mut error["message"]),
            ("notes", Value::Array(notes)) => {
                // The last one is the fault's.
                let of_client = notes.len() - usize::from(has_fault && !notes.is_empty());
                notes[..of_client].iter_mut().for_each(mask_quotation);
            }
            ("near_miss", miss) => {
                for criterion in miss["criteria"].as_array_mut().into_iter().flatten() {
                    (criterion["expected"], criterion["got"]) = (json!(MASKED), json!(MASKED));
                }
            }
            ("request", request) => mask_message(request, FIELDS, &|name, text| words::known_value(name, text)),
            ("answer", answer) => mask_message(answer, &[], &words::told(&operation, quotes)),
            (name, _) if SERVER_FIELDS.contains(&name) => {}
            (_, other) => *other = json!(MASKED),
        }
    }
    entry
}

/// Of what a text quotes only the place is kept.
fn mask_quotation(text: &mut Value) {
    for said in text.as_object_mut().into_iter().flat_map(|text| text.values_mut()) {
        let pointer = known_pointer(said.as_str().unwrap_or_default());
        *said = pointer.map_or_else(|| json!(MASKED), |pointer| json!(format!("{pointer}: {MASKED}")));
    }
}

#[cfg(test)]
mod tests;
