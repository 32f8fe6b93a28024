//! The content of request files, by the kind in their names.

use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::ids::InstitutionCode;
use crate::domain::inquiry::Inquiry;
use crate::domain::linkage::FileKind;
use crate::domain::reception::BulkQuery;
use crate::domain::reference::Registration;
use crate::domain::text::Text;
use crate::wire::document::Document;
use crate::wire::request::{self, MedicalRequest, ParsedRequest};
use crate::wire::tree::Verbatim;

/// The content of a request file.
pub(super) enum FileRequest {
    /// A single check.
    Check(Inquiry),
    /// A bulk request, which is answered with a reception number.
    Submit(BulkQuery),
    /// The registration of one reference number.
    Register(Registration),
    /// A request for the result of the bulk request of this kind and reception number.
    Fetch(FileKind, Verbatim),
    /// A request for drug information or check-ups.
    Medical(MedicalRequest),
}

/// A request, and the pointers of elements that were ignored.
type WithIgnored = (FileRequest, Vec<String>);

impl FileRequest {
    /// Parses a request of a kind at a terminal of the institution `code`.
    ///
    /// # Errors
    /// The request is malformed, or names another institution.
    pub(super) fn read(kind: FileKind, document: &Document<'_>, code: &InstitutionCode) -> Result<WithIgnored, Refusal> {
        match kind {
            FileKind::Check => of(code, request::check(document), Self::Check),
            FileKind::BulkCheck => of(code, request::persons(document), |persons| Self::Submit(BulkQuery::Persons(persons))),
            FileKind::MedicalAid => of(code, request::month(document), |month| Self::Submit(BulkQuery::MedicalAid(month))),
            FileKind::HomeVisits | FileKind::Online => {
                of(code, request::period(document), |period| Self::Submit(BulkQuery::Consented(period.from, period.to)))
            }
            FileKind::BulkRegistration => {
                of(code, request::registrations(document), |registrations| Self::Submit(BulkQuery::Registrations(registrations)))
            }
            FileKind::Registration => of(code, request::registration(document), Self::Register),
            FileKind::Drugs => of(code, request::drugs(document), Self::Medical),
            FileKind::Checkups => of(code, request::checkups(document), Self::Medical),
            FileKind::BulkCheckResult
            | FileKind::MedicalAidResult
            | FileKind::HomeVisitsResult
            | FileKind::OnlineResult
            | FileKind::BulkRegistrationResult => {
                let submitted_as = kind.submitted_as().expect("these kinds fetch what another handed in");
                of(code, request::fetch(document), |number| Self::Fetch(submitted_as, number))
            }
        }
    }
}

/// Checks that a request names the terminal's own institution, and returns its content.
fn of<T>(
    code: &InstitutionCode,
    read: Result<ParsedRequest<T>, Text>,
    content: impl FnOnce(T) -> FileRequest,
) -> Result<WithIgnored, Refusal> {
    let read = read.map_err(|detail| Refusal::quoting(ErrorId::MalformedRequest, detail))?;
    if read.institution != *code {
        let other = &read.institution;
        let detail = Text::new(
            format!("要求は {other}、この端末は {code} のものです。"),
            format!("The request says {other}; this terminal belongs to {code}."),
        );
        return Err(Refusal::quoting(ErrorId::IdentityContradiction, detail));
    }
    Ok((content(read.content), read.ignored))
}
