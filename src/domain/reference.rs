//! Reference numbers (照会番号): an institution's own numbers of its patients, which results carry once they are registered.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::inquiry::CardData;

/// A number to register for whom a card's data name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// At most 50 characters.
    pub reference_number: String,
    /// Whose number it is.
    pub card: CardData,
}

/// The numbers of an institution, by person: no more than there are persons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct References(BTreeMap<String, Registered>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Registered {
    number: String,
    from: Timestamp,
}

impl References {
    /// Registers a number that counts from a time on, in place of the one before.
    pub fn register(&mut self, person: &str, number: String, from: Timestamp) {
        self.0.insert(person.to_owned(), Registered { number, from });
    }

    /// A person's number.
    pub fn of(&self, person: &str, now: Timestamp) -> Option<&str> {
        self.0.get(person).filter(|registered| registered.from <= now).map(|registered| registered.number.as_str())
    }
}
