//! A request and its answer as evidence: what the journal lists of it, without what could tell of a person.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::japan;
use crate::domain::linkage::FileKind;
use crate::domain::terminal;

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidenceExchange")]
pub struct Exchange {
    /// Its number in the journal: the order in which requests were answered.
    pub number: u64,
    /// The id that the answer carried as `X-Onshi-Journal`.
    pub id: String,
    /// By the institution's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub at: Timestamp,
    /// By the machine's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub wall: Timestamp,
    /// `search`, `login`, `linkage` and so on.
    pub operation: String,
    /// The HTTP method; `FILE` in the linkage folder.
    pub method: String,
    /// The terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// The HTTP status; none where there was no HTTP or no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `answered`, `checked` or `refused`.
    pub outcome: String,
    /// The result of a check that worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validity: Option<String>,
    /// The id of the error, where it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// A pseudonym of whom a check was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inquiry: Option<String>,
    /// A pseudonym of the token that was presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The phase in which the request found the terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// The number of the institution's newest event when the request came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event: Option<u64>,
    /// Where the terminal waited for its restart: others at which a check would have worked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_terminals: Vec<String>,
    /// The error profile of a refused check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_profile: Option<String>,
    /// The kind of the fault that fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// `Retry-After` of the answer, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Of the linkage folder: which file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<File>,
    /// Of a package's transfer: which bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    /// What a terminal reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

/// A request file of the linkage folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidenceFile")]
pub struct File {
    /// Its kind, such as `OQSsiquc01`.
    pub kind: String,
    /// A number in place of its name: the same name, the same number.
    pub name: u64,
}

/// Bytes of a package, as the answer's headers tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidencePackage")]
pub struct Package {
    /// Component and version.
    pub of: String,
    /// The first byte, and the one behind the last; none where it is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<(u64, u64)>,
    /// The package's size, where it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// A terminal's report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidenceReport")]
pub struct Report {
    /// `downloaded`, `installed` and so on.
    pub state: String,
    /// Component and version, where it names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}

/// An entry as the control API lists it; what is not needed is passed over.
#[derive(Debug, Deserialize)]
pub struct Listed {
    number: u64,
    id: String,
    at: Timestamp,
    wall: Timestamp,
    operation: String,
    method: String,
    path: String,
    terminal: Option<String>,
    status: Option<u16>,
    outcome: String,
    validity: Option<String>,
    error: Option<Named>,
    inquiry: Option<String>,
    session: Option<String>,
    phase: Option<String>,
    last_event: Option<u64>,
    #[serde(default)]
    other_terminals: Vec<String>,
    error_profile: Option<String>,
    fault: Option<Kind>,
    request: Option<Message>,
    answer: Option<Message>,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
}

#[derive(Debug, Deserialize)]
struct Kind {
    kind: String,
}

#[derive(Debug, Default, Deserialize)]
struct Message {
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    #[serde(default)]
    body: Option<String>,
}

impl Message {
    fn header(&self, name: &str) -> Option<&str> {
        let value = self.headers.iter().find(|(given, _)| given.eq_ignore_ascii_case(name))?.1;
        value.as_str().or_else(|| value.as_array()?.first()?.as_str())
    }
}

/// The evidence in a journal: bodies, headers, paths and file names stay behind.
pub fn exchanges(listed: impl IntoIterator<Item = Listed>) -> Vec<Exchange> {
    let mut names: BTreeMap<String, u64> = BTreeMap::new();
    listed.into_iter().map(|listed| listed.exchange(&mut names)).collect()
}

impl Listed {
    fn exchange(self, names: &mut BTreeMap<String, u64>) -> Exchange {
        let (request, answer) = (self.request.unwrap_or_default(), self.answer.unwrap_or_default());
        let file = (self.operation == "linkage").then(|| file(&self.path, names)).flatten();
        let package = (self.operation == "package" && self.method == "GET").then(|| package(&self.path, self.status, &answer)).flatten();
        let report = (self.operation == "reports").then(|| report(&request)).flatten();
        Exchange {
            number: self.number,
            id: self.id,
            at: self.at,
            wall: self.wall,
            operation: self.operation,
            method: self.method,
            terminal: self.terminal,
            status: self.status,
            outcome: self.outcome,
            validity: self.validity,
            error: self.error.map(|error| error.id),
            inquiry: self.inquiry,
            session: self.session,
            phase: self.phase,
            last_event: self.last_event,
            other_terminals: self.other_terminals,
            error_profile: self.error_profile,
            fault: self.fault.map(|fault| fault.kind),
            retry_after: answer.header("retry-after").and_then(|seconds| seconds.parse().ok()),
            file,
            package,
            report,
        }
    }
}

fn file(path: &str, names: &mut BTreeMap<String, u64>) -> Option<File> {
    let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
    let next = names.len() as u64 + 1;
    let number = *names.entry(name.to_owned()).or_insert(next);
    let stem = name.split_once("req_").map(|(stem, _)| stem);
    let kind = FileKind::ALL.iter().map(|kind| kind.stem()).find(|known| stem == Some(known)).unwrap_or("unknown");
    Some(File { kind: kind.to_owned(), name: number })
}

fn package(path: &str, status: Option<u16>, answer: &Message) -> Option<Package> {
    let mut ends = path.rsplit('/');
    let (version, component) = (ends.next()?, ends.next()?);
    let of = format!("{component} {version}");
    let length = || answer.header("content-length").and_then(|length| length.parse::<u64>().ok());
    let (bytes, size) = match status {
        Some(200) => (length().map(|length| (0, length)), length()),
        Some(206) => answer.header("content-range").and_then(content_range).map_or((None, None), |(bytes, size)| (Some(bytes), Some(size))),
        _ => (None, None),
    };
    Some(Package { of, bytes, size })
}

/// `bytes 0-999/5000`.
fn content_range(text: &str) -> Option<((u64, u64), u64)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some(((first.parse().ok()?, last.parse::<u64>().ok()?.checked_add(1)?), size.parse().ok()?))
}

/// A report that can be read as one: nothing else of what a client wrote comes into the evidence.
fn report(request: &Message) -> Option<Report> {
    let body: Value = serde_json::from_str(request.body.as_deref()?).ok()?;
    terminal::Report::deserialize(&body).ok()?;
    let text = |field: &str| body[field].as_str();
    let of = text("component").zip(text("version")).map(|(component, version)| format!("{component} {version}"));
    Some(Report { state: text("state")?.to_owned(), of })
}
