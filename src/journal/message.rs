//! A request or a response in the journal: its headers and the start of its body, without secrets.

use std::collections::BTreeMap;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::wire::charset;

/// The maximum size of a stored body, in bytes.
pub const MAX_KEPT_BODY: usize = 16 * 1024;
/// The maximum size of the stored headers, in bytes.
const MAX_KEPT_HEADERS: usize = 4 * 1024;
/// The size of a typical header, in bytes.
const TYPICAL_HEADER_LENGTH: usize = 48;
/// Replaces a secret.
const REDACTED: &str = "[redacted]";
/// Common headers that are not secret.
const PLAIN_HEADERS: [&str; 8] =
    ["accept", "accept-encoding", "connection", "content-length", "content-type", "date", "host", "user-agent"];
/// Headers with secret values, and words in the name of a header that mark it as secret.
const SECRET_HEADERS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "set-cookie"];
const SECRET_WORDS: [&str; 4] = ["token", "secret", "password", "api-key"];

/// The stored part of a request or a response.
#[derive(Clone, Default)]
pub struct Message {
    /// One line per header: `name: value`.
    headers: String,
    /// The start of the body; empty if it is no text.
    body: Bytes,
    /// The size of the whole body.
    length: usize,
    /// Whether headers or body were truncated.
    truncated: bool,
}

/// A recorded request or response.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(!deny_unknown_fields)]
#[schemars(rename = "Shown")]
pub struct RenderedText {
    /// The headers, by their lower-case names.
    pub headers: BTreeMap<String, String>,
    /// The body; absent if there was none or if it is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The size of the whole body in bytes.
    pub bytes: usize,
    /// Whether headers or body are truncated.
    pub truncated: bool,
}

impl Message {
    /// Creates a message from headers and a body that may be part of a larger buffer. Secret
    /// headers are not copied.
    pub fn new<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>, body: &Bytes) -> Self {
        Self::with_headers(headers, beginning(body), body.len())
    }

    /// Creates a message from headers and a body that owns its buffer. The buffer is shared if the
    /// whole body is stored.
    pub fn of_own<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>, body: Bytes) -> Self {
        let length = body.len();
        let kept = if length > MAX_KEPT_BODY || !is_text(&body) { beginning(&body) } else { body };
        Self::with_headers(headers, kept, length)
    }

    fn with_headers<'a>(headers: impl Iterator<Item = (&'a str, &'a [u8])>, body: Bytes, length: usize) -> Self {
        let room = (headers.size_hint().0 * TYPICAL_HEADER_LENGTH).min(MAX_KEPT_HEADERS);
        let mut message = Self { headers: String::with_capacity(room), body, length, truncated: length > MAX_KEPT_BODY };
        for (name, value) in headers {
            if message.headers.len() + name.len() + value.len() > MAX_KEPT_HEADERS {
                message.truncated = true;
                continue;
            }
            let value = if is_secret(name) { REDACTED.into() } else { String::from_utf8_lossy(value) };
            message.headers.extend([name, ": ", &*value, "\n"]);
        }
        message
    }

    /// Creates a message from a file.
    pub fn file(bytes: &[u8]) -> Self {
        let kept = &bytes[..bytes.len().min(MAX_KEPT_BODY)];
        let body = if is_text(kept) { Bytes::copy_from_slice(kept) } else { Bytes::new() };
        Self { headers: String::new(), body, length: bytes.len(), truncated: bytes.len() > MAX_KEPT_BODY }
    }

    /// Returns the approximate size in bytes.
    pub(super) fn approximate_size(&self) -> usize {
        // In JSON, quotation marks and line ends take two bytes.
        self.headers.len() + self.body.len() + self.body.len() / 4
    }

    /// Renders the message. For a `secret` body, only the names of its fields are shown.
    pub(super) fn shown(&self, secret: bool) -> RenderedText {
        let mut headers = BTreeMap::<String, String>::new();
        for (name, value) in self.headers.lines().filter_map(|line| line.split_once(": ")) {
            let values = headers.entry(name.to_owned()).or_default();
            let separator = if values.is_empty() { "" } else { ", " };
            values.extend([separator, value]);
        }
        let text = (!self.body.is_empty()).then(|| self.text(headers.get("content-type")));
        let body = if secret { text.map(|text| redacted(&text)) } else { text };
        RenderedText { headers, body, bytes: self.length, truncated: self.truncated }
    }

    fn text(&self, content_type: Option<&String>) -> String {
        let parameters = content_type.into_iter().flat_map(|value| value.split(';').skip(1)).filter_map(|one| one.split_once('='));
        let mut charsets = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
        let text = charset::displayed(&self.body, charsets.next().map(|(_, label)| label.trim().trim_matches('"')));
        // The body may have been cut in the middle of a character.
        if self.truncated { text.trim_end_matches('\u{FFFD}').to_owned() } else { text }
    }
}

