//! What a receipt computer writes: messages in XML, and request files, put to the linkage route or
//! dropped into a folder.

use std::path::PathBuf;
use std::sync::Mutex;

use encoding_rs::SHIFT_JIS;
use onshi_mock::linkage::LinkageLocation;
use reqwest::{Method, StatusCode};

use super::eventually::wait_until;
use super::{Clinic, Mock};

/// The day of all inquiries here.
pub(crate) const DATE: &str = "<QualificationConfirmationDate>20260120</QualificationConfirmationDate>";

/// The result of a request file.
pub(crate) struct FileResponse {
    pub(crate) status: StatusCode,
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

impl FileResponse {
    /// Its text, in UTF-8 or by the declaration in Shift_JIS.
    pub(crate) fn text(&self) -> String {
        text(&self.bytes)
    }
}

/// A message's text by its declaration.
pub(crate) fn text(bytes: &[u8]) -> String {
    if bytes.starts_with(b"<?xml version=\"1.0\" encoding=\"Shift_JIS\"") {
        let (text, _, broken) = SHIFT_JIS.decode(bytes);
        assert!(!broken, "not Shift_JIS");
        return text.into_owned();
    }
    String::from_utf8(bytes.to_vec()).expect("UTF-8 where Shift_JIS is not declared")
}

/// A request with its header's and body's elements.
pub(crate) fn message(code: &str, header: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><XmlMsg><MessageHeader>\
         <MedicalInstitutionCode>{code}</MedicalInstitutionCode>{header}</MessageHeader><MessageBody>{body}</MessageBody></XmlMsg>"
    )
}

/// An element.
pub(crate) fn element(name: &str, text: &str) -> String {
    format!("<{name}>{text}</{name}>")
}

/// The card of a sample: insurer, symbol, number and branch, where it has them.
pub(crate) fn card(insurer: &str, symbol: &str, number: &str, branch: &str) -> String {
    let fields = [
        ("InsurerNumber", insurer),
        ("InsuredCardSymbol", symbol),
        ("InsuredIdentificationNumber", number),
        ("InsuredBranchNumber", branch),
    ];
    fields.iter().filter(|(_, text)| !text.is_empty()).map(|(name, text)| element(name, text)).collect()
}

/// What is asked about a card and a birthday (`YYYYMMDD`).
pub(crate) fn info(card: &str, birthdate: &str, consent: &str) -> String {
    let rest = element("Birthdate", birthdate) + &element("LimitApplicationCertificateRelatedConsFlg", consent);
    element("QualificationConfirmSearchInfo", &format!("{card}{rest}"))
}

/// The plainest person.
pub(crate) fn plain() -> String {
    info(&card("01990019", "11010203", "1001", "01"), "19800517", "0")
}

/// What is asked about a person of the fixtures.
pub(crate) fn info_of(id: &str, consent: &str) -> String {
    let fixtures = onshi_mock::fixtures::Fixtures::compiled_in(jiff::civil::date(2026, 1, 20)).0.unwrap();
    let person = fixtures.persons.iter().find(|person| person.id == id).unwrap_or_else(|| panic!("no person {id}"));
    let sample = fixtures.samples.iter().find(|sample| sample.name == person.name).unwrap();
    let [symbol, branch] = [&sample.symbol, &sample.branch].map(|text| text.clone().unwrap_or_default());
    info(&card(&sample.insurer_number, &symbol, &sample.number, &branch), &sample.birthdate.strftime("%Y%m%d").to_string(), consent)
}

/// A single check of the plainest person.
pub(crate) fn check(code: &str, identifier: &str) -> String {
    message(code, &format!("{DATE}{}", element("ArbitraryFileIdentifier", identifier)), &plain())
}

/// The text of the first element of a name.
pub(crate) fn value<'a>(message: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = message.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

impl Mock {
    /// A server that keeps linkage folders.
    pub(crate) async fn with_folders() -> Self {
        Self::start_with(|config| config.linkage = Some(LinkageLocation { dir: config.certs.with_file_name("oqs"), only: None })).await
    }
}

impl Clinic<'_> {
    /// The folder of its terminal T1.
    pub(crate) fn folder(&self) -> Folder {
        Folder(self.mock.dir.path().join("oqs").join(format!("{self}-T1")))
    }

    /// Asks the linkage route as terminal T1.
    pub(crate) async fn file(&self, name: &str, content: impl Into<Vec<u8>>) -> FileResponse {
        let path = format!("/linkage/v1/terminals/{self}-T1/files/{name}");
        let response = self.mock.backend(Method::POST, &path).body(content.into()).send().await.unwrap();
        let status = response.status();
        let disposition = response.headers().get("content-disposition").map(|value| value.to_str().unwrap().to_owned());
        let name = disposition.and_then(|text| text.split('"').nth(1).map(str::to_owned)).unwrap_or_default();
        FileResponse { status, name, bytes: response.bytes().await.unwrap().to_vec() }
    }
}

/// One terminal's folder.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    /// Drops a request as a careful client does: written beside, then renamed.
    pub(crate) fn put_request(&self, name: &str, content: impl AsRef<[u8]>) {
        let beside = self.0.join("req").join(format!("{name}.tmp"));
        std::fs::write(&beside, content).unwrap();
        std::fs::rename(beside, self.0.join("req").join(name)).unwrap();
    }

    /// Waits for a file and reads it when it is whole: at its message's end, or (spoilt, packed, or
    /// an error) when two readings agree.
    pub(crate) async fn wait_for(&self, file: &str) -> Vec<u8> {
        let path = self.0.join(file);
        let read = Mutex::new(Vec::new());
        let is_whole = || {
            let now = std::fs::read(&path).unwrap_or_default();
            let before = std::mem::replace(&mut *read.lock().unwrap(), now.clone());
            now.trim_ascii_end().ends_with(b"</XmlMsg>") || (!now.is_empty() && now == before)
        };
        wait_until(file, is_whole).await;
        read.into_inner().unwrap()
    }

    /// The names in one of its directories, in order.
    pub(crate) fn names(&self, directory: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.join(directory)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}
