//! The institution: the tenant, with its own clock, campaign, readings and terminals. It is settled lazily, whenever someone looks.

mod notifications;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::campaign::Campaign;
use super::clock::{Clock, ClockError, ClockSetting};
use super::consent::ReaderConsents;
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
use super::terminal::{Due, Settings, Terminal, TerminalEnvironment};
use super::text::Text;
use super::timeline::Timeline;

/// The most terminals that an institution may have.
pub const MAX_TERMINALS: usize = 64;

/// What an institution is made from, and made from again when it is reset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstitutionSpec {
    /// Its name.
    pub name: Text,
    /// What its receipt computer logs in with under `--login strict`. Each institution has its own, so that it is saved beside what many share.
    #[serde(skip)]
    pub login: Login,
    /// Who is asking where neither certificate nor token names a terminal.
    pub default_terminal: TerminalId,
    /// Its clock.
    pub clock: ClockSetting,
    /// Its readings of the notice.
    pub readings: Readings,
    /// Its terminals.
    pub terminals: BTreeMap<TerminalId, Settings>,
    /// Its campaign. Many institutions have the same, so that it is saved beside them: who reads one has to put it in.
    #[serde(skip, default = "Campaign::none")]
    pub campaign: Arc<Campaign>,
    /// How its answers look on the wire.
    #[serde(rename = "surfacing")]
    pub presentation: ErrorPresentation,
    /// Persons of its own, instead of the fixtures'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<Arc<[Person]>>,
    /// The scenario that it was set to, and what then happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<Timeline>,
    /// Its faults; nothing counted yet.
    pub faults: Faults,
    /// What its report says of the product under test. It is here alone, so that a reset and another scenario leave it as it is.
    #[serde(default, skip_serializing_if = "Rehearsal::is_empty")]
    pub rehearsal: Rehearsal,
}

/// Credentials. The names of the real ones are not public.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// User.
    pub user: String,
    /// Password.
    pub password: String,
}

/// One medical institution, isolated from every other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Institution {
    /// Its code.
    pub code: InstitutionCode,
    /// Tells this making of the institution from those before a reset or a deletion: tokens of theirs are foreign.
    #[serde(rename = "incarnation")]
    pub generation: Arc<str>,
    /// Its name.
    pub name: Text,
    /// What its receipt computer logs in with.
    pub login: Login,
    /// Who is asking where neither certificate nor token says.
    pub default_terminal: TerminalId,
    /// Its readings of the notice.
    pub readings: Readings,
    /// Its campaign. Many institutions have the same, so that it is saved beside them: who reads one has to put it in.
    #[serde(skip, default = "Campaign::none")]
    pub campaign: Arc<Campaign>,
    /// Its terminals.
    pub terminals: BTreeMap<TerminalId, Terminal>,
    /// What happened.
    pub events: EventLog,
    /// What was seen of its client.
    pub observations: Observations,
    /// Its clock.
    pub clock: Clock,
    /// How its answers look on the wire.
    #[serde(rename = "surfacing")]
    pub presentation: ErrorPresentation,
    /// Persons of its own, instead of the fixtures'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub persons: Option<Arc<[Person]>>,
    /// The scenario that it was set to, and what has happened of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<Timeline>,
    /// The bulk requests that it handed in.
    pub receptions: Receptions,
    /// Its own numbers of its patients.
    pub references: References,
    /// What patients answered at its readers.
    #[serde(default, skip_serializing_if = "ReaderConsents::is_empty")]
    pub reader_consents: ReaderConsents,
    /// The faults that break its answers.
    pub faults: Faults,
    /// What there is to tell and was not taken yet.
    #[serde(skip)]
    pub(super) notifications: Vec<Notification>,
    /// The campaign that it knows of.
    pub(super) announced: CampaignKey,
    settled: Timestamp,
}

