//! The parser for JSON from people and programs. An error names its place, and is in Japanese
//! as far as the parser's message is known.

use std::fmt;
use std::str::Utf8Error;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::domain::text::Text;
use crate::wire::parse_errors::in_japanese;

/// Why JSON was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// The bytes are not UTF-8.
    NotUtf8 {
        /// The first invalid byte, counted from 1.
        byte: usize,
    },
    /// The text is not JSON from this place on.
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// The parser's message.
        parser_message: String,
    },
    /// The document is a list.
    NotAnObject,
    /// A value is not accepted.
    Field {
        /// Its JSON pointer.
        pointer: String,
        /// The parser's message.
        parser_message: String,
    },
}

/// Parses a JSON document; an empty one and `null` count as `{}`.
///
/// # Errors
/// The document is invalid; the error says what is wrong, and where.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    // Some generated clients send `null` for an optional body.
    let bytes = if matches!(bytes.trim_ascii(), b"" | b"null") { b"{}" } else { bytes };
    std::str::from_utf8(bytes)?;
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        // serde would accept a list for an object, field by field.
        return Err(JsonError::NotAnObject);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut deserializer);
    let parsed = parsed.map_err(|error| to_json_error(error.inner(), &pointer(error.path())))?;
    deserializer.end().map(|()| parsed).map_err(|error| to_json_error(&error, ""))
}

/// Parses a JSON value into a type; `at` is the JSON pointer of the value itself.
///
/// # Errors
/// As [`parse_json`].
pub fn parse_value<T: DeserializeOwned>(value: Value, at: &str) -> Result<T, JsonError> {
    serde_path_to_error::deserialize(value).map_err(|error| to_json_error(error.inner(), &format!("{at}{}", pointer(error.path()))))
}

impl JsonError {
    /// Returns the JSON pointer of the faulty value, if there is one.
    pub fn pointer(&self) -> Option<&str> {
        match self {
            Self::NotUtf8 { .. } | Self::NotJson { .. } => None,
            Self::NotAnObject => Some(""),
            Self::Field { pointer, .. } => Some(pointer),
        }
    }

    /// Describes the error.
    pub fn text(&self) -> Text {
        match self {
            Self::NotUtf8 { byte } => Text::new(
                format!("{byte}バイト目が UTF-8 として読めません。JSON は UTF-8 で送ってください。"),
                format!("Byte {byte} is not UTF-8; JSON is sent in UTF-8."),
            ),
            Self::NotJson { line, column, parser_message } => {
                Text::new(format!("{line}行{column}列で JSON として読めなくなります。"), parser_message.as_str())
            }
            Self::NotAnObject => Text::new("JSON オブジェクトが必要です。", "A JSON object was expected."),
            Self::Field { parser_message, .. } => Text::new(in_japanese(parser_message), parser_message.as_str()),
        }
    }

    /// Describes the error, with the JSON pointer in front.
    pub fn located_text(&self) -> Text {
        let Text { ja, en } = self.text();
        let place = self.pointer().filter(|pointer| !pointer.is_empty()).map_or_else(String::new, |pointer| format!("{pointer}: "));
        Text::new(format!("{place}{ja}"), format!("{place}{en}"))
    }
}

/// Writes a line in each language, both with the place.
impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Text { ja, en } = self.located_text();
        write!(f, "{ja}\n{en}")
    }
}

impl std::error::Error for JsonError {}

impl From<Utf8Error> for JsonError {
    fn from(error: Utf8Error) -> Self {
        Self::NotUtf8 { byte: error.valid_up_to() + 1 }
    }
}

/// Converts a path to a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    let escaped = |name: &str| format!("/{}", name.replace('~', "~0").replace('/', "~1"));
    let segment = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => escaped(key),
        Segment::Enum { variant } => escaped(variant),
        Segment::Unknown => String::new(),
    };
    path.iter().map(segment).collect()
}

fn to_json_error(error: &serde_json::Error, pointer: &str) -> JsonError {
    // `shuffle_elements` was replaced; the parser knows it only to name its replacement, so it
    // is not listed as allowed.
    let parser_message = error.to_string().replace("`shuffle_elements`, ", "");
    if error.is_data() {
        // A missing field has no place of its own: the parser names the object that lacks it.
        let missing = parser_message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        let pointer = missing.map_or_else(|| pointer.to_owned(), |name| format!("{pointer}/{name}"));
        return JsonError::Field { pointer, parser_message };
    }
    JsonError::NotJson { line: error.line(), column: error.column(), parser_message }
}
