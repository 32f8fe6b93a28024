//! Reads what clients send as JSON. What is wrong is told with its place, in Japanese as far as the parser's words are known.

use axum::http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::problem::Problem;
use crate::domain::text::Text;
use crate::wire::said::in_japanese;

/// Reads a JSON document; an empty body counts as `{}`.
///
/// # Errors
/// A problem that names the offending field and says what the parser expected.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let bytes = if bytes.iter().all(u8::is_ascii_whitespace) { b"{}" } else { bytes };
    if let Err(error) = std::str::from_utf8(bytes) {
        return Err(not_utf8(&error));
    }
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        // serde would take a list for an object, field by field.
        return Err(Problem::field("", Text::new("JSON オブジェクトが必要です。", "A JSON object was expected.")));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| unreadable(error.inner(), &pointer(error.path())))?;
    deserializer.end().map(|()| parsed).map_err(|error| unreadable(&error, ""))
}

fn not_utf8(error: &std::str::Utf8Error) -> Problem {
    let at = error.valid_up_to() + 1;
    let title = Text::new("本文が UTF-8 ではありません", "The body is not UTF-8");
    let detail = Text::new(
        format!("{at}バイト目が UTF-8 として読めません。JSON は UTF-8 で送ってください。"),
        format!("Byte {at} is not UTF-8; JSON is sent in UTF-8."),
    );
    let remedy = Text::new(
        "Windows のコンソールや古い PowerShell は Shift_JIS（CP932）で送ることがあります。本文を UTF-8 のファイルに保存し、curl --data-binary @ファイル で送ってください",
        "Windows consoles and old PowerShells may send Shift_JIS (CP932): save the body as a file in UTF-8 and send it with curl --data-binary @FILE",
    );
    Problem::new(StatusCode::BAD_REQUEST, "not-json", title, detail).remedy(remedy).closing()
}

/// Reads a JSON value that is already parsed; `at` is the JSON pointer of the value itself.
///
/// # Errors
/// As [`parse_json`].
pub fn parse_value<T: DeserializeOwned>(value: Value, at: &str) -> Result<T, Problem> {
    serde_path_to_error::deserialize(value).map_err(|error| unreadable(error.inner(), &format!("{at}{}", pointer(error.path()))))
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

fn unreadable(error: &serde_json::Error, pointer: &str) -> Problem {
    // A field that is gone is known only so that its use is answered with what replaces it.
    let said = error.to_string().replace("`shuffle_elements`, ", "");
    if error.is_data() {
        // A field that is absent has no place of its own: the parser names the object that lacks it.
        let missing = said.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
        let pointer = missing.map_or_else(|| pointer.to_owned(), |name| format!("{pointer}/{name}"));
        return Problem::field(&pointer, Text::new(in_japanese(&said), said.as_str()));
    }
    let title = Text::new("JSON として読めません", "The body is not JSON");
    let detail = Text::new(format!("{}行{}列で JSON として読めなくなります。", error.line(), error.column()), said);
    Problem::new(StatusCode::BAD_REQUEST, "not-json", title, detail).closing()
}
