//! A terminal and its reader: power, boots, downloads, and each component's installed and running
//! version. Whether an update is pending is computed from those two versions, never stored.

mod actions;
mod life;
mod power;
mod report;
mod settings;
mod software;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use actions::ActionError;
pub use life::{DueAction, TerminalEnvironment};
pub use power::Power;
pub use report::{Report, ReportError, ReportState};
pub use settings::{Driver, PowerSchedule, ReaderSettings, Settings, Starts};
pub use software::{Installation, Software};

use super::calendar::{Window, open_window};
use super::campaign::{Campaign, Component, Package};
use super::card::LastCard;
use super::ids::{BootId, TerminalId, Version};
use super::japan;
use super::named::named;
use super::period::Period;
use super::poll_limit::PollGate;

/// The time from a boot to a terminal's first poll.
pub const FIRST_POLL: Period = Period::from_secs(60);

/// One qualification terminal with its reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// The name within the institution.
    pub id: TerminalId,
    /// The settings.
    pub settings: Settings,
    /// Whether it is on.
    pub power: Power,
    /// The present or last boot.
    pub boot: Boot,
    /// The reader.
    pub reader: Reader,
    /// The last card at the reader.
    pub last_card: Option<LastCard>,
    /// The state of the rate limit for polls.
    pub polls: PollGate,
    software: BTreeMap<Component, Software>,
    /// The last poll or report over the wire, or the last automatic poll before it was switched off
    /// or restarted.
    last_contact: Option<Timestamp>,
    /// The start of automatic polling: when it was last switched on or its settings were last
    /// changed.
    polls_since: Timestamp,
    downloads: BTreeMap<Component, Download>,
    activity: Option<Activity>,
    /// The last poll by hand.
    #[serde(rename = "asked_by_hand")]
    last_manual_poll: Option<Timestamp>,
    /// The boots that it reported before the present one, newest last.
    past_boots: VecDeque<BootId>,
    /// The packages that polls over the wire offered, newest last. A campaign may be replaced while
    /// a terminal still processes its packages.
    offers: VecDeque<Package>,
    /// The failure, if the last report was one.
    failure: Option<(Component, Version, String)>,
    boots: u64,
    cursor: life::Cursor,
}

/// One boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// The id.
    pub id: BootId,
    /// When it began.
    pub at: Timestamp,
    /// When the terminal responds again.
    pub ready_at: Timestamp,
}

