//! Bodies by media type in the OpenAPI document.

use serde_json::{Map, Value, json};

/// The media type of JSON.
pub const JSON: &str = "application/json";
/// The media type of XML.
pub const XML: &str = "application/xml";

/// Returns `{media type: {"schema": …}}`.
pub fn content(media_type: &str, schema: Value) -> Value {
    Value::Object(Map::from_iter([(media_type.to_owned(), json!({ "schema": schema }))]))
}
