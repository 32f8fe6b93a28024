//! Receptions (受付): the bulk requests of an institution, each with its reception number and the
//! time from which its result can be fetched.

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

/// The maximum number of receptions stored. The oldest is evicted.
const MAX_KEPT: usize = 100;
/// The maximum number of persons in all receptions stored. The oldest reception is evicted.
const MAX_PERSONS: usize = 5_000;

/// The reception of one bulk request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reception {
    /// The reception number.
    pub number: String,
    /// The kind of file that submitted it.
    pub kind: FileKind,
    /// When the result can be fetched, by the institution's clock.
    pub ready_at: Timestamp,
    /// The query.
    pub asked: BulkQuery,
    /// The `ArbitraryFileIdentifier`. The result carries it if the request that fetches it has
    /// none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_identifier: Option<Verbatim>,
    /// The `QualificationConfirmationDate`. The result carries it if the request that fetches it
    /// has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmation_date: Option<Date>,
}

/// A bulk request as it is submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// The kind of file that submits it.
    pub kind: FileKind,
    /// The query.
    pub asked: BulkQuery,
    /// The `ArbitraryFileIdentifier`.
    pub file_identifier: Option<Verbatim>,
    /// The `QualificationConfirmationDate`.
    pub confirmation_date: Option<Date>,
}

/// The query of a bulk request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkQuery {
    /// The qualifications of these persons.
    Persons(Vec<Inquiry>),
    /// Everyone with medical aid in the month of this day.
    MedicalAid(Date),
    /// Everyone who consented to home visits, or to online consultation, from the first day to the
    /// last.
    Consented(Date, Date),
    /// The registration of these reference numbers.
    Registrations(Vec<Registration>),
}

/// The receptions of an institution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receptions {
    last: u32,
    kept: VecDeque<Reception>,
}

impl Receptions {
    /// Stores a request and returns its reception number of 20 digits: the time and a counter. The
    /// real form is not public.
    pub fn submit(&mut self, submission: Submission, now: Timestamp, takes: Period) -> String {
        self.last = (self.last + 1) % 1_000_000;
        let number = format!("{}{:06}", japan::civil(now).strftime("%Y%m%d%H%M%S"), self.last);
        let ready_at = now.checked_add(takes.duration()).unwrap_or(Timestamp::MAX);
        let Submission { kind, asked, file_identifier, confirmation_date } = submission;
        self.kept.push_back(Reception { number: number.clone(), kind, ready_at, asked, file_identifier, confirmation_date });
        while self.kept.len() > MAX_KEPT || (self.kept.len() > 1 && self.persons() > MAX_PERSONS) {
            self.kept.pop_front();
        }
        number
    }

    /// Returns the reception of this kind with this number.
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
