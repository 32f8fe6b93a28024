//! The message around the results: header, request data, outcome.

use super::element::{Certainty, Element};
use super::kind::MessageKind;
use super::result::RESULT;
use super::scope::Scope;
use super::value::{optional, text};
use crate::domain::inquiry::Inquiry;
use crate::domain::reference::Registration;
use crate::wire::digits;
use crate::wire::tree::ListStyle;

/// A whole message.
pub const MESSAGE: &[Element] = &[Element::group(
    "XmlMsg",
    &[Element::group("MessageHeader", HEADER).required(), Element::kept_group("MessageBody", |s| s.body.is_some(), BODY)],
)
.required()];

const HEADER: &[Element] = &[
    Element::text("ProcessExecutionTime", "clock", |s| text(digits::moment(s.header.at))).required().with_certainty(Certainty::Captured),
    Element::text("QualificationConfirmationDate", "request", |s| text(digits::day(s.header.confirmation_date?)))
        .with_certainty(Certainty::Captured),
    Element::text("MedicalInstitutionCode", "request", |s| text(s.header.institution.as_ref()?.as_str()))
        .with_certainty(Certainty::Captured),
    Element::text("ArbitraryFileIdentifier", "request", |s| s.header.file_identifier.clone()).with_certainty(Certainty::Captured),
    Element::text("ReferenceClassification", "check", |s| text(s.header.kind.reference()?)).codes(2).with_certainty(Certainty::Captured),
    Element::text("SegmentOfResult", "check", |s| text(s.header.segment.code())).required().codes(3).with_certainty(Certainty::Captured),
    Element::text("ErrorCode", "errors.toml code", |s| text(&s.header.error.as_ref()?.code)),
    Element::text("ErrorMessage", "errors.toml message", |s| text(&s.header.error.as_ref()?.message)),
    Element::text("ReceptionNumber", "check", |s| s.header.reception.clone()).only_in(&[MessageKind::BulkRequest, MessageKind::BulkResult]),
    Element::text("NumberOfProcessingResult", "check", |s| text(s.header.counts?.processed.to_string()))
        .only_in(&[MessageKind::BulkResult]),
    Element::text("NumberOfNormalProcessing", "check", |s| text(s.header.counts?.normal.to_string())).only_in(&[MessageKind::BulkResult]),
    Element::text("NumberOfError", "check", |s| text(s.header.counts?.error.to_string())).only_in(&[MessageKind::BulkResult]),
    Element::text("CharacterCodeIdentifier", "terminals.encoding", |s| text(s.header.encoding.code()))
        .required()
        .codes(5)
        .with_certainty(Certainty::Captured),
    Element::text("QualificationConfirmationKey", "terminals.linkage.confirmation_key", |s| optional(&s.header.confirmation_key))
        .only_in(&[MessageKind::Face])
        .with_certainty(Certainty::Invented),
];

const BODY: &[Element] = &[
    Element::group("QualificationConfirmSearchInfo", SEARCH_INFO).only_in(&[MessageKind::Check]),
    Element::group("ReferenceNumberRegistrationInfo", REGISTRATION)
        .only_in(&[MessageKind::Registration])
        .with_certainty(Certainty::Captured),
    Element::text("ReceptionNumber", "check", |s| text(&s.unit?.reception.as_ref()?.0)).only_in(&[MessageKind::BulkRequest]),
    Element::text("ReceptionDateTime", "clock", |s| text(digits::moment(s.unit?.reception.as_ref()?.1)))
        .only_in(&[MessageKind::BulkRequest]),
    Element::text("PrescriptionIssueSelect", "person.prescription", |s| text(s.unit?.prescription?)).codes(17),
    STATUS.with_certainty(Certainty::Captured),
    CODE,
    MESSAGE_OF_RESULT,
    VALIDITY.only_in(&[MessageKind::Check, MessageKind::Face]).with_certainty(Certainty::Captured),
    Element::list("ResultList", ListStyle::Wrapped, "ResultOfQualificationConfirmation", |s| s.results(), RESULT)
        .only_in(&[MessageKind::Check, MessageKind::Face])
        .with_certainty(Certainty::Captured),
    Element::list("BulkConfirmUnit", ListStyle::Repeated, "BulkConfirmUnit", |s| s.checked_units(), BULK_UNIT)
        .only_in(&[MessageKind::BulkResult]),
    Element::list("BulkRegistrationUnit", ListStyle::Repeated, "BulkRegistrationUnit", |s| s.registered_units(), REGISTRATION_UNIT)
        .only_in(&[MessageKind::BulkResult])
        .with_certainty(Certainty::OneAuthor),
];