/// The card reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reader {
    /// Whether it is on.
    pub powered: bool,
    /// When it was last switched on.
    pub on_since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Download {
    version: Version,
    received: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Activity {
    component: Component,
    version: Version,
    step: ActivityStep,
    since: Timestamp,
    until: Timestamp,
    /// Whether it was started by hand: it then ignores windows.
    manual: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ActivityStep {
    Downloading,
    Installing,
}

named! {
    /// The phase of a terminal, derived from its state.
    pub enum Phase {
        /// Off.
        Off = "off",
        /// Booting.
        Starting = "starting",
        /// A restart is pending: something is installed but not running, so checks are refused.
        Pending = "pending",
        /// A download is in progress.
        Downloading = "downloading",
        /// An installation is in progress.
        Installing = "installing",
        /// An update is available: the campaign contains something that is not installed.
        UpdateAvailable = "update_available",
        /// The terminal is up to date.
        UpToDate = "up_to_date",
    }
}

impl Phase {
    /// All phases: those of an update in order, then the others.
    pub const IN_ORDER: [Self; 7] =
        [Self::UpdateAvailable, Self::Downloading, Self::Installing, Self::Pending, Self::UpToDate, Self::Off, Self::Starting];

    /// Returns the Japanese text.
    pub fn ja(self) -> &'static str {
        match self {
            Self::Off => "電源オフ",
            Self::Starting => "起動中",
            Self::Pending => "再起動待ち",
            Self::Downloading => "ダウンロード中",
            Self::Installing => "インストール中",
            Self::UpdateAvailable => "更新あり",
            Self::UpToDate => "更新済み",
        }
    }
}

/// The progress of an update at a terminal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Progress")]
pub struct UpdateProgress {
    /// The component.
    pub component: Component,
    /// The new version.
    pub version: Version,
    /// The number of bytes received.
    pub received: u64,
    /// The time at which the current step ends, if nothing intervenes.
    #[serde(serialize_with = "japan::serialize")]
    pub until: Timestamp,
}

impl Terminal {
    /// Creates a terminal that booted at `now`. Its setting `starts` says how far it is with the
    /// campaign, its power schedule whether it is on. Components that the campaign does not contain
    /// have the versions of `base`.
    pub fn new(id: TerminalId, settings: Settings, campaign: &Campaign, base: &Campaign, now: Timestamp) -> Self {
        let id_of_boot = if settings.driver == Driver::External { BootId::unreported() } else { BootId::numbered(1) };
        let boot = Boot { id: id_of_boot, at: now, ready_at: now };
        let scheduled_on = settings.power_schedule.is_none_or(|schedule| schedule.is_on(japan::civil(now).time()));
        let is_on = settings.driver == Driver::External || scheduled_on;
        let power = if is_on { Power::On } else { Power::Off { hibernated: settings.fast_startup, unplugged: false } };
        let software = Component::ALL.into_iter().filter_map(|component| {
            // A component that the campaign does not contain is never pending.
            let left_alone = || if settings.starts == Starts::UpToDate { Starts::UpToDate } else { Starts::UpdateAvailable };
            let of_campaign = campaign.package(component).map(|package| (package, settings.starts));
            let (package, starts) = of_campaign.or_else(|| Some((base.package(component)?, left_alone())))?;
            Some((component, Software::starting(package, starts, &boot)))
        });
        let software = software.collect();
        Self {
            id,
            settings,
            power,
            boot,
            reader: Reader { powered: true, on_since: now },
            last_card: None,
            polls: PollGate::default(),
            software,
            last_contact: None,
            polls_since: now,
            downloads: BTreeMap::new(),
            activity: None,
            last_manual_poll: None,
            past_boots: VecDeque::new(),
            offers: VecDeque::new(),
            failure: None,
            boots: 1,
            cursor: life::Cursor::settled(now),
        }
    }

    /// Iterates over its components. Without a reader, the reader's component is left out.
    pub fn components(&self) -> impl Iterator<Item = (Component, &Software)> {
        let all = self.software.iter().map(|(component, software)| (*component, software));
        all.filter(|(component, _)| self.settings.reader.attached || !component.is_of_reader())
    }

    /// Whether something was installed and the terminal was not booted since: checks are then
    /// refused.
    pub fn is_pending(&self) -> bool {
        self.components().any(|(_, software)| software.is_pending())
    }

    /// Iterates over the pending components that a boot has already failed to apply: a restart did
    /// not help.
    pub fn unresolved_by_restart(&self) -> impl Iterator<Item = (Component, &Software)> {
        self.components().filter(|(_, software)| {
            let before_this_boot = software.installation.as_ref().is_some_and(|installation| installation.boot != self.boot.id);
            software.is_pending() && before_this_boot
        })
    }

    /// Whether it is on and has booted, so that its applications run.
    pub fn is_ready(&self, now: Timestamp) -> bool {
        self.power == Power::On && now >= self.boot.ready_at
    }

    /// Records a poll or report over the wire.
    pub fn record_contact(&mut self, now: Timestamp) {
        self.last_contact = self.last_contact.max(Some(now));
    }

    /// Records a poll over the wire. `by_hand` marks one at a time chosen by a person (N8).
    pub fn record_poll(&mut self, by_hand: bool, now: Timestamp) {
        self.record_contact(now);
        if by_hand {
            self.last_manual_poll = Some(now);
        }
    }

    /// Whether it may download packages now: a window is open, or it polled by hand and no window
    /// has opened since.
    pub fn may_fetch(&self, windows: &[Window], now: Timestamp) -> bool {
        let begun = |at: Timestamp| windows.partition_point(|window| window.start <= at);
        open_window(windows, now).is_some() || self.last_manual_poll.is_some_and(|asked| begun(asked) == begun(now))
    }

    /// Returns its last contact with the distribution server.
    pub fn last_contact(&self, now: Timestamp) -> Option<Timestamp> {
        self.last_contact.max(self.last_poll(now))
    }

    /// Whether the distribution server has had no contact with it for `period`, or ever.
    pub fn is_silent(&self, period: Period, now: Timestamp) -> bool {
        self.last_contact(now).is_none_or(|last| now.duration_since(last) >= period.duration())
    }

    /// Returns its phase.
    pub fn phase(&self, campaign: &Campaign, now: Timestamp) -> Phase {
        if self.power != Power::On {
            return Phase::Off;
        }
        if now < self.boot.ready_at {
            return Phase::Starting;
        }
        if self.is_pending() {
            return Phase::Pending;
        }
        match &self.activity {
            Some(activity) if activity.step == ActivityStep::Downloading => Phase::Downloading,
            Some(_) => Phase::Installing,
            None if self.newer_packages(campaign).next().is_some() => Phase::UpdateAvailable,
            None => Phase::UpToDate,
        }
    }

    /// Returns the download or installation in progress.
    pub fn progress(&self, now: Timestamp) -> Option<UpdateProgress> {
        let activity = self.activity.as_ref()?;
        Some(UpdateProgress {
            component: activity.component,
            version: activity.version.clone(),
            received: self.received(activity, now),
            until: activity.until,
        })
    }

    /// Returns the campaign's packages that are newer than what is installed, in the campaign's
    /// order, including those that it cannot take now.
    pub fn newer_packages<'a>(&'a self, campaign: &'a Campaign) -> impl Iterator<Item = &'a Package> {
        campaign.packages.iter().filter(|package| {
            let mut components = self.components();
            components.any(|(component, software)| component == package.component && software.installed < package.version)
        })
    }

    fn received(&self, activity: &Activity, now: Timestamp) -> u64 {
        let before = self.downloads.get(&activity.component).map_or(0, |download| download.received);
        match (activity.step, self.settings.driver) {
            (ActivityStep::Installing, _) | (_, Driver::External) => before,
            (ActivityStep::Downloading, Driver::Virtual) => {
                let nanos = now.duration_since(activity.since).as_nanos().max(0) as u128;
                let bytes = nanos * u128::from(self.settings.bandwidth) / 1_000_000_000;
                before.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX))
            }
        }
    }
}
