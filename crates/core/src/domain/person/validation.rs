//! Validation of persons beyond single fields: duplicate ids, fields that are not allowed on a
//! card, a history that is too long, texts that no message can carry.

use std::collections::BTreeSet;

use serde_json::Value;

use super::text::MIN_YEAR;
use super::{Person, history};
use crate::domain::text::Text;

/// The maximum number of an institution's own persons.
pub const MAX_PERSONS: usize = 200;
/// The maximum length of a text, in characters.
const MAX_LENGTH: usize = 200;

/// Returns all errors: the JSON pointer within the list, and what was expected.
pub fn validate_persons(persons: &[Person]) -> Vec<(String, Text)> {
    let mut faults = Vec::new();
    let mut ids = BTreeSet::new();
    for (i, person) in persons.iter().enumerate() {
        if !ids.insert(&person.id) {
            faults.push((format!("/{i}/id"), Text::new("同じ id の人が前にいます", "a person before has the same id")));
        }
        if person.birthdate.year() < MIN_YEAR {
            let expected = Text::new("1800年以降の生年月日が必要です", "expected a date of birth from 1800 on");
            faults.push((format!("/{i}/birthdate"), expected));
        }
        for (j, held) in person.qualifications.iter().enumerate() {
            faults.extend(held.validate().map(|(field, fault)| (format!("/{i}/qualifications/{j}/{field}"), fault)));
        }
        let of_history = history::validate_history(&person.drug_history, &person.checkups);
        faults.extend(of_history.into_iter().map(|(pointer, fault)| (format!("/{i}{pointer}"), fault)));
        let plain = serde_json::to_value(person).expect("a person is plain data");
        texts(&plain, &format!("/{i}"), &mut faults);
    }
    faults
}

fn texts(value: &Value, at: &str, faults: &mut Vec<(String, Text)>) {
    match value {
        Value::String(text) => {
            let fits = (1..=MAX_LENGTH).contains(&text.chars().count()) && !text.chars().any(char::is_control);
            if !fits {
                let expected = Text::new(
                    format!("制御文字を含まない1〜{MAX_LENGTH}文字が必要です"),
                    format!("expected 1 to {MAX_LENGTH} characters without control characters"),
                );
                faults.push((at.to_owned(), expected));
            }
        }
        Value::Array(list) => list.iter().enumerate().for_each(|(i, value)| texts(value, &format!("{at}/{i}"), faults)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| texts(value, &format!("{at}/{name}"), faults)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
