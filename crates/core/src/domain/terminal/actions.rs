//! Actions of a person on a virtual terminal: the plug, a shutdown, a restart, a download by hand,
//! new settings.

use jiff::Timestamp;

use super::{ActivityStep, Download, Driver, Power, Settings, Terminal, TerminalEnvironment};
use crate::domain::card::{Card, CardOutcome, LastCard};
use crate::domain::event::{Change, SwitchOff};
use crate::domain::text::Text;

/// Why a terminal cannot carry out an action.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.en)]
pub struct ActionError(pub Text);

impl ActionError {
    fn new(ja: &str, en: &str) -> Self {
        Self(Text::new(ja, en))
    }
}

impl Terminal {
    /// Pulls the plug, or connects it and switches the terminal on. Off and on again is a boot,
    /// unless the terminal was shut down under fast startup.
    ///
    /// # Errors
    /// The terminal is external.
    pub fn plug(&mut self, on: bool, now: Timestamp, environment: TerminalEnvironment<'_>) -> Result<Vec<Change>, ActionError> {
        self.ensure_virtual()?;
        Ok(match (self.power, on) {
            (Power::On, true) => Vec::new(),
            (Power::On, false) => self.switch_off(now, SwitchOff::Plug, environment.readings),
            (Power::Off { .. }, true) => self.switch_on(now, environment.readings),
            (Power::Off { hibernated, .. }, false) => {
                self.power = Power::Off { hibernated, unplugged: true };
                Vec::new()
            }
        })
    }

    /// Shuts the terminal down. Under fast startup the session is kept.
    ///
    /// # Errors
    /// The terminal is external, or off.
    pub fn shut_down(&mut self, now: Timestamp, environment: TerminalEnvironment<'_>) -> Result<Vec<Change>, ActionError> {
        self.ensure_on()?;
        Ok(self.switch_off(now, SwitchOff::Shutdown, environment.readings))
    }

    /// Restarts the terminal: always a boot, even under fast startup.
    ///
    /// # Errors
    /// The terminal is external, or off.
    pub fn restart(&mut self, now: Timestamp, environment: TerminalEnvironment<'_>) -> Result<Vec<Change>, ActionError> {
        self.ensure_on()?;
        let mut changes = self.interrupt(now, environment.readings);
        changes.push(self.begin_boot(now, environment.readings));
        Ok(changes)
    }

    /// Restarts only the linkage application. This is no boot.
    ///
    /// # Errors
    /// The terminal is external, or off.
    pub fn restart_linkage(&mut self) -> Result<Vec<Change>, ActionError> {
        self.ensure_on()?;
        Ok(vec![Change::LinkageRestarted])
    }

    /// Switches the reader on or off.
    ///
    /// # Errors
    /// The terminal is external, or has no reader.
    pub fn switch_reader(&mut self, on: bool, now: Timestamp) -> Result<Vec<Change>, ActionError> {
        self.ensure_virtual()?;
        if !self.settings.reader.attached {
            return Err(ActionError::new(
                "この端末にはカードリーダーがありません（設定 reader.attached が false です）",
                "this terminal has no reader (its setting reader.attached is false)",
            ));
        }
        if self.reader.powered == on {
            return Ok(Vec::new());
        }
        self.reader.powered = on;
        if on {
            self.reader.on_since = now;
        }
        Ok(vec![Change::ReaderSwitched { on }])
    }

    /// Checks whether the reader reads a card.
    ///
    /// # Errors
    /// The outcome if it does not: nothing without power, or the reader's own screen.
    pub fn reads_card(&self, card: Card, now: Timestamp) -> Result<(), CardOutcome> {
        let has_power = self.settings.reader.attached && self.reader.powered && self.is_ready(now);
        if !has_power {
            return Err(CardOutcome::Nothing);
        }
        card.refused_by_reader().map_or(Ok(()), Err)
    }

    /// Stores the outcome of a card, for the screen.
    pub fn card_presented(&mut self, card: LastCard, change: Change) -> Vec<Change> {
        self.last_card = Some(card);
        vec![change]
    }

