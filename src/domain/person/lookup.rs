//! Who is meant by what somebody calls a person: an id, a name, or the number of a card.

use super::{HalfWidthKana, Person, fold};
use crate::domain::text::Text;

/// Nobody is meant, or it is not clear who.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmbiguousPerson<'a> {
    /// What is wrong. It does not repeat what was said, which may be somebody's name.
    pub text: Text,
    /// Who could be meant.
    pub candidates: Vec<&'a Person>,
}

/// The person of an id; else the only one of a name (in kanji or kana) or of a number (番号), whatever the width of its characters and its
/// white space.
///
/// # Errors
/// There is none, or several.
pub fn find_person<'a>(persons: &'a [Person], text_given: &str) -> Result<&'a Person, AmbiguousPerson<'a>> {
    if let Some(person) = persons.iter().find(|person| person.id == text_given) {
        return Ok(person);
    }
    let folded = fold(text_given);
    let found: Vec<&Person> = persons.iter().filter(|person| person.goes_by(&folded)).collect();
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
    /// Whether they go by this, which is folded: by a name, or by the number of a card.
    fn goes_by(&self, folded: &str) -> bool {
        let kana = [Some(&self.name_kana), self.name_other_kana.as_ref()].into_iter().flatten().map(HalfWidthKana::as_str);
        let mut names = [Some(self.name.as_str()), self.name_other.as_deref()].into_iter().flatten().chain(kana);
        names.any(|name| fold(name) == folded) || self.qualifications.iter().any(|held| held.number.folded() == folded)
    }
}
