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

/// An entry as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
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
    /// What it was: `login`, `search`, `updates`, `package`, `reports`, `results`, `notices`, `linkage`, `card`,
    /// `unknown`.
    #[schemars(with = "String")]
    pub operation: Operation,
    /// The HTTP method; `FILE` for a request in the linkage folder.
    pub method: Cow<'static, str>,
    /// The path, or the file's name; at most 256 characters.
    pub path: String,
    /// The terminal that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<TerminalId>")]
    pub terminal: Option<EntryTerminal>,
    /// The state of that terminal at the time of the request.
    #[serde(flatten)]
    pub found: Option<TerminalCondition>,
    /// How the file that answers it comes into being: the terminal's setting `result_files`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_files: Option<ResultFiles>,
    /// The HTTP status of the answer; none where there was no HTTP, or no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What decided it, in both languages.
    pub why: Text,
    /// What else is worth knowing: a certificate that is not ours, a missing token; last, the fault that fired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text>,
    /// The fault that fired.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<FaultMark>,
    /// A pseudonym of the token that was presented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// A pseudonym of whom a check asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inquiry: Option<String>,
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RenderedText>,
    /// The answer, where there was one.
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
        // Boxed: most requests have no error, and need no memory for it.
        error: Box<JournalError>,
        /// Of a check: the profile in which it surfaced.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_profile: Option<ErrorProfile>,
    },
}

/// An error as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(!deny_unknown_fields)]
pub struct JournalError {
    /// Its name in the catalogue.
    pub id: ErrorId,
    /// Its code on the wire.
    pub code: String,
    /// What was said.
    #[serde(deserialize_with = "text::of_any_length")]
    pub message: Text,
    /// What to do.
    #[serde(deserialize_with = "text::of_any_length")]
    pub remedy: Text,
    /// Where code and wording come from.
    pub provenance: Provenance,
}

/// A fault that fired at a request. What the request did has been done all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(!deny_unknown_fields)]
pub struct FaultMark {
    /// Its name within the institution.
    pub id: FaultId,
    /// What it did.
    pub kind: KindName,
    /// Whether what reached the client could still be used as an answer.
    pub answered: bool,
}

/// An entry in a listing, with its number within the journal first.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListedEntry {
    /// 1, 2, 3 … within the journal.
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
        let number = json!({ "description": "1, 2, 3 … within the journal.", "type": "integer", "minimum": 1 });
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("number".to_owned(), number);
        }
        schema
    }
}
