//! Drug information (`YZK`): three blocks of the same form under different names, each repeated per
//! month.

use super::super::element::Element;
use super::super::scope::{MedicalPart, Scope};
use super::super::value::{optional, text};
use super::{CONTENTS, FILE_IDENTIFIER, INSTITUTION, RESULT, TIME, day, drug, each, month, parts, person_of, prescriber, treatment};
use crate::domain::medical::{DayRecord, DrugInformation, MonthRecord};
use crate::wire::digits;
use crate::wire::tree::ListStyle;

/// A whole message.
pub const DRUGS: &[Element] = &[Element::group("XmlMsg", &parts(HEADER, BODY)).required()];

const HEADER: &[Element] = &[
    TIME,
    INSTITUTION,
    FILE_IDENTIFIER,
    RESULT,
    CONTENTS,
    Element::group("QuaInf", &person_of(["Name", "KanaName", "Birth", "AdmGendCode"])),
];

const BODY: &[Element] = &[
    Element::list("MeTrMonthInf", ListStyle::Repeated, "MeTrMonthInf", |s| months(s, |told| &told.claims), CLAIM_MONTH),
    Element::list("ShPrInf", ListStyle::Wrapped, "ShPrMonthInf", |s| months(s, |told| &told.prescriptions), PRESCRIPTION_MONTH),
    Element::list("CzDiInf", ListStyle::Wrapped, "CzDiMonthInf", |s| months(s, |told| &told.dispensings), DISPENSING_MONTH),
];

const CLAIM_MONTH: &[Element] = &month_of(
    ["DiOrg", "MeTrDiHCd", "PrlsHCd", "MeTrDiHNm", "PrlsHNm", "MeTrMonth", "PrIsOrg", "InOut", "DiDateInfs", "DiDateInf"],
    CLAIM_DAY,
);
const PRESCRIPTION_MONTH: &[Element] = &month_of(
    ["ShPrOrg", "ShMeTrDiHCd", "ShPrHCd", "ShMeTrDiHNm", "ShPrHNm", "ShPrMonth", "ShPrIsOrg", "ShPrCl", "ShPrDateInfs", "ShPrDateInf"],
    PRESCRIPTION_DAY,
);
const DISPENSING_MONTH: &[Element] = &month_of(
    ["CzDiOrg", "CzMeTrDiHCd", "CzPrlsHCd", "CzMeTrDiHNm", "CzPrlsHNm", "CzDiMonth", "CzPrIsOrg", "CzPrCl", "CzDiDateInfs", "CzDiDateInf"],
    DISPENSING_DAY,
);

const CLAIM_DAY: &[Element] = &[
    dispensed("DiDate"),
    prescribed("PrDate"),
    drugs("DrugInfs", "DrugInf", &drug_of(["DrugC", "DrugN", "IngreN", "Qua1", "Unit", "UsageN", "SpInst", "Times", "MeTrIdCl"])),
    Element::list("MeTrInfs", ListStyle::Wrapped, "MeTrInf", treatments, TREATMENT),
];
const PRESCRIPTION_DAY: &[Element] = &[
    dispensed("ShPrDate"),
    drugs(
        "ShDrugInfs",
        "ShDrugInf",
        &drug_of(["ShDrugC", "ShDrugN", "ShIngreN", "ShQua1", "ShUnit", "ShUsageN", "ShSpInst", "ShTimes", "ShUsageCl"]),
    ),
];
const DISPENSING_DAY: &[Element] = &[
    dispensed("CzDiDate"),
    prescribed("CzPrDate"),
    drugs(
        "CzDrugInfs",
        "CzDrugInf",
        &drug_of(["CzDrugC", "CzDrugN", "CzIngreN", "CzQua1", "CzUnit", "CzUsageN", "CzSpInst", "CzTimes", "CzUsageCl"]),
    ),
];

