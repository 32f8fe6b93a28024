//! What is told of a person's history: drug information by month and institution, and health check-ups.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::ids::InstitutionCode;
use super::person::{Checkup, Drug, DrugRecord, InOut, NamedInstitution, OrganizationKind, RecordKind, Treatment};

/// Which drug information is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DrugQuery {
    /// The first month, as its first day; none: from the beginning.
    pub first: Option<Date>,
    /// The last month, as its first day; none: to this month.
    pub last: Option<Date>,
    /// Whether treatments are told beside drugs.
    pub treatments: bool,
}

/// Who asks, and on which day.
#[derive(Clone, Copy, Debug)]
pub struct Requester<'a> {
    /// The institution.
    pub code: &'a InstitutionCode,
    /// Its name.
    pub name: &'a str,
    /// Today, by its clock: nothing later is told.
    pub today: Date,
}

/// Drug information: each list by month, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrugInformation<'a> {
    /// From claims.
    pub claims: Vec<MonthRecord<'a>>,
    /// From electronic prescriptions.
    pub prescriptions: Vec<MonthRecord<'a>>,
    /// Dispensed, reported electronically.
    pub dispensings: Vec<MonthRecord<'a>>,
}

/// One month at one institution, of one prescriber, in or out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthRecord<'a> {
    /// The month, as its first day.
    pub month: Date,
    /// What kind of institution claims, dispenses or prescribes.
    pub organization: OrganizationKind,
    /// Which one treated or dispensed.
    pub institution: InstitutionRef<'a>,
    /// Which one prescribed, where that is said.
    pub prescriber: Option<InstitutionRef<'a>>,
    /// Whether it is a prescription of whoever asks.
    pub own: bool,
    /// In or out.
    pub in_out: InOut,
    /// The days, the oldest first.
    pub days: Vec<DayRecord<'a>>,
}

/// An institution with its name, where that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstitutionRef<'a> {
    /// Its code.
    pub code: &'a InstitutionCode,
    /// Its name.
    pub name: Option<&'a str>,
}

/// One day of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRecord<'a> {
    /// When it was dispensed or done; of an electronic prescription, when it was issued.
    pub date: Date,
    /// When it was prescribed.
    pub prescribed: Date,
    /// The drugs.
    pub drugs: Vec<&'a Drug>,
    /// The treatments.
    pub treatments: Vec<&'a Treatment>,
}

/// A check-up with its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DatedCheckup<'a> {
    /// The day.
    pub date: Date,
    /// What was found.
    pub checkup: &'a Checkup,
}

/// The drug information that is asked for.
pub fn drug_information<'a>(records: &'a [DrugRecord], wanted: &DrugQuery, asker: &Requester<'a>) -> DrugInformation<'a> {
    let of = |kind| by_month(records.iter().filter(|record| record.kind == kind), wanted, asker);
    DrugInformation {
        claims: of(RecordKind::Claim),
        prescriptions: of(RecordKind::ElectronicPrescription),
        dispensings: of(RecordKind::ElectronicDispensing),
    }
}

/// The check-ups up to today, the oldest first.
pub fn checkups(checkups: &[Checkup], today: Date) -> Vec<DatedCheckup<'_>> {
    let dated = checkups.iter().map(|checkup| DatedCheckup { date: checkup.date.on(today), checkup });
    let mut told: Vec<_> = dated.filter(|told| told.date <= today).collect();
    told.sort_by_key(|told| told.date);
    told
}

fn by_month<'a>(records: impl Iterator<Item = &'a DrugRecord>, wanted: &DrugQuery, asker: &Requester<'a>) -> Vec<MonthRecord<'a>> {
    let mut months = BTreeMap::new();
    for record in records {
        let treatments: &[Treatment] = if wanted.treatments { &record.treatments } else { &[] };
        if record.drugs.is_empty() && treatments.is_empty() {
            continue;
        }
        let institution = asker.named(&record.institution);
        let prescriber = record.prescriber.as_ref().map(|prescriber| asker.named(prescriber));
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
    /// An institution of a history; one without a code is who asks.
    fn named(&self, institution: &'a NamedInstitution) -> InstitutionRef<'a> {
        let name = institution.name.as_deref();
        match &institution.code {
            Some(code) => InstitutionRef { code, name },
            None => InstitutionRef { code: self.code, name: name.or(Some(self.name)) },
        }
    }
}

#[cfg(test)]
mod tests;
