//! Bulk requests that an institution has handed in: each with its reception number, and from when its result can be fetched.

use std::collections::VecDeque;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::inquiry::Inquiry;
use super::japan;
use super::linkage::FileKind;
use super::period::Period;
use super::reference::Registration;
use super::verbatim::Verbatim;

/// Bulk requests that are kept; the oldest gives way.
const MOST_KEPT: usize = 100;
/// Persons in all bulk requests that are kept; the oldest request gives way.
const MOST_PERSONS: usize = 5_000;

/// One bulk request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reception {
    /// Its reception number.
    pub number: String,
    /// The kind of file that handed it in.
    pub kind: FileKind,
    /// When its result can be fetched, by the institution's clock.
    pub ready_at: Timestamp,
    /// What was asked.
    pub asked: BulkQuery,
    /// Its `ArbitraryFileIdentifier`: the result carries it where the request that fetches it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_identifier: Option<Verbatim>,
    /// Its `QualificationConfirmationDate`: likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation_date: Option<Date>,
}

/// A bulk request as it is handed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The kind of file that hands it in.
    pub kind: FileKind,
    /// What is asked.
    pub asked: BulkQuery,
    /// Its `ArbitraryFileIdentifier`.
    pub file_identifier: Option<Verbatim>,
    /// Its `QualificationConfirmationDate`.
    pub confirmation_date: Option<Date>,
}

/// What a bulk request asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkQuery {
    /// The qualifications of these.
    Persons(Vec<Inquiry>),
    /// Everyone with medical aid in the month of this day.
    MedicalAid(Date),
    /// Everyone who consented to home visits, or to online consultation, from the first day to the last.
    Consented(Date, Date),
    /// To register these reference numbers.
    Registrations(Vec<Registration>),
}

/// The bulk requests of an institution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receptions {
    last: u32,
    kept: VecDeque<Reception>,
}

impl Receptions {
    /// Takes a request and gives its reception number: the time and a count, 20 digits. The real form is not public.
    pub fn submit(&mut self, submission: Submission, now: Timestamp, takes: Period) -> String {
        self.last = (self.last + 1) % 1_000_000;
        let number = format!("{}{:06}", japan::civil(now).strftime("%Y%m%d%H%M%S"), self.last);
        let ready_at = now.checked_add(takes.duration()).unwrap_or(Timestamp::MAX);
        let Submission { kind, asked, file_identifier, confirmation_date } = submission;
        self.kept.push_back(Reception { number: number.clone(), kind, ready_at, asked, file_identifier, confirmation_date });
        while self.kept.len() > MOST_KEPT || (self.kept.len() > 1 && self.persons() > MOST_PERSONS) {
            self.kept.pop_front();
        }
        number
    }

    /// The request with a number, of a kind.
    pub fn find(&self, kind: FileKind, number: &str) -> Option<&Reception> {
        self.kept.iter().find(|reception| reception.kind == kind && reception.number == number)
    }

    fn persons(&self) -> usize {
        let persons = self.kept.iter().map(|reception| match &reception.asked {
            BulkQuery::Persons(inquiries) => inquiries.len(),
            BulkQuery::Registrations(registrations) => registrations.len(),
            BulkQuery::MedicalAid(_) | BulkQuery::Consented(..) => 1,
        });
        persons.sum()
    }
}
