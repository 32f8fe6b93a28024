//! A request and its response as evidence: the journal's data without anything that could identify
//! a person.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::error_catalogue::ErrorId;
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::fault::KindName;
use crate::domain::inquiry::Validity;
use crate::domain::japan;
use crate::domain::linkage::FileKind;
use crate::domain::operation::{Operation, OutcomeName};
use crate::domain::terminal::{Phase, ReportState};

/// A request and its response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidenceExchange")]
pub struct Exchange {
    /// The number in the journal, in the order in which requests were answered.
    pub number: u64,
    /// The id, which the response contains as `X-Onshi-Journal`.
    pub id: String,
    /// The time by the institution's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub at: Timestamp,
    /// The time by the machine's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub wall: Timestamp,
    /// The operation: `search`, `login`, `linkage`, etc.
    #[schemars(with = "String")]
    pub operation: Operation,
    /// The HTTP method; `FILE` in the linkage folder.
    pub method: String,
    /// The terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// The HTTP status of the response; absent without HTTP or without a response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The outcome: `answered`, `checked` or `refused`.
    #[schemars(with = "String")]
    pub outcome: OutcomeName,
    /// The result of a successful check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub validity: Option<Validity>,
    /// The id of the error, if the request was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub error: Option<ErrorId>,
    /// The pseudonym of the person that was checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inquiry: Option<String>,
    /// The pseudonym of the presented token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The phase of the terminal when the request arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub phase: Option<Phase>,
    /// The number of the institution's newest event when the request arrived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event: Option<u64>,
    /// If the terminal was waiting for its restart: other terminals at which a check would have
    /// succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_terminals: Vec<String>,
    /// The error profile of a refused check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub error_profile: Option<ErrorProfile>,
    /// The kind of the fault that fired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub fault: Option<KindName>,
    /// `Retry-After` of the response, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// For the linkage folder: the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<File>,
    /// For a package transfer: the byte range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    /// The content of a terminal's report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Report>,
}

/// A request file of the linkage folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidenceFile")]
pub struct File {
    /// The kind of file, such as `OQSsiquc01`.
    #[schemars(with = "String")]
    pub kind: RequestKind,
    /// A number that replaces the file name. Equal names have equal numbers.
    pub name: u64,
}

/// The kind of a request file, as far as its name shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RequestKind {
    /// A known kind.
    Known(FileKind),
    /// An unknown kind.
    Other(NoKind),
}

/// The serialized form of an unknown kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoKind {
    /// No known kind.
    Unknown,
}

/// The byte range of a package, according to the response headers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidencePackage")]
pub struct Package {
    /// Component and version.
    pub of: String,
    /// The first byte, and the byte after the last one; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<(u64, u64)>,
    /// The package size, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
}

/// A terminal's report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EvidenceReport")]
pub struct Report {
    /// The state: `downloaded`, `installed`, etc.
    #[schemars(with = "String")]
    pub state: ReportState,
    /// Component and version, if the report names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}
