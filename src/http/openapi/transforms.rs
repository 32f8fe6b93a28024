//! Transformations of schemas that help client generators.

use schemars::Schema;
use serde_json::{Value, json};

/// Describes a time of day as a pattern, such as `07:00` or `07:00:00`.
pub(super) fn time_of_day(schema: &mut Schema) {
    schemars::transform::transform_subschemas(&mut time_of_day, schema);
    if schema.get("format").and_then(Value::as_str) == Some("partial-time") {
        schema.remove("format");
        schema.insert("pattern".to_owned(), json!("^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"));
        schema.insert("examples".to_owned(), json!(["07:00"]));
    }
}

/// Converts a choice of texts into an `enum`, for which generators create an enumeration. The
/// meanings of the values are beside it, in the same order.
pub(super) fn string_enum(schema: &mut Schema) {
    schemars::transform::transform_subschemas(&mut string_enum, schema);
    let Some(choices) = schema.get("oneOf").and_then(Value::as_array) else {
        return;
    };
    let Some(values) = choices.iter().map(|choice| choice["const"].as_str()).collect::<Option<Vec<&str>>>() else {
        return;
    };
    let meanings: Vec<&str> = choices.iter().map(|choice| choice["description"].as_str().unwrap_or_default()).collect();
    let (values, meanings) = (json!(values), json!(meanings));
    schema.remove("oneOf");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("enum".to_owned(), values);
    schema.insert("x-enum-descriptions".to_owned(), meanings);
}

/// Removes redundant keywords: `"additionalProperties": true`, since some generators do not support
/// a boolean as a schema, and `"default": null`, since some generators make a field with a default
/// required.
pub(super) fn without_redundant(schema: &mut Schema) {
    schemars::transform::transform_subschemas(&mut without_redundant, schema);
    if schema.get("default") == Some(&Value::Null) {
        schema.remove("default");
    }
    if schema.get("additionalProperties") == Some(&Value::Bool(true)) {
        schema.remove("additionalProperties");
    }
}

/// Moves a default beside a reference to `x-default`, since some generators copy it into code of
/// another type.
pub(super) fn default_of_reference(schema: &mut Schema) {
    schemars::transform::transform_subschemas(&mut default_of_reference, schema);
    if schema.get("$ref").is_some()
        && let Some(default) = schema.remove("default")
    {
        schema.insert("x-default".to_owned(), default);
    }
}
