//! `MedicalTicketInfo`: the 医療券 and 調剤券 of a medical-aid qualification.

use super::element::Element;
use super::scope::Scope;
use super::value::{date, optional, text};
use crate::domain::ids::InstitutionCode;
use crate::wire::digits;

pub(super) const TICKET: &[Element] = &[
    Element::text("TicketType", "medical_tickets.ticket_type", |s| text(s.ticket?.ticket_type.code())).codes(18),
    Element::text("MedicalTicketValidDate", "medical_tickets.valid_from", |s| date(s, s.ticket?.valid_from)),
    Element::text("MedicalTicketExpirationDate", "medical_tickets.valid_until", |s| date(s, s.ticket?.valid_until)),
    Element::text("IssueNumber", "medical_tickets.issue_number", |s| text(&s.ticket?.issue_number)),
    Element::text("MedicalTreatmentMonth", "medical_tickets.treatment_month", |s| {
        text(digits::month(s.ticket?.treatment_month.on(s.held?.now.date())))
    }),
    Element::text("DesignatedMedicalInstitutionCode", "medical_tickets.designated_code", |s| text(designated(s)?.as_str())),
    Element::text("DesignatedMedicalInstitutionFlag", "medical_tickets.designated_code", |s| {
        text(if designated(s)? == s.held?.institution { "0" } else { "1" })
    })
    .codes(26),
    Element::text("DesignatedMedicalInstitutionName", "medical_tickets.designated_name", |s| optional(&s.ticket?.designated_name)),
    Element::text("PrescriptionIssuerMedicalInstitutionCode", "medical_tickets.prescription_issuer_code", |s| {
        text(s.ticket?.prescription_issuer_code.as_ref()?.as_str())
    }),
    Element::text("PrescriptionIssuerMedicalInstitutionName", "medical_tickets.prescription_issuer_name", |s| {
        optional(&s.ticket?.prescription_issuer_name)
    }),
    Element::text("InjuryName1", "medical_tickets.injury_names", |s| text(s.ticket?.injury_names.number(1)?)),
    Element::text("InjuryName2", "medical_tickets.injury_names", |s| text(s.ticket?.injury_names.number(2)?)),
    Element::text("InjuryName3", "medical_tickets.injury_names", |s| text(s.ticket?.injury_names.number(3)?)),
    Element::text("MedicalTreatmentType", "medical_tickets.treatment_type", |s| text(s.ticket?.treatment_type?.code())).codes(19),
    Element::text("SelfPayAmount", "medical_tickets.self_pay_amount", |s| text(s.ticket?.self_pay_amount?.to_string())),
    Element::text("DistrictContactName", "medical_tickets.district_contact", |s| optional(&s.ticket?.district_contact)),
    Element::text("HandlingContactName", "medical_tickets.handling_contact", |s| optional(&s.ticket?.handling_contact)),
    Element::text("SingleOrCombinedUse", "medical_tickets.single_or_combined", |s| text(s.ticket?.single_or_combined?.code())).codes(20),
    Element::text("StatusOfSocialInsurance", "medical_tickets.social_insurance", |s| text(s.ticket?.social_insurance?.code())).codes(21),
    Element::text("ConsistencyFlag", "medical_tickets.inconsistent", |s| s.ticket?.inconsistent.then(|| "1".into())).codes(22),
    Element::text("StatusOfInfecton", "medical_tickets.infection", |s| text(s.ticket?.infection?.code())).codes(23),
    Element::text("StatusOfElderlyMedicalCare", "medical_tickets.elderly", |s| text(s.ticket?.elderly?.code())).codes(24),
    Element::text("StatusOfPrefecturalExpenses", "medical_tickets.prefectural", |s| text(s.ticket?.prefectural?.code())).codes(25),
    Element::text("Remarks1", "medical_tickets.remarks", |s| text(s.ticket?.remarks.number(1)?)),
    Element::text("Remarks2", "medical_tickets.remarks", |s| text(s.ticket?.remarks.number(2)?)),
    Element::text("Remarks3", "medical_tickets.remarks", |s| text(s.ticket?.remarks.number(3)?)),
];

pub(super) fn tickets<'a>(scope: &Scope<'a>) -> Vec<Scope<'a>> {
    let tickets = scope.held.into_iter().flat_map(|held| &held.qualification.medical_tickets);
    tickets.map(|ticket| Scope { ticket: Some(ticket), ..*scope }).collect()
}

/// Returns the institution that the ticket names; if it names none, the requesting institution.
fn designated<'a>(scope: &Scope<'a>) -> Option<&'a InstitutionCode> {
    let ticket = scope.ticket?;
    Some(ticket.designated_code.as_ref().unwrap_or(scope.held?.institution))
}
