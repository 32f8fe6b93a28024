//! Bulk requests: submitted for a reception number, and fetched with it after processing.

use jiff::civil::Date;

use super::check::{build_unit, consents_of, person_refused};
use super::registration::registration_unit;
use super::{Answer, AnswerContext, TerminalContext};
use crate::domain::check::{Refusal, refusal};
use crate::domain::consent::Consents;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::inquiry::{CardData, Finding, Inquiry, Validity};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::linkage::FileKind;
use crate::domain::person::{CardClassification, Person, PersonOutcome, Qualification};
use crate::domain::reception::{BulkQuery, Reception, Submission};
use crate::domain::terminal::Terminal;
use crate::domain::text::Text;
use crate::journal::Outcome;
use crate::wire::message::{Body, Counts, Segment, Unit};
use crate::wire::request::Sender;
use crate::wire::tree::Verbatim;

/// Accepts a bulk request. Its result can be fetched after the terminal's `bulk_time`, by the
/// institution's clock.
pub fn submit(context: &AnswerContext<'_>, institution: &mut Institution, terminal: &Terminal, kind: FileKind, asked: BulkQuery) -> Answer {
    if let Some(refusal) = refusal(institution, terminal, &context.fixtures.call_centre, context.now) {
        return context.refused(&refusal, None);
    }
    let takes = terminal.settings.linkage.bulk_time;
    if let BulkQuery::Registrations(registrations) = &asked {
        let from = context.now.checked_add(takes.duration()).unwrap_or(context.now);
        for registration in registrations {
            if let Some(person) = context.register.matching(&registration.card) {
                institution.references.register(&person.id, registration.reference_number.clone(), from, context.now);
            }
        }
    }
    let (file_identifier, confirmation_date) = (context.sender.file_identifier.clone(), context.sender.confirmation_date);
    let submission = Submission { kind, asked, file_identifier, confirmation_date };
    let number = institution.receptions.submit(submission, context.now, takes);
    let why = Text::new(
        format!("一括要求を受け付けました。受付番号は {number} です。"),
        format!("The bulk request was taken; its reception number is {number}."),
    );
    let mut header = context.header(Segment::Done);
    header.reception = terminal.settings.linkage.reception_number_in_header.then(|| number.as_str().into());
    let reception = Some((number, japan::civil(context.now)));
    let body = Body { unit: Unit { succeeded: Some(true), reception, ..Unit::default() }, units: Vec::new() };
    context.success_answer(&header, &body, Outcome::Answered, why)
}

/// Returns the result of a bulk request, or that it is still being processed.
pub fn fetch(context: &AnswerContext<'_>, terminal_context: TerminalContext<'_>, submitted_as: FileKind, number: &Verbatim) -> Answer {
    let reception = terminal_context.institution.receptions.find(submitted_as, &number.text);
    let sender = sender_of_result(context.sender, reception);
    let context = &AnswerContext { sender: &sender, ..*context };
    if let Some(refusal) = refusal(terminal_context.institution, terminal_context.terminal, &context.fixtures.call_centre, context.now) {
        return context.refused(&refusal, None);
    }
    let Some(reception) = reception else {
        return context.refused(&unknown_reception(submitted_as, &number.text), None);
    };
    let mut header = context.header(Segment::Processing);
    header.reception = Some(number.clone());
    if context.now < reception.ready_at {
        let until = japan::to_the_second(reception.ready_at);
        let why = Text::new(format!("{until} まで処理中です。"), format!("It is being processed until {until}."));
        return context.success_answer(&header, &Body::default(), Outcome::Answered, why);
    }
    let found = find_results(context, reception);
    if let Some(person) = found.iter().find_map(InquiryResult::processing) {
        let why = Text::new(
            format!("{person} の資格確認が終わらないため、処理中です（outcome = \"processing\"）。"),
            format!("It is never done: checks of {person} are answered as being processed."),
        );
        return context.success_answer(&header, &Body::default(), Outcome::Answered, why);
    }
    let units: Vec<_> = match &reception.asked {
        BulkQuery::Registrations(registrations) => {
            registrations.iter().map(|registration| registration_unit(context, registration)).collect()
        }
        _ => found.iter().map(|found| found.unit(context, terminal_context)).collect(),
    };
    let normal = units.iter().filter(|unit| unit.succeeded == Some(true)).count();
    header.segment = Segment::Done;
    header.counts = Some(Counts { processed: units.len(), normal, error: units.len() - normal });
    let why = Text::new(
        format!("一括要求の結果 {} 件を返しました。", units.len()),
        format!("The bulk request's {} results were given.", units.len()),
    );
    context.success_answer(&header, &Body { unit: Unit::default(), units }, Outcome::Answered, why)
}

