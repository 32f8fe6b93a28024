//! A client's document: JSON and XML are parsed into the same values, so that one reader serves
//! both. Errors name the position.

mod value;
mod xml;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::value::{Object, Value};

use super::tree::Verbatim;
use crate::domain::text::Text;

/// A parsed document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document<'a> {
    /// From XML, it contains only objects, arrays and texts.
    pub value: Value<'a>,
    /// The XML spelling of elements that are returned byte for byte, by name, if it is not the
    /// usual one.
    verbatim: BTreeMap<&'static str, Verbatim>,
}

impl<'a> Document<'a> {
    /// Parses a client's JSON, with or without a byte order mark.
    ///
    /// # Errors
    /// The error in the bytes.
    pub fn json(bytes: &'a [u8]) -> Result<Self, Text> {
        json(bytes).map(|value| Self { value, verbatim: BTreeMap::new() })
    }

    /// Parses XML 1.0 with namespaces. Attributes, comments and processing instructions are
    /// ignored.
    ///
    /// # Errors
    /// The error with line and column: not well-formed, a DTD, an entity that is not built in, too
    /// deep, too many elements.
    pub fn xml(text: &str) -> Result<Document<'static>, Text> {
        xml::read(text)
    }

    /// Returns the text of an element with the client's spelling. `text` is the parsed value.
    pub fn verbatim(&self, name: &str, text: &str) -> Verbatim {
        self.verbatim.get(name).filter(|verbatim| verbatim.text == text).cloned().unwrap_or_else(|| text.into())
    }
}

/// Parses a client's JSON, with or without a byte order mark.
///
/// # Errors
/// The error in the bytes.
pub fn json<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Text> {
    let length = bytes.len();
    let text = std::str::from_utf8(bytes).map_err(|error| match error.error_len() {
        None => cut_short(length, "文字の途中", "in the middle of a character"),
        Some(_) => {
            let at = error.valid_up_to();
            Text::new(
                format!("本文の {at} バイト目が UTF-8 ではありません。Content-Type: application/json;charset=UTF-8 で送ってください。"),
                format!("Byte {at} of the body is not UTF-8; send application/json;charset=UTF-8."),
            )
        }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Text::new("本文が空です。JSON オブジェクトが必要です。", "The body is empty; a JSON object was expected."));
    }
    if text.trim_start().starts_with('<') {
        return Err(Text::new(
            "本文が XML または HTML です。JSON は Content-Type: application/json;charset=UTF-8、照会の XML は application/xml で送ってください。",
            "The body is XML or HTML; send JSON as application/json;charset=UTF-8, and a check in XML as application/xml.",
        ));
    }
    serde_json::from_str(text).map_err(|error| {
        if error.is_eof() {
            return cut_short(length, "JSON の途中", "in the middle of the JSON");
        }
        Text::new(format!("JSON として読めません（{}行{}列）。", error.line(), error.column()), format!("The body is not JSON: {error}."))
    })
}

/// Returns the error for a truncated body. Some clients count Content-Length in characters: a body
/// with full-width text then ends early, and the rest arrives as an invalid next request.
fn cut_short(length: usize, ja: &str, en: &str) -> Text {
    Text::new(
        format!("本文が {ja}で終わっています（{length} バイト）。Content-Length は文字数ではなく UTF-8 のバイト数で送ってください。"),
        format!("The body ends {en} (after {length} bytes); Content-Length is the number of UTF-8 bytes, not of characters."),
    )
}
