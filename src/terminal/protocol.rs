//! The backend's answers as a terminal reads them. Unknown fields are ignored.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::campaign::Component;
use crate::domain::ids::Version;
use crate::domain::linkage::ResultFiles;
use crate::domain::period::Period;
use crate::domain::text::Text;

/// The answer to a poll.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Poll {
    pub(super) update: Option<Update>,
    #[serde(default)]
    pub(super) window: Option<Window>,
    pub(super) poll_after: Period,
}

/// The packages to download.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Update {
    pub(super) packages: Vec<Offer>,
}

/// Whether a distribution window is open.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Window {
    pub(super) state: String,
}

/// A package on offer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Offer {
    pub(super) component: Component,
    pub(super) version: Version,
    /// In bytes.
    pub(super) size: u64,
    /// 64 hexadecimal digits; `None` while the server is still computing it.
    #[serde(default)]
    pub(super) sha256: Option<String>,
    pub(super) url: String,
    #[serde(default = "default_true")]
    pub(super) restart_required: bool,
}

fn default_true() -> bool {
    true
}

/// The delivery results: what the server has on record as installed and running.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Results {
    components: Vec<ComponentResult>,
}

#[derive(Clone, Debug, Deserialize)]
struct ComponentResult {
    component: Component,
    installed: Version,
    #[serde(default)]
    mock: Option<MockResult>,
}

#[derive(Clone, Debug, Deserialize)]
struct MockResult {
    running: Version,
}

impl Results {
    /// Returns each component's installed version and, if the server sends it, the running one.
    pub(super) fn versions(&self) -> BTreeMap<Component, (Version, Option<Version>)> {
        let versions = self.components.iter();
        versions.map(|known| (known.component, (known.installed.clone(), known.mock.as_ref().map(|mock| mock.running.clone())))).collect()
    }
}

/// The answer to a card at the reader.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CardAnswer {
    /// The outcome; `kind` says which.
    pub(super) outcome: serde_json::Value,
    pub(super) shown: Text,
    #[serde(default)]
    pub(super) file: Option<CardFile>,
}

/// The face result file.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CardFile {
    pub(super) name: String,
    pub(super) base64: String,
    #[serde(default)]
    pub(super) result_files: Option<ResultFiles>,
}

/// The fields of a problem document that a terminal shows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProblemSummary {
    r#type: String,
    detail: String,
    detail_en: String,
}

impl ProblemSummary {
    /// Parses a problem document; anything else results in empty texts.
    pub(super) fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// Whether the server refuses the client's identity, so that a retry does not help.
    pub(super) fn is_about_identity(&self) -> bool {
        let kind = self.r#type.rsplit(':').next().unwrap_or_default();
        kind.starts_with("identity-") || kind == "certificate-required"
    }

    /// Returns its texts after a prefix.
    pub(super) fn with_prefix(&self, ja: &str, en: &str) -> Text {
        Text::new(format!("{ja}{}", self.detail), format!("{en}{}", self.detail_en)).clipped(600)
    }
}