/// Returns the sender for the header of a result: identifier and date are those of the fetching
/// request, or else those of the submitting one.
fn sender_of_result(fetching: &Sender, reception: Option<&Reception>) -> Sender {
    let Sender { institution, file_identifier, confirmation_date } = fetching.clone();
    let handed_in = reception.map(|reception| (reception.file_identifier.clone(), reception.confirmation_date)).unwrap_or_default();
    Sender { institution, file_identifier: file_identifier.or(handed_in.0), confirmation_date: confirmation_date.or(handed_in.1) }
}

/// The result of one inquiry in a bulk request, and the consents that decide what it contains.
struct InquiryResult<'a> {
    inquiry: Inquiry,
    finding: Finding<'a>,
    consents: Consents,
}

impl InquiryResult<'_> {
    /// Returns the matched person's ID if checks of that person are never completed.
    fn processing(&self) -> Option<&str> {
        let (person, _) = self.finding.matched?;
        (person.outcome == PersonOutcome::Processing).then_some(&*person.id)
    }

    fn unit<'a>(&'a self, context: &AnswerContext<'a>, terminal_context: TerminalContext<'a>) -> Unit<'a> {
        let person = self.finding.matched.map(|(person, _)| person);
        if person.is_some_and(|person| person.outcome == PersonOutcome::Refused) {
            let note = context.note(&person_refused(person));
            return Unit { info: Some(&self.inquiry), succeeded: Some(false), note: Some(note), ..Unit::default() };
        }
        build_unit(context, terminal_context, &self.inquiry, &self.finding, &self.consents)
    }
}

fn find_results<'a>(context: &AnswerContext<'a>, reception: &Reception) -> Vec<InquiryResult<'a>> {
    let today = japan::civil(context.now).date();
    let persons: &'a [Person] = context.register.persons;
    let results_where = |holds: &dyn Fn(&Person, &Qualification) -> bool| {
        let all = persons.iter().flat_map(|person| person.qualifications.iter().map(move |qualification| (person, qualification)));
        all.filter(|(person, qualification)| holds(person, qualification))
            .map(|(person, qualification)| result_for_person(person, qualification, today))
            .collect()
    };
    match &reception.asked {
        BulkQuery::Persons(inquiries) => {
            let found = |inquiry: &Inquiry| {
                let finding = context.register.find(inquiry, today);
                let consents = finding.matched.map(|(person, _)| consents_of(person, inquiry)).unwrap_or_default();
                InquiryResult { inquiry: inquiry.clone(), finding, consents }
            };
            inquiries.iter().map(found).collect()
        }
        BulkQuery::MedicalAid(month) => {
            let days = || month.first_of_month().series(jiff::ToSpan::days(1)).take(usize::try_from(month.days_in_month()).unwrap_or(31));
            results_where(&|_, qualification| {
                qualification.card == CardClassification::MedicalAid && days().any(|day| qualification.holds_on(day, today))
            })
        }
        BulkQuery::Consented(from, to) => results_where(&|person, qualification| {
            let consent = if reception.kind == FileKind::HomeVisits { person.home_visit_consent } else { person.online_consent };
            consent.is_some_and(|day| (*from..=*to).contains(&day.on(today))) && qualification.holds_on(today, today)
        }),
        BulkQuery::Registrations(_) => Vec::new(),
    }
}

/// Returns the result for a person who was not requested by card data.
fn result_for_person<'a>(person: &'a Person, qualification: &'a Qualification, today: Date) -> InquiryResult<'a> {
    let inquiry = Inquiry {
        confirmation_date: today,
        card: CardData::of(qualification),
        birthdate: person.birthdate,
        limit_consent: false,
        arbitrary_identifier: None,
    };
    let validity = if qualification.unregistered { Validity::ValidUnregistered } else { Validity::Valid };
    let finding =
        Finding { validity, matched: Some((person, qualification)), response_qualifications: vec![qualification], near_miss: None };
    InquiryResult { consents: consents_of(person, &inquiry), inquiry, finding }
}

fn unknown_reception(kind: FileKind, number: &str) -> Refusal {
    let number: String = number.chars().take(64).collect();
    let detail = Text::new(
        format!("{} の受付番号 {number} はありません。", kind.stem()),
        format!("No {} has the reception number {number}.", kind.stem()),
    );
    Refusal::detailed(ErrorId::ReceptionUnknown, detail)
}
