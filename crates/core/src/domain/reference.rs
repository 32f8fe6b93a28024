//! Reference numbers (照会番号): an institution's own numbers of its patients. Results carry them after
//! their registration.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::inquiry::CardData;

/// The registration of a number for the person on a card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// At most 50 characters.
    pub reference_number: String,
    /// The person's card.
    pub card: CardData,
}

/// The maximum number of registrations stored for one person: the present one and later ones.
const MAX_PER_PERSON: usize = 8;

/// The reference numbers of an institution, by person. There are no more entries than persons in
/// the fixtures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct References(BTreeMap<String, Vec<RegisteredReference>>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RegisteredReference {
    number: String,
    from: Timestamp,
}

impl References {
    /// Registers a number that is valid from a given time; until then the former number is. At the
    /// maximum, an outdated number is removed, or else the first that is not valid yet: never the
    /// present one.
    pub fn register(&mut self, person: &str, number: String, from: Timestamp, now: Timestamp) {
        let of_person = self.0.entry(person.to_owned()).or_default();
        if of_person.len() == MAX_PER_PERSON {
            let counts = of_person.iter().rposition(|registered| registered.from <= now);
            of_person.remove(usize::from(counts == Some(0)));
        }
        of_person.push(RegisteredReference { number, from });
        of_person.sort_by_key(|registered| registered.from);
    }

    /// Returns a person's present number.
    pub fn of(&self, person: &str, now: Timestamp) -> Option<&str> {
        let counts = self.0.get(person)?.iter().rfind(|registered| registered.from <= now)?;
        Some(&counts.number)
    }
}
