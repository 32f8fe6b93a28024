//! The words that are known to identify no person: in paths, headers, fields and values.

use crate::domain::campaign::Component;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::ids::InstitutionCode;
use crate::domain::linkage::FileKind;
use crate::domain::operation::Operation;
use crate::domain::terminal::ReportState;
use crate::journal::FILE;
use crate::journal::entry::MASKED;
use crate::wire::file_name::split_prefix;

/// The routes of the backend. `{}` is a part that the client fills in, `{file}` a file's name.
const ROUTES: [&str; 9] = [
    "/oqs-api-pro/MSA12020/ILI12020SV01/auth",
    "/oqs-api-pro/MSA01030/ILI01030SV01/search",
    "/delivery/v1/terminals/{}/updates",
    "/delivery/v1/terminals/{}/reports",
    "/delivery/v1/terminals/{}/results",
    "/delivery/v1/packages/{package}/{package}/{package}",
    "/linkage/v1/terminals/{}/files/{file}",
    "/linkage/v1/terminals/{}/cards",
    "/notices/v1",
];

/// The HTTP methods.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"];

/// Errors whose message quotes nothing that a client sent. Where one is about a terminal, the
/// terminal exists.
const NON_QUOTING_ERRORS: [ErrorId; 25] = [
    ErrorId::KindNotPublic,
    ErrorId::BodyTimeout,
    ErrorId::BodyTooLarge,
    ErrorId::UnknownRoute,
    ErrorId::MethodNotAllowed,
    ErrorId::IdentityMissing,
    ErrorId::CertificateRequired,
    ErrorId::LoginRefused,
    ErrorId::TokenMissing,
    ErrorId::TokenForeign,
    ErrorId::TokenExpired,
    ErrorId::TerminalOff,
    ErrorId::TerminalStarting,
    ErrorId::RestartRequired,
    ErrorId::RestartDidNotHelp,
    ErrorId::UpdateMissing,
    ErrorId::LineDown,
    ErrorId::PersonRefused,
    ErrorId::PersonUnmatched,
    ErrorId::ConsentMissing,
    ErrorId::WindowClosed,
    ErrorId::TooManyPolls,
    ErrorId::DistributionSuspended,
    ErrorId::DeliveryDown,
    ErrorId::PackagePreparing,
];

/// Elements of responses, and fields of the mock's own formats, that do not identify a person.
const IMPERSONAL_FIELDS: [&str; 23] = [
    "ReceptionDateTime",
    "ProcessExecutionTime",
    "QualificationConfirmationDate",
    "MedicalInstitutionCode",
    "ReferenceClassification",
    "SegmentOfResult",
    "ErrorCode",
    "ErrorMessage",
    "CharacterCodeIdentifier",
    "ReceptionNumber",
    "NumberOfProcessingResult",
    "NumberOfNormalProcessing",
    "NumberOfError",
    "ProcessingResultStatus",
    "ProcessingResultCode",
    "QualificationValidity",
    "LimitApplicationCertificateRelatedConsFlg",
    "ResultCode",
    "type",
    "title",
    "title_en",
    "status",
    "code",
];

/// Those that may repeat what a client sent, if an error quotes it.
const QUOTING_FIELDS: [&str; 2] = ["ErrorMessage", "ReceptionNumber"];

/// The element and field names of requests. Others may be a client's own.
pub(super) const FIELDS: &[&str] = &[
    "XmlMsg",
    "MessageHeader",
    "MessageBody",
    "ArbitraryFileIdentifier",
    "MedicalInstitutionCode",
    "QualificationConfirmationDate",
    "QualificationConfirmSearchInfo",
    "InsurerNumber",
    "InsuredCardSymbol",
    "InsuredIdentificationNumber",
    "InsuredBranchNumber",
    "Birthdate",
    "LimitApplicationCertificateRelatedConsFlg",
    "ArbitraryIdentifier",
    "ReferenceClassification",
    "CharacterCodeIdentifier",
    "ProcessExecutionTime",
    "MedicalTreatmentMonth",
    "MedicalTreatmentFlag",
    "ConsentDateFrom",
    "ConsentDateTo",
    "ExaminationDateFrom",
    "ExaminationDateTo",
    "ReceptionNumber",
    "InsuranceCardSymbol",
    "InsuredPersonIdentificationNumber",
    "BranchNumber",
    "PrDiInfClassification",
    "StartDate",
    "EndDate",
    "FileCategory",
    "ReferenceNumberRegistrationInfo",
    "ReferenceNumber",
    "userId",
    "password",
    "person",
    "consents",
    "card",
    "state",
    "component",
    "version",
    "received",
    "boot_id",
    "running",
    "message",
    "distribution_application",
    "linkage_application",
    "face_recognition_library",
    "card_reader_application",
    "limit_certificate",
];

/// Headers of which only the name is kept. Of other headers, not even the name is.
const HEADER_NAMES: [&str; 9] =
    ["cache-control", "content-disposition", "forwarded", "origin", "referer", "traceparent", "tracestate", "via", "x-forwarded-for"];

/// Headers that do not identify a person.
const HEADERS: [&str; 22] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "accept-ranges",
    "authorization",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "cookie",
    "date",
    "etag",
    "expect",
    "host",
    "retry-after",
    "transfer-encoding",
    "user-agent",
    "x-onshi-file",
    "x-onshi-journal",
    "x-onshi-mock",
    "x-onshi-result-files",
];

/// Whether a value of a request is harmless, judged by its field's name and its own form.
pub(super) fn known_value(name: &str, text: &str) -> bool {
    let digits = |most: usize| text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    match name {
        "MedicalInstitutionCode" => InstitutionCode::parse(text).is_ok(),
        "QualificationConfirmationDate" => digits(8),
        "ProcessExecutionTime" => digits(14),
        "ReferenceClassification" | "CharacterCodeIdentifier" | "LimitApplicationCertificateRelatedConsFlg" => digits(2),
        "state" | "component" => is_reported(text),
        _ => text == "[redacted]",
    }
}

