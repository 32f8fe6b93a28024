//! Health check-ups (`TKK`): one block per check-up, with its items.

use super::super::element::Element;
use super::super::scope::{MedicalPart, Scope};
use super::super::value::{optional, text};
use super::{CONTENTS, FILE_IDENTIFIER, INSTITUTION, RESULT, TIME, checkup, each, item, parts, person_of};
use crate::wire::digits;
use crate::wire::tree::ListStyle;

/// A whole message.
pub const CHECKUPS: &[Element] = &[Element::group("XmlMsg", &parts(HEADER, BODY)).required()];

const HEADER: &[Element] = &[
    TIME,
    INSTITUTION,
    FILE_IDENTIFIER,
    RESULT,
    CONTENTS,
    Element::group("QualificationsInfo", &person_of(["Name", "KanasName", "Birthday", "AdministrativeGenderCode"])),
];

const BODY: &[Element] = &[Element::list("SpecificHealthCheckupInfo", ListStyle::Repeated, "SpecificHealthCheckupInfo", checkups, CHECKUP)];

const CHECKUP: &[Element] = &[
    Element::text("EffectiveTime", "checkups.date", |s| text(digits::day(checkup(s)?.date))),
    Element::list(
        "HealthCheckupResultAndQuestionInfos",
        ListStyle::Wrapped,
        "HealthCheckupResultAndQuestionInfo",
        |s| each(s, checkup(s).into_iter().flat_map(|told| &told.checkup.items), MedicalPart::Item),
        ITEM,
    ),
];

const ITEM: &[Element] = &[
    Element::text("ItemCode", "items.code", |s| text(item(s)?.code.as_str())),
    Element::text("ItemName", "items.name", |s| text(&item(s)?.name)),
    Element::text("DataType", "items.data_type", |s| text(item(s)?.data_type.code())),
    Element::text("DataValue", "items.value", |s| text(&item(s)?.value)),
    Element::text("Unit", "items.unit", |s| optional(&item(s)?.unit)),
    Element::text("Oid", "items.oid", |s| optional(&item(s)?.oid)),
    Element::text("DataValueName", "items.value_name", |s| optional(&item(s)?.value_name)),
];

fn checkups<'a>(scope: &Scope<'a>) -> Vec<Scope<'a>> {
    each(scope, scope.medical.into_iter().flat_map(|medical| &medical.checkups), MedicalPart::Checkup)
}
