//! The medical information in a response: drug information by month and institution, and health
//! check-ups.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::ids::InstitutionCode;
use super::person::{Checkup, Drug, DrugRecord, InOut, NamedInstitution, OrganizationKind, RecordKind, Treatment};

/// A query for drug information.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrugQuery {
    /// The first month, as its first day; `None` for no limit.
    pub first: Option<Date>,
    /// The last month, as its first day; `None` for the present month.
    pub last: Option<Date>,
    /// Whether treatments are included beside drugs.
    pub treatments: bool,
}

/// The institution that sends the query, and the day.
#[derive(Clone, Copy, Debug)]
pub struct Requester<'a> {
    /// The institution's code.
    pub code: &'a InstitutionCode,
    /// The institution's name.
    pub name: &'a str,
    /// Today by the institution's clock. Later records are left out.
    pub today: Date,
}

/// Drug information: each list by month, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrugInformation<'a> {
    /// From claims.
    pub claims: Vec<MonthRecord<'a>>,
    /// From electronic prescriptions.
    pub prescriptions: Vec<MonthRecord<'a>>,
    /// From dispensing that was reported electronically.
    pub dispensings: Vec<MonthRecord<'a>>,
}

/// One month at one institution, of one prescriber, either in or out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthRecord<'a> {
    /// The month, as its first day.
    pub month: Date,
    /// The kind of institution that claims, dispenses or prescribes.
    pub organization: OrganizationKind,
    /// The institution that treated or dispensed.
    pub institution: InstitutionRef<'a>,
    /// The institution that prescribed, if the record names it.
    pub prescriber: Option<InstitutionRef<'a>>,
    /// Whether it is a prescription of the requesting institution.
    pub own: bool,
    /// Inpatient or outpatient; for electronic records, dispensed inside or outside the
    /// institution.
    pub in_out: InOut,
    /// The days, oldest first.
    pub days: Vec<DayRecord<'a>>,
}

/// An institution with its name, if known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstitutionRef<'a> {
    /// The code.
    pub code: &'a InstitutionCode,
    /// The name.
    pub name: Option<&'a str>,
}

/// One day of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRecord<'a> {
    /// The day of dispensing or treatment; for an electronic prescription, the day of issue.
    pub date: Date,
    /// The day of the prescription.
    pub prescribed: Date,
    /// The drugs.
    pub drugs: Vec<&'a Drug>,
    /// The treatments.
    pub treatments: Vec<&'a Treatment>,
}

/// A check-up with its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatedCheckup<'a> {
    /// The date.
    pub date: Date,
    /// The check-up.
    pub checkup: &'a Checkup,
}

/// Returns the drug information for a query.
pub fn drug_information<'a>(records: &'a [DrugRecord], wanted: &DrugQuery, asker: &Requester<'a>) -> DrugInformation<'a> {
    let of = |kind| by_month(records.iter().filter(|record| record.kind == kind), wanted, asker);
    DrugInformation {
        claims: of(RecordKind::Claim),
        prescriptions: of(RecordKind::ElectronicPrescription),
        dispensings: of(RecordKind::ElectronicDispensing),
    }
}

/// Returns the check-ups up to today, oldest first.
pub fn checkups(checkups: &[Checkup], today: Date) -> Vec<DatedCheckup<'_>> {
    let dated = checkups.iter().map(|checkup| DatedCheckup { date: checkup.date.on(today), checkup });
    let mut shown: Vec<_> = dated.filter(|shown| shown.date <= today).collect();
    shown.sort_by_key(|shown| shown.date);
    shown
}

fn by_month<'a>(records: impl Iterator<Item = &'a DrugRecord>, wanted: &DrugQuery, asker: &Requester<'a>) -> Vec<MonthRecord<'a>> {
    let mut months = BTreeMap::new();
    for record in records {
        let treatments: &[Treatment] = if wanted.treatments { &record.treatments } else { &[] };
        if record.drugs.is_empty() && treatments.is_empty() {
            continue;
        }
        let institution = asker.institution_ref(&record.institution);
        let prescriber = record.prescriber.as_ref().map(|prescriber| asker.institution_ref(prescriber));
        for (date, prescribed) in record.days(asker.today).filter(|(date, _)| wanted.has(*date) && *date <= asker.today) {
            let month = date.first_of_month();
            let key = (month, record.organization.code(), institution, prescriber, record.in_out.code());
            let (_, days) = months.entry(key).or_insert_with(|| (record, BTreeMap::new()));
            let empty = || DayRecord { date, prescribed, drugs: Vec::new(), treatments: Vec::new() };
            let day = days.entry((date, prescribed)).or_insert_with(empty);
            day.drugs.extend(&record.drugs);
            day.treatments.extend(treatments);
        }
    }
    let months = months.into_iter().map(|((month, _, institution, prescriber, _), (record, days))| MonthRecord {
        month,
        organization: record.organization,
        institution,
        prescriber,
        own: prescriber.unwrap_or(institution).code == asker.code,
        in_out: record.in_out,
        days: days.into_values().collect(),
    });
    months.collect()
}

impl DrugQuery {
    fn has(&self, date: Date) -> bool {
        let month = date.first_of_month();
        self.first.is_none_or(|first| first <= month) && self.last.is_none_or(|last| month <= last)
    }
}

impl<'a> Requester<'a> {
    /// Returns an institution of a history. One without a code is the requesting institution.
    fn institution_ref(&self, institution: &'a NamedInstitution) -> InstitutionRef<'a> {
        let name = institution.name.as_deref();
        match &institution.code {
            Some(code) => InstitutionRef { code, name },
            None => InstitutionRef { code: self.code, name: name.or(Some(self.name)) },
        }
    }
}

#[cfg(test)]
mod tests;
