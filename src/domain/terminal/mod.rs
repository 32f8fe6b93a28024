//! A terminal and its reader: power, boots, downloads, and each component's installed and running version. Whether an update is pending is
//! derived from those two versions, never stored.

mod actions;
mod life;
mod report;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use actions::ActionError;
pub use life::{Due, TerminalEnvironment};
pub use report::{Report, ReportError, ReportState};
pub use settings::{Driver, PowerSchedule, ReaderSettings, Settings, Starts};

use super::calendar::{Window, open_window};
use super::campaign::{Campaign, Component, Package};
use super::card::LastCard;
use super::ids::{BootId, TerminalId, Version};
use super::japan;
use super::named::named;
use super::period::Period;
use super::poll_limit::PollGate;

/// After a boot, a terminal first asks for updates when this has passed.
pub const FIRST_POLL: Period = Period::from_secs(60);

/// One qualification terminal with its reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Its name within the institution.
    pub id: TerminalId,
    /// What was set on it.
    pub settings: Settings,
    /// Whether it is on.
    pub power: Power,
    /// The boot that it lives in, or lived in last.
    pub boot: Boot,
    /// Its reader.
    pub reader: Reader,
    /// The last card at the reader.
    pub last_card: Option<LastCard>,
    /// How often it has polled of late.
    pub polls: PollGate,
    software: BTreeMap<Component, Software>,
    /// When it last asked or reported over the wire, or polled by itself before it was last switched off or restarted.
    last_contact: Option<Timestamp>,
    /// Polls by its rhythm count from here: when it was last switched on or given other settings.
    polls_since: Timestamp,
    downloads: BTreeMap<Component, Download>,
    activity: Option<Activity>,
    /// When it last polled by hand.
    asked_by_hand: Option<Timestamp>,
    /// Boots that it reported before the present one, the newest last.
    past_boots: VecDeque<BootId>,
    /// What polls over the wire offered, the newest last: a campaign may be replaced while a terminal is busy with its packages.
    offers: VecDeque<Package>,
    /// The failure that was its last report.
    failure: Option<(Component, Version, String)>,
    boots: u64,
    cursor: life::Cursor,
}

/// Whether a terminal is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Power {
    /// On.
    On,
    /// Off.
    Off {
        /// Shut down under fast startup: switching on resumes the session and is no boot.
        hibernated: bool,
        /// The plug is out: the power schedule does not switch it on.
        unplugged: bool,
    },
}

/// One boot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boot {
    /// Tells it from every other.
    pub id: BootId,
    /// When it began.
    pub at: Timestamp,
    /// When the terminal answers again.
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

/// A component's versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Software {
    /// On the disk.
    pub installed: Version,
    /// In memory.
    pub running: Version,
    /// When and in which boot the installed version was installed, where that happened here.
    pub installation: Option<Installation>,
}

/// When and in which boot something was installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// When.
    pub at: Timestamp,
    /// In which boot.
    pub boot: BootId,
}

impl Software {
    /// Installed, not running.
    pub fn is_pending(&self) -> bool {
        self.installed != self.running
    }

    /// Installed in the version of the campaign's package or a newer one; what the campaign leaves alone counts as delivered.
    pub fn is_delivered(&self, package: Option<&Package>) -> bool {
        package.is_none_or(|package| self.installed >= package.version)
    }
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
    step: Step,
    since: Timestamp,
    until: Timestamp,
    /// Asked for by hand: windows do not matter.
    manual: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Step {
    Downloading,
    Installing,
}

named! {
    /// What a terminal is at, derived from its state.
    pub enum Phase {
        /// Off.
        Off = "off",
        /// Booting.
        Starting = "starting",
        /// Something is installed that does not run: checks are refused.
        Pending = "pending",
        /// A download is under way.
        Downloading = "downloading",
        /// An installation is under way.
        Installing = "installing",
        /// The campaign has something that is not installed.
        UpdateAvailable = "update_available",
        /// Nothing to do.
        UpToDate = "up_to_date",
    }
}

impl Phase {
    /// All of them: those of an update in order, then the others.
    pub const IN_ORDER: [Self; 7] =
        [Self::UpdateAvailable, Self::Downloading, Self::Installing, Self::Pending, Self::UpToDate, Self::Off, Self::Starting];

