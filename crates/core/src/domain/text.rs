//! A text in both of the product's languages.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// A text in Japanese and English.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "TextInput")]
#[schemars(!try_from, deny_unknown_fields, example = Text::new("試験クリニック", "Test clinic"))]
pub struct Text {
    /// The Japanese text.
    #[schemars(length(max = MAX_LENGTH))]
    pub ja: String,
    /// The English text.
    #[schemars(length(max = MAX_LENGTH))]
    pub en: String,
}

/// A text as a user writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `ja` and `en`")]
struct TextInput {
    ja: String,
    en: String,
}

/// The maximum length of a user's text in each language, in characters.
const MAX_LENGTH: usize = 4000;

impl TryFrom<TextInput> for Text {
    type Error = String;

    fn try_from(given: TextInput) -> Result<Self, String> {
        let longest = given.ja.chars().count().max(given.en.chars().count());
        if longest > MAX_LENGTH {
            Err(format!("a text has at most {MAX_LENGTH} characters, this has {longest}"))
        } else {
            Ok(Self { ja: given.ja, en: given.en })
        }
    }
}

/// For serde's `deserialize_with`: reads a text that this program wrote. It may exceed the maximum
/// length, because it may quote other text.
///
/// # Errors
/// The value is no text.
pub fn of_any_length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
    TextInput::deserialize(deserializer).map(|TextInput { ja, en }| Text { ja, en })
}

/// For serde's `deserialize_with`: reads a list of such texts.
///
/// # Errors
/// The value is no list of texts.
pub fn all_of_any_length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Text>, D::Error> {
    let all = Vec::<TextInput>::deserialize(deserializer)?;
    Ok(all.into_iter().map(|TextInput { ja, en }| Text { ja, en }).collect())
}

impl Text {
    /// Creates a text from both languages.
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { ja: ja.into(), en: en.into() }
    }

    /// Replaces each `{name}` by its value, in both languages.
    pub fn fill(&self, values: &[(&str, &Text)]) -> Text {
        values.iter().fold(self.clone(), |text, (name, value)| {
            let mark = format!("{{{name}}}");
            Text { ja: text.ja.replace(&mark, &value.ja), en: text.en.replace(&mark, &value.en) }
        })
    }

    /// Truncates each language to `longest` characters: for texts that quote what a client sent.
    pub fn clipped(self, longest: usize) -> Self {
        let clip =
            |text: String| if text.chars().nth(longest).is_none() { text } else { text.chars().take(longest).chain(['…']).collect() };
        Self { ja: clip(self.ja), en: clip(self.en) }
    }

    /// Creates a text that is the same in both languages.
    pub fn same(word: impl Into<String>) -> Self {
        let word = word.into();
        Self { ja: word.clone(), en: word }
    }
}
