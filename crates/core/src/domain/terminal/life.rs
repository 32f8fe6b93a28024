//! What a virtual terminal does automatically as time passes. `next_due` returns the next action
//! and `apply` carries it out. A loop of the two settles any period; one long step gives the same
//! state and events as several short ones.

use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Activity, ActivityStep, Boot, Download, Driver, FIRST_POLL, Installation, Power, Terminal};
use crate::domain::calendar::{Window, open_window};
use crate::domain::campaign::{Campaign, Component, Package};
use crate::domain::event::{Change, Stop, SwitchOff};
use crate::domain::ids::{BootId, Version};
use crate::domain::japan;
use crate::domain::notification::{Notification, Topic};
use crate::domain::period::Period;
use crate::domain::readings::Readings;

/// What a terminal's behaviour depends on beside its own state.
#[derive(Clone, Copy, Debug)]
pub struct TerminalEnvironment<'a> {
    /// The institution's campaign.
    pub campaign: &'a Campaign,
    /// The institution's readings of the notice.
    pub readings: &'a Readings,
    /// The campaign's windows; none while it is halted.
    pub windows: &'a [Window],
}

/// The automatic actions of a terminal. At the same instant they happen in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DueAction {
    /// The installation in progress ends.
    InstallEnds,
    /// The download in progress ends.
    DownloadEnds,
    /// The download in progress stops before its end.
    DownloadStops,
    /// The power schedule shuts the terminal down.
    ScheduledOff,
    /// The power schedule switches the terminal on.
    ScheduledOn,
    /// The terminal restarts automatically (N6).
    AutomaticRestart,
    /// The terminal polls for updates and finds one.
    Poll,
}

/// How far a terminal is settled: everything up to this point has been processed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Cursor {
    at: Timestamp,
    due: DueAction,
}

impl Cursor {
    /// Returns the position after everything at `at`.
    pub(super) fn settled(at: Timestamp) -> Self {
        Self { at, due: DueAction::Poll }
    }
}

impl Terminal {
    /// Returns its next action and the time, never before the last settled instant. An external
    /// terminal has no automatic actions.
    pub fn next_due(&self, environment: TerminalEnvironment<'_>) -> Option<(Timestamp, DueAction)> {
        if self.settings.driver == Driver::External {
            return None;
        }
        let all = [self.activity_due(environment), self.schedule_due(), self.restart_due(), self.poll_due(environment)];
        all.into_iter().flatten().min()
    }

    /// Carries out the action that is due at `at`. Returns the changes.
    pub fn apply(&mut self, at: Timestamp, due: DueAction, environment: TerminalEnvironment<'_>) -> Vec<Change> {
        self.cursor = self.cursor.max(Cursor { at, due });
        match due {
            DueAction::InstallEnds => self.finish_install(at, environment),
            DueAction::DownloadEnds => self.finish_download(at, environment),
            DueAction::DownloadStops => {
                self.stop_download(at, self.stop_reason(environment).unwrap_or(Stop::WindowClosed), environment.readings)
            }
            DueAction::ScheduledOff => self.switch_off(at, SwitchOff::Shutdown, environment.readings),
            DueAction::ScheduledOn => self.switch_on(at, environment.readings),
            DueAction::AutomaticRestart => {
                let mut changes = self.interrupt(at, environment.readings);
                changes.push(self.begin_boot(at, environment.readings));
                changes
            }
            DueAction::Poll => self.begin_next(at, environment, false),
        }
    }

    /// Marks everything up to `now` as processed.
    pub fn settled(&mut self, now: Timestamp) {
        self.cursor = Cursor::settled(now);
    }

    /// Moves the terminal to another time without processing anything. Activities in progress keep
    /// their remaining time.
    pub fn shift(&mut self, now: Timestamp) {
        let by = now.duration_since(self.cursor.at);
        let instants = [&mut self.boot.at, &mut self.boot.ready_at, &mut self.polls_since, &mut self.reader.on_since].into_iter();
        let instants = instants
            .chain(self.last_contact.as_mut())
            .chain(self.last_manual_poll.as_mut())
            .chain(self.activity.iter_mut().flat_map(|activity| [&mut activity.since, &mut activity.until]));
        let installations = self.software.values_mut().filter_map(|software| software.installation.as_mut());
        for instant in instants.chain(installations.map(|installation| &mut installation.at)) {
            *instant = instant.checked_add(by).unwrap_or(now);
        }
        self.cursor = Cursor::settled(now);
    }

