//! What institutions are told of beyond this program (N10): a campaign is announced, a night begins, a terminal has been silent for long. News
//! follow from the stretch of time that an institution is settled over, so that they are the same whatever the steps in which time passes.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::calendar::{Window, next_window, open_window};
use super::campaign::{Campaign, Notice};
use super::ids::{CampaignId, InstitutionCode, TerminalId};
use super::institution::Institution;
use super::japan;
use super::period::Period;
use super::text::Text;

/// News that wait to be taken; older ones are dropped.
const MOST_WAITING: usize = 1_000;

/// Something that an institution is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
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
        window: Option<Stretch>,
    },
    /// The campaign's window opens.
    #[serde(rename = "night.begins")]
    NightBegins {
        /// The campaign.
        campaign: CampaignId,
        /// What staff would call it.
        title: Text,
        /// From when to when it distributes.
        window: Stretch,
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
pub struct Stretch {
    /// When it opens.
    #[serde(serialize_with = "japan::serialize")]
    pub start: Timestamp,
    /// When it closes; none where it stays open.
    #[serde(serialize_with = "japan::serialize_option")]
    pub end: Option<Timestamp>,
}

/// News as they leave this program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The same however often it is sent.
    pub id: String,
    /// When it was written, by the machine's clock.
    pub timestamp: Timestamp,
    /// Whom it is about.
    pub institution: Addressee,
    /// What there is to tell.
    #[serde(flatten)]
    pub news: News,
}

/// The institution that a letter is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addressee {
    /// Its code.
    pub code: InstitutionCode,
    /// Its name.
    pub name: Text,
}

/// Which campaign an institution knows of: another one has another name, title or first day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Announced {
    id: CampaignId,
    title: Text,
    starts: Date,
}

impl Announced {
    pub(super) fn of(campaign: &Campaign) -> Self {
        Self { id: campaign.id.clone(), title: campaign.title.clone(), starts: campaign.calendar.starts }
    }
}

impl From<Window> for Stretch {
    fn from(window: Window) -> Self {
        Self { start: window.start, end: window.end }
    }
}

impl Institution {
    /// What its campaign brings from where it was settled last up to `now`.
    pub(super) fn news_of_campaign(&mut self, windows: &[Window], now: Timestamp) -> Vec<News> {
        let (from, campaign) = (self.settled_to(), &self.campaign);
        let key = Announced::of(campaign);
        // One that was saved before there were news knows its campaign.
        let anew = self.announced.as_ref().is_some_and(|known| *known != key);
        let announced = |at: Timestamp, notice: Option<&Notice>| {
            let window = open_window(windows, at).or(next_window(windows, at)).map(Stretch::from);
            let (campaign, title) = (campaign.id.clone(), campaign.title.clone());
            News { at, topic: Topic::CampaignAnnounced { campaign, title, notice: notice.cloned(), window } }
        };
        let mut news: Vec<News> = Vec::new();
        if anew && campaign.notices.is_empty() {
            news.push(announced(from, None));
        }
        for notice in campaign.notices.iter().filter(|notice| notice.published <= now && (anew || notice.published > from)) {
            news.push(announced(notice.published.max(from), Some(notice)));
        }
        let begun = windows.iter().filter(|window| window.start <= now && (window.start > from || (anew && window.start == from)));
        news.extend(begun.map(|window| {
            let (campaign, title) = (campaign.id.clone(), campaign.title.clone());
            News { at: window.start, topic: Topic::NightBegins { campaign, title, window: (*window).into() } }
        }));
        self.announced = Some(key);
        news
    }

    /// Adds news of one stretch of time, in order of time.
    pub(super) fn add_news(&mut self, mut news: Vec<News>) {
        news.sort_by_key(|news| news.at);
        self.news.extend(news);
        let over = self.news.len().saturating_sub(MOST_WAITING);
        self.news.drain(..over);
    }

    /// Hands out what there is to tell, once.
    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// When there will next be something to tell.
    pub fn next_news(&self) -> Option<Timestamp> {
        let (settled, notices) = (self.settled_to(), &self.campaign.notices);
        let anew = self.announced.as_ref().is_some_and(|known| *known != Announced::of(&self.campaign));
        let told_now = anew && (notices.is_empty() || notices.iter().any(|notice| notice.published <= settled));
        let windows = self.campaign.windows(&self.readings);
        let opens = next_window(&windows, settled).map(|window| window.start);
        let published = notices.iter().map(|notice| notice.published).filter(|published| *published > settled);
        let silent = self.terminals.values().filter_map(|terminal| terminal.silent_at(self.readings.silent_after));
        told_now.then_some(settled).into_iter().chain(opens).chain(published).chain(silent).min()
    }
}

#[cfg(test)]
mod tests;
