//! Requests for drug information (`YZKsiquc01`) and health check-ups (`TKKsiquc01`), whose elements have names of their own.

use compact_str::CompactString;
use jiff::civil::Date;

use super::{Read, framed};
use crate::domain::inquiry::CardData;
use crate::domain::text::Text;
use crate::wire::document::Document;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MedicalRequest {
    /// Whose information.
    pub card: CardData,
    /// The first day.
    pub start: Option<Date>,
    /// The last day.
    pub end: Option<Date>,
    /// `FileCategory`: which of its values asks for PDF is not public.
    pub file_category: Option<CompactString>,
}

/// Reads the request.
///
/// # Errors
/// What is wrong, with its JSON pointer.
pub fn medical(document: &Document) -> Result<Read<MedicalRequest>, Text> {
    framed(document, |header, body| {
        let card = CardData {
            insurer_number: header.required("InsurerNumber")?,
            symbol: header.text("InsuranceCardSymbol")?,
            number: header.required("InsuredPersonIdentificationNumber")?,
            branch: header.text("BranchNumber")?,
        };
        body.text("PrDiInfClassification")?;
        body.one_of("MedicalTreatmentFlag", &["1", "2", "3", "4"])?;
        let request =
            MedicalRequest { card, start: body.date("StartDate")?, end: body.date("EndDate")?, file_category: body.text("FileCategory")? };
        Ok((request, Vec::new()))
    })
}