    /// Returns its last automatic poll since it was switched on, computed from the poll interval.
    pub(super) fn last_poll(&self, now: Timestamp) -> Option<Timestamp> {
        let (first, interval) = (self.first_poll(), self.settings.poll_interval.duration());
        if !self.is_polling() || now < first {
            return None;
        }
        let last = first + last_multiple(now.duration_since(first), interval);
        (last >= self.polls_since).then_some(last)
    }

    /// Returns when the distribution server will have had no contact with it for `after`, if that
    /// is later than the last settled instant; `None` while it polls.
    pub(in crate::domain) fn silent_at(&self, after: Period) -> Option<Timestamp> {
        if self.is_polling() {
            return None;
        }
        let last_contact = self.last_contact.unwrap_or(self.boot.at);
        last_contact.checked_add(after.duration()).ok().filter(|at| *at > self.cursor.at)
    }

    /// Returns the notification that it is silent, if that becomes due up to `until`.
    pub(in crate::domain) fn silence_notification(&self, after: Period, until: Timestamp) -> Option<Notification> {
        let at = self.silent_at(after).filter(|at| *at <= until)?;
        Some(Notification {
            at,
            topic: Topic::TerminalSilent { terminal: self.id.clone(), last_contact: self.last_contact, silent_after: after },
        })
    }

    fn activity_due(&self, environment: TerminalEnvironment<'_>) -> Option<(Timestamp, DueAction)> {
        let activity = self.activity.as_ref()?;
        if activity.step == ActivityStep::Installing {
            return Some((activity.until, DueAction::InstallEnds));
        }
        let ends = (activity.until, DueAction::DownloadEnds);
        if self.stop_reason(environment).is_some() {
            return Some((self.cursor.at, DueAction::DownloadStops).min(ends));
        }
        let closes = open_window(environment.windows, self.cursor.at).and_then(|window| window.end);
        match closes {
            Some(closes) if !activity.manual && !environment.readings.download_runs_on => {
                Some(ends.min((closes, DueAction::DownloadStops)))
            }
            _ => Some(ends),
        }
    }

    /// Returns why the download in progress has to stop at the last settled instant.
    fn stop_reason(&self, environment: TerminalEnvironment<'_>) -> Option<Stop> {
        let activity = self.activity.as_ref().filter(|activity| activity.step == ActivityStep::Downloading)?;
        if self.settings.line_down {
            return Some(Stop::LineDown);
        }
        let offered = environment.campaign.package(activity.component).is_some_and(|package| package.version == activity.version);
        if !offered || environment.campaign.is_halted() {
            return Some(Stop::Withdrawn);
        }
        if activity.component.is_of_reader() && !self.reader.powered {
            return Some(Stop::ReaderOff);
        }
        let runs_on = activity.manual || environment.readings.download_runs_on;
        let open = runs_on || open_window(environment.windows, self.cursor.at).is_some();
        (!open).then_some(Stop::WindowClosed)
    }

    fn schedule_due(&self) -> Option<(Timestamp, DueAction)> {
        let schedule = self.settings.power_schedule?;
        match self.power {
            Power::On => Some(self.next_daily(schedule.off, DueAction::ScheduledOff)),
            Power::Off { unplugged: false, .. } => Some(self.next_daily(schedule.on, DueAction::ScheduledOn)),
            Power::Off { unplugged: true, .. } => None,
        }
    }

    fn restart_due(&self) -> Option<(Timestamp, DueAction)> {
        let time = self.settings.automatic_restart?;
        (self.power == Power::On).then(|| self.next_daily(time, DueAction::AutomaticRestart))
    }

