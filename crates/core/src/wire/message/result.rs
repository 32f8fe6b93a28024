//! `ResultOfQualificationConfirmation`: one qualification in a response, in the specification's
//! order.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::element::{Certainty, Element};
use super::kind::MessageKind;
use super::scope::{HeldQualification, Scope};
use super::ticket::{TICKET, tickets};
use super::value::{date, optional, text};
use crate::domain::consent::{Consent, ConsentKind};
use crate::domain::person::{ElderlyCertificate, FixtureDate, LimitCertificate, Qualification};
use crate::wire::digits;
use crate::wire::tree::{ListStyle, Verbatim};

/// The source of a consent.
const CONSENT: &str = "consent";

/// The rows of a result. Between `before` and `after`, each kind of medical information has three
/// rows.
macro_rules! result {
    (before [$($before:expr,)+] information [$($name:literal $kind:ident $mark:ident,)+] after [$($after:expr,)+]) => {
        &[
            $($before,)+
            $(
                Element::text(concat!($name, "ConsFlg"), CONSENT, |s| text(information_consent(s, ConsentKind::$kind)?.code()))
                    .codes(16)
                    .with_certainty(Certainty::$mark),
                Element::text(concat!($name, "ConsTime"), CONSENT, |s| moment(answered_at(s.held?, information_consent(s, ConsentKind::$kind)?)?))
                    .with_certainty(Certainty::$mark),
                Element::text(concat!($name, "AvailableTime"), CONSENT, |s| {
                    moment(available_until(s.held?, information_consent(s, ConsentKind::$kind)?)?)
                })
                .with_certainty(Certainty::$mark),
            )+
            $($after,)+
        ]
    };
}

