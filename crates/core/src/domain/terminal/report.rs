//! Reports of an external terminal to the delivery server about its state.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

use super::{Activity, ActivityStep, Boot, Download, Driver, Terminal, TerminalEnvironment};
use crate::domain::campaign::{Campaign, Component, Package};
use crate::domain::event::Change;
use crate::domain::ids::{BootId, Version};
use crate::domain::named::named;
use crate::domain::text::Text;

/// A report; the field `state` selects its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case", deny_unknown_fields)]
#[schemars(extend("examples" = [{"state": "downloading", "component": "linkage_application", "version": "5.3.0", "received": 0}, {"state": "booted", "boot_id": "boot-2", "running": {"linkage_application": "5.2.0"}}]))]
pub enum Report {
    /// A download is in progress.
    Downloading {
        /// The component.
        component: Component,
        /// The version.
        version: Version,
        /// The number of bytes received so far.
        #[serde(default)]
        received: u64,
    },
    /// The download of a package is complete.
    Downloaded {
        /// The component.
        component: Component,
        /// The version.
        version: Version,
    },
    /// An installation is in progress.
    Installing {
        /// The component.
        component: Component,
        /// The version.
        version: Version,
    },
    /// A component was installed.
    Installed {
        /// The component.
        component: Component,
        /// The version.
        version: Version,
    },
    /// The terminal booted.
    Booted {
        /// The unique id of the boot.
        boot_id: BootId,
        /// The running versions.
        #[schemars(with = "Running")]
        running: BTreeMap<Component, Version>,
    },
    /// A download or installation failed.
    Failed {
        /// The component.
        component: Component,
        /// The version.
        version: Version,
        /// The message from the terminal; only the first 500 characters are kept.
        #[serde(default)]
        message: String,
    },
}

/// The running versions, under a name of their own, which generators of clients need.
struct Running;

impl JsonSchema for Running {
    fn schema_name() -> Cow<'static, str> {
        "RunningVersions".into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        BTreeMap::<Component, Version>::json_schema(schemas)
    }
}

named! {
    /// The names of the states in reports.
    pub enum ReportState {
        /// A download is in progress.
        Downloading = "downloading",
        /// The download of a package is complete.
        Downloaded = "downloaded",
        /// An installation is in progress.
        Installing = "installing",
        /// A component was installed.
        Installed = "installed",
        /// The terminal booted.
        Booted = "booted",
        /// A download or installation failed.
        Failed = "failed",
    }
}

impl Report {
    /// Returns the state.
    pub fn state(&self) -> ReportState {
        match self {
            Self::Downloading { .. } => ReportState::Downloading,
            Self::Downloaded { .. } => ReportState::Downloaded,
            Self::Installing { .. } => ReportState::Installing,
            Self::Installed { .. } => ReportState::Installed,
            Self::Booted { .. } => ReportState::Booted,
            Self::Failed { .. } => ReportState::Failed,
        }
    }

    /// Returns the component and version that it is about; `None` for a boot.
    pub fn of(&self) -> Option<(Component, &Version)> {
        match self {
            Self::Downloading { component, version, .. }
            | Self::Downloaded { component, version }
            | Self::Installing { component, version }
            | Self::Installed { component, version }
            | Self::Failed { component, version, .. } => Some((*component, version)),
            Self::Booted { .. } => None,
        }
    }
}

/// The maximum number of past boot ids stored, to distinguish a late report from a new boot.
const MAX_KEPT_BOOTS: usize = 16;

/// The maximum number of offered packages stored.
const MAX_KEPT_OFFERS: usize = 16;

/// How far a terminal is with a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PackageState {
    Wanted,
    Downloading,
    Downloaded,
    Installing,
    Installed,
}

impl PackageState {
    /// Returns the name of the report that led to this state.
    fn name(self) -> &'static str {
        match self {
            Self::Wanted => "-",
            Self::Downloading => "downloading",
            Self::Downloaded => "downloaded",
            Self::Installing => "installing",
            Self::Installed => "installed",
        }
    }

    /// Returns the reports that are allowed in this state, including a repetition.
    fn allowed_reports(self) -> &'static [ReportState] {
        use ReportState::{Booted, Downloaded, Downloading, Failed, Installed, Installing};
        match self {
            Self::Wanted | Self::Downloading => &[Downloading, Downloaded, Failed],
            Self::Downloaded => &[Downloaded, Installing, Installed, Failed],
            Self::Installing => &[Installing, Installed, Failed],
            Self::Installed => &[Installed, Booted],
        }
    }
}

/// Why a report is refused, and what would be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.en)]
pub struct ReportError(pub Text);

