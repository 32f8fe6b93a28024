//! Examples of responses, recorded from the running program in `examples.json` by `UPDATE_DOCS=1
//! cargo test --test docs answer_examples`.

use std::sync::LazyLock;

use serde_json::{Map, Value};

/// The examples by operation, status and media type.
static EXAMPLES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).expect("a test wrote it as JSON, and another one reads it"));

/// Adds the examples to the responses of an operation.
pub(super) fn add_examples(id: &str, answers: &mut Map<String, Value>) {
    for (status, by_type) in EXAMPLES[id].as_object().into_iter().flatten() {
        let content = answers.get_mut(status).and_then(|answer| answer.get_mut("content")).and_then(Value::as_object_mut);
        for (media_type, media) in content.into_iter().flatten() {
            if let Some(example) = by_type.get(media_type) {
                media["example"] = example.clone();
            }
        }
    }
}
