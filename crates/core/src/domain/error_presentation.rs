//! How an institution's responses look where the real system is not public or is awkward to handle:
//! the error profile, replacements for codes and messages, and quirks that a careful client must
//! tolerate.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::error_catalogue::{Catalogue, Entry, ErrorId, Layer, Mark};
use super::named::named;
use super::text::Text;

/// The settings of an institution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "struct Surfacing")]
#[schemars(rename = "Surfacing")]
pub struct ErrorPresentation {
    /// The form in which the errors of a check are returned.
    pub error_profile: ErrorProfile,
    /// Replacements of the catalogue's codes, messages, layers or statuses.
    pub errors: BTreeMap<ErrorId, Replacement>,
    /// Variations of the responses that a client must tolerate.
    pub wire: WireQuirks,
    /// The seed of random choices and of the element order `shuffled`.
    pub seed: u64,
}

named! {
    /// The form in which an error reaches a receipt computer. It is not public, so clients should
    /// be tested with all four.
    #[derive(Default)]
    pub enum ErrorProfile {
        /// HTTP 200. The message contains the error, and a `MessageBody` with
        /// `ProcessingResultStatus` "2".
        #[default]
        Envelope = "envelope",
        /// As `envelope`, but without `MessageBody`.
        Bare = "bare",
        /// As `envelope`, but with the error's HTTP status. In the linkage folder, it is the same
        /// as `envelope`.
        Http = "http",
        /// No response: the connection is closed (HTTP/2: the stream is reset), and no file is
        /// written.
        Silent = "silent",
    }
}

impl ErrorProfile {
    /// Returns the title shown to users.
    pub fn title(self) -> Text {
        let (ja, en) = match self {
            Self::Envelope => ("MessageBody のある電文", "a message with a body"),
            Self::Bare => ("MessageBody のない電文", "a message without a body"),
            Self::Http => ("HTTP のエラーステータス", "an HTTP error status"),
            Self::Silent => ("応答なし", "no answer"),
        };
        Text::new(ja, en)
    }
}

/// The replacement of an entry of the error catalogue. Omitted fields keep the catalogue's values.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Replacement {
    /// The code: 1 to 32 visible ASCII characters.
    pub code: Option<String>,
    /// The HTTP status for the profile `http`: 200 to 599.
    pub status: Option<u16>,
    /// The place in the message.
    pub layer: Option<Layer>,
    /// The message: 1 to 1,000 characters without control characters.
    pub message: Option<Text>,
    /// The remedy: at most 1,000 characters without control characters.
    pub remedy: Option<Text>,
}

/// Variations of the responses that a client must tolerate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, expecting = "struct Liberties")]
#[schemars(rename = "Liberties")]
pub struct WireQuirks {
    /// Replaced by the terminals' setting `element_order`. It is always refused with an error that
    /// names the new setting.
    #[serde(deserialize_with = "replaced_by_element_order", skip_serializing)]
    #[schemars(skip)]
    pub shuffle_elements: (),
    /// Whether each group contains an additional unknown element.
    pub unknown_elements: bool,
    /// The character that pads insurer numbers on the left to eight characters.
    pub insurer_number_padding: Padding,
}

fn replaced_by_element_order<'de, D: Deserializer<'de>>(_: D) -> Result<(), D::Error> {
    Err(D::Error::custom(
        "`shuffle_elements` is replaced by the terminals' setting `element_order`: leave it out, and use PATCH …/terminals/T1 {\"element_order\": \"shuffled\"}, or \"terminals\": {\"T1\": {\"element_order\": \"shuffled\"}} at creation",
    ))
}

/// The character that pads a number on the left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Spaces, as in the real system.
    #[default]
    Spaces,
    /// Zeros.
    Zeros,
}

impl ErrorPresentation {
    /// Returns the catalogue's entry with this institution's replacements.
    pub fn entry(&self, catalogue: &Catalogue, id: ErrorId) -> Entry {
        let mut entry = catalogue.entry(id).clone();
        let Some(replacement) = self.errors.get(&id).cloned() else {
            return entry;
        };
        if let Some(code) = replacement.code {
            entry.code = code;
            entry.provenance.code = Mark::Replaced;
        }
        if let Some(message) = replacement.message {
            entry.message = message;
            entry.provenance.message = Mark::Replaced;
        }
        entry.status = replacement.status.unwrap_or(entry.status);
        entry.layer = replacement.layer.unwrap_or(entry.layer);
        entry.remedy = replacement.remedy.unwrap_or(entry.remedy);
        entry
    }

    /// Returns the first invalid replacement: its JSON pointer and what was expected.
    pub fn validate(&self, catalogue: &Catalogue) -> Option<(String, Text)> {
        self.errors.keys().find_map(|id| {
            let (pointer, expected) = self.entry(catalogue, *id).validate()?;
            Some((format!("/errors/{}{pointer}", id.name()), expected))
        })
    }
}