    /// Returns the next time of day after the cursor. The cursor's own instant counts if `due`
    /// comes later in the order than what was processed there.
    fn next_daily(&self, time: Time, due: DueAction) -> (Timestamp, DueAction) {
        let instant_before = self.cursor.at - SignedDuration::from_nanos(1);
        let from = if due > self.cursor.due { instant_before } else { self.cursor.at };
        (japan::next_time_of_day(from, time), due)
    }

    /// Returns the first poll that finds something. Other polls change nothing and are skipped.
    fn poll_due(&self, environment: TerminalEnvironment<'_>) -> Option<(Timestamp, DueAction)> {
        if !self.is_polling()
            || self.activity.is_some()
            || environment.windows.is_empty()
            || self.next_package(environment.campaign).is_none()
        {
            return None;
        }
        let mut poll = self.poll_from(self.cursor.at);
        if (poll, DueAction::Poll) <= (self.cursor.at, self.cursor.due) {
            poll += self.settings.poll_interval.duration();
        }
        let started_windows = environment.windows.partition_point(|window| window.start <= poll);
        environment.windows[started_windows.saturating_sub(1)..].iter().find_map(|window| {
            poll = poll.max(self.poll_from(window.start));
            window.end.is_none_or(|end| poll < end).then_some((poll, DueAction::Poll))
        })
    }

    fn is_polling(&self) -> bool {
        self.settings.driver == Driver::Virtual && self.settings.polling && !self.settings.line_down && self.power == Power::On
    }

    fn first_poll(&self) -> Timestamp {
        self.boot.ready_at + FIRST_POLL.duration()
    }

    /// Returns the first regular poll at or after `at`.
    fn poll_from(&self, at: Timestamp) -> Timestamp {
        let first = self.first_poll();
        let interval = self.settings.poll_interval.duration();
        if at <= first {
            return first;
        }
        let poll = first + last_multiple(at.duration_since(first), interval);
        if poll < at { poll + interval } else { poll }
    }

    /// Returns the first package that it needs and can take now.
    fn next_package<'a>(&'a self, campaign: &'a Campaign) -> Option<&'a Package> {
        self.newer_packages(campaign).find(|package| self.target_is_powered(package))
    }

    /// Whether the device that the package is for is powered (N3).
    pub(super) fn target_is_powered(&self, package: &Package) -> bool {
        !package.component.is_of_reader() || self.reader.powered
    }

    /// Starts with the next package: its installation if it is already downloaded, otherwise its
    /// download.
    pub(super) fn begin_next(&mut self, at: Timestamp, environment: TerminalEnvironment<'_>, manual: bool) -> Vec<Change> {
        let Some(package) = self.next_package(environment.campaign).cloned() else {
            return Vec::new();
        };
        let held = self.downloads.get(&package.component).filter(|download| download.version == package.version);
        let from = held.map_or(0, |download| download.received);
        let (component, version) = (package.component, package.version);
        self.downloads.insert(component, Download { version: version.clone(), received: from });
        if from >= package.size {
            self.begin_installation(at, Activity { component, version, step: ActivityStep::Installing, since: at, until: at, manual });
            return Vec::new();
        }
        let remaining = u128::from(package.size - from) * 1_000_000_000;
        let nanos = remaining.div_ceil(u128::from(self.settings.bandwidth));
        let until = at + SignedDuration::from_nanos_i128(nanos as i128);
        self.activity = Some(Activity { component, version: version.clone(), step: ActivityStep::Downloading, since: at, until, manual });
        vec![Change::DownloadStarted { component, version, from }]
    }

    fn begin_installation(&mut self, at: Timestamp, activity: Activity) {
        let until = at + self.settings.install_time.duration();
        self.activity = Some(Activity { step: ActivityStep::Installing, since: at, until, ..activity });
    }

    fn finish_download(&mut self, at: Timestamp, environment: TerminalEnvironment<'_>) -> Vec<Change> {
        let Some(activity) = self.activity.take() else {
            return Vec::new();
        };
        let change = Change::Downloaded { component: activity.component, version: activity.version.clone() };
        let received =
            environment.campaign.package(activity.component).map_or_else(|| self.received(&activity, at), |package| package.size);
        let download = Download { version: activity.version.clone(), received };
        self.downloads.insert(activity.component, download);
        self.begin_installation(at, activity);
        vec![change]
    }

