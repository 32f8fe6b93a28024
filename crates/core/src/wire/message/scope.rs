//! The data that a message's elements read: header, units of the body, and the qualification of a
//! result.

use jiff::civil::{Date, DateTime};

use super::kind::MessageKind;
use crate::domain::consent::Consents;
use crate::domain::encoding::Encoding;
use crate::domain::ids::InstitutionCode;
use crate::domain::inquiry::{Inquiry, Validity};
use crate::domain::medical::{DatedCheckup, DayRecord, DrugInformation, MonthRecord};
use crate::domain::person::{CheckupItem, Drug, MedicalTicket, Person, Qualification, SpecificDisease, Treatment};
use crate::domain::reference::Registration;
use crate::wire::tree::Verbatim;

/// The data of the element being written. It narrows from the message to a unit, a result, and an
/// item of a list in it.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// The header.
    pub header: &'a Header,
    /// The body; the profile `bare` leaves it out.
    pub body: Option<&'a Body<'a>>,
    /// One inquiry with its outcome.
    pub unit: Option<&'a Unit<'a>>,
    /// One qualification in the response.
    pub held: Option<&'a HeldQualification<'a>>,
    /// One of its certificates for a specific disease.
    pub disease: Option<&'a SpecificDisease>,
    /// One of its medical tickets.
    pub ticket: Option<&'a MedicalTicket>,
    /// Drug information or check-ups.
    pub medical: Option<&'a Medical<'a>>,
    /// A part of them.
    pub part: Option<MedicalPart<'a>>,
}

/// `MessageHeader`.
#[derive(Clone, Debug)]
pub struct Header {
    /// The kind of message.
    pub kind: MessageKind,
    /// `ProcessExecutionTime`, in Japan time.
    pub at: DateTime,
    /// `QualificationConfirmationDate`.
    pub confirmation_date: Option<Date>,
    /// `MedicalInstitutionCode`.
    pub institution: Option<InstitutionCode>,
    /// `ArbitraryFileIdentifier`.
    pub file_identifier: Option<Verbatim>,
    /// `SegmentOfResult`.
    pub segment: Segment,
    /// `ErrorCode` and `ErrorMessage`.
    pub error: Option<Note>,
    /// `CharacterCodeIdentifier`.
    pub encoding: Encoding,
    /// The `ReceptionNumber` of a bulk request, if the header contains it.
    pub reception: Option<Verbatim>,
    /// The `QualificationConfirmationKey` of a face result, if a setting enables it.
    pub confirmation_key: Option<String>,
    /// The number of inquiries in a bulk result.
    pub counts: Option<Counts>,
}

/// Code table 003.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment {
    /// 正常終了
    Done,
    /// 処理中
    Processing,
    /// 異常終了
    Failed,
}

/// A code and its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The code.
    pub code: String,
    /// The message.
    pub message: String,
}

/// `NumberOfProcessingResult`, `NumberOfNormalProcessing`, `NumberOfError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// The inquiries that were processed.
    pub processed: usize,
    /// Those that succeeded.
    pub normal: usize,
    /// Those that ended with an error.
    pub error: usize,
}

/// `MessageBody`: a single unit, or the units of a bulk result.
#[derive(Clone, Default)]
pub struct Body<'a> {
    /// The unit whose elements are directly in the body.
    pub unit: Unit<'a>,
    /// `BulkConfirmUnit` or `BulkRegistrationUnit`, repeated.
    pub units: Vec<Unit<'a>>,
}

