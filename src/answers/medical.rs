//! Drug information and health check-ups: small and synthetic, the same for everyone who consented.

use jiff::ToSpan;

use super::{Answer, Desk, Place, refused_outcome};
use crate::domain::catalogue::ErrorId;
use crate::domain::check::{Refusal, refusal};
use crate::domain::consent::{Consent, ConsentKind};
use crate::domain::japan;
use crate::domain::linkage::FileKind;
use crate::domain::surfacing::ErrorProfile;
use crate::domain::text::Text;
use crate::journal::Outcome;
use crate::wire::message::{MEDICAL, Medical, MedicalItem, Scope, Segment, render};
use crate::wire::request::MedicalRequest;

/// Answers it; `lines` of what worked are for a PDF.
pub fn medical(desk: &Desk<'_>, place: Place<'_>, kind: FileKind, request: &MedicalRequest) -> (Answer, Option<Vec<String>>) {
    let refused = refusal(place.institution, place.terminal, &desk.fixtures.call_centre, desk.now);
    match refused.map_or_else(|| told(desk, kind, request), Err) {
        Ok((medical, lines)) => {
            let why = Text::new("架空の情報を返しました。", "Synthetic information was given.");
            (answer(desk, &medical, Outcome::Answered, why), Some(lines))
        }
        Err(refusal) => (refused_medical(desk, &refusal), None),
    }
}

/// A refusal in the form that these answers have.
pub fn refused_medical(desk: &Desk<'_>, refusal: &Refusal) -> Answer {
    let entry = desk.entry(refusal.error);
    let contents = format!("{} {}", entry.code, refusal.on_the_wire(&entry));
    let medical =
        Medical { result_code: desk.fixtures.invented.medical.result_code_of_error.clone(), contents: Some(contents), items: Vec::new() };
    let outcome = refused_outcome(&desk.fixtures.catalogue, desk.surfacing, refusal);
    let mut answer = answer(desk, &medical, outcome, refusal.why(&entry));
    if desk.surfacing.error_profile == ErrorProfile::Silent && !refusal.error.is_of_person() {
        answer.message = None;
    }
    answer
}

fn answer(desk: &Desk<'_>, medical: &Medical, outcome: Outcome, why: Text) -> Answer {
    let header = desk.header(Segment::Done);
    let message = desk.arranged(render(MEDICAL, &Scope::medical(&header, medical)));
    Answer { message: Some(message), status: 200, outcome, why }
}

fn told(desk: &Desk<'_>, kind: FileKind, request: &MedicalRequest) -> Result<(Medical, Vec<String>), Refusal> {
    let refused = |error| Refusal::new(error, Text::new("", ""));
    let person = desk.register.matching(&request.card).ok_or_else(|| refused(ErrorId::PersonUnmatched))?;
    let (consent, shape) = match kind {
        FileKind::Drugs => (ConsentKind::Pharmacists, &desk.fixtures.invented.medical.drugs),
        _ => (ConsentKind::SpecificHealthCheckups, &desk.fixtures.invented.medical.checkups),
    };
    if person.consents.get(&consent) != Some(&Consent::Given) {
        return Err(refused(ErrorId::ConsentMissing));
    }
    let today = japan::civil(desk.now).date();
    let item = |line: &crate::fixtures::MedicalLine| MedicalItem {
        date: today.saturating_sub(i64::from(line.days_ago).days()),
        name: line.name.clone(),
        value: line.value.clone(),
    };
    let asked_for =
        |item: &MedicalItem| request.start.is_none_or(|start| start <= item.date) && request.end.is_none_or(|end| item.date <= end);
    let items: Vec<_> = shape.iter().map(item).filter(asked_for).collect();
    let mut lines = vec![format!("氏名　{}", person.name), format!("照会日　{}", today.strftime("%Y年%-m月%-d日")), String::new()];
    lines.extend(items.iter().map(|item| format!("{}　{}　{}", item.date.strftime("%Y年%-m月%-d日"), item.name, item.value)));
    Ok((Medical { result_code: "1".to_owned(), contents: None, items }, lines))
}
