//! The entry: one request and its response, as they are stored, listed, masked, explained and
//! judged. Reading its JSON gives the same entry.

use std::borrow::Cow;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use uuid::Uuid;

use super::message::RenderedText;
use crate::domain::error_catalogue::{Entry as CatalogueEntry, ErrorId, Provenance};
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::fault::{KindName, TriggeredFault};
use crate::domain::ids::{FaultId, InstitutionCode, TerminalId};
use crate::domain::inquiry::{NearMiss, Validity};
use crate::domain::japan;
use crate::domain::linkage::ResultFiles;
use crate::domain::operation::{Operation, OutcomeName};
use crate::domain::terminal_condition::TerminalCondition;
use crate::domain::text::{self, Text};

/// Replaces text that may identify a person.
pub(super) const MASKED: &str = "[masked]";

/// A journal entry.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Entry {
    /// The id, which the response contains as `X-Onshi-Journal`.
    pub id: Uuid,
    /// The time by the institution's clock, or by the machine's clock if no institution was
    /// identified.
    #[serde(serialize_with = "japan::serialize")]
    pub at: Timestamp,
    /// The time by the machine's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub wall: Timestamp,
    /// The institution that the request concerns, if known.
    pub institution: Option<InstitutionCode>,
    /// The operation: `login`, `search`, `updates`, `package`, `reports`, `results`, `notices`,
    /// `linkage`, `card`, `unknown`.
    #[schemars(with = "String")]
    pub operation: Operation,
    /// The HTTP method; `FILE` for a request in the linkage folder.
    pub method: Cow<'static, str>,
    /// The path, or the file's name; at most 256 characters.
    pub path: String,
    /// The terminal that the request concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TerminalId>")]
    pub terminal: Option<EntryTerminal>,
    /// The state of that terminal at the time of the request.
    #[serde(flatten)]
    pub found: Option<TerminalCondition>,
    /// How the response file is created: the terminal's setting `result_files`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_files: Option<ResultFiles>,
    /// The HTTP status of the response; absent without HTTP or without a response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The reason for the outcome, in both languages.
    pub why: Text,
    /// Additional notes, such as a certificate of another CA or a missing token. The last one is
    /// the fault that fired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text>,
    /// The fault that fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultMark>,
    /// The pseudonym of the presented token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The pseudonym of the person that was checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inquiry: Option<String>,
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RenderedText>,
    /// The response, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<RenderedText>,
}

/// The terminal of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryTerminal {
    /// The name.
    Named(TerminalId),
    /// Masked: the client's text names no existing terminal, so that it may be anything.
    Masked,
}

/// The outcome of a request.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The request was answered normally.
    Answered,
    /// A check succeeded; its result is given.
    Checked {
        /// The result.
        validity: Validity,
        /// The fixture person that the result is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        person: Option<String>,
        /// If no person matched: the closest one, criterion by criterion.
        #[serde(skip_serializing_if = "Option::is_none")]
        near_miss: Option<NearMiss>,
    },
    /// The request was refused with an error of the catalogue.
    Refused {
        /// The error.
        // Boxed: most requests have no error, and need no memory for it.
        error: Box<JournalError>,
        /// For a check: the error profile that was used.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_profile: Option<ErrorProfile>,
    },
}

/// An error in the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(!deny_unknown_fields)]
pub struct JournalError {
    /// The error's name in the catalogue.
    pub id: ErrorId,
    /// The error code in the response.
    pub code: String,
    /// The message in the response.
    #[serde(deserialize_with = "text::of_any_length")]
    pub message: Text,
    /// The remedy.
    #[serde(deserialize_with = "text::of_any_length")]
    pub remedy: Text,
    /// The origin of code and wording.
    pub provenance: Provenance,
}

/// A fault that fired for a request. The request itself was processed nevertheless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(!deny_unknown_fields)]
pub struct FaultMark {
    /// The fault's name within the institution.
    pub id: FaultId,
    /// The kind of the fault.
    pub kind: KindName,
    /// Whether the client received a usable response.
    pub answered: bool,
}

/// An entry in a listing, with its number within the journal first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedEntry {
    /// The number within the journal: 1, 2, 3 …
    pub number: u64,
    /// The entry.
    #[serde(flatten)]
    pub entry: Entry,
}

impl Entry {
    /// Returns the error of a refusal.
    pub fn error(&self) -> Option<&JournalError> {
        match &self.outcome {
            Outcome::Refused { error, .. } => Some(error),
            Outcome::Answered | Outcome::Checked { .. } => None,
        }
    }

    /// Returns the terminal, unless it is masked.
    pub fn terminal(&self) -> Option<&TerminalId> {
        match &self.terminal {
            Some(EntryTerminal::Named(id)) => Some(id),
            Some(EntryTerminal::Masked) | None => None,
        }
    }
}

impl Outcome {
    /// Creates a refusal with this error.
    pub fn refused(error: JournalError, error_profile: Option<ErrorProfile>) -> Self {
        Self::Refused { error: Box::new(error), error_profile }
    }

    /// Returns the name.
    pub fn name(&self) -> OutcomeName {
        match self {
            Self::Answered => OutcomeName::Answered,
            Self::Checked { .. } => OutcomeName::Checked,
            Self::Refused { .. } => OutcomeName::Refused,
        }
    }
}

impl JournalError {
    /// Creates an error from the catalogue's entry and its final message.
    pub fn new(entry: &CatalogueEntry, message: Text) -> Self {
        Self { id: entry.id, code: entry.code.clone(), message, remedy: entry.remedy.clone(), provenance: entry.provenance.clone() }
    }
}

impl FaultMark {
    /// Creates the mark of a fault that fired.
    pub fn of(triggered_fault: &TriggeredFault) -> Self {
        Self { id: triggered_fault.id.clone(), kind: triggered_fault.kind.name(), answered: triggered_fault.kind.has_usable_response() }
    }
}

impl Serialize for EntryTerminal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Named(id) => serializer.serialize_str(id.as_str()),
            Self::Masked => serializer.serialize_str(MASKED),
        }
    }
}

impl<'de> Deserialize<'de> for EntryTerminal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Cow::<str>::deserialize(deserializer)?;
        if name == MASKED {
            return Ok(Self::Masked);
        }
        TerminalId::parse(&name).map(Self::Named).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for ListedEntry {
    fn schema_name() -> Cow<'static, str> {
        "JournalEntry".into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let mut schema = Entry::json_schema(schemas);
        let number = json!({ "description": "The number within the journal: 1, 2, 3 …", "type": "integer", "minimum": 1 });
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("number".to_owned(), number);
        }
        schema
    }
}