/// One inquiry with its outcome.
#[derive(Clone, Default)]
pub struct Unit<'a> {
    /// `QualificationConfirmSearchInfo`: the inquiry, as the client sent it.
    pub info: Option<&'a Inquiry>,
    /// `ReferenceNumberRegistrationInfo`: the registration, as the client sent it.
    pub registration: Option<Registration>,
    /// `ReceptionNumber` and `ReceptionDateTime` of a bulk request that was accepted.
    pub reception: Option<(String, DateTime)>,
    /// `PrescriptionIssueSelect`, code table 017.
    pub prescription: Option<&'static str>,
    /// `ProcessingResultStatus`, code table 004: whether it succeeded.
    pub succeeded: Option<bool>,
    /// `ProcessingResultCode` and `ProcessingResultMessage`.
    pub note: Option<Note>,
    /// `QualificationValidity`.
    pub validity: Option<Validity>,
    /// The qualifications in the response.
    pub results: Vec<HeldQualification<'a>>,
}

/// Drug information or check-ups.
#[derive(Clone, Debug, Default)]
pub struct Medical<'a> {
    /// `ResultCode`: "1" for success.
    pub result_code: String,
    /// `MessageContents`, in case of an error.
    pub contents: Option<String>,
    /// The person, in case of success.
    pub person: Option<&'a Person>,
    /// Drug information.
    pub drugs: DrugInformation<'a>,
    /// Check-ups.
    pub checkups: Vec<DatedCheckup<'a>>,
}

/// A part of drug information or check-ups.
#[derive(Clone, Copy, Debug)]
pub enum MedicalPart<'a> {
    /// A month of drug information.
    Month(&'a MonthRecord<'a>),
    /// A day of that month.
    Day(&'a DayRecord<'a>),
    /// A drug of that day.
    Drug(&'a Drug),
    /// A treatment of that day.
    Treatment(&'a Treatment),
    /// A check-up.
    Checkup(&'a DatedCheckup<'a>),
    /// An item of that check-up.
    Item(&'a CheckupItem),
}

/// A qualification in a result.
#[derive(Clone, Copy)]
pub struct HeldQualification<'a> {
    /// The person.
    pub person: &'a Person,
    /// The qualification.
    pub qualification: &'a Qualification,
    /// The patient's consents.
    pub consents: &'a Consents,
    /// The time of the consents, and the base of relative dates.
    pub now: DateTime,
    /// The requesting institution. A medical ticket names it as the designated institution.
    pub institution: &'a InstitutionCode,
    /// `ReferenceNumber`, if this institution registered one for the person.
    pub reference_number: Option<&'a str>,
    /// `ArbitraryIdentifier` of the inquiry.
    pub arbitrary_identifier: Option<&'a str>,
}

impl<'a> Scope<'a> {
    /// Creates the scope of a whole message.
    pub fn message(header: &'a Header, body: Option<&'a Body<'a>>) -> Self {
        let unit = body.map(|body| &body.unit);
        Self { header, body, unit, held: None, disease: None, ticket: None, medical: None, part: None }
    }

    /// Creates the scope of a response about drugs or check-ups.
    pub fn medical(header: &'a Header, medical: &'a Medical<'a>) -> Self {
        Self { medical: Some(medical), ..Self::message(header, None) }
    }

    pub(super) fn results(&self) -> Vec<Scope<'a>> {
        let results = self.unit.into_iter().flat_map(|unit| &unit.results);
        results.map(|held| Scope { held: Some(held), ..*self }).collect()
    }

    /// Returns the units of a bulk check.
    pub(super) fn checked_units(&self) -> Vec<Scope<'a>> {
        self.units(|unit| unit.registration.is_none())
    }

    /// Returns the units of a bulk registration.
    pub(super) fn registered_units(&self) -> Vec<Scope<'a>> {
        self.units(|unit| unit.registration.is_some())
    }

    fn units(&self, which: impl Fn(&Unit<'_>) -> bool) -> Vec<Scope<'a>> {
        let units = self.body.into_iter().flat_map(|body| &body.units).filter(|unit| which(unit));
        units.map(|unit| Scope { unit: Some(unit), ..*self }).collect()
    }
}

impl Segment {
    /// Returns the code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Done => "1",
            Self::Processing => "2",
            Self::Failed => "9",
        }
    }
}