impl Terminal {
    /// Stores the campaign's packages that a poll offered and that are not installed.
    pub fn store_offers(&mut self, campaign: &Campaign) {
        let lacking: Vec<Package> = self.newer_packages(campaign).filter(|package| !self.offers.contains(package)).cloned().collect();
        self.offers.extend(lacking);
        let beyond = self.offers.len().saturating_sub(MAX_KEPT_OFFERS);
        self.offers.drain(..beyond);
    }

    /// Processes a report. A repeated report changes nothing.
    ///
    /// # Errors
    /// The terminal is virtual, the version was never offered, the step does not follow, or the
    /// boot contradicts earlier reports.
    pub fn report(&mut self, report: Report, now: Timestamp, environment: TerminalEnvironment<'_>) -> Result<Vec<Change>, ReportError> {
        if self.settings.driver == Driver::Virtual {
            return Err(refused(
                "driver が virtual の端末は医療機関の時計で動くため、報告を受け付けません。driver を external にしてください",
                "a terminal whose driver is virtual lives on the mock's clock and takes no reports; set driver to external",
            ));
        }
        let is_failure = matches!(report, Report::Failed { .. });
        let changes = match report {
            Report::Downloading { component, version, received } => {
                let package = self.package_for_step(ReportState::Downloading, component, &version, environment)?;
                self.begin(now, &package, ActivityStep::Downloading, received.min(package.size));
                Vec::new()
            }
            Report::Downloaded { component, version } => {
                let package = self.package_for_step(ReportState::Downloaded, component, &version, environment)?;
                let known = self.package_state(&package) == PackageState::Downloaded;
                self.activity = None;
                self.downloads.insert(component, Download { version: version.clone(), received: package.size });
                if known { Vec::new() } else { vec![Change::Downloaded { component, version }] }
            }
            Report::Installing { component, version } => {
                let package = self.package_for_step(ReportState::Installing, component, &version, environment)?;
                self.begin(now, &package, ActivityStep::Installing, package.size);
                Vec::new()
            }
            Report::Installed { component, version } => self.report_installed(now, component, version, environment)?,
            Report::Booted { boot_id, running } => self.report_boot(now, boot_id, running)?,
            Report::Failed { component, version, message } => {
                self.package_for_step(ReportState::Failed, component, &version, environment)?;
                self.activity = None;
                let message: String = message.chars().take(500).collect();
                let failure = Some((component, version.clone(), message.clone()));
                let known = self.failure == failure;
                self.failure = failure;
                if known { Vec::new() } else { vec![Change::Failed { component, version, message }] }
            }
        };
        if !is_failure {
            self.failure = None;
        }
        self.record_contact(now);
        Ok(changes)
    }

    fn report_installed(
        &mut self,
        now: Timestamp,
        component: Component,
        version: Version,
        environment: TerminalEnvironment<'_>,
    ) -> Result<Vec<Change>, ReportError> {
        if self.software.get(&component).is_some_and(|software| software.installed == version) {
            return Ok(Vec::new());
        }
        self.find_offered(component, &version, environment)?;
        if let Some(software) = self.software.get(&component).filter(|software| version < software.installed) {
            return Err(refused(
                &format!("{component} は新しいバージョン {} がインストール済みです", software.installed),
                &format!("{component} has the newer version {} installed", software.installed),
            ));
        }
        let restart_required = self.package_for_step(ReportState::Installed, component, &version, environment)?.restart_required;
        self.activity = None;
        self.downloads.remove(&component);
        Ok(vec![self.install(now, component, version, restart_required)])
    }

    /// Processes a boot. Every component must run its installed or its former version.
    fn report_boot(&mut self, now: Timestamp, boot_id: BootId, running: BTreeMap<Component, Version>) -> Result<Vec<Change>, ReportError> {
        if running.is_empty() {
            return Err(refused("running に実行中のバージョンが1つもありません", "`running` names no component with its version"));
        }
        for (component, version) in &running {
            let software = self.software.get(component).ok_or_else(|| unknown_component_error(*component))?;
            let same_boot = boot_id == self.boot.id;
            if same_boot && *version != software.running {
                return Err(refused(
                    &format!(
                        "起動ID {boot_id} では {component} は {} として報告済みです。再起動したなら新しい起動IDが必要です",
                        software.running
                    ),
                    &format!("boot {boot_id} already reported {component} as {}; a restart has a new boot id", software.running),
                ));
            }
            if *version != software.installed && *version != software.running {
                return Err(refused(
                    &format!(
                        "{component} {version} はインストールされていません（インストール済み {}、実行中 {}）",
                        software.installed, software.running
                    ),
                    &format!(
                        "{component} {version} is not installed: it has {} installed and {} running",
                        software.installed, software.running
                    ),
                ));
            }
        }
        if boot_id == self.boot.id {
            return Ok(Vec::new());
        }
        if self.past_boots.contains(&boot_id) {
            return Err(refused(
                &format!("起動ID {boot_id} の後に {} が報告済みです。新しい起動には新しい起動IDが必要です", self.boot.id),
                &format!("boot {boot_id} is over: {} was reported after it; a new boot has a new id", self.boot.id),
            ));
        }
        self.activity = None;
        if self.past_boots.len() >= MAX_KEPT_BOOTS {
            self.past_boots.pop_front();
        }
        self.past_boots.push_back(self.boot.id.clone());
        self.boot = Boot { id: boot_id.clone(), at: now, ready_at: now };
        let mut applied = Vec::new();
        for (component, version) in running {
            let software = self.software.get_mut(&component).expect("each component was found above");
            if software.running != version {
                software.running = version;
                applied.push(component);
            }
        }
        Ok(vec![Change::Booted { boot: boot_id, applied }])
    }