pub(super) const RESULT: &[Element] = result! {
    before [
        Element::text("InsuredCardClassification", "qualifications.card", |s| text(qualification(s)?.card.code())).required().codes(10),
        Element::text("InsurerNumber", "qualifications.insurer_number", |s| text(qualification(s)?.insurer_number.to_padded())),
        Element::text("InsuredCardSymbol", "qualifications.symbol", |s| text(qualification(s)?.symbol.as_ref()?.as_str())),
        Element::text("InsuredIdentificationNumber", "qualifications.number", |s| text(qualification(s)?.number.as_str())),
        Element::text("InsuredBranchNumber", "qualifications.branch", |s| text(qualification(s)?.branch.as_ref()?.as_str())),
        Element::text("PersonalFamilyClassification", "qualifications.personal_family", |s| {
            text(qualification(s)?.personal_family?.code())
        })
        .codes(9),
        Element::text("InsuredName", "qualifications.insured_name", |s| optional(&qualification(s)?.insured_name)),
        Element::text("Name", "person.name", |s| text(&s.held?.person.name)).required(),
        Element::text("NameOfOther", "person.name_other", |s| optional(&s.held?.person.name_other)),
        Element::text("NameKana", "person.name_kana", |s| text(s.held?.person.name_kana.as_str())),
        Element::text("NameOfOtherKana", "person.name_other_kana", |s| text(s.held?.person.name_other_kana.as_ref()?.as_str())),
        Element::text("Sex1", "person.sex", |s| text(s.held?.person.sex.code())).required().codes(7),
        Element::text("Sex2", "person.sex2", |s| text(s.held?.person.sex2?.code())).codes(7),
        Element::text("Birthdate", "person.birthdate", |s| date(s, FixtureDate::Fixed(s.held?.person.birthdate))).required(),
        Element::text("Address", "person.address", |s| optional(&s.held?.person.address)),
        Element::text("PostNumber", "person.post_number", |s| optional(&s.held?.person.post_number)),
        Element::text("QualificationDate", "qualifications.qualification_date", |s| date(s, qualification(s)?.qualification_date?)),
        Element::text("DisqualificationDate", "qualifications.lost", |s| date(s, qualification(s)?.lost?)),
        Element::text("InsuredCertificateIssuanceDate", "qualifications.issued", |s| date(s, qualification(s)?.issued?))
            .with_certainty(Certainty::Captured),
        Element::text("InsuredCardValidDate", "qualifications.valid_from", |s| date(s, qualification(s)?.valid_from?))
            .with_certainty(Certainty::Captured),
        Element::text("InsuredCardExpirationDate", "qualifications.expires", |s| date(s, qualification(s)?.expires?)),
        Element::text("InsuredPartialContributionRatio", "qualifications.contribution_ratio", |s| {
            text(qualification(s)?.contribution_ratio?.code())
        }),
        Element::text("PreschoolClassification", "qualifications.preschool", |s| qualification(s)?.preschool.then(|| "1".into())).codes(15),
        Element::text("ReasonOfLoss", "qualifications.reason_of_loss", |s| text(qualification(s)?.reason_of_loss?.code())).codes(8),
        Element::text("InsurerName", "qualifications.insurer_name", |s| text(&qualification(s)?.insurer_name)).required(),
        Element::group("ElderlyRecipientCertificateInfo", ELDERLY),
        Element::text("LimitApplicationCertificateChanged", "limit_certificate.changed", changed)
            .codes(14)
            .only_in(&[MessageKind::BulkResult]),
        Element::text("LimitApplicationCertificateRelatedConsFlg", CONSENT, |s| text(limit_consent(s.held?).code())).codes(1),
        Element::text("LimitApplicationCertificateRelatedConsTime", CONSENT, |s| moment(answered_at(s.held?, limit_consent(s.held?))?)),
        Element::group("LimitApplicationCertificateRelatedInfo", LIMIT),
        Element::text("SpecificDiseasesCertificateRelatedConsFlg", CONSENT, |s| text(diseases_consent(s)?.code())).codes(16),
        Element::text("SpecificDiseasesCertificateRelatedConsTime", CONSENT, |s| {
            moment(answered_at(s.held?, consent(s.held?, ConsentKind::SpecificDiseases))?)
        }),
        Element::list("SpecificDiseasesCertificateList", ListStyle::Bare, "SpecificDiseasesCertificateInfo", diseases, DISEASE),
        Element::list("PublicExpenseResultList", ListStyle::Wrapped, "MedicalTicketInfo", tickets, TICKET),
    ]
    information [
        "SpecificHealthCheckupsInfo" SpecificHealthCheckups InUse,
        "PharmacistsInfo" Pharmacists InUse,
        "DiagnosisInfo" Diagnosis InUse,
        "OperationInfo" Operation InUse,
        "DiagnosisName" DiagnosisName InUse,
        "InfectiousInfo" Infectious InUse,
        "AllergyInfo" Allergy InUse,
        "ContraindicationInfo" Contraindication InUse,
        "TestInfo" Test InUse,
        "PrescriptionInfo" Prescription InUse,
    ]
    after [
        Element::text("ArbitraryIdentifier", "request", |s| text(s.held?.arbitrary_identifier?)),
        Element::text("ReferenceNumber", "registration", |s| text(s.held?.reference_number?)),
    ]
};

const ELDERLY: &[Element] = &[
    Element::text("ElderlyRecipientCertificateDate", "elderly_certificate.issued", |s| date(s, elderly(s)?.issued)),
    Element::text("ElderlyRecipientValidStartDate", "elderly_certificate.from", |s| date(s, elderly(s)?.from)),
    Element::text("ElderlyRecipientValidEndDate", "elderly_certificate.until", |s| date(s, elderly(s)?.until)),
    Element::text("ElderlyRecipientContributionRatio", "elderly_certificate.contribution_ratio", |s| {
        text(elderly(s)?.contribution_ratio.code())
    }),
];

const LIMIT: &[Element] = &[
    Element::text("LimitApplicationCertificateClassification", "limit_certificate.classification", |s| {
        text(limit(s)?.classification.code())
    })
    .codes(11),
    Element::text("LimitApplicationCertificateClassificationFlag", "limit_certificate.class", |s| text(limit(s)?.class.code())).codes(12),
    Element::text("LimitApplicationCertificateDate", "limit_certificate.issued", |s| date(s, limit(s)?.issued)),
    Element::text("LimitApplicationCertificateValidStartDate", "limit_certificate.from", |s| date(s, limit(s)?.from)),
    Element::text("LimitApplicationCertificateValidEndDate", "limit_certificate.until", |s| date(s, limit(s)?.until)),
    Element::text("LimitApplicationCertificateLongTermDate", "limit_certificate.long_term", |s| date(s, limit(s)?.long_term?)),
];