    /// Its word in Japanese.
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

/// What a terminal is doing about an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Progress {
    /// Which component.
    pub component: Component,
    /// Its new version.
    pub version: Version,
    /// Bytes received.
    pub received: u64,
    /// When the present step ends, if nothing comes between.
    #[serde(serialize_with = "japan::serialize")]
    pub until: Timestamp,
}

impl Terminal {
    /// A terminal that booted at `now`, as far with the campaign as its setting `starts` says, on or off as its power schedule has it. Components that the
    /// campaign leaves alone have the versions of `base`.
    pub fn new(id: TerminalId, settings: Settings, campaign: &Campaign, base: &Campaign, now: Timestamp) -> Self {
        let id_of_boot = if settings.driver == Driver::External { BootId::unreported() } else { BootId::numbered(1) };
        let boot = Boot { id: id_of_boot, at: now, ready_at: now };
        let scheduled_on = settings.power_schedule.is_none_or(|schedule| schedule.is_on(japan::civil(now).time()));
        let is_on = settings.driver == Driver::External || scheduled_on;
        let power = if is_on { Power::On } else { Power::Off { hibernated: settings.fast_startup, unplugged: false } };
        let software = Component::ALL.into_iter().filter_map(|component| {
            // What the campaign leaves alone is never pending.
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
            asked_by_hand: None,
            past_boots: VecDeque::new(),
            offers: VecDeque::new(),
            failure: None,
            boots: 1,
            cursor: life::Cursor::settled(now),
        }
    }

    /// The components that are there: a terminal without a reader lacks the reader's.
    pub fn components(&self) -> impl Iterator<Item = (Component, &Software)> {
        let all = self.software.iter().map(|(component, software)| (*component, software));
        all.filter(|(component, _)| self.settings.reader.attached || !component.is_readers())
    }

    /// Installed, not booted since: the state in which checks are refused.
    pub fn is_pending(&self) -> bool {
        self.components().any(|(_, software)| software.is_pending())
    }

    /// The pending components that a boot has already failed to apply: a restart did not help.
    pub fn unhelped(&self) -> impl Iterator<Item = (Component, &Software)> {
        self.components().filter(|(_, software)| {
            let before_this_boot = software.installation.as_ref().is_some_and(|installation| installation.boot != self.boot.id);
            software.is_pending() && before_this_boot
        })
    }

    /// Whether it is on and has booted, so that its applications run.
    pub fn answers(&self, now: Timestamp) -> bool {
        self.power == Power::On && now >= self.boot.ready_at
    }

    /// Notes that it asked or reported over the wire.
    pub fn contacted(&mut self, now: Timestamp) {
        self.last_contact = self.last_contact.max(Some(now));
    }

    /// Notes that it polled over the wire; `by_hand`: at a time of one's own (N8).
    pub fn polled(&mut self, by_hand: bool, now: Timestamp) {
        self.contacted(now);
        if by_hand {
            self.asked_by_hand = Some(now);
        }
    }

    /// Whether it may fetch packages now: a window is open, or it polled by hand and none has opened since.
    pub fn may_fetch(&self, windows: &[Window], now: Timestamp) -> bool {
        let begun = |at: Timestamp| windows.partition_point(|window| window.start <= at);
        open_window(windows, now).is_some() || self.asked_by_hand.is_some_and(|asked| begun(asked) == begun(now))
    }

    /// When the distribution server last heard of it.
    pub fn last_contact(&self, now: Timestamp) -> Option<Timestamp> {
        self.last_contact.max(self.last_poll(now))
    }

    /// Whether the distribution server has not heard of it for so long, or never.
    pub fn is_silent(&self, period: Period, now: Timestamp) -> bool {
        self.last_contact(now).is_none_or(|last| now.duration_since(last) >= period.duration())
    }

    /// What it is at.
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
            Some(activity) if activity.step == Step::Downloading => Phase::Downloading,
            Some(_) => Phase::Installing,
            None if self.wanted(campaign).next().is_some() => Phase::UpdateAvailable,
            None => Phase::UpToDate,
        }
    }

    /// The download or installation under way.
    pub fn progress(&self, now: Timestamp) -> Option<Progress> {
        let activity = self.activity.as_ref()?;
        Some(Progress {
            component: activity.component,
            version: activity.version.clone(),
            received: self.received(activity, now),
            until: activity.until,
        })
    }

    /// The campaign's packages that are newer than what is installed, in the campaign's order; whether it can take them now does not matter.
    pub fn wanted<'a>(&'a self, campaign: &'a Campaign) -> impl Iterator<Item = &'a Package> {
        campaign.packages.iter().filter(|package| {
            let mut components = self.components();
            components.any(|(component, software)| component == package.component && software.installed < package.version)
        })
    }

    fn received(&self, activity: &Activity, now: Timestamp) -> u64 {
        let before = self.downloads.get(&activity.component).map_or(0, |download| download.received);
        match (activity.step, self.settings.driver) {
            (Step::Installing, _) | (_, Driver::External) => before,
            (Step::Downloading, Driver::Virtual) => {
                let nanos = now.duration_since(activity.since).as_nanos().max(0) as u128;
                let bytes = nanos * u128::from(self.settings.bandwidth) / 1_000_000_000;
                before.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX))
            }
        }
    }
}

impl Software {
    fn starting(package: &Package, starts: Starts, boot: &Boot) -> Self {
        let new = package.version.clone();
        let old = package.replaces.clone();
        match starts {
            Starts::UpToDate => Self { installed: new.clone(), running: new, installation: None },
            Starts::UpdateAvailable => Self { installed: old.clone(), running: old, installation: None },
            Starts::Pending => {
                let running = if package.restart_required { old } else { new.clone() };
                let installation = Some(Installation { at: boot.at, boot: boot.id.clone() });
                Self { installed: new, running, installation }
            }
        }
    }
}