const BULK_UNIT: &[Element] = &[
    Element::group("QualificationConfirmSearchInfo", SEARCH_INFO),
    STATUS,
    CODE,
    MESSAGE_OF_RESULT,
    VALIDITY,
    Element::list("ResultOfQualificationConfirmation", ListStyle::Repeated, "ResultOfQualificationConfirmation", |s| s.results(), RESULT),
    Element::text("ReferenceNumber", "registration", |s| text(s.unit?.results.first()?.reference_number?)),
];

const REGISTRATION_UNIT: &[Element] = &[Element::group("ReferenceNumberRegistrationInfo", REGISTRATION), STATUS, CODE, MESSAGE_OF_RESULT];

const STATUS: Element = Element::text("ProcessingResultStatus", "check", |s| text(if s.unit?.succeeded? { "1" } else { "2" })).codes(4);
const CODE: Element = Element::text("ProcessingResultCode", "errors.toml code", |s| text(&s.unit?.note.as_ref()?.code));
const MESSAGE_OF_RESULT: Element =
    Element::text("ProcessingResultMessage", "errors.toml message", |s| text(&s.unit?.note.as_ref()?.message));
const VALIDITY: Element = Element::text("QualificationValidity", "check", |s| text(s.unit?.validity?.code())).codes(6);

const SEARCH_INFO: &[Element] = &[
    Element::text("InsurerNumber", "request", |s| text(&*info(s)?.card.insurer_number)),
    Element::text("InsuredCardSymbol", "request", |s| optional(&info(s)?.card.symbol)),
    Element::text("InsuredIdentificationNumber", "request", |s| text(&*info(s)?.card.number)),
    Element::text("InsuredBranchNumber", "request", |s| optional(&info(s)?.card.branch)),
    Element::text("Birthdate", "request", |s| text(digits::day(info(s)?.birthdate))),
    Element::text("LimitApplicationCertificateRelatedConsFlg", "request", |s| text(if info(s)?.limit_consent { "1" } else { "0" }))
        .codes(1),
    Element::text("ArbitraryIdentifier", "request", |s| optional(&info(s)?.arbitrary_identifier)),
];

const REGISTRATION: &[Element] = &[
    Element::text("ReferenceNumber", "request", |s| text(&registration(s)?.reference_number)).with_certainty(Certainty::Captured),
    Element::text("InsurerNumber", "request", |s| text(&*registration(s)?.card.insurer_number)).with_certainty(Certainty::Captured),
    Element::text("InsuredCardSymbol", "request", |s| optional(&registration(s)?.card.symbol)).with_certainty(Certainty::Captured),
    Element::text("InsuredIdentificationNumber", "request", |s| text(&*registration(s)?.card.number)).with_certainty(Certainty::Captured),
    Element::text("InsuredBranchNumber", "request", |s| optional(&registration(s)?.card.branch)).with_certainty(Certainty::Captured),
];

fn info<'a>(scope: &Scope<'a>) -> Option<&'a Inquiry> {
    scope.unit?.info
}

fn registration<'a>(scope: &Scope<'a>) -> Option<&'a Registration> {
    scope.unit?.registration.as_ref()
}