    fn finish_install(&mut self, at: Timestamp, environment: TerminalEnvironment<'_>) -> Vec<Change> {
        let Some(activity) = self.activity.take() else {
            return Vec::new();
        };
        let restart_required = environment.campaign.package(activity.component).is_none_or(|package| package.restart_required);
        self.downloads.remove(&activity.component);
        let mut changes = vec![self.install(at, activity.component, activity.version, restart_required)];
        let may_continue = activity.manual || open_window(environment.windows, at).is_some();
        if may_continue && !environment.campaign.is_halted() && !self.settings.line_down {
            changes.extend(self.begin_next(at, environment, activity.manual));
        }
        changes
    }

    pub(super) fn install(&mut self, at: Timestamp, component: Component, version: Version, restart_required: bool) -> Change {
        if let Some(software) = self.software.get_mut(&component) {
            software.install(version.clone(), restart_required, Some(Installation { at, boot: self.boot.id.clone() }));
        }
        Change::Installed { component, version, restart_required }
    }

    /// Ends the activity in progress, and stores what remains of a download.
    fn stop_download(&mut self, at: Timestamp, why: Stop, readings: &Readings) -> Vec<Change> {
        let Some(activity) = self.activity.take() else {
            return Vec::new();
        };
        if activity.step == ActivityStep::Installing {
            return Vec::new();
        }
        let received = if readings.partial_download_survives { self.received(&activity, at) } else { 0 };
        self.downloads.insert(activity.component, Download { version: activity.version, received });
        vec![Change::DownloadStopped { component: activity.component, received, why }]
    }

    /// Interrupts the activity in progress because of a power-off or restart.
    pub(super) fn interrupt(&mut self, at: Timestamp, readings: &Readings) -> Vec<Change> {
        self.stop_download(at, Stop::Interrupted, readings)
    }

    pub(super) fn switch_off(&mut self, at: Timestamp, how: SwitchOff, readings: &Readings) -> Vec<Change> {
        self.last_contact = self.last_contact(at);
        let mut changes = self.interrupt(at, readings);
        let hibernated = how == SwitchOff::Shutdown && self.settings.fast_startup;
        self.power = Power::Off { hibernated, unplugged: how == SwitchOff::Plug };
        changes.push(Change::SwitchedOff { how, hibernated });
        changes
    }

    pub(super) fn switch_on(&mut self, at: Timestamp, readings: &Readings) -> Vec<Change> {
        let boots = self.power.switch_on();
        self.polls_since = at;
        vec![if boots { self.begin_boot(at, readings) } else { Change::Resumed }]
    }

    /// Boots the terminal: the installed versions start to run, unless the terminal is stuck.
    pub(super) fn begin_boot(&mut self, at: Timestamp, readings: &Readings) -> Change {
        self.last_contact = self.last_contact(at);
        self.last_card = None;
        self.boots += 1;
        let id = BootId::numbered(self.boots);
        self.boot = Boot { id: id.clone(), at, ready_at: at + self.settings.boot_time.duration() };
        let mut applied = Vec::new();
        for (component, software) in self.software.iter_mut().filter(|(_, software)| software.is_pending()) {
            let reader_on_since = self.reader.on_since;
            let reader_restarted = software.installation.as_ref().is_none_or(|installation| reader_on_since > installation.at);
            let waits_for_reader = readings.reader_needs_own_restart && component.is_of_reader() && !reader_restarted;
            if !self.settings.stuck && !waits_for_reader {
                software.boot();
                applied.push(*component);
            }
        }
        Change::Booted { boot: id, applied }
    }
}

/// Returns the last multiple of `interval` at or before `passed`.
fn last_multiple(passed: SignedDuration, interval: SignedDuration) -> SignedDuration {
    let nanos = passed.as_nanos();
    SignedDuration::from_nanos_i128(nanos - nanos % interval.as_nanos())
}
