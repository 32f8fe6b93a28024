//! One check by card data: the web API's search and the folder's `OQSsiquc01`.

use jiff::civil::Date;

use super::{ParsedRequest, card, read_frame};
use crate::domain::inquiry::Inquiry;
use crate::domain::text::Text;
use crate::wire::document::Document;
use crate::wire::fields::Fields;

/// Reads the request.
///
/// # Errors
/// The error with its JSON pointer.
pub fn check(document: &Document<'_>) -> Result<ParsedRequest<Inquiry>, Text> {
    read_frame(document, |header, body| {
        let info = body.object("QualificationConfirmSearchInfo")?;
        let date = header.required_date("QualificationConfirmationDate")?;
        Ok((inquiry(&info, date)?, vec![info]))
    })
}

/// Reads one `QualificationConfirmSearchInfo`.
pub(super) fn inquiry(info: &Fields<'_>, confirmation_date: Date) -> Result<Inquiry, Text> {
    let birthdate = info.required_date("Birthdate")?;
    let limit_consent = info.one_of("LimitApplicationCertificateRelatedConsFlg", &["0", "1"])?;
    Ok(Inquiry {
        confirmation_date,
        card: card(info)?,
        birthdate,
        limit_consent: limit_consent.as_deref() == Some("1"),
        arbitrary_identifier: info.text("ArbitraryIdentifier")?,
    })
}
