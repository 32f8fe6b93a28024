//! The requests of receipt computers, over the web API and in the linkage folder, parsed into
//! domain types.

mod bulk;
mod check;
mod medical;
mod registration;

pub use bulk::{DateRange, fetch, month, period, persons};
pub use check::check;
pub use medical::{Information, MedicalRequest, checkups, drugs};
pub use registration::{registration, registrations};

use jiff::civil::Date;

use super::digits;
use super::document::{Document, Value};
use super::fields::Fields;
use super::tree::Verbatim;
use crate::domain::ids::InstitutionCode;
use crate::domain::inquiry::CardData;
use crate::domain::text::Text;

/// The maximum number of pointers to unknown elements stored for one request.
const MAX_IGNORED: usize = 8;

/// The identification in a header. It is read as far as possible, so that even a refusal can return
/// it to the sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sender {
    /// `MedicalInstitutionCode`.
    pub institution: Option<InstitutionCode>,
    /// `ArbitraryFileIdentifier`.
    pub file_identifier: Option<Verbatim>,
    /// `QualificationConfirmationDate`.
    pub confirmation_date: Option<Date>,
}

/// A parsed request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedRequest<T> {
    /// The institution named in the request.
    pub institution: InstitutionCode,
    /// The content.
    pub content: T,
    /// JSON pointers of unknown elements, which were ignored.
    pub ignored: Vec<String>,
}

impl Sender {
    /// Reads the fields that are valid.
    pub fn of(document: &Document<'_>) -> Self {
        let found = document.value.get("XmlMsg").and_then(|message| message.get("MessageHeader"));
        let header = |name: &str| found.and_then(|header| header.get(name)).and_then(Value::as_str);
        let identifier = header("ArbitraryFileIdentifier").filter(|text| !text.is_empty() && text.chars().count() <= 200);
        Self {
            institution: header("MedicalInstitutionCode").and_then(|code| InstitutionCode::parse(code).ok()),
            file_identifier: identifier.map(|text| document.verbatim("ArbitraryFileIdentifier", text)),
            confirmation_date: header("QualificationConfirmationDate").and_then(digits::read_day),
        }
    }
}

/// Returns the journal's note about an ignored element.
pub fn note_of_ignored(pointer: &str) -> Text {
    Text::new(format!("知らない要素 {pointer} を無視しました。"), format!("The unknown element {pointer} was passed over."))
}

/// Returns the error if the document is no message: another root element, no header, no body.
pub fn frame_error(document: &Document<'_>) -> Option<Text> {
    let root = Fields::root(&document.value);
    let message = root.and_then(|root| root.object("XmlMsg"));
    let frame = message.and_then(|message| message.object("MessageHeader").and_then(|_| message.object("MessageBody")));
    wrong_root(document).or(frame.err())
}

/// Returns the error if the root is not `XmlMsg`.
fn wrong_root(document: &Document<'_>) -> Option<Text> {
    let root = document.value.as_object().filter(|root| !root.contains_key("XmlMsg"))?;
    let name: String = root.keys().next()?.chars().take(40).collect();
    Some(Text::new(
        format!("最上位の要素が {name} です。XmlMsg が必要です（大文字と小文字を区別します）。"),
        format!("The outermost element is {name}; XmlMsg was expected (upper and lower case count)."),
    ))
}

/// Reads the frame that all requests share. `read` gets header and body; it returns the content and
/// the further objects that it has read.
fn read_frame<'a, T>(
    document: &'a Document<'a>,
    read: impl FnOnce(&Fields<'a>, &Fields<'a>) -> Result<(T, Vec<Fields<'a>>), Text>,
) -> Result<ParsedRequest<T>, Text> {
    if let Some(wrong) = wrong_root(document) {
        return Err(wrong);
    }
    let root = Fields::root(&document.value)?;
    let message = root.object("XmlMsg")?;
    let (header, body) = (message.object("MessageHeader")?, message.object("MessageBody")?);
    header.text("ArbitraryFileIdentifier")?;
    let institution = institution(&header)?;
    let (content, inner) = read(&header, &body)?;
    let all = [&root, &message, &header, &body];
    let ignored = all.into_iter().chain(&inner).flat_map(Fields::ignored).take(MAX_IGNORED).collect();
    Ok(ParsedRequest { institution, content, ignored })
}

/// Reads the card data from an object with the element names of a check.
fn card(info: &Fields<'_>) -> Result<CardData, Text> {
    Ok(CardData {
        insurer_number: info.required("InsurerNumber")?,
        symbol: info.text("InsuredCardSymbol")?,
        number: info.required("InsuredIdentificationNumber")?,
        branch: info.text("InsuredBranchNumber")?,
    })
}

fn institution(header: &Fields<'_>) -> Result<InstitutionCode, Text> {
    let code = header.required("MedicalInstitutionCode")?;
    InstitutionCode::parse(&code).map_err(|error| {
        let Text { ja, en } = error.text();
        Text::new(
            format!("/XmlMsg/MessageHeader/MedicalInstitutionCode: {ja}。"),
            format!("/XmlMsg/MessageHeader/MedicalInstitutionCode: {en}."),
        )
    })
}