const TREATMENT: &[Element] = &[
    Element::text("SinInfCd", "treatments.code", |s| text(treatment(s)?.code.as_str())),
    Element::text("SinInfN", "treatments.name", |s| text(&treatment(s)?.name)),
    Element::text("MeTrIdCl", "treatments.class", |s| text(treatment(s)?.class.to_string())),
    Element::text("Qua1", "treatments.quantity", |s| text(treatment(s)?.quantity.as_str())),
    Element::text("Unit", "treatments.unit", |s| optional(&treatment(s)?.unit)),
    Element::text("Times", "treatments.times", |s| text(treatment(s)?.times.to_string())),
];

/// The elements of a month. The last two names are those of the days and of one day.
const fn month_of(names: [&'static str; 10], one_day: &'static [Element]) -> [Element; 9] {
    let [organization, institution, prescribing, institution_name, prescriber_name, in_month, own, in_out, days, one] = names;
    [
        Element::text(organization, "drug_history.organization", |s| text(month(s)?.organization.code())),
        Element::text(institution, "drug_history.institution", |s| text(month(s)?.institution.code.as_str())),
        Element::text(prescribing, "drug_history.prescriber", |s| text(prescriber(s)?.code.as_str())),
        Element::text(institution_name, "drug_history.institution", |s| text(month(s)?.institution.name?)),
        Element::text(prescriber_name, "drug_history.prescriber", |s| text(prescriber(s)?.name?)),
        Element::text(in_month, "drug_history.date", |s| text(digits::month(month(s)?.month))),
        Element::text(own, "check", |s| text(if month(s)?.own { "1" } else { "2" })),
        Element::text(in_out, "drug_history.in_out", |s| text(month(s)?.in_out.code())),
        Element::list(
            days,
            ListStyle::Wrapped,
            one,
            |s| each(s, month(s).into_iter().flat_map(|month| &month.days), MedicalPart::Day),
            one_day,
        ),
    ]
}

const fn dispensed(name: &'static str) -> Element {
    Element::text(name, "drug_history.date", |s| text(digits::day(day(s)?.date)))
}

const fn prescribed(name: &'static str) -> Element {
    Element::text(name, "drug_history.prescribed", |s| {
        let prescribes = |day: &&DayRecord<'_>| !day.drugs.is_empty();
        text(digits::day(day(s).filter(prescribes)?.prescribed))
    })
}

const fn drugs(name: &'static str, one: &'static str, one_drug: &'static [Element]) -> Element {
    Element::list(name, ListStyle::Wrapped, one, each_drug, one_drug)
}

const fn drug_of(names: [&'static str; 9]) -> [Element; 9] {
    let [code, name, ingredient, quantity, unit, usage, instruction, times, class] = names;
    [
        Element::text(code, "drugs.code", |s| text(drug(s)?.code.as_str())),
        Element::text(name, "drugs.name", |s| text(&drug(s)?.name)),
        Element::text(ingredient, "drugs.ingredient", |s| optional(&drug(s)?.ingredient)),
        Element::text(quantity, "drugs.quantity", |s| text(drug(s)?.quantity.as_str())),
        Element::text(unit, "drugs.unit", |s| optional(&drug(s)?.unit)),
        Element::text(usage, "drugs.usage", |s| optional(&drug(s)?.usage)),
        Element::text(instruction, "drugs.instruction", |s| optional(&drug(s)?.instruction)),
        Element::text(times, "drugs.times", |s| text(drug(s)?.times.to_string())),
        Element::text(class, "drugs.class", |s| text(drug(s)?.class.to_string())),
    ]
}

fn months<'a>(scope: &Scope<'a>, of: fn(&'a DrugInformation<'a>) -> &'a Vec<MonthRecord<'a>>) -> Vec<Scope<'a>> {
    let months = scope.medical.into_iter().flat_map(|medical| of(&medical.drugs));
    each(scope, months, MedicalPart::Month)
}

fn each_drug<'a>(scope: &Scope<'a>) -> Vec<Scope<'a>> {
    each(scope, day(scope).into_iter().flat_map(|day| day.drugs.iter().copied()), MedicalPart::Drug)
}

fn treatments<'a>(scope: &Scope<'a>) -> Vec<Scope<'a>> {
    each(scope, day(scope).into_iter().flat_map(|day| day.treatments.iter().copied()), MedicalPart::Treatment)
}
