//! The institution: the tenant, with its own clock, campaign, readings and terminals. Its state is
//! settled lazily, at the next access.

mod notifications;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::campaign::Campaign;
use super::clock::{Clock, ClockError, ClockSetting};
use super::consent::ReaderConsents;
use super::console_action::ConsoleActions;
use super::error_presentation::ErrorPresentation;
use super::event::{Change, EventLog};
use super::fault::{Dice, FaultRequest, Faults, TriggeredFault};
use super::ids::{InstitutionCode, TerminalId};
use super::notification::{CampaignKey, Notification};
use super::observation::Observations;
use super::person::Person;
use super::readings::Readings;
use super::reception::Receptions;
use super::reference::References;
use super::rehearsal::Rehearsal;
use super::terminal::{DueAction, Settings, Terminal, TerminalEnvironment};
use super::text::Text;
use super::timeline::Timeline;

/// The maximum number of terminals of an institution.
pub const MAX_TERMINALS: usize = 64;

/// The specification of an institution, used at its creation and at each reset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstitutionSpec {
    /// The name.
    pub name: Text,
    /// The credentials of the receipt computer under `--login strict`. They differ between
    /// institutions, so they are stored apart from the part that many institutions share.
    #[serde(skip)]
    pub login: Login,
    /// The terminal of a request if neither certificate nor token names one.
    pub default_terminal: TerminalId,
    /// The clock setting.
    pub clock: ClockSetting,
    /// The readings of the notice.
    pub readings: Readings,
    /// The terminals.
    pub terminals: BTreeMap<TerminalId, Settings>,
    /// The campaign. Many institutions share one, so it is stored separately: set it after
    /// deserializing.
    #[serde(skip, default = "Campaign::none")]
    pub campaign: Arc<Campaign>,
    /// How responses look on the wire.
    #[serde(rename = "surfacing")]
    pub presentation: ErrorPresentation,
    /// Its own persons, instead of the fixtures'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<Arc<[Person]>>,
    /// The scenario that was applied, with its timeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<Timeline>,
    /// The faults, with nothing counted yet.
    pub faults: Faults,
    /// The product under test, for the report. Only the specification stores it, so that a reset or
    /// another scenario keeps it.
    #[serde(default, skip_serializing_if = "Rehearsal::is_empty")]
    pub rehearsal: Rehearsal,
}

/// Credentials. The names of the real ones are not public.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

/// One medical institution, isolated from all others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Institution {
    /// The code.
    pub code: InstitutionCode,
    /// The generation: it differs from those before a reset or a deletion, whose tokens are
    /// refused.
    #[serde(rename = "incarnation")]
    pub generation: Arc<str>,
    /// The name.
    pub name: Text,
    /// The credentials of the receipt computer.
    pub login: Login,
    /// The terminal of a request if neither certificate nor token names one.
    pub default_terminal: TerminalId,
    /// The readings of the notice.
    pub readings: Readings,
    /// The campaign. Many institutions share one, so it is stored separately: set it after
    /// deserializing.
    #[serde(skip, default = "Campaign::none")]
    pub campaign: Arc<Campaign>,
    /// The terminals.
    pub terminals: BTreeMap<TerminalId, Terminal>,
    /// The event log.
    pub events: EventLog,
    /// The observations of its client.
    pub observations: Observations,
    /// The clock.
    pub clock: Clock,
    /// How responses look on the wire.
    #[serde(rename = "surfacing")]
    pub presentation: ErrorPresentation,
    /// Its own persons, instead of the fixtures'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<Arc<[Person]>>,
    /// The scenario that was applied, with the progress of its timeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<Timeline>,
    /// The bulk requests that it submitted.
    pub receptions: Receptions,
    /// Its own reference numbers of its patients.
    pub references: References,
    /// The consents given at its readers.
    #[serde(default, skip_serializing_if = "ReaderConsents::is_empty")]
    pub reader_consents: ReaderConsents,
    /// What people did to it in the console.
    #[serde(default, skip_serializing_if = "ConsoleActions::is_empty")]
    pub console_actions: ConsoleActions,
    /// The faults, with their counters.
    pub faults: Faults,
    /// The notifications that were not taken yet.
    #[serde(skip)]
    pub(super) notifications: Vec<Notification>,
    /// The campaign that was announced last.
    pub(super) announced: CampaignKey,
    settled: Timestamp,
}

impl Institution {
    /// Creates an institution. `base` has the versions of components that the campaign does not
    /// contain, and counts as announced. `wall` is the machine's time.
    ///
    /// # Errors
    /// The clock setting is invalid.
    pub fn new(
        code: InstitutionCode,
        generation: impl Into<Arc<str>>,
        spec: &InstitutionSpec,
        base: &Campaign,
        wall: Timestamp,
    ) -> Result<Self, ClockError> {
        let clock = Clock::new(spec.clock, wall)?;
        let now = clock.reading(wall);
        let mut scenario = spec.scenario.clone();
        if let Some(timeline) = &mut scenario {
            timeline.skip_to(now);
        }
        let terminal =
            |(id, settings): (&TerminalId, &Settings)| (id.clone(), Terminal::new(id.clone(), settings.clone(), &spec.campaign, base, now));
        Ok(Self {
            code,
            generation: generation.into(),
            name: spec.name.clone(),
            login: spec.login.clone(),
            default_terminal: spec.default_terminal.clone(),
            readings: spec.readings.clone(),
            campaign: Arc::clone(&spec.campaign),
            terminals: spec.terminals.iter().map(terminal).collect(),
            events: EventLog::default(),
            observations: Observations::default(),
            clock,
            presentation: spec.presentation.clone(),
            persons: spec.persons.clone(),
            scenario,
            receptions: Receptions::default(),
            references: References::default(),
            reader_consents: ReaderConsents::default(),
            console_actions: ConsoleActions::default(),
            faults: spec.faults.clone(),
            notifications: Vec::new(),
            announced: CampaignKey::of(base),
            settled: now,
        })
    }

