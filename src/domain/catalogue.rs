//! Every error that the mock answers with: code, wording, remedy, and where each comes from. The official list is not public.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::text::Text;

macro_rules! error_ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// What can go wrong, by the name that fixtures use.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ErrorId { $($(#[$doc])* $name),* }

        impl ErrorId {
            /// All of them; a catalogue has an entry for each.
            pub const ALL: &'static [ErrorId] = &[$(ErrorId::$name),*];
        }
    };
}

error_ids! {
    /// The request cannot be read.
    MalformedRequest,
    /// The body did not come whole in time.
    BodyTimeout,
    /// The body is too large.
    BodyTooLarge,
    /// No such path.
    UnknownRoute,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// Nothing says which institution asks.
    IdentityMissing,
    /// No such institution or terminal.
    IdentityUnknown,
    /// Certificate, token and request name different ones.
    IdentityContradiction,
    /// This server wants one of its client certificates.
    CertificateRequired,
    /// The credentials are not known.
    LoginRefused,
    /// No token where one is required.
    TokenMissing,
    /// A token that is not this server's, or of an institution that has been reset.
    TokenForeign,
    /// The token's life is over.
    TokenExpired,
    /// The terminal is off.
    TerminalOff,
    /// The terminal is booting.
    TerminalStarting,
    /// N5: installed, not restarted.
    RestartRequired,
    /// N9: restarted, and the error stays.
    RestartDidNotHelp,
    /// N11, as a setting: not installed by a date.
    UpdateMissing,
    /// The card is about to expire: a side note on success.
    CardExpiresSoon,
    /// No such package.
    UnknownPackage,
    /// A range outside the package.
    RangeNotSatisfiable,
    /// A terminal's report that does not fit.
    ReportRefused,
}

impl ErrorId {
    /// The `{name}` marks that its message may have.
    pub fn marks(self) -> &'static [&'static str] {
        match self {
            Self::RestartRequired | Self::UpdateMissing | Self::TerminalOff | Self::TerminalStarting => &[],
            Self::RestartDidNotHelp => &["call_centre", "phone", "answers", "article", "url"],
            _ => &["detail"],
        }
    }
}

/// The catalogue: an entry for every [`ErrorId`].
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    entries: BTreeMap<ErrorId, Entry>,
}

/// One error as clients and staff meet it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Which one.
    pub id: ErrorId,
    /// What the wire carries.
    pub code: String,
    /// The HTTP status where the answer is not the usual 200 with an error inside.
    pub status: u16,
    /// What it says. `{name}` marks are filled with the case's own values.
    pub message: Text,
    /// What staff or a programmer should do.
    pub remedy: Text,
    /// Where code and wording come from.
    pub provenance: Provenance,
}

/// Where something comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Of the code.
    pub code: Mark,
    /// Of the wording.
    pub message: Mark,
    /// Of the situation: a row of the notice such as N5, or `mock`.
    pub source: String,
}

/// Documented, or invented here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Published.
    Documented,
    /// Invented by this mock, because the real one is not public.
    Invented,
}

impl Catalogue {
    /// Puts the entries together; names the ids that lack one or have two.
    ///
    /// # Errors
    /// The ids that do not have exactly one entry.
    pub fn new(entries: Vec<Entry>) -> Result<Self, Vec<ErrorId>> {
        let count = |id: ErrorId| entries.iter().filter(|entry| entry.id == id).count();
        let wrong: Vec<_> = ErrorId::ALL.iter().copied().filter(|id| count(*id) != 1).collect();
        if wrong.is_empty() { Ok(Self { entries: entries.into_iter().map(|entry| (entry.id, entry)).collect() }) } else { Err(wrong) }
    }

    /// The entry for an id.
    pub fn entry(&self, id: ErrorId) -> &Entry {
        self.entries.get(&id).expect("a catalogue is only made with an entry for every id")
    }
}
