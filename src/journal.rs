//! What was asked and answered, and why. A journal is bounded: what the bound evicts is counted.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::domain::catalogue::{Entry as CatalogueEntry, ErrorId, Provenance};
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::domain::inquiry::{NearMiss, Validity};
use crate::domain::japan;
use crate::domain::text::Text;
use crate::store::Bound;

/// How many entries a journal keeps.
pub const KEPT_ENTRIES: usize = 500;

/// How much a journal keeps: the newest entries, as long as they have no more bytes of JSON.
pub const BOUND: Bound = Bound { entries: KEPT_ENTRIES, bytes: 4 * 1024 * 1024 };

/// One request and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// The id that the answer carried as `X-Onshi-Journal`.
    pub id: Uuid,
    /// By the institution's clock; by the machine's where none was found.
    #[serde(serialize_with = "japan::serialize")]
    pub at: Timestamp,
    /// By the machine's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub wall: Timestamp,
    /// Whom it was for, where it could be told.
    pub institution: Option<InstitutionCode>,
    /// What was asked and answered.
    #[serde(flatten)]
    pub exchange: Exchange,
}

/// What was asked and answered.
#[derive(Clone, Debug, Serialize)]
pub struct Exchange {
    /// What it was: `login`, `search`, `updates`, `package`, `reports`, `results`, `notices`, `linkage`, `card`,
    /// `unknown`.
    pub operation: &'static str,
    /// The HTTP method; `FILE` for a request in the linkage folder.
    pub method: String,
    /// The path, or the file's name; at most 256 characters.
    pub path: String,
    /// The terminal that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<TerminalId>,
    /// The HTTP status of the answer; none where there was no HTTP, or no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What decided it, in both languages.
    pub why: Text,
    /// What else is worth knowing: a certificate that is not ours, a missing token.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text>,
}

/// How a request ended.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Answered as asked.
    Answered,
    /// A check that worked, with its result.
    Checked {
        /// The result.
        validity: Validity,
        /// The fixture person that it speaks of.
        #[serde(skip_serializing_if = "Option::is_none")]
        person: Option<String>,
        /// Where nobody matched: who came nearest, criterion by criterion.
        #[serde(skip_serializing_if = "Option::is_none")]
        near_miss: Option<NearMiss>,
    },
    /// Refused with an error of the catalogue.
    Refused {
        /// The error.
        error: JournalError,
    },
}

/// An error as the journal keeps it.
#[derive(Clone, Debug, Serialize)]
pub struct JournalError {
    /// Its name in the catalogue.
    pub id: ErrorId,
    /// Its code on the wire.
    pub code: String,
    /// What was said.
    pub message: Text,
    /// What to do.
    pub remedy: Text,
    /// Where code and wording come from.
    pub provenance: Provenance,
}

impl JournalError {
    /// The catalogue's entry with its message filled in.
    pub fn new(entry: &CatalogueEntry, message: Text) -> Self {
        Self { id: entry.id, code: entry.code.clone(), message, remedy: entry.remedy.clone(), provenance: entry.provenance.clone() }
    }
}

/// An entry as it is listed: its number within the journal, and what was written of it.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct Listed(Box<RawValue>);

impl Entry {
    /// As it is written: one JSON object.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("an entry is plain data")
    }
}

impl Listed {
    /// The entry that was written as `json`, with its number first; none if that is no JSON object.
    pub fn new(number: u64, json: &str) -> Option<Self> {
        let fields = json.strip_prefix('{')?;
        RawValue::from_string(format!("{{\"number\":{number},{fields}")).ok().map(Self)
    }
}

/// The id of an entry of this moment.
pub fn journal_id(wall: Timestamp) -> Uuid {
    let seconds = u64::try_from(wall.as_second()).unwrap_or_default();
    let nanos = u32::try_from(wall.subsec_nanosecond()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}
