//! The saved state of a terminal: its boot, its power, installed and running versions, and
//! reports that the server has not accepted yet. Transitions are pure; whether a restart is
//! pending is derived.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::campaign::Component;
use crate::domain::ids::{BootId, Version};
use crate::domain::terminal::{Power, Report, Software};

/// The maximum number of outstanding reports; the oldest are dropped, since the installed and
/// running versions can be reported again at any time.
const MAX_REPORTS: usize = 200;

/// The state of a terminal, as saved on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    /// The terminal that it belongs to, as `<institution code>-<terminal>`.
    pub(super) terminal: String,
    pub(super) power: Power,
    pub(super) boot_id: BootId,
    /// The number of boots.
    pub(super) boots: u64,
    pub(super) reader_powered: bool,
    pub(super) software: BTreeMap<Component, Software>,
    /// The outstanding reports, in order.
    pub(super) reports: VecDeque<Report>,
    /// Offered versions that were older than the installed one, and have been reported.
    pub(super) declined: BTreeMap<Component, Version>,
    /// When the server last answered a poll, by the machine's clock; only for display.
    pub(super) last_poll: Option<Timestamp>,
}

impl State {
    /// Creates the state of a new terminal with this software, in its first boot.
    pub(super) fn new(terminal: String, software: BTreeMap<Component, Software>, boot_id: BootId) -> Self {
        let mut state = Self {
            terminal,
            power: Power::On,
            boot_id,
            boots: 1,
            reader_powered: true,
            software,
            reports: VecDeque::new(),
            declined: BTreeMap::new(),
            last_poll: None,
        };
        state.report_boot();
        state
    }

    /// Whether a restart is pending: some installed version is not running.
    pub(super) fn is_pending(&self) -> bool {
        self.software.values().any(Software::is_pending)
    }

    /// Boots: the installed versions run from now on.
    pub(super) fn boot(&mut self, boot_id: BootId) {
        self.power = Power::On;
        self.boot_id = boot_id;
        self.boots += 1;
        self.software.values_mut().for_each(Software::boot);
        self.report_boot();
    }

    /// Shuts down; with fast startup only hibernates.
    pub(super) fn shut_down(&mut self, fast_startup: bool) {
        self.power = Power::after_shutdown(fast_startup);
    }

    /// Switches on. A hibernated terminal continues its boot; otherwise it boots. Returns
    /// whether it booted.
    pub(super) fn power_on(&mut self, boot_id: BootId) -> bool {
        let boots = self.power.switch_on();
        if boots {
            self.boot(boot_id);
        }
        boots
    }

    /// Installs a package. If it needs no restart, it runs at once.
    pub(super) fn install(&mut self, component: Component, version: &Version, restart_required: bool) {
        let software = self.software.entry(component).or_insert_with(|| Software::running(version.clone()));
        software.install(version.clone(), restart_required, None);
        self.report(Report::Installed { component, version: version.clone() });
    }

    /// Queues a report.
    pub(super) fn report(&mut self, report: Report) {
        if self.reports.back() == Some(&report) {
            return;
        }
        self.reports.push_back(report);
        while self.reports.len() > MAX_REPORTS {
            self.reports.pop_front();
        }
    }

    /// Queues the report of the boot.
    pub(super) fn report_boot(&mut self) {
        let report = self.boot_report();
        self.report(report);
    }

    /// Returns the report of the boot and the running versions.
    pub(super) fn boot_report(&self) -> Report {
        let running = self.software.iter().map(|(component, software)| (*component, software.running.clone())).collect();
        Report::Booted { boot_id: self.boot_id.clone(), running }
    }

    /// Queues reports of the installed versions that the server does not know, and of the boot.
    /// Versions that wait for a restart come after the boot: before it, they would look like a
    /// restart without effect.
    pub(super) fn report_all(&mut self, known: &BTreeMap<Component, Version>) {
        let forgotten =
            self.software.iter().filter(|(component, versions)| known.get(component).is_none_or(|known| *known < versions.installed));
        let forgotten = forgotten.map(|(component, software)| (*component, software.clone()));
        let (pending, applied): (Vec<_>, Vec<_>) = forgotten.partition(|(_, software)| software.is_pending());
        self.report_installed(applied);
        self.report_boot();
        self.report_installed(pending);
    }

    fn report_installed(&mut self, components: Vec<(Component, Software)>) {
        for (component, Software { installed: version, .. }) in components {
            self.report(Report::Downloaded { component, version: version.clone() });
            self.report(Report::Installing { component, version: version.clone() });
            self.report(Report::Installed { component, version });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::parse(text).unwrap()
    }

    fn boot(text: &str) -> BootId {
        BootId::parse(text).unwrap()
    }

    fn state() -> State {
        let old = Software::running(version("5.2.0"));
        State::new("9910000034-T1".to_owned(), [(Component::LinkageApplication, old)].into(), boot("b1"))
    }

    #[test]
    fn only_a_boot_ends_pending_and_a_hibernated_terminal_does_not_boot() {
        let mut state = state();
        state.install(Component::LinkageApplication, &version("5.3.0"), true);
        assert!(state.is_pending());
        state.shut_down(true);
        assert!(!state.power_on(boot("b2")));
        assert!(state.is_pending() && state.boot_id == boot("b1"));
        state.shut_down(false);
        assert!(state.power_on(boot("b3")));
        assert!(!state.is_pending() && state.boot_id == boot("b3") && state.boots == 2);
    }

    #[test]
    fn what_needs_no_restart_runs_at_once() {
        let mut state = state();
        state.install(Component::DistributionApplication, &version("5.3.0"), false);
        assert!(!state.is_pending());
    }

    #[test]
    fn a_server_that_forgot_is_told_what_waits_after_the_boot_and_what_runs_before_it() {
        let mut state = state();
        state.install(Component::LinkageApplication, &version("5.3.0"), true);
        state.reports.clear();
        state.report_all(&[(Component::LinkageApplication, version("5.2.0"))].into());
        assert_eq!(state.reports.len(), 4);
        assert!(matches!(state.reports.front(), Some(Report::Booted { running, .. }) if running.values().all(|v| *v == version("5.2.0"))));
        state.reports.clear();
        state.boot(boot("b2"));
        state.reports.clear();
        state.report_all(&[(Component::LinkageApplication, version("5.2.0"))].into());
        assert!(matches!(state.reports.back(), Some(Report::Booted { running, .. }) if running.values().all(|v| *v == version("5.3.0"))));
        state.reports.clear();
        state.report_all(&[(Component::LinkageApplication, version("5.3.0"))].into());
        assert_eq!(state.reports.len(), 1);
    }

    #[test]
    fn reports_that_wait_are_bounded() {
        let mut state = state();
        for i in 0..500 {
            state.report(Report::Downloaded { component: Component::LinkageApplication, version: version(&format!("{i}")) });
        }
        assert_eq!(state.reports.len(), MAX_REPORTS);
    }
}
