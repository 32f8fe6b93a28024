//! Reads a check's request from its raw bytes. Whatever real clients send wrong gets a word that says what, where, and what was expected.

use jiff::civil::Date;
use serde_json::Value;

use crate::domain::ids::InstitutionCode;
use crate::domain::inquiry::Inquiry;
use crate::domain::text::Text;

const INFO: &str = "/XmlMsg/MessageBody/QualificationConfirmSearchInfo";
const HEADER: &str = "/XmlMsg/MessageHeader";
const LONGEST: usize = 200;
/// Pointers of unknown elements that are kept of one request.
const MOST_IGNORED: usize = 8;
/// Every element that a request may have, by the object that holds it.
const KNOWN: [(&str, &[&str]); 5] = [
    ("", &["XmlMsg"]),
    ("/XmlMsg", &["MessageHeader", "MessageBody"]),
    (HEADER, &["QualificationConfirmationDate", "MedicalInstitutionCode", "ArbitraryFileIdentifier"]),
    ("/XmlMsg/MessageBody", &["QualificationConfirmSearchInfo"]),
    (
        INFO,
        &[
            "InsurerNumber",
            "InsuredCardSymbol",
            "InsuredIdentificationNumber",
            "InsuredBranchNumber",
            "Birthdate",
            "LimitApplicationCertificateRelatedConsFlg",
            "ArbitraryIdentifier",
        ],
    ),
];

/// A request that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchRequest {
    /// Who asks, by the request's own word.
    pub institution: InstitutionCode,
    /// The client's own name for the request.
    pub arbitrary_file_identifier: Option<String>,
    /// The client's own name for the inquiry.
    pub arbitrary_identifier: Option<String>,
    /// `LimitApplicationCertificateRelatedConsFlg` as it came.
    pub limit_consent_flag: String,
    /// `Birthdate` as it came.
    pub birthdate: String,
    /// What is asked.
    pub inquiry: Inquiry,
    /// JSON pointers of elements that are none of the request's: passed over.
    pub ignored: Vec<String>,
}

/// A request that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What was wrong, where, what was expected.
    pub detail: Text,
    /// The bytes themselves are broken: nothing that follows on the connection can be trusted.
    pub broken: bool,
    /// The institution code, where it could be read all the same.
    pub institution: Option<InstitutionCode>,
}

/// Reads a request.
///
/// # Errors
/// Says what was wrong: from the raw bytes where they are no JSON, with the JSON pointer where they are.
pub fn parse(bytes: &[u8]) -> Result<SearchRequest, Malformed> {
    let value = json(bytes)?;
    let institution_text = value.pointer("/XmlMsg/MessageHeader/MedicalInstitutionCode").and_then(Value::as_str);
    let institution = institution_text.and_then(|code| InstitutionCode::parse(code).ok());
    read(&value).map_err(|detail| Malformed { detail, broken: false, institution })
}

