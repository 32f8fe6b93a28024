//! The answer to one check by card data.

use super::{Answer, AnswerContext, TerminalContext};
use crate::domain::check::{Refusal, refusal};
use crate::domain::consent::{Consent, ConsentKind, Consents};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::inquiry::{Finding, Inquiry, OtherDay, Validity};
use crate::domain::japan;
use crate::domain::person::{Person, PersonOutcome};
use crate::domain::text::Text;
use crate::journal::Outcome;
use crate::wire::message::{Body, HeldQualification, Segment, Unit};

/// Answers a check. The refusals of the terminal come first, then the inquiry.
pub fn check(context: &AnswerContext<'_>, terminal_context: TerminalContext<'_>, inquiry: &Inquiry) -> Answer {
    let fixtures = context.fixtures;
    if let Some(refusal) = refusal(terminal_context.institution, terminal_context.terminal, &fixtures.call_centre, context.now) {
        return context.refused(&refusal, Some(inquiry));
    }
    let finding = context.register.find(inquiry, japan::civil(context.now).date());
    let person = finding.matched.map(|(person, _)| person);
    match person.map_or(PersonOutcome::Answered, |person| person.outcome) {
        PersonOutcome::Answered => {}
        PersonOutcome::Refused => return context.refused(&person_refused(person), Some(inquiry)),
        PersonOutcome::Processing => return person_processing(context, Some(inquiry)),
    }
    let validity = finding.validity;
    let why = Text::new(
        format!("資格確認ができました。結果は {}（{}）です。", validity.code(), validity.ja()),
        format!("The check worked; its result is {} ({}).", validity.code(), validity.ja()),
    );
    let consents = person.map(|person| consents_of(person, inquiry)).unwrap_or_default();
    let mut unit = build_unit(context, terminal_context, inquiry, &finding, &consents);
    unit.prescription = person.and_then(|person| person.prescription).map(|choice| choice.code());
    let body = Body { unit, units: Vec::new() };
    let outcome = Outcome::Checked { validity, person: person.map(|person| person.id.clone()), near_miss: finding.near_miss.clone() };
    context.success_answer(&context.header(Segment::Done), &body, outcome, why)
}

/// Returns the journal's note on a check for another day than the institution's present one.
pub fn note_of_day(context: &AnswerContext<'_>, inquiry: &Inquiry, answer: &Answer) -> Option<OtherDay> {
    let today = japan::civil(context.now).date();
    matches!(answer.outcome, Outcome::Checked { .. }).then(|| inquiry.of_another_day(today)).flatten()
}

/// Returns the answer "processing", which a fault requests.
pub fn processing(context: &AnswerContext<'_>, inquiry: &Inquiry) -> Answer {
    let why = Text::new("障害の設定により「処理中」を返します。", "A fault says that it is being processed.");
    processing_answer(context, Some(inquiry), why)
}

/// Returns the answer "processing" for a person whose checks are never completed. `info` is the
/// part of the request that the answer repeats.
pub(super) fn person_processing(context: &AnswerContext<'_>, info: Option<&Inquiry>) -> Answer {
    let why = Text::new(
        "この被保険者の資格確認は「処理中」を返します（outcome = \"processing\"）。",
        "Checks of this person are answered as being processed.",
    );
    processing_answer(context, info, why)
}

fn processing_answer(context: &AnswerContext<'_>, info: Option<&Inquiry>, why: Text) -> Answer {
    let body = Body { unit: Unit { info, ..Unit::default() }, units: Vec::new() };
    context.success_answer(&context.header(Segment::Processing), &body, Outcome::Answered, why)
}

/// Returns the person-level error for a person whose checks are refused.
pub(super) fn person_refused(person: Option<&Person>) -> Refusal {
    let id = person.map_or("-", |person| person.id.as_str());
    let why = Text::new(
        format!("被保険者 {id} の資格確認は個人単位のエラーを返します（outcome = \"refused\"）。"),
        format!("Checks of this person ({id}) end with a person-level error (outcome = \"refused\")."),
    );
    Refusal::new(ErrorId::PersonRefused, why)
}

/// Returns the patient's stored consents. The consent to the limit certificate is taken from the
/// request.
pub(super) fn consents_of(person: &Person, inquiry: &Inquiry) -> Consents {
    let limit = if inquiry.limit_consent { Consent::Given } else { Consent::Refused };
    let mut consents = person.consents.clone();
    consents.insert(ConsentKind::LimitCertificate, limit);
    consents
}

/// Returns the unit of a message with one inquiry and its result.
pub(super) fn build_unit<'a>(
    context: &AnswerContext<'a>,
    terminal_context: TerminalContext<'a>,
    inquiry: &'a Inquiry,
    finding: &Finding<'a>,
    consents: &'a Consents,
) -> Unit<'a> {
    let results =
        finding.matched.into_iter().flat_map(|(person, _)| finding.response_qualifications.iter().map(move |held| (person, *held)));
    let results = results.map(|(person, qualification)| HeldQualification {
        person,
        qualification,
        consents,
        now: japan::civil(context.now),
        institution: &terminal_context.institution.code,
        reference_number: terminal_context.institution.references.of(&person.id, context.now),
        arbitrary_identifier: None,
    });
    Unit {
        info: Some(inquiry),
        succeeded: Some(true),
        note: card_expires_soon(context, inquiry, finding).map(|refusal| context.note(&refusal)),
        validity: Some(finding.validity),
        results: results.collect(),
        ..Unit::default()
    }
}

/// Returns the note that a card expires soon, which accompanies a successful result.
fn card_expires_soon(context: &AnswerContext<'_>, inquiry: &Inquiry, finding: &Finding<'_>) -> Option<Refusal> {
    let today = japan::civil(context.now).date();
    let (_, held) = finding.matched.filter(|_| finding.validity == Validity::Valid)?;
    let last = held.expires?.on(today);
    let days = inquiry.confirmation_date.duration_until(last).as_hours() / 24;
    let soon = days <= i64::from(context.fixtures.invented.check.card_expiry_notice_days);
    soon.then(|| Refusal { why: Text::same(""), ..Refusal::detailed(ErrorId::CardExpiresSoon, Text::same(last.to_string())) })
}
