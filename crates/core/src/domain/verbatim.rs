//! A text of a request that is returned exactly as the client wrote it.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A text with the client's XML form, for text that must be returned byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verbatim {
    /// The text.
    pub text: SmolStr,
    /// The escaped form, if it is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xml: Option<Box<str>>,
}

impl<T: Into<SmolStr>> From<T> for Verbatim {
    fn from(text: T) -> Self {
        Self { text: text.into(), xml: None }
    }
}
