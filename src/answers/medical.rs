//! The answers about drug information and health check-ups, from the person's history and with
//! their consent, as XML or PDF.

mod page;

use super::{Answer, AnswerContext, TerminalContext, refused_outcome};
use crate::domain::check::{Refusal, refusal};
use crate::domain::consent::{Consent, ConsentKind};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::japan;
use crate::domain::linkage::FileKind;
use crate::domain::medical::{DrugInformation, Requester, checkups, drug_information};
use crate::domain::person::Person;
use crate::domain::text::Text;
use crate::journal::Outcome;
use crate::wire::message::{CHECKUPS, DRUGS, Element, Medical, Scope, Segment, render};
use crate::wire::request::{Information, MedicalRequest};

/// Answers a request. Returns the message, and the PDF if it was requested and the request was not
/// refused.
pub fn medical(context: &AnswerContext<'_>, terminal_context: TerminalContext<'_>, request: &MedicalRequest) -> (Answer, Option<Vec<u8>>) {
    let refused = refusal(terminal_context.institution, terminal_context.terminal, &context.fixtures.call_centre, context.now);
    let person = refused.map_or_else(|| find_consenting(context, terminal_context, request), Err);
    let person = match person {
        Ok(person) => person,
        Err(refusal) => return (refused_as(context, elements(&request.requested), &refusal), None),
    };
    let institution = terminal_context.institution;
    let requester = Requester { code: &institution.code, name: &institution.name.ja, today: japan::civil(context.now).date() };
    let mut medical = Medical { result_code: "1".to_owned(), person: Some(person), ..Medical::default() };
    match &request.requested {
        Information::Drugs(wanted) => medical.drugs = drug_information(&person.drug_history, wanted, &requester),
        Information::Checkups => medical.checkups = checkups(&person.checkups, requester.today),
    }
    let pdf = request.pdf.then(|| page::pdf(&request.requested, &medical, person, &requester));
    (answer(context, elements(&request.requested), &medical, Outcome::Answered, reason(&request.requested, &medical)), pdf)
}

/// Returns the refusal of a request of this kind, in the form of its answers.
pub fn refused_medical(context: &AnswerContext<'_>, kind: FileKind, refusal: &Refusal) -> Answer {
    refused_as(context, if kind == FileKind::Drugs { DRUGS } else { CHECKUPS }, refusal)
}

fn refused_as(context: &AnswerContext<'_>, elements: &[Element], refusal: &Refusal) -> Answer {
    let entry = context.entry(refusal.error);
    let contents = format!("{} {}", entry.code, refusal.on_the_wire(&entry));
    let result_code = context.fixtures.invented.medical.result_code_of_error.clone();
    let medical = Medical { result_code, contents: Some(contents), ..Medical::default() };
    let outcome = refused_outcome(&context.fixtures.catalogue, context.presentation, refusal);
    let mut answer = answer(context, elements, &medical, outcome, refusal.why(&entry));
    if context.presentation.error_profile == ErrorProfile::Silent && !refusal.error.is_of_person() {
        answer.message = None;
    }
    answer
}

fn elements(information: &Information) -> &'static [Element] {
    match information {
        Information::Drugs(_) => DRUGS,
        Information::Checkups => CHECKUPS,
    }
}

fn answer(context: &AnswerContext<'_>, elements: &[Element], medical: &Medical<'_>, outcome: Outcome, why: Text) -> Answer {
    let header = context.header(Segment::Done);
    let message = context.apply_settings(render(elements, &Scope::medical(&header, medical)));
    Answer { message: Some(message), status: 200, outcome, why }
}

/// Returns the matching person if they consented. An answer at a card reader within 24 hours takes
/// precedence over the person's stored consents.
fn find_consenting<'a>(
    context: &AnswerContext<'a>,
    terminal_context: TerminalContext<'_>,
    request: &MedicalRequest,
) -> Result<&'a Person, Refusal> {
    let unmatched = || Refusal::new(ErrorId::PersonUnmatched, Text::new("", ""));
    let person = context.register.matching(&request.card).ok_or_else(unmatched)?;
    let (kind, name) = match request.requested {
        Information::Drugs(_) => (ConsentKind::Pharmacists, "pharmacists"),
        Information::Checkups => (ConsentKind::SpecificHealthCheckups, "specific_health_checkups"),
    };
    let consents = terminal_context.institution.reader_consents.of(&person.id, context.now).unwrap_or(&person.consents);
    let given = consents.get(&kind) == Some(&Consent::Given);
    let missing = || {
        let id = &person.id;
        Text::new(
            format!(
                "被保険者 {id} の {name} の同意がありません。24時間以内のカードリーダーでの回答、なければ被保険者の consents で決まります。"
            ),
            format!("{id} has not consented to {name}: by the answer at a card reader within 24 hours, else by the person's consents."),
        )
    };
    if given { Ok(person) } else { Err(Refusal::new(ErrorId::ConsentMissing, missing())) }
}

/// Returns the number of results, for the journal.
fn reason(information: &Information, medical: &Medical<'_>) -> Text {
    match information {
        Information::Drugs(_) => {
            let DrugInformation { claims, prescriptions, dispensings } = &medical.drugs;
            let [claims, prescriptions, dispensings] = [claims, prescriptions, dispensings].map(Vec::len);
            Text::new(
                format!(
                    "薬剤情報を返しました（レセプト {claims} 件、電子処方箋 {prescriptions} 件、電子処方箋の調剤 {dispensings} 件。月・医療機関などごとに1件）。"
                ),
                format!(
                    "Drug information was given (months and institutions: {claims} of claims, {prescriptions} of electronic prescriptions, \
                     {dispensings} dispensed electronically)."
                ),
            )
        }
        Information::Checkups => {
            let count = medical.checkups.len();
            Text::new(format!("特定健診情報を {count} 件返しました。"), format!("Health check-ups were given: {count}."))
        }
    }
}
