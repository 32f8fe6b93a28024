//! A value of a client's document. A text without escapes is borrowed from the document.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Number;

/// A value of a document, JSON or XML.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// An object; in XML an element that contains elements.
    Object(Object<'a>),
    /// An array; in XML repeated elements with the same name.
    Array(Vec<Value<'a>>),
    /// A number (JSON only).
    Number(Number),
    /// `true` or `false` (JSON only).
    Bool(bool),
    /// `null` (JSON only).
    #[default]
    Null,
}

/// The members of an object.
pub type Object<'a> = BTreeMap<Cow<'a, str>, Value<'a>>;

impl<'a> Value<'a> {
    /// Returns a member of an object.
    pub fn get(&self, name: &str) -> Option<&Value<'a>> {
        self.as_object()?.get(name)
    }

    /// Returns the members if it is an object.
    pub fn as_object(&self) -> Option<&Object<'a>> {
        if let Self::Object(object) = self { Some(object) } else { None }
    }

    /// Returns the text if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }
}

/// The name of a member, borrowed if possible.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfAnyKind)
    }
}

struct OfAnyKind;

impl<'de> Visitor<'de> for OfAnyKind {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(text.into()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(text.to_owned().into()))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Value<'de>, M::Error> {
        let mut object = Object::new();
        while let Some((Name(name), value)) = members.next_entry()? {
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Value<'de>, S::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_bool<E: Error>(self, bool: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(bool))
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            "\\PC{0,6}|[\u{0}-\u{7f}]{0,6}".prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<u64>().prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
            any::<bool>().prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
                prop::collection::btree_map("[a-c\"é]{0,3}", inner, 0..6)
                    .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn it_reads_what_the_general_reader_reads(value in any_json()) {
            let text = value.to_string();
            let read: Value<'_> = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(serde_json::to_value(&read).unwrap(), value);
        }
    }

    #[test]
    fn of_members_of_one_name_the_last_counts_and_texts_are_borrowed() {
        let read: Value<'_> = serde_json::from_str(r#"{"a":"first","a":"last","b":"\n"}"#).unwrap();
        assert!(matches!(read.get("a"), Some(Value::Text(Cow::Borrowed("last")))));
        assert_eq!(serde_json::to_value(&read).unwrap(), json!({"a": "last", "b": "\n"}));
    }
}
