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
    #[schemars(with = "String")]
    pub operation: Operation,
    /// The HTTP method; `FILE` in the linkage folder.
    pub method: String,
    /// The terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<String>,
    /// The HTTP status; none where there was no HTTP or no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `answered`, `checked` or `refused`.
    #[schemars(with = "String")]
    pub outcome: OutcomeName,
    /// The result of a check that worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub validity: Option<Validity>,
    /// The id of the error, where it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub error: Option<ErrorId>,
    /// A pseudonym of whom a check was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inquiry: Option<String>,
    /// A pseudonym of the token that was presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The phase in which the request found the terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub phase: Option<Phase>,
    /// The number of the institution's newest event when the request came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event: Option<u64>,
    /// Where the terminal waited for its restart: others at which a check would have worked.
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
    #[schemars(with = "String")]
    pub kind: RequestKind,
    /// A number in place of its name: the same name, the same number.
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
    #[schemars(with = "String")]
    pub state: ReportState,
    /// Component and version, where it names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
}
