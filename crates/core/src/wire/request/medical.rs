//! Requests for drug information (`YZKsiquc01`) and health check-ups (`TKKsiquc01`). Their elements
//! have different names from those of other requests.

use jiff::civil::Date;

use super::{ParsedRequest, read_frame};
use crate::domain::inquiry::CardData;
use crate::domain::medical::DrugQuery;
use crate::domain::text::Text;
use crate::wire::document::Document;
use crate::wire::fields::Fields;

/// The content of such a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MedicalRequest {
    /// The person's card.
    pub card: CardData,
    /// The information.
    pub requested: Information,
    /// Whether the response is a PDF.
    pub pdf: bool,
    /// Notes for the journal.
    pub notes: Vec<Text>,
}

/// The kind of information.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Information {
    /// Drug information.
    Drugs(DrugQuery),
    /// Health check-ups, without a period.
    Checkups,
}

/// Reads a request for drug information.
///
/// # Errors
/// The error with its JSON pointer.
pub fn drugs(document: &Document<'_>) -> Result<ParsedRequest<MedicalRequest>, Text> {
    read_frame(document, |header, body| {
        let mut notes = Vec::new();
        let (first, last) = (month(body, "StartDate", &mut notes)?, month(body, "EndDate", &mut notes)?);
        if let Some((first, last)) = first.zip(last).filter(|(first, last)| last < first) {
            let [first, last] = [first, last].map(|month| month.strftime("%Y%m").to_string());
            let (ja, en) = (format!("StartDate（{first}）以降の年月"), format!("a month that is not before StartDate ({first})"));
            return Err(body.wrong("EndDate", &last, &ja, &en));
        }
        let category = body.required_one_of("FileCategory", &["1", "2", "3", "4"])?;
        let information = Information::Drugs(DrugQuery { first, last, treatments: matches!(category, "3" | "4") });
        Ok((medical(header, body, information, category, notes)?, Vec::new()))
    })
}

/// Reads a request for check-ups. It has no period.
///
/// # Errors
/// The error with its JSON pointer.
pub fn checkups(document: &Document<'_>) -> Result<ParsedRequest<MedicalRequest>, Text> {
    read_frame(document, |header, body| {
        let category = body.required_one_of("FileCategory", &["1", "2"])?;
        Ok((medical(header, body, Information::Checkups, category, Vec::new())?, Vec::new()))
    })
}

/// Reads the part that both kinds share. An odd category asks for a PDF.
fn medical(
    header: &Fields<'_>,
    body: &Fields<'_>,
    information: Information,
    category: &str,
    notes: Vec<Text>,
) -> Result<MedicalRequest, Text> {
    let card = CardData {
        insurer_number: header.required("InsurerNumber")?,
        symbol: header.text("InsuranceCardSymbol")?,
        number: header.required("InsuredPersonIdentificationNumber")?,
        branch: header.text("BranchNumber")?,
    };
    body.text("PrDiInfClassification")?;
    body.one_of("MedicalTreatmentFlag", &["1", "2", "3", "4"])?;
    Ok(MedicalRequest { card, requested: information, pdf: matches!(category, "1" | "3"), notes })
}

/// Reads a month, `YYYYMM`, as its first day. For `YYYYMMDD` the day is ignored, with a note.
fn month(body: &Fields<'_>, name: &'static str, notes: &mut Vec<Text>) -> Result<Option<Date>, Text> {
    let Some(text) = body.text(name)? else {
        return Ok(None);
    };
    if text.len() == 8
        && let Some(day) = body.date(name)?
    {
        let month = day.strftime("%Y%m");
        notes.push(Text::new(
            format!("/XmlMsg/MessageBody/{name} は年月（YYYYMM）です。{text} の日は無視し、{month} としました。"),
            format!("/XmlMsg/MessageBody/{name} is a month (YYYYMM): the day of {text} was passed over, and {month} taken."),
        ));
        return Ok(Some(day.first_of_month()));
    }
    body.month(name, &text).map(Some)
}