    fn begin(&mut self, now: Timestamp, package: &Package, step: ActivityStep, received: u64) {
        let (component, version) = (package.component, package.version.clone());
        self.downloads.insert(component, Download { version: version.clone(), received });
        self.activity = Some(Activity { component, version, step, since: now, until: now, manual: true });
    }

    /// Returns the package of a step, if the step follows what was reported before.
    fn package_for_step(
        &self,
        step: ReportState,
        component: Component,
        version: &Version,
        environment: TerminalEnvironment<'_>,
    ) -> Result<Package, ReportError> {
        let package = self.find_offered(component, version, environment)?;
        let state = self.package_state(package);
        let again = state == PackageState::Downloaded && self.failure.as_ref().is_some_and(|(failed, _, _)| *failed == component);
        if state.allowed_reports().contains(&step) || (again && step == ReportState::Downloading) {
            return Ok(package.clone());
        }
        let follow = state.allowed_reports().iter().map(|step| step.name()).collect::<Vec<_>>().join(", ");
        let (reported, step) = (state.name(), step.name());
        Err(refused(
            &format!("{component} {version} は {reported} まで報告済みです。次に報告できるのは {step} ではなく {follow} です"),
            &format!("{component} {version} was last reported as {reported}; `{step}` does not follow, these would: {follow}"),
        ))
    }

    /// Returns how far it is with a package.
    fn package_state(&self, package: &Package) -> PackageState {
        if self.software.get(&package.component).is_some_and(|software| software.installed >= package.version) {
            return PackageState::Installed;
        }
        let activity =
            self.activity.as_ref().filter(|activity| activity.component == package.component && activity.version == package.version);
        if let Some(activity) = activity {
            return if activity.step == ActivityStep::Installing { PackageState::Installing } else { PackageState::Downloading };
        }
        let held = self.downloads.get(&package.component).filter(|held| held.version == package.version);
        if held.is_some_and(|held| held.received >= package.size) { PackageState::Downloaded } else { PackageState::Wanted }
    }

    /// Returns a package of the campaign, or of an earlier offer if the campaign was replaced.
    fn find_offered<'a>(
        &'a self,
        component: Component,
        version: &Version,
        environment: TerminalEnvironment<'a>,
    ) -> Result<&'a Package, ReportError> {
        if !self.software.contains_key(&component) {
            return Err(unknown_component_error(component));
        }
        let package = environment.campaign.package(component);
        let offers = package.into_iter().chain(self.offers.iter().rev());
        offers.into_iter().find(|offer| offer.component == component && offer.version == *version).ok_or_else(|| {
            let offer = package.map_or_else(|| "-".to_owned(), |package| package.version.to_string());
            refused(
                &format!("{component} {version} は配信されていません（配信中のバージョン：{offer}）"),
                &format!("{component} {version} was never offered (the campaign has {offer})"),
            )
        })
    }
}

fn unknown_component_error(component: Component) -> ReportError {
    refused(&format!("この端末に {component} はありません"), &format!("this terminal has no {component}"))
}

fn refused(ja: &str, en: &str) -> ReportError {
    ReportError(Text::new(ja, en))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_is_written_under_its_state() {
        for state in ReportState::ALL {
            let about = json!({"state": state, "component": "linkage_application", "version": "5.3.0"});
            let boot = json!({"state": state, "boot_id": "boot-2", "running": {}});
            let report: Report = serde_json::from_value(if state == ReportState::Booted { boot } else { about }).unwrap();
            assert_eq!((report.state(), &json!(report)["state"]), (state, &json!(state.name())));
        }
    }
}
