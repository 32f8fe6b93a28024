//! The patients that a tester may ask about, and what each check gives.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::domain::inquiry::{CardData, Inquiry, Register};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::person::{Person, Qualification};
use crate::fixtures::{Fixtures, Sample};
use crate::http::console::language::Language;

/// A patient as the card shows them.
pub(super) struct Patient {
    /// What the check gives.
    pub(super) outcome: String,
    pub(super) name: String,
    pub(super) insurer_number: String,
    pub(super) symbol: String,
    pub(super) number: String,
    pub(super) branch: String,
    pub(super) birthdate: String,
}

/// Returns the institution's own persons; if it has none, the samples of the fixtures.
pub(super) fn patients(lang: Language, fixtures: &Fixtures, institution: &Institution, now: Timestamp) -> Vec<Patient> {
    let Some(persons) = &institution.persons else {
        return fixtures.samples.iter().map(|sample| of_sample(lang, sample)).collect();
    };
    let register = Register { persons, missing_branch_matches: fixtures.invented.check.missing_branch_matches };
    let today = japan::civil(now).date();
    let held = persons.iter().flat_map(|person| person.qualifications.iter().map(move |held| (person, held)));
    held.map(|(person, held)| of_person(lang, register, person, held, today)).collect()
}

fn of_sample(lang: Language, sample: &Sample) -> Patient {
    // An outcome is in English, with its Japanese in parentheses.
    let outcome = sample.outcome.strip_suffix(')').and_then(|outcome| outcome.split_once(" ("));
    Patient {
        outcome: outcome.map_or(sample.outcome.as_str(), |(en, ja)| lang.say(ja, en)).to_owned(),
        name: sample.name.clone(),
        insurer_number: sample.insurer_number.clone(),
        symbol: sample.symbol.clone().unwrap_or_default(),
        number: sample.number.clone(),
        branch: sample.branch.clone().unwrap_or_default(),
        birthdate: sample.birthdate.to_string(),
    }
}

fn of_person(lang: Language, register: Register<'_>, person: &Person, held: &Qualification, today: Date) -> Patient {
    let card = CardData {
        insurer_number: held.insurer_number.as_str().into(),
        symbol: held.symbol.as_ref().map(|symbol| symbol.as_str().into()),
        number: held.number.as_str().into(),
        branch: held.branch.as_ref().map(|branch| branch.as_str().into()),
    };
    let inquiry = Inquiry { confirmation_date: today, card, birthdate: person.birthdate, ..Inquiry::default() };
    let validity = register.find(&inquiry, today).validity;
    let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
    Patient {
        outcome: lang.say(validity.ja(), &validity.name().replace('_', " ")).to_owned(),
        name: person.name.clone(),
        insurer_number: held.insurer_number.to_string(),
        symbol: text(held.symbol.as_ref().map(|symbol| symbol.as_str())),
        number: held.number.as_str().to_owned(),
        branch: text(held.branch.as_ref().map(|branch| branch.as_str())),
        birthdate: person.birthdate.to_string(),
    }
}

impl Patient {
    /// Returns what is copied: the card's fields as a request has them, separated by tabs.
    pub(super) fn fields(&self) -> String {
        [&self.insurer_number, &self.symbol, &self.number, &self.branch, &self.birthdate_digits()].map(String::as_str).join("\t")
    }

    /// Returns the date of birth as a request has it: `YYYYMMDD`.
    pub(super) fn birthdate_digits(&self) -> String {
        self.birthdate.replace('-', "")
    }
}
