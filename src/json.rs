//! Reads the JSON that people and programs hand in. What is wrong is told with its place, in
//! Japanese as far as the parser's words are known.

use std::fmt;
use std::str::Utf8Error;

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::domain::text::Text;
use crate::wire::parse_errors::in_japanese;

/// Why JSON could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonError {
    /// The bytes are not UTF-8.
    NotUtf8 {
        /// The first byte that is not, counted from 1.
        byte: usize,
    },
    /// They are not JSON from some place on.
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// The parser's words.
        said: String,
    },
    /// They are a list.
    NotAnObject,
    /// A value cannot be taken.
    Field {
        /// Its JSON pointer.
        pointer: String,
        /// The parser's words.
        said: String,
    },
}

/// Reads a JSON document; an empty one and `null` count as `{}`.
///
/// # Errors
/// What is wrong, and where.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, JsonError> {
    // `null` is what some generated clients send in the place of a body that may be left out.
    let bytes = if matches!(bytes.trim_ascii(), b"" | b"null") { b"{}" } else { bytes };
    std::str::from_utf8(bytes)?;
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        // serde would take a list for an object, field by field.
        return Err(JsonError::NotAnObject);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut deserializer);
    let parsed = parsed.map_err(|error| unreadable(error.inner(), &pointer(error.path())))?;
    deserializer.end().map(|()| parsed).map_err(|error| unreadable(&error, ""))
}

/// Reads a JSON value that is already parsed; `at` is the JSON pointer of the value itself.
///
/// # Errors
/// As [`parse_json`].
pub fn parse_value<T: DeserializeOwned>(value: Value, at: &str) -> Result<T, JsonError> {
    serde_path_to_error::deserialize(value).map_err(|error| unreadable(error.inner(), &format!("{at}{}", pointer(error.path()))))
}

impl JsonError {
    /// The JSON pointer of what is wrong, where that is a value.
    pub fn pointer(&self) -> Option<&str> {
        match self {
            Self::NotUtf8 { .. } | Self::NotJson { .. } => None,
            Self::NotAnObject => Some(""),
            Self::Field { pointer, .. } => Some(pointer),
        }
    }

    /// What is wrong.
    pub fn text(&self) -> Text {
        match self {
            Self::NotUtf8 { byte } => Text::new(
                format!("{byte}バイト目が UTF-8 として読めません。JSON は UTF-8 で送ってください。"),
                format!("Byte {byte} is not UTF-8; JSON is sent in UTF-8."),
            ),
            Self::NotJson { line, column, said } => Text::new(format!("{line}行{column}列で JSON として読めなくなります。"), said.as_str()),
            Self::NotAnObject => Text::new("JSON オブジェクトが必要です。", "A JSON object was expected."),
            Self::Field { said, .. } => Text::new(in_japanese(said), said.as_str()),
        }
    }
}

/// A line in each language, both with the place.
impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Text { ja, en } = self.text();
        let place = self.pointer().filter(|pointer| !pointer.is_empty()).map_or_else(String::new, |pointer| format!("{pointer}: "));
        write!(f, "{place}{ja}\n{place}{en}")
    }
}

impl std::error::Error for JsonError {}

impl From<Utf8Error> for JsonError {
    fn from(error: Utf8Error) -> Self {
        Self::NotUtf8 { byte: error.valid_up_to() + 1 }
    }
}

/// A path as a JSON pointer (RFC 6901).
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

fn unreadable(error: &serde_json::Error, pointer: &str) -> JsonError {
    // A field that is gone is known only so that its use is answered with what replaces it.
    let said = error.to_string().replace("`shuffle_elements`, ", "");
    if error.is_data() {
        // A field that is absent has no place of its own: the parser names the object that lacks it.
        let missing = said.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        let pointer = missing.map_or_else(|| pointer.to_owned(), |name| format!("{pointer}/{name}"));
        return JsonError::Field { pointer, said };
    }
    JsonError::NotJson { line: error.line(), column: error.column(), said }
}
