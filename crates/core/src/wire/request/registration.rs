//! Registrations of reference numbers (照会番号): `OQSsiimm01` and `OQSmuimm01`.

use super::bulk::MAX_UNITS;
use super::{ParsedRequest, card, read_frame};
use crate::domain::reference::Registration;
use crate::domain::text::Text;
use crate::wire::document::Document;
use crate::wire::fields::Fields;

/// The maximum length of a reference number, in characters.
const MAX_LENGTH: usize = 50;

/// Reads one registration.
///
/// # Errors
/// The error with its JSON pointer.
pub fn registration(document: &Document<'_>) -> Result<ParsedRequest<Registration>, Text> {
    read_frame(document, |_, body| {
        let info = body.object("ReferenceNumberRegistrationInfo")?;
        Ok((one(&info)?, vec![info]))
    })
}

/// Reads many registrations.
///
/// # Errors
/// The error with its JSON pointer.
pub fn registrations(document: &Document<'_>) -> Result<ParsedRequest<Vec<Registration>>, Text> {
    read_frame(document, |_, body| {
        let infos = body.objects("ReferenceNumberRegistrationInfo")?;
        if infos.len() > MAX_UNITS {
            return Err(super::bulk::too_many("ReferenceNumberRegistrationInfo", infos.len()));
        }
        let registrations: Result<_, Text> = infos.iter().map(one).collect();
        Ok((registrations?, infos))
    })
}

fn one(info: &Fields<'_>) -> Result<Registration, Text> {
    let reference_number = info.required("ReferenceNumber")?;
    if reference_number.chars().count() > MAX_LENGTH {
        return Err(info.wrong(
            "ReferenceNumber",
            &reference_number,
            &format!("{MAX_LENGTH} 文字以内"),
            &format!("at most {MAX_LENGTH} characters"),
        ));
    }
    Ok(Registration { reference_number: reference_number.into(), card: card(info)? })
}
