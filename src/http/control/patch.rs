//! Merge patches: absent fields stay unchanged, and `null` resets a field to its default (RFC
//! 7396).

use std::borrow::Cow;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::http::problem::Problem;
use crate::json::parse_value;

/// Some fields of `T`.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct Patch<T> {
    fields: Map<String, Value>,
    #[serde(skip)]
    of: PhantomData<T>,
}

impl<T> Patch<T> {
    /// Whether the patch contains a field.
    pub fn is_given(&self, field: &str) -> bool {
        self.fields.contains_key(field)
    }
}

impl<T> Clone for Patch<T> {
    fn clone(&self) -> Self {
        Self { fields: self.fields.clone(), of: PhantomData }
    }
}

impl<T> Default for Patch<T> {
    fn default() -> Self {
        Self { fields: Map::new(), of: PhantomData }
    }
}

impl<T: JsonSchema> JsonSchema for Patch<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("{}Patch", T::schema_name()).into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(schemas);
        schema.remove("required");
        for field in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
            *field = json!({ "anyOf": [field.take(), { "type": "null" }] });
        }
        schema
    }
}

/// Returns the settings with the patch applied. `at` is the JSON pointer of `patch`.
pub(super) fn merged<T: Default + Serialize + DeserializeOwned>(settings: &T, patch: Patch<T>, at: &str) -> Result<T, Problem> {
    let plain = |settings: &T| serde_json::to_value(settings).expect("settings are plain data");
    let mut whole = plain(settings);
    merge(&mut whole, Value::Object(patch.fields), &plain(&T::default()));
    Ok(parse_value(whole, at)?)
}

/// Replaces the fields of the target by those of the patch; `null` becomes the default. Unknown
/// names are kept, so that parsing refuses them.
fn merge(target: &mut Value, patch: Value, default: &Value) {
    match (target, patch) {
        (Value::Object(target), Value::Object(patch)) => {
            for (name, value) in patch {
                let default = &default[&name];
                if value.is_null() {
                    target.insert(name, default.clone());
                } else {
                    merge(target.entry(name).or_insert(Value::Null), value, default);
                }
            }
        }
        (target, patch) => *target = patch,
    }
}
