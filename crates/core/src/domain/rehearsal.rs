//! The rehearsal: the product under test and its tester, for the report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::Text;

/// The maximum length of each name, in characters.
pub const MAX_NAME: usize = 100;

/// The product under test and its tester, for the report. They have no other effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(extend("examples" = [{"product": "模擬レセコン", "version": "1.2.0", "tester": "品質保証部"}]))]
pub struct Rehearsal {
    /// The name of the product. At most 100 characters, as for the other fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The tester: a person or a team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tester: Option<String>,
}

impl Rehearsal {
    /// Whether no field is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns these fields; fields that are not set are taken from `other`.
    pub fn or(self, other: &Self) -> Self {
        let other = other.clone();
        Self { product: self.product.or(other.product), version: self.version.or(other.version), tester: self.tester.or(other.tester) }
    }

    /// Returns the first field that a report cannot carry, and what was expected.
    pub fn validate(&self) -> Option<(&'static str, Text)> {
        let fields = [("product", &self.product), ("version", &self.version), ("tester", &self.tester)];
        fields.into_iter().find_map(|(field, name)| Some((field, name_error(name.as_deref()?)?)))
    }
}

/// Returns what was expected, if a report cannot carry a name.
pub fn name_error(name: &str) -> Option<Text> {
    let fits = (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control) && !name.trim().is_empty();
    (!fits).then(|| {
        Text::new(
            format!("制御文字を含まない1〜{MAX_NAME}文字が必要です"),
            format!("expected 1 to {MAX_NAME} characters, none of them a control character"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_hundred_characters_at_most_and_no_control_character() {
        let named = |name: &str| Rehearsal { tester: Some(name.to_owned()), ..Rehearsal::default() };
        for right in ["品質保証部", &"字".repeat(100), "A. Tester"] {
            assert_eq!(named(right).validate(), None, "{right}");
        }
        for wrong in ["", " ", "　", "a\nb", &"字".repeat(101)] {
            assert_eq!(named(wrong).validate().unwrap().0, "tester", "{wrong:?}");
        }
    }
}
