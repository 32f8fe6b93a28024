//! Bulk checks: submitted (`OQSmuquc01`, `OQSmutic01`, `OQSmuhvq01`, `OQSmuonq01`), then fetched by
//! reception number (`…02`).

use jiff::civil::Date;

use super::check::inquiry;
use super::{ParsedRequest, read_frame};
use crate::domain::inquiry::Inquiry;
use crate::domain::text::Text;
use crate::wire::document::Document;
use crate::wire::fields::Fields;
use crate::wire::tree::Verbatim;

/// The maximum number of persons in one bulk request.
pub(super) const MAX_UNITS: usize = 1_000;

/// The days of a bulk check for home visits or online consultations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateRange {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
}

/// Reads `OQSmuquc01`: many persons.
///
/// # Errors
/// The error with its JSON pointer.
pub fn persons(document: &Document<'_>) -> Result<ParsedRequest<Vec<Inquiry>>, Text> {
    read_frame(document, |header, body| {
        let date = header.required_date("QualificationConfirmationDate")?;
        let infos = body.objects("QualificationConfirmSearchInfo")?;
        if infos.len() > MAX_UNITS {
            return Err(too_many("QualificationConfirmSearchInfo", infos.len()));
        }
        let inquiries: Result<_, Text> = infos.iter().map(|info| inquiry(info, date)).collect();
        Ok((inquiries?, infos))
    })
}

/// Reads `OQSmutic01`: medical aid in a month. Returns the month's first day.
///
/// # Errors
/// The error with its JSON pointer.
pub fn month(document: &Document<'_>) -> Result<ParsedRequest<Date>, Text> {
    read_frame(document, |header, body| {
        header.text("QualificationConfirmationDate")?;
        let info = search_info(body)?;
        let conditions = info.as_ref().unwrap_or(body);
        let text = conditions.required("MedicalTreatmentMonth")?;
        let first = conditions.month("MedicalTreatmentMonth", &text)?;
        Ok((first, info.into_iter().collect()))
    })
}

/// Reads `OQSmuhvq01` and `OQSmuonq01`: persons who consented, or were examined, between two days.
///
/// # Errors
/// The error with its JSON pointer.
pub fn period(document: &Document<'_>) -> Result<ParsedRequest<DateRange>, Text> {
    read_frame(document, |header, body| {
        header.text("QualificationConfirmationDate")?;
        let info = search_info(body)?;
        let conditions = info.as_ref().unwrap_or(body);
        conditions.one_of("MedicalTreatmentFlag", &["1", "2", "3", "4"])?;
        let consented = between(conditions, "ConsentDateFrom", "ConsentDateTo")?;
        let examined = between(conditions, "ExaminationDateFrom", "ExaminationDateTo")?;
        let period = consented.or(examined).ok_or_else(|| {
            let at = conditions.at();
            Text::new(
                format!("{at}: ConsentDateFrom と ConsentDateTo、または ExaminationDateFrom と ExaminationDateTo が必要です。"),
                format!("{at}: ConsentDateFrom and ConsentDateTo, or ExaminationDateFrom and ExaminationDateTo, are required."),
            )
        })?;
        Ok((period, info.into_iter().collect()))
    })
}

/// Reads `…02`. Returns the reception number, as the client wrote it.
///
/// # Errors
/// The error with its JSON pointer.
pub fn fetch(document: &Document<'_>) -> Result<ParsedRequest<Verbatim>, Text> {
    read_frame(document, |header, body| {
        header.text("QualificationConfirmationDate")?;
        let number = body.required("ReceptionNumber")?;
        Ok((document.verbatim("ReceptionNumber", &number), Vec::new()))
    })
}

/// Returns `QualificationConfirmSearchInfo`, where clients in use put the conditions. Without it,
/// the conditions are directly in the body.
fn search_info<'a>(body: &Fields<'a>) -> Result<Option<Fields<'a>>, Text> {
    body.optional_object("QualificationConfirmSearchInfo")
}

fn between(body: &Fields<'_>, from: &'static str, to: &'static str) -> Result<Option<DateRange>, Text> {
    let period = body.date(from)?.zip(body.date(to)?).map(|(from, to)| DateRange { from, to });
    match period {
        Some(DateRange { from, to: last }) if last < from => {
            let got = last.strftime("%Y%m%d").to_string();
            Err(body.wrong(to, &got, "From 以降の日付", "a date that is not before the first"))
        }
        period => Ok(period),
    }
}

pub(super) fn too_many(name: &str, got: usize) -> Text {
    Text::new(
        format!("/XmlMsg/MessageBody/{name} が {got} 件あります（{MAX_UNITS} 件まで）。"),
        format!("/XmlMsg/MessageBody has {got} of {name}; at most {MAX_UNITS} are taken."),
    )
}
