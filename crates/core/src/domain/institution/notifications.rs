//! The notifications of an institution. They depend only on the period that is settled: one long
//! step gives the same notifications as several short ones.

use jiff::Timestamp;

use super::Institution;
use crate::domain::calendar::{Window, next_window, open_window};
use crate::domain::campaign::Notice;
use crate::domain::notification::{CampaignKey, Notification, TimeRange, Topic};

/// The maximum number of waiting notifications. Older ones are dropped.
const MAX_WAITING: usize = 1_000;

impl Institution {
    /// Returns the campaign's notifications for the period from the last settling to `now`.
    pub(super) fn campaign_notifications(&mut self, windows: &[Window], now: Timestamp) -> Vec<Notification> {
        let (from, campaign) = (self.settled_to(), &self.campaign);
        let key = CampaignKey::of(campaign);
        let is_new = self.announced != key;
        let announced = |at: Timestamp, notice: Option<&Notice>| {
            let window = open_window(windows, at).or(next_window(windows, at)).map(TimeRange::from);
            let (campaign, title) = (campaign.id.clone(), campaign.title.clone());
            Notification { at, topic: Topic::CampaignAnnounced { campaign, title, notice: notice.cloned(), window } }
        };
        let mut notifications: Vec<Notification> = Vec::new();
        if is_new && campaign.notices.is_empty() {
            notifications.push(announced(from, None));
        }
        for notice in campaign.notices.iter().filter(|notice| notice.published <= now && (is_new || notice.published > from)) {
            notifications.push(announced(notice.published.max(from), Some(notice)));
        }
        let begun = windows.iter().filter(|window| window.start <= now && (window.start > from || (is_new && window.start == from)));
        notifications.extend(begun.map(|window| {
            let (campaign, title) = (campaign.id.clone(), campaign.title.clone());
            Notification { at: window.start, topic: Topic::NightBegins { campaign, title, window: (*window).into() } }
        }));
        self.announced = key;
        notifications
    }

    /// Adds the notifications of one period, in order of time.
    pub(super) fn add_notifications(&mut self, mut notifications: Vec<Notification>) {
        notifications.sort_by_key(|notification| notification.at);
        self.notifications.extend(notifications);
        let over = self.notifications.len().saturating_sub(MAX_WAITING);
        self.notifications.drain(..over);
    }

    /// Takes the waiting notifications. Each is returned once.
    pub fn take_notifications(&mut self) -> Vec<Notification> {
        std::mem::take(&mut self.notifications)
    }

    /// Returns when the next notification is due.
    pub fn next_notification(&self) -> Option<Timestamp> {
        let (settled, notices) = (self.settled_to(), &self.campaign.notices);
        let is_new = self.announced != CampaignKey::of(&self.campaign);
        let announces_now = is_new && (notices.is_empty() || notices.iter().any(|notice| notice.published <= settled));
        let windows = self.campaign.windows(&self.readings);
        let opens = next_window(&windows, settled).map(|window| window.start);
        let published = notices.iter().map(|notice| notice.published).filter(|published| *published > settled);
        let silent = self.terminals.values().filter_map(|terminal| terminal.silent_at(self.readings.silent_after));
        announces_now.then_some(settled).into_iter().chain(opens).chain(published).chain(silent).min()
    }
}