    /// Returns the time by its clock. It never decreases unless the clock is set back.
    pub fn now(&self, wall: Timestamp) -> Timestamp {
        self.clock.reading(wall).max(self.settled)
    }

    /// Returns when the next automatic change is due.
    pub fn next_due(&self) -> Option<Timestamp> {
        let windows = self.campaign.windows(&self.readings);
        let environment = TerminalEnvironment { campaign: &self.campaign, readings: &self.readings, windows: &windows };
        let of_terminals = self.terminals.values().filter_map(|terminal| terminal.next_due(environment)).map(|(at, _)| at);
        of_terminals.chain(self.step_due()).min()
    }

    /// Processes everything that is due up to `now`, in order of time, then of terminals. At the
    /// same instant, a step of the timeline comes last.
    pub fn settle(&mut self, now: Timestamp) {
        while let Some(at) = self.step_due().filter(|at| *at <= now) {
            self.settle_terminals(at);
            self.perform_next_step(at);
        }
        self.settle_terminals(now);
    }

    /// Returns the time up to which everything has been processed.
    pub fn settled_to(&self) -> Timestamp {
        self.settled
    }

    fn settle_terminals(&mut self, now: Timestamp) {
        let windows = self.campaign.windows(&self.readings);
        let mut notifications = self.campaign_notifications(&windows, now);
        let environment = TerminalEnvironment { campaign: &self.campaign, readings: &self.readings, windows: &windows };
        let mut dues: Vec<_> = self.terminals.values_mut().map(|terminal| (terminal.next_due(environment), terminal)).collect();
        let soonest = |dues: &[(Option<(Timestamp, DueAction)>, &mut Terminal)]| {
            let due = dues.iter().enumerate().filter_map(|(i, (due, _))| due.map(|due| (due, i)));
            due.filter(|((at, _), _)| *at <= now).min_by_key(|((at, _), i)| (*at, *i))
        };
        while let Some(((at, due), i)) = soonest(&dues) {
            let (next, terminal) = &mut dues[i];
            notifications.extend(terminal.silence_notification(self.readings.silent_after, at));
            for change in terminal.apply(at, due, environment) {
                self.events.record(at, &terminal.id, change);
            }
            *next = terminal.next_due(environment);
        }
        for terminal in self.terminals.values_mut() {
            notifications.extend(terminal.silence_notification(self.readings.silent_after, now));
            terminal.settled(now);
        }
        self.add_notifications(notifications);
        self.settled = now;
    }

    /// Moves the clock forward to `target` and processes everything that becomes due.
    ///
    /// # Errors
    /// The target is in the past, too far or out of range; nothing is changed.
    pub fn advance(&mut self, target: Timestamp, wall: Timestamp) -> Result<(), ClockError> {
        self.clock.advance_to(target, wall)?;
        self.settle(target);
        Ok(())
    }

    /// Changes the clock setting. Activities in progress keep their remaining time; what the
    /// skipped time would have caused does not happen.
    ///
    /// # Errors
    /// The setting is invalid; nothing is changed.
    pub fn set_clock(&mut self, setting: ClockSetting, wall: Timestamp) -> Result<(), ClockError> {
        self.clock.set(setting, wall)?;
        let now = self.clock.reading(wall);
        self.move_to(now);
        Ok(())
    }

    /// Continues at another time as if no time had passed.
    fn move_to(&mut self, now: Timestamp) {
        self.terminals.values_mut().for_each(|terminal| terminal.shift(now));
        if let Some(timeline) = &mut self.scenario {
            timeline.skip_to(now);
        }
        self.settled = now;
    }

    /// Continues from where it was last settled, when the machine's time is `wall`.
    pub fn resume(&mut self, wall: Timestamp) {
        self.clock = self.clock.resumed_at(self.settled, wall);
        let now = self.clock.reading(wall);
        if now != self.settled {
            self.move_to(now);
        }
    }

    /// Counts a request for the faults, in the order in which requests are accepted. Returns the
    /// fault that fires.
    pub fn trigger_fault(&mut self, request: &FaultRequest) -> Option<TriggeredFault> {
        self.faults.trigger(request, Dice { seed: self.presentation.seed, institution: &self.code })
    }

    /// Changes one terminal with `act`, records the changes and settles the institution. Returns
    /// `None` if the terminal does not exist.
    pub fn act<E>(
        &mut self,
        terminal: &TerminalId,
        now: Timestamp,
        act: impl FnOnce(&mut Terminal, TerminalEnvironment<'_>) -> Result<Vec<Change>, E>,
    ) -> Option<Result<(), E>> {
        let done = self.update_terminal(terminal, now, act)?;
        if done.is_ok() {
            self.settle(now);
        }
        Some(done)
    }

    /// Changes one terminal like [`Self::act`], without settling the institution.
    pub(super) fn update_terminal<E>(
        &mut self,
        terminal: &TerminalId,
        now: Timestamp,
        act: impl FnOnce(&mut Terminal, TerminalEnvironment<'_>) -> Result<Vec<Change>, E>,
    ) -> Option<Result<(), E>> {
        let windows = self.campaign.windows(&self.readings);
        let environment = TerminalEnvironment { campaign: &self.campaign, readings: &self.readings, windows: &windows };
        let done = act(self.terminals.get_mut(terminal)?, environment);
        Some(done.map(|changes| {
            for change in changes {
                self.events.record(now, terminal, change);
            }
        }))
    }
}
