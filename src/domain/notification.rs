//! What institutions are told of beyond this program (N10): a campaign is announced, a night
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

/// Something that an institution is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// When it became true, by the institution's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub at: Timestamp,
    /// What it is.
    #[serde(flatten)]
    pub topic: Topic,
}

/// What there is to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Topic {
    /// A notice of the campaign is published, or a campaign without notices is set.
    #[serde(rename = "campaign.announced")]
    CampaignAnnounced {
        /// The campaign.
        campaign: CampaignId,
        /// What staff would call it.
        title: Text,
        /// The notice, where it has one.
        notice: Option<Notice>,
        /// When it distributes now or next.
        window: Option<TimeRange>,
    },
    /// The campaign's window opens.
    #[serde(rename = "night.begins")]
    NightBegins {
        /// The campaign.
        campaign: CampaignId,
        /// What staff would call it.
        title: Text,
        /// From when to when it distributes.
        window: TimeRange,
    },
    /// The distribution server has not heard of a terminal for long.
    #[serde(rename = "terminal.silent")]
    TerminalSilent {
        /// The terminal.
        terminal: TerminalId,
        /// When the server last heard of it; none where it never did.
        #[serde(serialize_with = "japan::serialize_option")]
        last_contact: Option<Timestamp>,
        /// How long is long.
        silent_after: Period,
    },
}

/// A window as it is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// When it opens.
    #[serde(serialize_with = "japan::serialize")]
    pub start: Timestamp,
    /// When it closes; none where it stays open.
    #[serde(serialize_with = "japan::serialize_option")]
    pub end: Option<Timestamp>,
}

/// News as they leave this program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationMessage {
    /// The same however often it is sent.
    pub id: String,
    /// When it was written, by the machine's clock.
    pub timestamp: Timestamp,
    /// Whom it is about.
    pub institution: NotifiedInstitution,
    /// What there is to tell.
    #[serde(flatten)]
    pub notification: Notification,
}

/// The institution that a letter is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifiedInstitution {
    /// Its code.
    pub code: InstitutionCode,
    /// Its name.
    pub name: Text,
}

/// Which campaign an institution knows of: another one has another name, title or first day.
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