impl Institution {
    /// Makes one. `base` has the versions of components that its campaign leaves alone, and is known to it; `wall` is the machine's time.
    ///
    /// # Errors
    /// A clock setting that makes no sense.
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
            faults: spec.faults.clone(),
            notifications: Vec::new(),
            announced: CampaignKey::of(base),
            settled: now,
        })
    }

    /// What its clock shows, never less than before unless it was set back.
    pub fn now(&self, wall: Timestamp) -> Timestamp {
        self.clock.reading(wall).max(self.settled)
    }

    /// When something next happens by itself.
    pub fn next_due(&self) -> Option<Timestamp> {
        let windows = self.campaign.windows(&self.readings);
        let environment = TerminalEnvironment { campaign: &self.campaign, readings: &self.readings, windows: &windows };
        let of_terminals = self.terminals.values().filter_map(|terminal| terminal.next_due(environment)).map(|(at, _)| at);
        of_terminals.chain(self.step_due()).min()
    }

    /// Lets everything happen that is due up to `now`, in order of time, then of terminals; a step of the timeline comes last at its instant.
    pub fn settle(&mut self, now: Timestamp) {
        while let Some(at) = self.step_due().filter(|at| *at <= now) {
            self.settle_terminals(at);
            self.perform(at);
        }
        self.settle_terminals(now);
    }

    /// Up to when everything has happened.
    pub fn settled_to(&self) -> Timestamp {
        self.settled
    }

    fn settle_terminals(&mut self, now: Timestamp) {
        let windows = self.campaign.windows(&self.readings);
        let mut notifications = self.campaign_notifications(&windows, now);
        let environment = TerminalEnvironment { campaign: &self.campaign, readings: &self.readings, windows: &windows };
        let mut dues: Vec<_> = self.terminals.values_mut().map(|terminal| (terminal.next_due(environment), terminal)).collect();
        let soonest = |dues: &[(Option<(Timestamp, Due)>, &mut Terminal)]| {
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

    /// Moves the clock forward to `target` and lets everything in between happen.
    ///
    /// # Errors
    /// Backwards, too far or out of range; nothing has changed then.
    pub fn advance(&mut self, target: Timestamp, wall: Timestamp) -> Result<(), ClockError> {
        self.clock.advance_to(target, wall)?;
        self.settle(target);
        Ok(())
    }

    /// Sets the clock anew. What is under way keeps what it still needs; nothing is caught up.
    ///
    /// # Errors
    /// A setting that makes no sense; nothing has changed then.
    pub fn set_clock(&mut self, setting: ClockSetting, wall: Timestamp) -> Result<(), ClockError> {
        self.clock.set(setting, wall)?;
        let now = self.clock.reading(wall);
        self.move_to(now);
        Ok(())
    }

    /// Goes on at another time as if none had passed.
    fn move_to(&mut self, now: Timestamp) {
        self.terminals.values_mut().for_each(|terminal| terminal.shift(now));
        if let Some(timeline) = &mut self.scenario {
            timeline.skip_to(now);
        }
        self.settled = now;
    }

    /// Goes on when the machine shows `wall`, from when it was settled last.
    pub fn resume(&mut self, wall: Timestamp) {
        self.clock = self.clock.resumed(self.settled, wall);
        let now = self.clock.reading(wall);
        if now != self.settled {
            self.move_to(now);
        }
    }

    /// Counts a request with its faults, the next in the order in which it accepts them, and gives the one that fires.
    pub fn meet_faults(&mut self, request: &FaultRequest) -> Option<TriggeredFault> {
        self.faults.trigger(request, Dice { seed: self.presentation.seed, institution: &self.code })
    }

    /// Changes one terminal through `act` and records what changed; none if it does not exist.
    pub fn act<E>(
        &mut self,
        terminal: &TerminalId,
        now: Timestamp,
        act: impl FnOnce(&mut Terminal, TerminalEnvironment<'_>) -> Result<Vec<Change>, E>,
    ) -> Option<Result<(), E>> {
        let done = self.change_terminal(terminal, now, act)?;
        if done.is_ok() {
            self.settle(now);
        }
        Some(done)
    }

    /// The same, where nothing else that is due happens yet.
    pub(super) fn change_terminal<E>(
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
