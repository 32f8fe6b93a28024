//! Bodies by media type, as the document has them.

use serde_json::{Map, Value, json};

/// JSON.
pub const JSON: &str = "application/json";
/// XML.
pub const XML: &str = "application/xml";

/// `{media type: {"schema": …}}`.
pub fn content(media_type: &str, schema: Value) -> Value {
    Value::Object(Map::from_iter([(media_type.to_owned(), json!({ "schema": schema }))]))
}
