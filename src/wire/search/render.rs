//! Answers and errors of a check, in the specification's order.

use jiff::Timestamp;
use jiff::civil::Date;

use super::request::SearchRequest;
use crate::domain::ids::InstitutionCode;
use crate::domain::inquiry::Finding;
use crate::domain::japan;
use crate::domain::person::{ElderlyCertificate, FixtureDate, LimitCertificate, Person, Qualification};
use crate::wire::tree::Group;

/// A side note on a success: code and message.
#[derive(Clone, Debug)]
pub struct Side {
    /// `ProcessingResultCode`.
    pub code: String,
    /// `ProcessingResultMessage`.
    pub message: String,
}

/// The answer to a check that worked, whatever its outcome.
pub fn answer(request: &SearchRequest, finding: &Finding<'_>, side: Option<Side>, now: Timestamp) -> Group {
    let header = header(now, Some(request), Some(&request.institution)).text("SegmentOfResult", "1").text("CharacterCodeIdentifier", "0");
    let results = finding
        .matched
        .iter()
        .map(|(person, held)| Group::new().group("ResultOfQualificationConfirmation", result(request, person, held, now)));
    let (code, message) = side.map(|side| (side.code, side.message)).unzip();
    let body = Group::new()
        .group("QualificationConfirmSearchInfo", echo(request))
        .text("ProcessingResultStatus", "1")
        .optional("ProcessingResultCode", code)
        .optional("ProcessingResultMessage", message)
        .text("QualificationValidity", finding.validity.code())
        .list("ResultList", results.collect());
    message_of(header, body)
}

/// A header-level error in an envelope: SegmentOfResult "9", and a MessageBody with ProcessingResultStatus "2". That it comes so is invented.
pub fn refusal(request: Option<&SearchRequest>, institution: Option<&InstitutionCode>, code: &str, message: &str, now: Timestamp) -> Group {
    let header = header(now, request, institution)
        .text("SegmentOfResult", "9")
        .text("ErrorCode", code)
        .text("ErrorMessage", message)
        .text("CharacterCodeIdentifier", "0");
    message_of(header, Group::new().text("ProcessingResultStatus", "2"))
}

fn message_of(header: Group, body: Group) -> Group {
    Group::new().group("XmlMsg", Group::new().group("MessageHeader", header).group("MessageBody", body))
}

fn header(now: Timestamp, request: Option<&SearchRequest>, institution: Option<&InstitutionCode>) -> Group {
    Group::new()
        .text("ProcessExecutionTime", japan::civil(now).strftime("%Y%m%d%H%M%S").to_string())
        .optional("QualificationConfirmationDate", request.map(|request| date(request.inquiry.confirmation_date)))
        .optional("MedicalInstitutionCode", institution.map(InstitutionCode::as_str))
        .optional("ArbitraryFileIdentifier", request.and_then(|request| request.arbitrary_file_identifier.clone()))
        .text("ReferenceClassification", "2")
}

fn echo(request: &SearchRequest) -> Group {
    let inquiry = &request.inquiry;
    Group::new()
        .text("InsurerNumber", &inquiry.insurer_number)
        .optional("InsuredCardSymbol", inquiry.symbol.as_deref())
        .text("InsuredIdentificationNumber", &inquiry.number)
        .optional("InsuredBranchNumber", inquiry.branch.as_deref())
        .text("Birthdate", &request.birthdate)
        .text("LimitApplicationCertificateRelatedConsFlg", &request.limit_consent_flag)
        .optional("ArbitraryIdentifier", request.arbitrary_identifier.as_deref())
}

fn result(request: &SearchRequest, person: &Person, held: &Qualification, now: Timestamp) -> Group {
    let today = japan::civil(now).date();
    let fixture = |date_of: Option<FixtureDate>| date_of.map(|fixture| date(fixture.on(today)));
    let consent = request.inquiry.limit_consent;
    let limit = held.limit_certificate.as_ref().filter(|_| consent);
    Group::new()
        .text("InsuredCardClassification", held.card.code())
        .text("InsurerNumber", held.insurer_number.padded())
        .optional("InsuredCardSymbol", held.symbol.as_ref().map(|symbol| symbol.as_str()))
        .text("InsuredIdentificationNumber", held.number.as_str())
        .optional("InsuredBranchNumber", held.branch.as_ref().map(|branch| branch.as_str()))
        .optional("PersonalFamilyClassification", held.personal_family.map(|kind| kind.code()))
        .optional("InsuredName", held.insured_name.as_deref())
        .text("Name", &person.name)
        .text("NameKana", person.name_kana.as_str())
        .text("Sex1", person.sex.code())
        .text("Birthdate", date(person.birthdate))
        .optional("Address", person.address.as_deref())
        .optional("PostNumber", person.post_number.as_deref())
        .optional("QualificationDate", fixture(Some(held.from)))
        .optional("DisqualificationDate", fixture(held.lost))
        .optional("InsuredCertificateIssuanceDate", fixture(held.issued))
        .optional("InsuredCardExpirationDate", fixture(held.expires))
        .optional("InsuredPartialContributionRatio", held.contribution_ratio.as_deref())
        .optional("ReasonOfLoss", held.reason_of_loss.as_deref())
        .text("InsurerName", &held.insurer_name)
        .optional_group("ElderlyRecipientCertificateInfo", held.elderly_certificate.as_ref().map(|held| elderly(held, today)))
        .text("LimitApplicationCertificateRelatedConsFlg", &request.limit_consent_flag)
        .optional("LimitApplicationCertificateRelatedConsTime", consent.then(|| japan::civil(now).strftime("%Y%m%d%H%M%S").to_string()))
        .optional_group("LimitApplicationCertificateRelatedInfo", limit.map(|held| limit_info(held, today)))
        .optional("ArbitraryIdentifier", request.arbitrary_identifier.as_deref())
}

fn elderly(held: &ElderlyCertificate, today: Date) -> Group {
    Group::new()
        .text("ElderlyRecipientCertificateDate", date(held.issued.on(today)))
        .text("ElderlyRecipientValidStartDate", date(held.from.on(today)))
        .text("ElderlyRecipientValidEndDate", date(held.until.on(today)))
        .text("ElderlyRecipientContributionRatio", &held.contribution_ratio)
}

fn limit_info(held: &LimitCertificate, today: Date) -> Group {
    Group::new()
        .text("LimitApplicationCertificateClassification", &held.classification)
        .text("LimitApplicationCertificateClassificationFlag", &held.class)
        .text("LimitApplicationCertificateDate", date(held.issued.on(today)))
        .text("LimitApplicationCertificateValidStartDate", date(held.from.on(today)))
        .text("LimitApplicationCertificateValidEndDate", date(held.until.on(today)))
        .optional("LimitApplicationCertificateLongTermDate", held.long_term.map(|day| date(day.on(today))))
}

fn date(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}
