//! Observations that the wire cannot show: what was on the client's screen, reported by the
//! vendor's UI test or by a person. They are kept apart from what was recorded on the wire.

use std::collections::VecDeque;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ids::TerminalId;
use super::japan;
use super::named::named;
use super::screenshot::{MAX_SCREENSHOTS, PictureFormat, Screenshot, ScreenshotError};
use super::text::Text;

/// The maximum number of observations stored. Older ones are evicted and counted.
pub const MAX_OBSERVATIONS: usize = 1000;
/// The maximum length of a text, in characters.
pub const MAX_TEXT: usize = 500;
/// The maximum length of an observer's name, in characters.
pub const MAX_NAME: usize = 64;

named! {
    /// The kind of observation.
    pub enum ObservationKind {
        /// The client showed a message; its wording is in `text`.
        MessageShown = "message_shown",
        /// The client told staff to restart the terminal.
        RestartPrompted = "restart_prompted",
        /// The client offered another way to confirm the qualification (KB0011769#B).
        FallbackOffered = "fallback_offered",
        /// The client referred staff to the call centre.
        CallCentreShown = "call_centre_shown",
        /// The client showed that the patient has no qualification.
        NoQualificationShown = "no_qualification_shown",
        /// Something else, described in `text`.
        Other = "other",
    }
}

impl ObservationKind {
    /// Returns the title shown to users.
    pub fn title(self) -> Text {
        let (ja, en) = match self {
            Self::MessageShown => ("画面のメッセージ", "a message on the screen"),
            Self::RestartPrompted => ("再起動の案内", "a prompt to restart"),
            Self::FallbackOffered => ("代わりの確認方法の案内", "another way to confirm"),
            Self::CallCentreShown => ("コールセンターの案内", "the call centre"),
            Self::NoQualificationShown => ("資格なし・無効と表示", "no qualification, or invalid"),
            Self::Other => ("その他", "something else"),
        };
        Text::new(ja, en)
    }
}

/// An observation to record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "struct Seen")]
#[schemars(extend("examples" = [{"kind": "restart_prompted", "text": "端末を再起動してください", "terminal": "T1", "by": "UI test"}]))]
#[schemars(rename = "Seen")]
pub struct ObservationInput {
    /// The kind of observation.
    pub kind: ObservationKind,
    /// The text on the screen: at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The terminal at which it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<TerminalId>,
    /// The id of the journal entry whose response led to the observation. It must be in this
    /// institution's journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// The observer, such as a UI test or a person: at most 64 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// An observation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// The number within the institution: 1, 2, 3 …
    pub number: u64,
    /// The time by the institution's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub at: Timestamp,
    /// The time by the machine's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub wall: Timestamp,
    /// The recorded observation.
    #[serde(flatten)]
    pub input: ObservationInput,
    /// The picture of the screen; absent if none was attached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screenshot: Option<Screenshot>,
}

impl Observation {
    /// Whether a picture of the screen is stored.
    pub fn has_screenshot(&self) -> bool {
        self.screenshot.as_ref().is_some_and(|screenshot| screenshot.removed.is_none())
    }
}

/// The last observations of an institution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observations {
    last: u64,
    kept: VecDeque<Observation>,
}

impl Observations {
    /// Appends an observation with the next number.
    pub fn add(&mut self, at: Timestamp, wall: Timestamp, input: ObservationInput) -> &Observation {
        self.last += 1;
        if self.kept.len() == MAX_OBSERVATIONS {
            self.kept.pop_front();
        }
        self.kept.push_back(Observation { number: self.last, at, wall, input, screenshot: None });
        self.kept.back().expect("one was added")
    }

    /// Iterates over the stored observations, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Observation> {
        self.kept.iter()
    }

    /// Returns the observation of this number.
    pub fn find(&self, number: u64) -> Option<&Observation> {
        self.kept.iter().find(|observation| observation.number == number)
    }

    /// Attaches a picture of this size to an observation, which is returned.
    ///
    /// # Errors
    /// There is no such observation, it has or had a picture, or the institution has too many.
    pub fn attach(&mut self, number: u64, format: PictureFormat, size: u64) -> Result<&Observation, ScreenshotError> {
        let is_full = self.kept.iter().filter(|observation| observation.has_screenshot()).count() >= MAX_SCREENSHOTS;
        let observation = self.find_mut(number)?;
        if observation.screenshot.is_some() {
            return Err(ScreenshotError::Taken);
        }
        if is_full {
            return Err(ScreenshotError::Full);
        }
        observation.screenshot = Some(Screenshot { format, size, removed: None });
        Ok(observation)
    }

    /// Records that the picture of an observation was deleted.
    ///
    /// # Errors
    /// There is no such observation, or it has no picture.
    pub fn detach(&mut self, number: u64, wall: Timestamp) -> Result<(), ScreenshotError> {
        let stored = self.find_mut(number)?.screenshot.as_mut().filter(|screenshot| screenshot.removed.is_none());
        stored.ok_or(ScreenshotError::Nothing)?.removed = Some(wall);
        Ok(())
    }

    fn find_mut(&mut self, number: u64) -> Result<&mut Observation, ScreenshotError> {
        self.kept.iter_mut().find(|observation| observation.number == number).ok_or(ScreenshotError::NoObservation)
    }

    /// Returns how many observations were evicted.
    pub fn evicted(&self) -> u64 {
        self.last - self.kept.len() as u64
    }
}
