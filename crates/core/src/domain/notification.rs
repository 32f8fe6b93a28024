//! Notifications for institutions outside this program (N10): a campaign is announced, a night
//! begins, a terminal has been silent for long.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::calendar::Window;
use super::campaign::{Campaign, Notice};
use super::ids::{CampaignId, InstitutionCode, TerminalId};
use super::japan;
use super::period::Period;
use super::text::Text;

/// A notification of an institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// When it became true, by the institution's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub at: Timestamp,
    /// The topic.
    #[serde(flatten)]
    pub topic: Topic,
}

/// The topic of a notification, with its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Topic {
    /// A notice of the campaign is published, or a campaign without notices is set.
    #[serde(rename = "campaign.announced")]
    CampaignAnnounced {
        /// The campaign.
        campaign: CampaignId,
        /// The campaign's title, as staff would call it.
        title: Text,
        /// The notice, if there is one.
        notice: Option<Notice>,
        /// The present or next window.
        window: Option<TimeRange>,
    },
    /// The campaign's window opens.
    #[serde(rename = "night.begins")]
    NightBegins {
        /// The campaign.
        campaign: CampaignId,
        /// The campaign's title, as staff would call it.
        title: Text,
        /// The window.
        window: TimeRange,
    },
    /// The distribution server has had no contact with a terminal for long.
    #[serde(rename = "terminal.silent")]
    TerminalSilent {
        /// The terminal.
        terminal: TerminalId,
        /// The last contact; `None` if there was none.
        #[serde(serialize_with = "japan::serialize_option")]
        last_contact: Option<Timestamp>,
        /// How long a terminal must be without contact to count as silent.
        silent_after: Period,
    },
}

/// A window in the form of a notification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// When it opens.
    #[serde(serialize_with = "japan::serialize")]
    pub start: Timestamp,
    /// When it closes; `None` if it stays open.
    #[serde(serialize_with = "japan::serialize_option")]
    pub end: Option<Timestamp>,
}

/// A notification as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationMessage {
    /// The id. It stays the same when the message is sent again.
    pub id: String,
    /// When the message was created, by the machine's clock.
    pub timestamp: Timestamp,
    /// The institution that it is about.
    pub institution: NotifiedInstitution,
    /// The notification.
    #[serde(flatten)]
    pub notification: Notification,
}

/// The institution that a message is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifiedInstitution {
    /// The code.
    pub code: InstitutionCode,
    /// The name.
    pub name: Text,
}

/// The identity of a campaign: one with another id, title or first day counts as another campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CampaignKey {
    id: CampaignId,
    title: Text,
    starts: Date,
}

impl CampaignKey {
    pub(super) fn of(campaign: &Campaign) -> Self {
        Self { id: campaign.id.clone(), title: campaign.title.clone(), starts: campaign.calendar.starts }
    }
}

impl From<Window> for TimeRange {
    fn from(window: Window) -> Self {
        Self { start: window.start, end: window.end }
    }
}