/// Reads JSON as clients send it: with or without a byte order mark.
///
/// # Errors
/// Says what was wrong with the bytes.
pub fn json(bytes: &[u8]) -> Result<Value, Malformed> {
    let broken = |ja: String, en: String| Malformed { detail: Text::new(ja, en), broken: true, institution: None };
    let length = bytes.len();
    let text = std::str::from_utf8(bytes).map_err(|error| match error.error_len() {
        None => cut_short(length, "文字の途中", "in the middle of a character"),
        Some(_) => {
            let at = error.valid_up_to();
            broken(
                format!("本文の {at} バイト目が UTF-8 ではありません。Content-Type: application/json;charset=UTF-8 で送ってください。"),
                format!("Byte {at} of the body is not UTF-8; send application/json;charset=UTF-8."),
            )
        }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(broken(
            "本文が空です。JSON オブジェクトが必要です。".to_owned(),
            "The body is empty; a JSON object was expected.".to_owned(),
        ));
    }
    if text.trim_start().starts_with('<') {
        return Err(broken(
            "本文が XML または HTML です。この URL では JSON（application/json;charset=UTF-8）で送ってください。".to_owned(),
            "The body is XML or HTML; this URL takes JSON (application/json;charset=UTF-8).".to_owned(),
        ));
    }
    serde_json::from_str(text).map_err(|error| {
        if error.is_eof() {
            return cut_short(length, "JSON の途中", "in the middle of the JSON");
        }
        broken(format!("JSON として読めません（{}行{}列）。", error.line(), error.column()), format!("The body is not JSON: {error}."))
    })
}

/// Some clients count Content-Length in characters: with full-width text the body then ends early and its tail comes as a bogus next request.
fn cut_short(length: usize, ja: &str, en: &str) -> Malformed {
    let detail = Text::new(
        format!("本文が {ja}で終わっています（{length} バイト）。Content-Length は文字数ではなく UTF-8 のバイト数で送ってください。"),
        format!("The body ends {en} (after {length} bytes); Content-Length is the number of UTF-8 bytes, not of characters."),
    );
    Malformed { detail, broken: true, institution: None }
}

fn read(value: &Value) -> Result<SearchRequest, Text> {
    for pointer in ["/XmlMsg", HEADER, "/XmlMsg/MessageBody", INFO] {
        let found = value.pointer(pointer);
        if !found.is_some_and(Value::is_object) {
            return Err(wrong(pointer, found, "JSON オブジェクト", "a JSON object"));
        }
    }
    let header = |name| element(value, HEADER, name);
    let info = |name| element(value, INFO, name);
    let institution = header("MedicalInstitutionCode")?.ok_or_else(|| missing(HEADER, "MedicalInstitutionCode"))?;
    let institution = InstitutionCode::parse(&institution).map_err(|error| {
        let (pointer, Text { ja, en }) = (format!("{HEADER}/MedicalInstitutionCode"), error.text());
        Text::new(format!("{pointer}: {ja}。"), format!("{pointer}: {en}."))
    })?;
    let confirmation_date = required_date(header("QualificationConfirmationDate")?, HEADER, "QualificationConfirmationDate")?.1;
    let (birthdate_text, birthdate) = required_date(info("Birthdate")?, INFO, "Birthdate")?;
    let limit_consent_flag = info("LimitApplicationCertificateRelatedConsFlg")?.unwrap_or_else(|| "0".to_owned());
    if !matches!(limit_consent_flag.as_str(), "0" | "1") {
        let got = Value::String(limit_consent_flag);
        return Err(wrong(
            &format!("{INFO}/LimitApplicationCertificateRelatedConsFlg"),
            Some(&got),
            "\"0\" または \"1\"",
            "\"0\" or \"1\"",
        ));
    }
    Ok(SearchRequest {
        institution,
        arbitrary_file_identifier: header("ArbitraryFileIdentifier")?,
        arbitrary_identifier: info("ArbitraryIdentifier")?,
        birthdate: birthdate_text,
        inquiry: Inquiry {
            confirmation_date,
            insurer_number: info("InsurerNumber")?.ok_or_else(|| missing(INFO, "InsurerNumber"))?,
            symbol: info("InsuredCardSymbol")?,
            number: info("InsuredIdentificationNumber")?.ok_or_else(|| missing(INFO, "InsuredIdentificationNumber"))?,
            branch: info("InsuredBranchNumber")?,
            birthdate,
            limit_consent: limit_consent_flag == "1",
        },
        limit_consent_flag,
        ignored: ignored(value),
    })
}

fn ignored(value: &Value) -> Vec<String> {
    let unknown = KNOWN.iter().flat_map(|(parent, known)| {
        let names = value.pointer(parent).and_then(Value::as_object).into_iter().flat_map(|object| object.keys());
        names
            .filter(|name| !known.contains(&name.as_str()))
            .map(move |name| format!("{parent}/{}", name.chars().take(64).collect::<String>()))
    });
    unknown.take(MOST_IGNORED).collect()
}

/// An element's text; an empty one counts as absent. Every value of the real message is a string.
fn element(value: &Value, parent: &str, name: &str) -> Result<Option<String>, Text> {
    let pointer = format!("{parent}/{name}");
    match value.pointer(&pointer) {
        None => Ok(None),
        Some(Value::String(text)) if text.is_empty() => Ok(None),
        Some(Value::String(text)) if text.chars().count() <= LONGEST => Ok(Some(text.clone())),
        Some(Value::String(_)) => Err(Text::new(
            format!("{pointer} が長すぎます（{LONGEST} 文字まで）。"),
            format!("{pointer} is too long (at most {LONGEST} characters)."),
        )),
        found => Err(wrong(&pointer, found, "文字列（引用符で囲んだ値）", "a string (a value in quotation marks)")),
    }
}

fn required_date(text: Option<String>, parent: &str, name: &str) -> Result<(String, Date), Text> {
    let text = text.ok_or_else(|| missing(parent, name))?;
    let eight_digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let date = eight_digits.then(|| Date::strptime("%Y%m%d", &text).ok()).flatten();
    let date = date.filter(|date| (1800..=2200).contains(&date.year()));
    let pointer = format!("{parent}/{name}");
    let got = Value::String(text.clone());
    let expected = if eight_digits {
        ("実在する1800年から2200年までの日付", "a date that exists, from 1800 to 2200")
    } else {
        ("YYYYMMDD の日付", "a date as YYYYMMDD")
    };
    date.map(|date| (text, date)).ok_or_else(|| wrong(&pointer, Some(&got), expected.0, expected.1))
}

fn missing(parent: &str, name: &str) -> Text {
    Text::new(format!("{parent}/{name} がありません（必須です）。"), format!("{parent}/{name} is missing; it is required."))
}

fn wrong(pointer: &str, found: Option<&Value>, expected_ja: &str, expected_en: &str) -> Text {
    let (ja, en) = match found {
        None => ("がありません".to_owned(), "is missing".to_owned()),
        Some(value) => {
            let shown: String = value.to_string().chars().take(40).collect();
            (format!("は {shown} です"), format!("is {shown}"))
        }
    };
    Text::new(format!("{pointer} {ja}。{expected_ja}が必要です。"), format!("{pointer} {en}; expected {expected_en}."))
}
