//! The representation of institutions and terminals in the control API.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::faults::{FaultView, views};
use crate::domain::campaign::Component;
use crate::domain::clock::ClockSetting;
use crate::domain::error_presentation::ErrorPresentation;
use crate::domain::ids::{BootId, CampaignId, InstitutionCode, ScenarioId, TerminalAddress, TerminalId, Version};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::readings::Readings;
use crate::domain::rehearsal::Rehearsal;
use crate::domain::terminal::{Phase, Power, Settings, Terminal, UpdateProgress};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::institutions::{Moment, Tenant};

/// An institution.
#[derive(Serialize, JsonSchema)]
pub struct InstitutionView {
    code: InstitutionCode,
    name: Text,
    /// The client's login credentials for `--login strict`.
    login: Value,
    clock: ClockSetting,
    default_terminal: TerminalId,
    readings: Readings,
    campaign: CampaignId,
    /// `error_profile`, `errors`, `wire`, `seed`.
    #[serde(flatten)]
    #[serde(rename = "surfacing")]
    presentation: ErrorPresentation,
    #[serde(serialize_with = "japan::serialize_option")]
    next_due: Option<Timestamp>,
    /// The time at which the institution is deleted automatically, by the machine's clock.
    #[serde(serialize_with = "japan::serialize_option", skip_serializing_if = "Option::is_none")]
    expires: Option<Timestamp>,
    /// The scenario that is set.
    #[serde(skip_serializing_if = "Option::is_none")]
    scenario: Option<ScenarioId>,
    /// The product under test and its tester, as shown in the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    rehearsal: Option<Rehearsal>,
    /// Whether the institution has its own persons.
    own_persons: bool,
    events: u64,
    faults: Vec<FaultView>,
    terminals: BTreeMap<TerminalId, TerminalView>,
}

/// A terminal.
#[derive(Serialize, JsonSchema)]
pub struct TerminalView {
    id: TerminalId,
    /// The address of the terminal, as used in the delivery routes.
    address: String,
    phase: Phase,
    power: PowerView,
    boot: BootView,
    reader: ReaderView,
    components: BTreeMap<Component, ComponentView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<UpdateProgress>,
    #[serde(serialize_with = "japan::serialize_option")]
    last_contact: Option<Timestamp>,
    settings: Settings,
}

#[derive(Serialize, JsonSchema)]
struct PowerView {
    on: bool,
    hibernated: bool,
}

#[derive(Serialize, JsonSchema)]
struct BootView {
    id: BootId,
    #[serde(serialize_with = "japan::serialize")]
    at: Timestamp,
}

#[derive(Serialize, JsonSchema)]
struct ReaderView {
    attached: bool,
    powered: bool,
}

#[derive(Serialize, JsonSchema)]
struct ComponentView {
    installed: Version,
    running: Version,
    restart_pending: bool,
}

impl InstitutionView {
    /// Converts an institution for the response.
    pub(super) fn new(app: &App, tenant: &Tenant, moment: Moment) -> Self {
        let fixtures = app.fixtures();
        let login = &fixtures.invented.login;
        let institution = &tenant.institution;
        let terminals =
            institution.terminals.values().map(|terminal| (terminal.id.clone(), TerminalView::new(institution, terminal, moment)));
        Self {
            code: institution.code.clone(),
            name: institution.name.clone(),
            login: json!({ &login.user_field: institution.login.user, &login.password_field: institution.login.password }),
            clock: institution.clock.setting(moment.wall),
            default_terminal: institution.default_terminal.clone(),
            readings: institution.readings.clone(),
            campaign: institution.campaign.id.clone(),
            presentation: institution.presentation.clone(),
            next_due: institution.next_due(),
            expires: tenant.expires,
            scenario: institution.scenario.as_ref().map(|timeline| timeline.id.clone()),
            rehearsal: Some(tenant.spec.rehearsal.clone()).filter(|rehearsal| !rehearsal.is_empty()),
            own_persons: institution.persons.is_some(),
            events: institution.events.last(),
            faults: views(&institution.faults),
            terminals: terminals.collect(),
        }
    }

    /// Returns the addresses of the institution's terminals.
    pub(super) fn addresses(&self) -> Vec<TerminalAddress> {
        let address = |terminal: &TerminalId| TerminalAddress { institution: self.code.clone(), terminal: terminal.clone() };
        self.terminals.keys().map(address).collect()
    }
}

impl TerminalView {
    pub(super) fn new(institution: &Institution, terminal: &Terminal, moment: Moment) -> Self {
        let component = |(component, software): (Component, &crate::domain::terminal::Software)| {
            let (installed, running) = (software.installed.clone(), software.running.clone());
            (component, ComponentView { installed, running, restart_pending: software.is_pending() })
        };
        Self {
            id: terminal.id.clone(),
            address: TerminalAddress { institution: institution.code.clone(), terminal: terminal.id.clone() }.to_string(),
            phase: terminal.phase(&institution.campaign, moment.now),
            power: PowerView { on: terminal.power == Power::On, hibernated: matches!(terminal.power, Power::Off { hibernated: true, .. }) },
            boot: BootView { id: terminal.boot.id.clone(), at: terminal.boot.at },
            reader: ReaderView { attached: terminal.settings.reader.attached, powered: terminal.reader.powered },
            components: terminal.components().map(component).collect(),
            progress: terminal.progress(moment.now),
            last_contact: terminal.last_contact(moment.now),
            settings: terminal.settings.clone(),
        }
    }
}
