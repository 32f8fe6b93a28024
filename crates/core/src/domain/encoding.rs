//! The character set of a terminal's responses: a setting of the terminal, independent of the
//! request's character set.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Code table 005, CharacterCodeIdentifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Shift_JIS in the Windows variant (CP932).
    #[serde(rename = "shift_jis")]
    ShiftJis,
}

impl Encoding {
    /// Returns the code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Utf8 => "0",
            Self::ShiftJis => "1",
        }
    }

    /// Returns the name for an XML declaration.
    pub fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::ShiftJis => "Shift_JIS",
        }
    }
}
