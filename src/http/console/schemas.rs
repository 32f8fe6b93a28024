//! Schemas of the OpenAPI document as rows of a table.

use serde_json::Value;

/// A named schema.
pub(super) struct Schema {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) kind: String,
    pub(super) rows: Vec<SchemaRow>,
}

/// A field, or a possible value.
pub(super) struct SchemaRow {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) required: bool,
    pub(super) about: String,
}

impl Schema {
    pub(super) fn of(name: &str, schema: &Value) -> Self {
        let mut rows = Vec::new();
        fields("", schema, &mut rows);
        choices(schema, &mut rows);
        Self { name: name.to_owned(), about: about(schema), kind: kind(schema), rows }
    }
}

/// Adds a row for each field. The fields of nested objects get names with dots.
fn fields(within: &str, schema: &Value, rows: &mut Vec<SchemaRow>) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let required = schema["required"].as_array().is_some_and(|required| required.iter().any(|one| one == name));
        let name = format!("{within}{name}");
        rows.push(SchemaRow { name: name.clone(), kind: kind(field), required, about: about(field) });
        fields(&format!("{name}."), field, rows);
        fields(&format!("{name}[]."), &field["items"], rows);
    }
}

/// Adds a row for each possible value.
fn choices(schema: &Value, rows: &mut Vec<SchemaRow>) {
    for choice in [&schema["oneOf"], &schema["anyOf"]].into_iter().filter_map(Value::as_array).flatten() {
        let tag = choice["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .find_map(|(name, field)| Some(format!("{name} = {}", field["const"].as_str()?)));
        match (choice["const"].as_str(), tag) {
            (Some(value), _) => {
                rows.push(SchemaRow { name: format!("\"{value}\""), kind: String::new(), required: false, about: about(choice) })
            }
            (None, Some(tag)) => {
                rows.push(SchemaRow { name: tag, kind: String::new(), required: false, about: about(choice) });
                fields("… ", choice, rows);
            }
            (None, None) => rows.push(SchemaRow { name: kind(choice), kind: String::new(), required: false, about: about(choice) }),
        }
    }
    let meanings = |number: usize| schema["x-enum-descriptions"][number].as_str().unwrap_or_default().to_owned();
    for (number, value) in schema["enum"].as_array().into_iter().flatten().enumerate() {
        rows.push(SchemaRow { name: value.to_string(), kind: String::new(), required: false, about: meanings(number) });
    }
}

/// Returns a short description of a schema's type.
pub(super) fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or(reference).to_owned();
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    for choices in [&schema["anyOf"], &schema["oneOf"]] {
        if let Some(choices) = choices.as_array() {
            let kinds: Vec<String> = choices.iter().map(kind).collect();
            return kinds.join(" | ");
        }
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let kind = match types.as_slice() {
        ["array"] => format!("{}[]", kind(&schema["items"])),
        ["object"] => map_of(schema),
        [] => "any".to_owned(),
        types => types.join(" | "),
    };
    match schema["format"].as_str() {
        Some(format) => format!("{kind} ({format})"),
        None => kind,
    }
}

fn map_of(schema: &Value) -> String {
    let values = schema["patternProperties"].as_object().and_then(|patterns| patterns.values().next());
    match values.or(schema.get("additionalProperties").filter(|values| values.is_object())) {
        Some(values) => format!("{{name: {}}}", kind(values)),
        None => "object".to_owned(),
    }
}

fn about(schema: &Value) -> String {
    let mut about = schema["description"].as_str().unwrap_or_default().to_owned();
    for (name, label) in [
        ("pattern", "pattern"),
        ("default", "default"),
        ("x-default", "default"),
        ("minimum", "min"),
        ("maximum", "max"),
        ("maxLength", "max length"),
    ] {
        if let Some(value) = schema.get(name).filter(|value| !value.is_object() && !value.is_null()) {
            about.push_str(&format!(" [{label}: {}]", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
        }
    }
    if let Some(provenance) = schema["x-provenance"].as_str().filter(|provenance| matches!(*provenance, "one_author" | "invented")) {
        about.push_str(&format!(" [{provenance}]"));
    }
    about.trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Schema;

    #[test]
    fn a_field_is_required_by_its_own_name_within_its_object() {
        let schema = json!({
            "properties": {
                "Name": {"type": "string"},
                "InsuredName": {"type": "string"},
                "Inner": {"type": "object", "properties": {"Name": {"type": "string"}, "From": {"type": "string"}}, "required": ["From"]},
            },
            "required": ["Name"],
        });
        let rows = Schema::of("Answer", &schema).rows;
        let required: Vec<&str> = rows.iter().filter(|row| row.required).map(|row| row.name.as_str()).collect();
        assert_eq!(required, ["Inner.From", "Name"]);
    }
}
