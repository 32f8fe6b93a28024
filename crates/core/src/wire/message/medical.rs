//! Responses about drugs and health check-ups (`YZK`, `TKK`): the header. The names are those that
//! a client in use reads; their order is not public.

mod checkups;
mod drugs;

pub use checkups::CHECKUPS;
pub use drugs::DRUGS;

use super::element::{Certainty, Element};
use super::scope::{MedicalPart, Scope};
use super::value::{optional, text};
use crate::domain::medical::{DatedCheckup, DayRecord, InstitutionRef, MonthRecord};
use crate::domain::person::{CheckupItem, Drug, Person, Treatment};
use crate::wire::digits;

const TIME: Element =
    Element::text("ProcessExecutionTime", "clock", |s| text(digits::moment(s.header.at))).with_certainty(Certainty::Invented);
const INSTITUTION: Element = Element::text("MedicalInstitutionCode", "request", |s| text(s.header.institution.as_ref()?.as_str()))
    .with_certainty(Certainty::Invented);
const FILE_IDENTIFIER: Element = Element::text("ArbitraryFileIdentifier", "request", |s| s.header.file_identifier.clone());
const RESULT: Element = Element::text("ResultCode", "check", |s| text(&s.medical?.result_code)).required();
const CONTENTS: Element = Element::text("MessageContents", "errors.toml", |s| optional(&s.medical?.contents));

/// The parts of a whole message.
const fn parts(header: &'static [Element], body: &'static [Element]) -> [Element; 2] {
    [Element::group("MessageHeader", header).required(), Element::kept_group("MessageBody", |_| true, body)]
}

/// The elements for name, kana, date of birth and sex. Their names differ from those of other
/// messages and between the two kinds.
const fn person_of(names: [&'static str; 4]) -> [Element; 4] {
    let [name, kana, birth, sex] = names;
    [
        Element::text(name, "person.name", |s| text(&person(s)?.name)),
        Element::text(kana, "person.name_kana", |s| text(person(s)?.name_kana.as_str())),
        Element::text(birth, "person.birthdate", |s| text(digits::day(person(s)?.birthdate))),
        Element::text(sex, "person.sex", |s| text(person(s)?.sex.code())).codes(7),
    ]
}

fn person<'a>(scope: &Scope<'a>) -> Option<&'a Person> {
    scope.medical?.person
}

fn month<'a>(scope: &Scope<'a>) -> Option<&'a MonthRecord<'a>> {
    if let MedicalPart::Month(month) = scope.part? { Some(month) } else { None }
}

fn prescriber<'a>(scope: &Scope<'a>) -> Option<&'a InstitutionRef<'a>> {
    month(scope)?.prescriber.as_ref()
}

fn day<'a>(scope: &Scope<'a>) -> Option<&'a DayRecord<'a>> {
    if let MedicalPart::Day(day) = scope.part? { Some(day) } else { None }
}

fn drug<'a>(scope: &Scope<'a>) -> Option<&'a Drug> {
    if let MedicalPart::Drug(drug) = scope.part? { Some(drug) } else { None }
}

fn treatment<'a>(scope: &Scope<'a>) -> Option<&'a Treatment> {
    if let MedicalPart::Treatment(treatment) = scope.part? { Some(treatment) } else { None }
}

fn checkup<'a>(scope: &Scope<'a>) -> Option<&'a DatedCheckup<'a>> {
    if let MedicalPart::Checkup(checkup) = scope.part? { Some(checkup) } else { None }
}

fn item<'a>(scope: &Scope<'a>) -> Option<&'a CheckupItem> {
    if let MedicalPart::Item(item) = scope.part? { Some(item) } else { None }
}

/// Creates one scope per item.
fn each<'a, T>(scope: &Scope<'a>, list: impl IntoIterator<Item = T>, part: impl Fn(T) -> MedicalPart<'a>) -> Vec<Scope<'a>> {
    list.into_iter().map(|one| Scope { part: Some(part(one)), ..*scope }).collect()
}