const DISEASE: &[Element] = &[
    Element::text("SpecificDiseasesDiseaseCategory", "specific_diseases.category", |s| text(s.disease?.category.code())).codes(13),
    Element::text("SpecificDiseasesCertificateDate", "specific_diseases.issued", |s| date(s, s.disease?.issued)),
    Element::text("SpecificDiseasesValidStartDate", "specific_diseases.from", |s| date(s, s.disease?.from)),
    Element::text("SpecificDiseasesValidEndDate", "specific_diseases.until", |s| date(s, s.disease?.until?)),
    Element::text("SpecificDiseasesSelfPay", "specific_diseases.self_pay", |s| text(s.disease?.self_pay.to_string())),
];

fn qualification<'a>(scope: &Scope<'a>) -> Option<&'a Qualification> {
    scope.held.map(|held| held.qualification)
}

fn elderly<'a>(scope: &Scope<'a>) -> Option<&'a ElderlyCertificate> {
    qualification(scope)?.elderly_certificate.as_ref()
}

/// Returns the limit certificate, only with consent.
fn limit<'a>(scope: &Scope<'a>) -> Option<&'a LimitCertificate> {
    let held = scope.held.filter(|held| limit_consent(held) == Consent::Given)?;
    held.qualification.limit_certificate.as_ref()
}

/// Returns whether the limit certificate changed. Only bulk results have this element; it needs no
/// consent.
fn changed(scope: &Scope<'_>) -> Option<Verbatim> {
    let held = scope.held?;
    let changed = held.qualification.limit_certificate.as_ref().is_some_and(|certificate| certificate.changed);
    text(if changed { "1" } else { "0" })
}

/// Returns the specific diseases, only with consent.
fn diseases<'a>(scope: &Scope<'a>) -> Vec<Scope<'a>> {
    let held = scope.held.filter(|held| consent(held, ConsentKind::SpecificDiseases) == Consent::Given);
    let diseases = held.into_iter().flat_map(|held| &held.qualification.specific_diseases);
    diseases.map(|disease| Scope { disease: Some(disease), ..*scope }).collect()
}

fn consent(held: &HeldQualification<'_>, kind: ConsentKind) -> Consent {
    held.consents.get(&kind).copied().unwrap_or_default()
}

/// Returns the consent for specific diseases. A response to card data leaves out the flag "0"; a
/// reader asks every time.
fn diseases_consent(scope: &Scope<'_>) -> Option<Consent> {
    let consent = consent(scope.held?, ConsentKind::SpecificDiseases);
    Some(consent).filter(|consent| *consent != Consent::Refused || scope.header.kind == MessageKind::Face)
}

/// Returns the consent for the limit certificate. Code table 001 has only given and not given.
fn limit_consent(held: &HeldQualification<'_>) -> Consent {
    if consent(held, ConsentKind::LimitCertificate) == Consent::Given { Consent::Given } else { Consent::Refused }
}

/// Returns the consent for medical information. A reader asks every time; other checks include only
/// what the fixtures or the linkage request contain.
fn information_consent(scope: &Scope<'_>, kind: ConsentKind) -> Option<Consent> {
    let at_a_reader = scope.header.kind == MessageKind::Face;
    let consent = scope.held?.consents.get(&kind).copied();
    consent.or_else(|| at_a_reader.then_some(Consent::Refused))
}

/// Returns when the patient consented. An expired consent was given two days before.
fn answered_at(held: &HeldQualification<'_>, consent: Consent) -> Option<DateTime> {
    match consent {
        Consent::Refused => None,
        Consent::Given | Consent::Unobtainable => Some(held.now),
        Consent::Expired => Some(held.now.saturating_sub(SignedDuration::from_hours(48))),
    }
}

/// Returns until when information may be read: for a day after the consent.
fn available_until(held: &HeldQualification<'_>, consent: Consent) -> Option<DateTime> {
    let consented = matches!(consent, Consent::Given | Consent::Expired);
    answered_at(held, consent).filter(|_| consented).map(|at| at.saturating_add(SignedDuration::from_hours(24)))
}

fn moment(at: DateTime) -> Option<Verbatim> {
    text(digits::moment(at))
}

#[cfg(test)]
mod tests;
