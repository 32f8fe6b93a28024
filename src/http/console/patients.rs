//! Which person a journal entry is about, as far as the persons in use and the other entries tell.

use std::collections::HashMap;

use crate::domain::event::{Change, EventLog};
use crate::domain::inquiry::Register;
use crate::domain::operation::Operation;
use crate::domain::person::Person;
use crate::journal::{Entry, ListedEntry, Outcome};
use crate::wire::document::Document;
use crate::wire::request;

/// The persons of a journal's entries.
pub(super) struct Patients<'a> {
    persons: &'a [Person],
    /// By the pseudonym of what was asked for.
    known: HashMap<&'a str, &'a Person>,
}

impl<'a> Patients<'a> {
    /// Finds out who is meant in each entry: by the outcome of a check, by the card that was
    /// presented at a reader, or by the card data in the request.
    pub(super) fn new(register: Register<'a>, entries: &'a [ListedEntry], events: &'a EventLog) -> Self {
        let mut patients = Self { persons: register.persons, known: HashMap::new() };
        let asked = || entries.iter().filter_map(|listed| Some((listed.entry.inquiry.as_deref()?, &listed.entry)));
        for (inquiry, entry) in asked() {
            if let Some(person) = patients.of_outcome(entry).or_else(|| patients.of_card(entry, events)) {
                patients.known.insert(inquiry, person);
            }
        }
        let mut nobody = Vec::new();
        for (inquiry, entry) in asked() {
            if patients.known.contains_key(inquiry) || nobody.contains(&inquiry) {
                continue;
            }
            match of_request(register, entry) {
                Some(person) => drop(patients.known.insert(inquiry, person)),
                None => nobody.push(inquiry),
            }
        }
        patients
    }

    /// Returns the person that an entry is about, if known.
    pub(super) fn of(&self, entry: &Entry) -> Option<&'a Person> {
        self.of_outcome(entry).or_else(|| self.known.get(entry.inquiry.as_deref()?).copied())
    }

    fn of_outcome(&self, entry: &Entry) -> Option<&'a Person> {
        match &entry.outcome {
            Outcome::Checked { person: Some(person), .. } => self.find(person),
            _ => None,
        }
    }

    /// Returns whose card was presented. The event follows those that had happened before.
    fn of_card(&self, entry: &Entry, events: &EventLog) -> Option<&'a Person> {
        let number = entry.found.as_ref().filter(|_| entry.operation == Operation::Card)?.last_event + 1;
        match &events.iter().find(|event| event.number == number)?.change {
            Change::CardPresented { person, .. } => self.find(person),
            _ => None,
        }
    }

    fn find(&self, id: &str) -> Option<&'a Person> {
        self.persons.iter().find(|person| person.id == id)
    }
}

/// Returns the holder of the card in a request.
fn of_request<'a>(register: Register<'a>, entry: &Entry) -> Option<&'a Person> {
    let text = entry.request.as_ref().filter(|request| !request.truncated)?.body.as_deref()?;
    let is_json = text.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    let document = if is_json { Document::json(text.as_bytes()) } else { Document::xml(text) };
    let inquiry = request::check(&document.ok()?).ok()?.content;
    register.matching(&inquiry.card)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error_catalogue::ErrorId;
    use crate::domain::inquiry::Validity;
    use crate::fixtures::Fixtures;
    use crate::journal::RenderedText;
    use crate::journal::example::{error, example};

    const ASKED: &str = r#"{"XmlMsg": {
        "MessageHeader": {"QualificationConfirmationDate": "20260120", "MedicalInstitutionCode": "9910000026"},
        "MessageBody": {"QualificationConfirmSearchInfo": {
            "InsurerNumber": "01990019", "InsuredCardSymbol": "11010203", "InsuredIdentificationNumber": "1001", "Birthdate": "19800517"}}}}"#;

    fn refused(inquiry: &str, body: Option<&str>) -> Entry {
        let request = body.map(|body| RenderedText { body: Some(body.to_owned()), ..RenderedText::default() });
        let outcome = Outcome::refused(error(ErrorId::RestartRequired), None);
        Entry { inquiry: Some(inquiry.to_owned()), request, ..example(Operation::Search, outcome) }
    }

    fn names(entries: Vec<Entry>) -> Vec<Option<String>> {
        let fixtures = Fixtures::compiled_in(jiff::civil::date(2026, 1, 19)).0.unwrap();
        let entries: Vec<_> = (1..).zip(entries).map(|(number, entry)| ListedEntry { number, entry }).collect();
        let events = EventLog::default();
        let patients = Patients::new(fixtures.register(None), &entries, &events);
        entries.iter().map(|listed| patients.of(&listed.entry).map(|person| person.name.clone())).collect()
    }

    #[test]
    fn a_person_is_known_by_the_outcome_by_another_entry_or_by_the_request() {
        let outcome = Outcome::Checked { validity: Validity::Valid, person: Some("valid".to_owned()), near_miss: None };
        let checked = Entry { inquiry: Some("p1".to_owned()), ..example(Operation::Search, outcome) };
        let taro = Some("模擬　太郎".to_owned());
        let entries = vec![refused("p1", None), checked, refused("p2", Some(ASKED)), refused("p2", None), refused("p3", None)];
        assert_eq!(names(entries), [taro.clone(), taro.clone(), taro.clone(), taro, None]);
    }

    #[test]
    fn a_request_that_cannot_be_read_names_nobody() {
        let bodies = ["", "{", "<a/>", "\u{202e}<script>", r#"{"XmlMsg": {}}"#];
        assert_eq!(names(bodies.iter().map(|body| refused(body, Some(body))).collect()), [const { None }; 5]);
    }
}