/// Whether it is a value of `state` or `component` in a report.
fn is_reported(text: &str) -> bool {
    ReportState::ALL.map(ReportState::name).contains(&text) || Component::ALL.map(Component::name).contains(&text)
}

/// Whether it is an HTTP method, or the method of a file in the linkage folder.
pub(super) fn is_method(method: &str) -> bool {
    method == FILE || METHODS.contains(&method)
}

/// Whether an error's message quotes what a client sent.
pub(super) fn quotes(error: ErrorId) -> bool {
    !NON_QUOTING_ERRORS.contains(&error)
}

/// Whether an operation's responses are only about terminals and their software. The values of a
/// login are redacted anyway.
fn is_impersonal(operation: Operation) -> bool {
    match operation {
        Operation::Login | Operation::Updates | Operation::Package | Operation::Reports | Operation::Results | Operation::Notices => true,
        Operation::Search | Operation::Linkage | Operation::Card | Operation::Unknown => false,
    }
}

/// Returns whether a field of an operation's response can be kept. Fewer can be if an error quotes
/// what was sent.
pub(super) fn keeps_field(operation: Operation, quotes: bool) -> impl Fn(&str, &str) -> bool {
    let all = is_impersonal(operation) && !quotes;
    move |name, _| all || (IMPERSONAL_FIELDS.contains(&name) && !(quotes && QUOTING_FIELDS.contains(&name)))
}

/// Returns a header, masked as necessary.
pub(super) fn known_header(name: &str, value: &str) -> (String, String) {
    let only = |fits: fn(char) -> bool| if value.chars().all(fits) { value.to_owned() } else { MASKED.to_owned() };
    let kept = match name {
        "content-type" => content_type(value),
        "content-disposition" => disposition(value),
        "if-match" | "if-none-match" | "if-range" => only(|c| c.is_ascii_hexdigit() || "\"*, /W-".contains(c)),
        "range" => only(|c| c.is_ascii_digit() || "bytes=, -".contains(c)),
        _ if HEADERS.contains(&name) => value.to_owned(),
        _ if HEADER_NAMES.contains(&name) => MASKED.to_owned(),
        _ => return (MASKED.to_owned(), MASKED.to_owned()),
    };
    (name.to_owned(), kept)
}

/// Returns a media type and its character set, without other parameters.
fn content_type(value: &str) -> String {
    let mut parts = value.split(';');
    let essence = parts.next().unwrap_or_default();
    let charset = parts.find(|part| part.trim_start().to_ascii_lowercase().starts_with("charset="));
    charset.map_or_else(|| essence.to_owned(), |charset| format!("{essence};{charset}"))
}

fn disposition(value: &str) -> String {
    let name = value.strip_prefix("attachment; filename=\"").and_then(|rest| rest.strip_suffix('"'));
    name.map_or_else(|| MASKED.to_owned(), |name| format!("attachment; filename=\"{}\"", file_name(name)))
}

/// Returns a file's kind and extension, with the part in between masked.
fn file_name(name: &str) -> String {
    let begin = FileKind::ALL.iter().find_map(|kind| {
        let (_, rest) = split_prefix(name, kind.stem())?;
        let direction = ["req_", "res_"].into_iter().find(|direction| split_prefix(rest, direction).is_some())?;
        Some([kind.stem(), direction].concat())
    });
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let extension = extension.filter(|extension| ["xml", "zip", "pdf", "err"].contains(&&**extension));
    format!("{}{MASKED}{}", begin.unwrap_or_default(), extension.map(|extension| format!(".{extension}")).unwrap_or_default())
}

/// Masks the client's parts of a route's path or a file's name. `is_known`: the terminal in the
/// path exists; `is_done`: so does the rest.
pub(super) fn known_path(path: &str, is_known: bool, succeeded: bool) -> String {
    if path.is_empty() {
        return String::new();
    }
    if !path.starts_with('/') {
        return file_name(path);
    }
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |route: &&str| {
        route.split('/').count() == parts.len() && route.split('/').zip(&parts).all(|(of, part)| of.starts_with('{') || of == *part)
    };
    let kept = match ROUTES.iter().copied().find(fits) {
        Some(route) => route.split('/').zip(&parts).map(|(of, part)| match of {
            "{file}" => file_name(part),
            "{package}" if !succeeded => MASKED.to_owned(),
            "{}" if !is_known => MASKED.to_owned(),
            _ => (*part).to_owned(),
        }),
        None => return parts.iter().map(|part| if is_word(part) { part } else { MASKED }).collect::<Vec<_>>().join("/"),
    };
    kept.collect::<Vec<_>>().join("/")
}

/// Whether a part of a path is a fixed part of a route.
fn is_word(part: &str) -> bool {
    ROUTES.iter().flat_map(|route| route.split('/')).any(|word| word == part && !word.starts_with('{'))
}

/// Returns the position in a message that a text names, with unknown element names masked.
pub(super) fn known_pointer(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("/XmlMsg")?;
    let pointer = rest.split(|c: char| c.is_whitespace()).next().unwrap_or_default();
    let known = |name: &str| {
        let name = name.trim_end_matches([':', '。', '.']);
        if name.bytes().all(|byte| byte.is_ascii_digit()) || FIELDS.contains(&name) { name.to_owned() } else { MASKED.to_owned() }
    };
    Some(format!("/XmlMsg{}", pointer.split('/').map(known).collect::<Vec<_>>().join("/")))
}
