//! A sentence in both of the product's languages.

use serde::{Deserialize, Serialize};

/// One sentence in Japanese and its English counterpart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Japanese, which the users read first.
    pub ja: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Puts the two together.
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ja: ja.into(), en: en.into() }
    }

    /// Fills each `{name}` with its value, in both languages.
    pub fn fill(&self, values: &[(&str, &Text)]) -> Text {
        values.iter().fold(self.clone(), |text, (name, value)| {
            let mark = format!("{{{name}}}");
            Text { ja: text.ja.replace(&mark, &value.ja), en: text.en.replace(&mark, &value.en) }
        })
    }

    /// The same word in both languages.
    pub fn same(word: impl Into<String>) -> Self {
        let word = word.into();
        Self { ja: word.clone(), en: word }
    }
}