/// Copies the stored part of a body, so that it does not keep a larger buffer alive.
fn beginning(body: &Bytes) -> Bytes {
    let kept = &body[..body.len().min(MAX_KEPT_BODY)];
    if is_text(kept) { Bytes::copy_from_slice(kept) } else { Bytes::new() }
}

/// Whether bytes are a text. In both character sets no text contains NUL, while almost every other
/// kind of file does; a PDF and a zip have their own marks.
fn is_text(bytes: &[u8]) -> bool {
    !bytes.contains(&0) && !bytes.starts_with(b"%PDF") && !bytes.starts_with(b"PK")
}

fn is_secret(name: &str) -> bool {
    !PLAIN_HEADERS.contains(&name) && (SECRET_HEADERS.contains(&name) || SECRET_WORDS.iter().any(|word| name.contains(word)))
}

/// Removes every value from a login's body; the whole body if it cannot be parsed.
fn redacted(body: &str) -> String {
    serde_json::from_str(body).map_or_else(|_| REDACTED.to_owned(), |value: Value| without_values(value).to_string())
}

fn without_values(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, without_values(value))).collect(),
        Value::Array(list) => list.into_iter().map(without_values).collect(),
        _ => Value::from(REDACTED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_kept() {
        let headers: [(&str, &[u8]); 4] =
            [("authorization", b"Bearer s3cret"), ("cookie", b"s3cret"), ("x-api-key", b"s3cret"), ("accept", b"*/*")];
        let message = Message::new(headers.into_iter(), &Bytes::from_static(br#"{"user":"s3cret","more":{"list":["s3cret",1]}}"#));
        assert!(!message.headers.contains("s3cret"));
        let shown = message.shown(true);
        assert_eq!(shown.body.as_deref(), Some(r#"{"more":{"list":["[redacted]","[redacted]"]},"user":"[redacted]"}"#));
        assert_eq!((&*shown.headers["accept"], &*shown.headers["cookie"]), ("*/*", "[redacted]"));
        let unread = Message::new([].into_iter(), &Bytes::from_static(b"user=s3cret"));
        assert_eq!(unread.shown(true).body.as_deref(), Some("[redacted]"));
    }

    #[test]
    fn a_long_body_is_cut_between_characters_and_a_binary_one_is_left_out() {
        let long = Bytes::from("あ".repeat(10_000));
        let shown = Message::new([].into_iter(), &long).shown(false);
        let body = shown.body.unwrap();
        assert!(body.len() <= MAX_KEPT_BODY && body.chars().all(|c| c == 'あ'));
        assert_eq!((shown.bytes, shown.truncated), (30_000, true));
        let binary = Message::file(b"%PDF-1.7 ...").shown(false);
        assert_eq!((binary.body, binary.bytes, binary.truncated), (None, 12, false));
    }

    #[test]
    fn headers_are_bounded_and_repeated_ones_are_joined() {
        let many = (0..1000).map(|_| ("accept", b"text/plain".as_slice()));
        let message = Message::new(many, &Bytes::new());
        assert!(message.truncated && message.headers.len() <= MAX_KEPT_HEADERS);
        assert!(message.shown(false).headers["accept"].starts_with("text/plain, text/plain"));
    }
}
