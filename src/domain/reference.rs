//! Reference numbers (照会番号): an institution's own numbers of its patients, which results carry once they are registered.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::inquiry::CardData;

/// A number to register for whom a card's data name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// At most 50 characters.
    pub reference_number: String,
    /// Whose number it is.
    pub card: CardData,
}

/// Numbers of one person that are kept: the one that counts, and those that will.
const MOST_OF_ONE: usize = 8;

/// The numbers of an institution, by person: no more persons than there are in the fixtures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct References(BTreeMap<String, Vec<RegisteredReference>>);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RegisteredReference {
    number: String,
    from: Timestamp,
}

impl References {
    /// Registers a number that counts from a time on; until then the one before does. Where there are too many, one that no longer counts
    /// gives way, else the first that does not count yet: never the one that counts now.
    pub fn register(&mut self, person: &str, number: String, from: Timestamp, now: Timestamp) {
        let of_person = self.0.entry(person.to_owned()).or_default();
        if of_person.len() == MOST_OF_ONE {
            let counts = of_person.iter().rposition(|registered| registered.from <= now);
            of_person.remove(usize::from(counts == Some(0)));
        }
        of_person.push(RegisteredReference { number, from });
        of_person.sort_by_key(|registered| registered.from);
    }

    /// A person's number.
    pub fn of(&self, person: &str, now: Timestamp) -> Option<&str> {
        let counts = self.0.get(person)?.iter().rfind(|registered| registered.from <= now)?;
        Some(&counts.number)
    }
}
