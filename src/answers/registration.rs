//! The registration of reference numbers. Afterwards the person's results contain the number.

use super::{Answer, AnswerContext};
use crate::domain::check::{Refusal, refusal};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::institution::Institution;
use crate::domain::reference::Registration;
use crate::domain::terminal::Terminal;
use crate::domain::text::Text;
use crate::journal::Outcome;
use crate::wire::message::{Body, Segment, Unit};

/// Registers one number.
pub fn register(context: &AnswerContext<'_>, institution: &mut Institution, terminal: &Terminal, registration: &Registration) -> Answer {
    if let Some(refusal) = refusal(institution, terminal, &context.fixtures.call_centre, context.now) {
        return context.refused(&refusal, None);
    }
    let mut header = context.header(Segment::Done);
    header.confirmation_date = None;
    let unit = registration_unit(context, registration);
    let (person, outcome) = match context.register.matching(&registration.card) {
        Some(person) => (person.id.as_str(), Outcome::Answered),
        None => ("-", super::refused_outcome(&context.fixtures.catalogue, context.presentation, &unmatched_refusal())),
    };
    let why = Text::new(
        format!("照会番号の登録：{person}（- は一致する人が1人に定まらない）。"),
        format!("Registration of a reference number: {person} (- where not exactly one person matches)."),
    );
    let answer = context.success_answer(&header, &Body { unit, units: Vec::new() }, outcome, why);
    if person != "-" {
        institution.references.register(person, registration.reference_number.clone(), context.now, context.now);
    }
    answer
}

/// Returns the unit of a message with a registration and its result.
pub(super) fn registration_unit<'a>(context: &AnswerContext<'a>, registration: &Registration) -> Unit<'a> {
    let found = context.register.matching(&registration.card).is_some();
    let note = (!found).then(|| context.note(&unmatched_refusal()));
    Unit { registration: Some(registration.clone()), succeeded: Some(found), note, ..Unit::default() }
}

fn unmatched_refusal() -> Refusal {
    Refusal::new(ErrorId::PersonUnmatched, Text::new("", ""))
}
