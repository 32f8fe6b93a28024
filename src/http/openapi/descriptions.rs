//! The Japanese descriptions of fields and responses. `descriptions.json` maps the English text of
//! each doc comment to its Japanese translation.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;

static IN_JAPANESE: LazyLock<HashMap<String, String>> =
    LazyLock::new(|| serde_json::from_str(include_str!("descriptions.json")).expect("a test reads it"));

/// Inserts the Japanese translation before each description that has one. Examples stay unchanged,
/// since they are output of the program.
pub(super) fn put_japanese(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut().filter(|(name, _)| !matches!(name.as_str(), "example" | "examples")) {
                match (name.as_str(), value) {
                    ("description", Value::String(en)) => translate(en),
                    ("x-enum-descriptions", Value::Array(all)) => all.iter_mut().for_each(|one| {
                        if let Value::String(en) = one {
                            translate(en);
                        }
                    }),
                    (_, value) => put_japanese(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(put_japanese),
        _ => {}
    }
}

fn translate(en: &mut String) {
    *en = join_lines(en);
    if let Some(ja) = IN_JAPANESE.get(en.as_str()) {
        *en = format!("{ja} {en}");
    }
}

/// Joins the lines of each paragraph, so that a doc comment may be wrapped anywhere.
fn join_lines(text: &str) -> String {
    text.split("\n\n").map(|paragraph| paragraph.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}
