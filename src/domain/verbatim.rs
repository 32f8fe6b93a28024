//! A text of a request that goes back as the client wrote it.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A text, with the way in which a client wrote it in XML where it has to go back byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verbatim {
    /// The text.
    pub text: SmolStr,
    /// Its escaped form where that is not the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub xml: Option<Box<str>>,
}

impl<T: Into<SmolStr>> From<T> for Verbatim {
    fn from(text: T) -> Self {
        Self { text: text.into(), xml: None }
    }
}
