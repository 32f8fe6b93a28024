//! The face result of a card presented at the reader. The terminal writes it into the linkage
//! folder without a request.

use jiff::Timestamp;

use super::check::{person_processing, person_refused};
use super::{Answer, AnswerContext, TerminalContext};
use crate::domain::check::{Refusal, shown_error};
use crate::domain::consent::Consents;
use crate::domain::inquiry::{self, CardData, Inquiry, PatientKey, Register};
use crate::domain::japan;
use crate::domain::person::{Person, PersonOutcome, Qualification};
use crate::domain::text::Text;
use crate::journal::Outcome;
use crate::wire::message::{Body, Segment};

/// The result of presenting a card that the reader can read.
pub enum CardPresentation {
    /// The answer for the face result file.
    Answered(Answer),
    /// The error that the terminal shows, and the same error as a message.
    Refused(Refusal, Answer),
}

/// Returns the key of the patient, with the card data that a check without the card would use.
pub fn patient_key_of(person: &Person, now: Timestamp) -> PatientKey {
    let today = japan::civil(now).date();
    inquiry_of(person, latest_qualification(person, today), today).patient_key()
}

/// Checks the qualification of the person whose card is presented.
pub fn face(context: &AnswerContext<'_>, terminal_context: TerminalContext<'_>, person: &Person, consents: &Consents) -> CardPresentation {
    if let Some(refusal) = shown_error(terminal_context.institution, terminal_context.terminal, &context.fixtures.call_centre, context.now)
    {
        let answer = context.refused(&refusal, None);
        return CardPresentation::Refused(refusal, answer);
    }
    match person.outcome {
        PersonOutcome::Answered => {}
        PersonOutcome::Refused => return CardPresentation::Answered(context.refused(&person_refused(Some(person)), None)),
        PersonOutcome::Processing => return CardPresentation::Answered(person_processing(context, None)),
    }
    let today = japan::civil(context.now).date();
    let Some(qualification) = latest_qualification(person, today) else {
        let finding =
            inquiry::Finding { validity: inquiry::Validity::None, matched: None, response_qualifications: Vec::new(), near_miss: None };
        return CardPresentation::Answered(face_answer(context, terminal_context, &inquiry_of(person, None, today), &finding, consents));
    };
    let inquiry = inquiry_of(person, Some(qualification), today);
    let finding = Register { persons: std::slice::from_ref(person), ..context.register }.find(&inquiry, today);
    CardPresentation::Answered(face_answer(context, terminal_context, &inquiry, &finding, consents))
}

fn face_answer(
    context: &AnswerContext<'_>,
    terminal_context: TerminalContext<'_>,
    inquiry: &Inquiry,
    finding: &inquiry::Finding<'_>,
    consents: &Consents,
) -> Answer {
    let mut unit = super::check::build_unit(context, terminal_context, inquiry, finding, consents);
    let person = finding.matched.map(|(person, _)| person);
    unit.info = None;
    unit.prescription = person.and_then(|person| person.prescription).map(|choice| choice.code());
    let header = context.header(Segment::Done);
    let validity = finding.validity;
    let why = Text::new(
        format!("カードリーダーで資格確認ができました。結果は {}（{}）です。", validity.code(), validity.ja()),
        format!("The check at the reader worked; its result is {} ({}).", validity.code(), validity.ja()),
    );
    let outcome = Outcome::Checked { validity, person: person.map(|person| person.id.clone()), near_miss: None };
    context.success_answer(&header, &Body { unit, units: Vec::new() }, outcome, why)
}

/// Returns the qualification that the card stands for: the latest valid one, or else the latest of
/// all.
fn latest_qualification(person: &Person, today: jiff::civil::Date) -> Option<&Qualification> {
    person.qualifications.iter().max_by_key(|qualification| (qualification.holds_on(today, today), qualification.from.on(today)))
}

fn inquiry_of(person: &Person, qualification: Option<&Qualification>, today: jiff::civil::Date) -> Inquiry {
    Inquiry {
        confirmation_date: today,
        card: qualification.map(CardData::of).unwrap_or_default(),
        birthdate: person.birthdate,
        limit_consent: false,
        arbitrary_identifier: None,
    }
}
