//! Lookup of a person by id, name or card number.

use super::{HalfWidthKana, Person, fold};
use crate::domain::text::Text;

/// The error for a text that matches nobody, or several persons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmbiguousPerson<'a> {
    /// The message. It does not repeat the text, which may be a person's name.
    pub text: Text,
    /// The persons that match.
    pub candidates: Vec<&'a Person>,
}

/// Finds the person with this id; otherwise the only person with this name (kanji or kana) or card
/// number (番号). Character width and white space are ignored.
///
/// # Errors
/// Nobody or several persons match.
pub fn find_person<'a>(persons: &'a [Person], text_given: &str) -> Result<&'a Person, AmbiguousPerson<'a>> {
    if let Some(person) = persons.iter().find(|person| person.id == text_given) {
        return Ok(person);
    }
    let folded = fold(text_given);
    let found: Vec<&Person> = persons.iter().filter(|person| person.matches_name_or_number(&folded)).collect();
    match found[..] {
        [person] => Ok(person),
        [] => Err(AmbiguousPerson {
            text: Text::new("この ID・氏名・番号の被保険者はいません。", "There is no person of this id, name or number."),
            candidates: persons.iter().collect(),
        }),
        _ => Err(AmbiguousPerson {
            text: Text::new(
                "この氏名または番号の被保険者は複数います。ID で指定してください。",
                "Several persons have this name or number: name one by its id.",
            ),
            candidates: found,
        }),
    }
}

impl Person {
    /// Whether a folded text is one of the person's names or card numbers.
    fn matches_name_or_number(&self, folded: &str) -> bool {
        let kana = [Some(&self.name_kana), self.name_other_kana.as_ref()].into_iter().flatten().map(HalfWidthKana::as_str);
        let mut names = [Some(self.name.as_str()), self.name_other.as_deref()].into_iter().flatten().chain(kana);
        names.any(|name| fold(name) == folded) || self.qualifications.iter().any(|held| held.number.folded() == folded)
    }
}