    /// Downloads and installs the campaign's packages now, even outside the windows (N8).
    ///
    /// # Errors
    /// The terminal is external, off, or there is nothing that it can download.
    pub fn download(&mut self, now: Timestamp, environment: TerminalEnvironment<'_>) -> Result<Vec<Change>, ActionError> {
        self.ensure_on()?;
        if let Some(activity) = &mut self.activity {
            activity.manual = true;
            return Ok(Vec::new());
        }
        self.ensure_update_available(environment)?;
        Ok(self.begin_next(now, environment, true))
    }

    /// Installs everything that the campaign offers at once, without the time for download and
    /// installation.
    ///
    /// # Errors
    /// As [`Terminal::download`].
    pub fn install_now(&mut self, now: Timestamp, environment: TerminalEnvironment<'_>) -> Result<Vec<Change>, ActionError> {
        self.ensure_on()?;
        self.ensure_update_available(environment)?;
        self.activity = None;
        let takes: Vec<_> = self.newer_packages(environment.campaign).filter(|package| self.target_is_powered(package)).cloned().collect();
        Ok(takes
            .into_iter()
            .map(|package| {
                self.downloads.remove(&package.component);
                self.install(now, package.component, package.version, package.restart_required)
            })
            .collect())
    }

    /// Replaces the settings. A download in progress continues with the new bandwidth. A change of
    /// driver ends any activity.
    pub fn set(&mut self, settings: Settings, now: Timestamp, environment: TerminalEnvironment<'_>) -> Vec<Change> {
        self.last_contact = self.last_contact(now);
        self.polls_since = now;
        let new_driver = settings.driver != self.settings.driver;
        let new_bandwidth = settings.bandwidth != self.settings.bandwidth;
        let under_way = self.activity.clone().filter(|activity| activity.step == ActivityStep::Downloading && new_bandwidth);
        let received = under_way.as_ref().map(|activity| self.received(activity, now));
        self.settings = settings;
        if new_driver {
            self.activity = None;
            self.power = Power::On;
            return Vec::new();
        }
        let Some((activity, received)) = under_way.zip(received) else {
            return Vec::new();
        };
        self.activity = None;
        self.downloads.insert(activity.component, Download { version: activity.version, received });
        self.begin_next(now, environment, activity.manual)
    }

    fn ensure_update_available(&self, environment: TerminalEnvironment<'_>) -> Result<(), ActionError> {
        if self.settings.line_down {
            return Err(ActionError::new("回線に接続できません（設定 line_down）", "the line is down (setting line_down)"));
        }
        if environment.campaign.down {
            return Err(ActionError::new("配信サーバーが停止しています（campaign.down）", "the delivery server is down (campaign.down)"));
        }
        if environment.campaign.suspended {
            return Err(ActionError::new("配信が停止されています（campaign.suspended）", "distribution is suspended (campaign.suspended)"));
        }
        if self.newer_packages(environment.campaign).next().is_none() {
            return Err(ActionError::new(
                "この端末には配信済みの最新版がインストールされています",
                "this terminal has everything installed that the campaign offers",
            ));
        }
        if !self.newer_packages(environment.campaign).any(|package| self.target_is_powered(package)) {
            return Err(ActionError::new(
                "残りはカードリーダーの更新だけですが、カードリーダーの電源が切れています",
                "only the reader's update is left, and the reader is off",
            ));
        }
        Ok(())
    }

    fn ensure_on(&self) -> Result<(), ActionError> {
        self.ensure_virtual()?;
        if self.power == Power::On {
            return Ok(());
        }
        Err(ActionError::new(
            "端末の電源が切れています。先に power {\"on\": true} で起動してください",
            "the terminal is off: switch it on first with power {\"on\": true}",
        ))
    }

    fn ensure_virtual(&self) -> Result<(), ActionError> {
        if self.settings.driver == Driver::Virtual {
            return Ok(());
        }
        Err(ActionError::new(
            "driver が external の端末は、外部のプログラムの報告だけで動きます。操作するには driver を virtual にしてください",
            "a terminal whose driver is external moves only by what its program reports; set driver to virtual to act on it",
        ))
    }
}
