//! What was asked and answered, and why. A journal is bounded: what the bound evicts is counted. An entry is cheap to make; it is written
//! out, without its secrets, when it is stored.

mod choice;
mod explain;
mod mask;
mod message;
mod pseudonym;
mod steps;

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;
use serde_json::json;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::domain::catalogue::{Entry as CatalogueEntry, ErrorId, Provenance};
use crate::domain::fault::{Fired, KindName};
use crate::domain::found::Found;
use crate::domain::ids::{FaultId, InstitutionCode, TerminalId};
use crate::domain::inquiry::{NearMiss, Sought, Validity};
use crate::domain::japan;
use crate::domain::linkage::ResultFiles;
use crate::domain::operation::Operation;
use crate::domain::surfacing::ErrorProfile;
use crate::domain::text::Text;
use crate::store::{Bound, Kept};
pub use choice::{Choice, Filter, Place, Start};
pub use explain::{Explanation, explain};
use mask::masked;
use message::Shown;
pub use message::{KEPT_BODY, Message};
pub use pseudonym::Pseudonyms;

/// How many entries a journal keeps.
pub const KEPT_ENTRIES: usize = 500;

/// How much a journal keeps: the newest entries, as long as they have no more bytes of JSON (those that were written at once go together).
pub const BOUND: Bound = Bound { entries: KEPT_ENTRIES, bytes: 4 * 1024 * 1024 };

/// How an entry can end.
pub const OUTCOMES: [&str; 3] = ["answered", "checked", "refused"];

/// One request and its answer.
#[derive(Clone, Serialize, JsonSchema)]
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

/// What was asked and answered. What is skipped is written by [`Entry::json`] in the form in which it may be kept.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Exchange {
    /// What it was: `login`, `search`, `updates`, `package`, `reports`, `results`, `notices`, `linkage`, `card`,
    /// `unknown`.
    #[schemars(with = "String")]
    pub operation: Operation,
    /// The HTTP method; `FILE` for a request in the linkage folder.
    pub method: String,
    /// The path, or the file's name; at most 256 characters.
    pub path: String,
    /// The terminal that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminal: Option<TerminalId>,
    /// How the request found that terminal.
    #[serde(flatten)]
    pub found: Option<Found>,
    /// How the file that answers it comes into being: the terminal's setting `result_files`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_files: Option<ResultFiles>,
    /// The HTTP status of the answer; none where there was no HTTP, or no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How it ended.
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
    /// The token that was presented; written as a pseudonym.
    #[serde(skip)]
    pub session: Option<Box<str>>,
    /// Whom a check asked for; written as a pseudonym.
    #[serde(skip)]
    pub inquiry: Option<Box<Sought>>,
    /// The request.
    #[serde(skip)]
    pub request: Option<Message>,
    /// The answer, where there was one.
    #[serde(skip)]
    pub answer: Option<Message>,
    /// How long a request took; none of what only comes behind one, or was done over the control API.
    #[serde(skip)]
    pub took: Option<Duration>,
}

impl Exchange {
    /// One of which no more is known.
    pub fn new(operation: Operation, method: String, path: String, outcome: Outcome, why: Text) -> Self {
        Self {
            operation,
            method,
            path,
            terminal: None,
            found: None,
            result_files: None,
            status: None,
            outcome,
            why,
            notes: Vec::new(),
            fault: None,
            session: None,
            inquiry: None,
            request: None,
            answer: None,
            took: None,
        }
    }
}

/// A fault that fired at a request. What the request did has been done all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FaultMark {
    /// Its name within the institution.
    pub id: FaultId,
    /// What it did.
    pub kind: KindName,
    /// Whether what reached the client could still be used as an answer.
    pub answered: bool,
}

impl FaultMark {
    /// What the journal keeps of one.
    pub fn of(fired: &Fired) -> Self {
        Self { id: fired.id.clone(), kind: fired.kind.name(), answered: fired.kind.leaves_an_answer() }
    }
}

/// How a request ended.
#[derive(Clone, Debug, Serialize, JsonSchema)]
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
        /// Of a check: the profile in which it surfaced.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_profile: Option<ErrorProfile>,
    },
}

impl Outcome {
    /// Its place in [`OUTCOMES`].
    pub fn place(&self) -> usize {
        match self {
            Self::Answered => 0,
            Self::Checked { .. } => 1,
            Self::Refused { .. } => 2,
        }
    }
}

/// An error as the journal keeps it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
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

impl JsonSchema for Listed {
    fn schema_name() -> Cow<'static, str> {
        "JournalEntry".into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let mut schema = Written::json_schema(schemas);
        let number = json!({ "description": "1, 2, 3 … within the journal.", "type": "integer", "minimum": 1 });
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("number".to_owned(), number);
        }
        schema
    }
}

/// An entry as it is written.
#[derive(Serialize, JsonSchema)]
struct Written<'a> {
    #[serde(flatten)]
    entry: &'a Entry,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inquiry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Shown>,
}

impl Entry {
    /// As it is written: one JSON object, without secrets.
    pub fn json(&self, pseudonyms: &Pseudonyms) -> String {
        let Exchange { session, inquiry, request, answer, .. } = &self.exchange;
        let secret = self.exchange.operation == Operation::Login;
        let shown = |message: &Option<Message>| message.as_ref().map(|message| message.shown(secret));
        let written = Written {
            entry: self,
            session: session.as_ref().map(|token| pseudonyms.of("session", token)),
            inquiry: inquiry.as_ref().map(|sought| pseudonyms.of("inquiry", &sought.folded())),
            request: shown(request),
            answer: shown(answer),
        };
        serde_json::to_string(&written).expect("an entry is plain data")
    }

    /// About how many bytes it takes, in memory as well as written.
    pub fn weight(&self) -> usize {
        const FRAME: usize = 1024;
        let Exchange { session, request, answer, why, notes, .. } = &self.exchange;
        let texts = [why].into_iter().chain(notes).map(|text| text.ja.len() + text.en.len());
        let messages = [request, answer].into_iter().flatten().map(Message::weight);
        FRAME + session.as_ref().map_or(0, |token| token.len()) + texts.chain(messages).sum::<usize>()
    }
}

impl Listed {
    /// An entry with its number first, and where that `masks`, without what may be of a person; none if it is no JSON object.
    pub fn new(kept: &Kept, masks: bool) -> Option<Self> {
        let body = if masks { masked(serde_json::from_str(&kept.body).ok()?).to_string() } else { kept.body.clone() };
        let fields = body.strip_prefix('{')?;
        RawValue::from_string(format!("{{\"number\":{},{fields}", kept.number)).ok().map(Self)
    }

    /// As a value, to be looked into.
    pub fn value(&self) -> Value {
        serde_json::from_str(self.0.get()).expect("it was made of JSON")
    }
}

/// The id of an entry of this moment.
pub fn journal_id(wall: Timestamp) -> Uuid {
    let seconds = u64::try_from(wall.as_second()).unwrap_or_default();
    let nanos = u32::try_from(wall.subsec_nanosecond()).unwrap_or_default();
    Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos))
}
