//! The facts of a rehearsal on which the next step depends.

use jiff::civil::time;
use jiff::{SignedDuration, Timestamp};

use super::next_step::{Facts, PendingTerminal, RefusedCheck};
use super::requests;
use super::state::RehearsalState;
use crate::domain::clock::Mode;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::ids::TerminalId;
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::operation::{Operation, OutcomeName};
use crate::domain::terminal::{Driver, Phase, Power, Terminal, TerminalEnvironment};
use crate::domain::text::Text;
use crate::verdict::{EvidenceSource, Exchange, Overall, Ruling, Verdict};

/// How far ahead the morning after a night may be.
const ONE_NIGHT: SignedDuration = SignedDuration::from_hours(16);

impl Facts {
    /// Returns the facts of a rehearsal.
    pub(super) fn of(state: &RehearsalState) -> Self {
        let (institution, verdict, now) = (state.institution(), &state.verdict, state.moment.now);
        let journal = &verdict.evidence.journal;
        let update = institution.terminals.values().filter_map(|terminal| update_due(institution, terminal, now)).min();
        let morning = japan::next_time_of_day(now, time(8, 55, 0, 0));
        Self {
            passed: verdict.overall == Overall::Pass,
            failed: state.has_failed(),
            has_scenario: verdict.scenario.is_some(),
            has_requests: state.was_asked || journal.iter().any(|exchange| exchange.operation.is_of_client()),
            screen_unrecorded: is_screen_unrecorded(verdict),
            off: institution.terminals.values().find(|terminal| stays_off(terminal)).map(|terminal| terminal.id.clone()),
            pending: institution.terminals.values().find_map(|terminal| pending(institution, terminal, journal, now)),
            other: other_terminal(state),
            to_repeat: institution.terminals.values().find_map(|terminal| to_repeat(state, terminal)),
            update_is_tonight: update.is_some_and(|at| at < morning) && morning.duration_since(now) <= ONE_NIGHT,
            update,
            is_frozen: institution.clock.setting(state.moment.wall).mode == Mode::Frozen,
            step: institution.scenario.as_ref().and_then(|timeline| timeline.next()).map(|(_, step)| step.clone()),
            open: open(verdict),
        }
    }
}

/// Returns a terminal that works while another one waits for its restart, if the scenario wants it
/// to be used and it was not.
fn other_terminal(state: &RehearsalState) -> Option<TerminalId> {
    let is_wanted = |ruling: &&Ruling| ruling.rule == "other_terminals_used" && state.may_still_pass(ruling);
    state.verdict.rules.iter().find(is_wanted)?;
    let (institution, now) = (state.institution(), state.moment.now);
    let works = |terminal: &&Terminal| terminal.is_ready(now) && !terminal.is_pending();
    institution.terminals.values().find(works).map(|terminal| terminal.id.clone())
}

/// Returns what the first rule says that was not exercised; else why the verdict is open.
fn open(verdict: &Verdict) -> Option<Text> {
    let next = verdict.rules.iter().find_map(|ruling| ruling.next()).map(|(ja, en)| Text::new(ja, en));
    next.or_else(|| (verdict.overall == Overall::Incomplete).then(|| verdict.why.clone()))
}

fn is_check(exchange: &Exchange) -> bool {
    matches!(exchange.operation, Operation::Search | Operation::Linkage | Operation::Card)
}

/// Whether what the screen showed at the last refused check is not recorded, and a rule needs it.
fn is_screen_unrecorded(verdict: &Verdict) -> bool {
    let needs_it = verdict.rules.iter().any(|ruling| ruling.evidence_source == EvidenceSource::Observation && !ruling.result.is_shown());
    let evidence = &verdict.evidence;
    let refused = evidence.journal.iter().rfind(|exchange| is_check(exchange) && exchange.outcome == OutcomeName::Refused);
    needs_it
        && refused.is_some_and(|refused| {
            let is_of_it = |entry: &Option<String>| entry.as_ref().is_none_or(|id| *id == refused.id);
            !evidence.observations.iter().any(|seen| is_of_it(&seen.entry) && seen.wall >= refused.wall)
        })
}

/// Whether somebody switched a terminal off, so that nothing switches it on again.
fn stays_off(terminal: &Terminal) -> bool {
    let by_schedule = terminal.settings.power_schedule.is_some() && !matches!(terminal.power, Power::Off { unplugged: true, .. });
    terminal.settings.driver == Driver::Virtual && terminal.power != Power::On && !by_schedule
}

/// Returns a terminal that waits for a restart which will help.
fn pending(institution: &Institution, terminal: &Terminal, journal: &[Exchange], now: Timestamp) -> Option<PendingTerminal> {
    let waits = terminal.phase(&institution.campaign, now) == Phase::Pending && terminal.unresolved_by_restart().next().is_none();
    waits.then(|| PendingTerminal {
        id: terminal.id.clone(),
        has_refused: journal.iter().any(|exchange| is_refused_for_restart(exchange, terminal)),
        is_external: terminal.settings.driver == Driver::External,
    })
}

fn is_refused_for_restart(exchange: &Exchange, terminal: &Terminal) -> bool {
    is_check(exchange) && exchange.error == Some(ErrorId::RestartRequired) && exchange.terminal.as_deref() == Some(terminal.id.as_str())
}

/// Returns the check that a terminal refused before it worked again, and that was not repeated.
fn to_repeat(state: &RehearsalState, terminal: &Terminal) -> Option<RefusedCheck> {
    let journal = &state.verdict.evidence.journal;
    let mut refused = journal.iter().filter(|exchange| is_refused_for_restart(exchange, terminal) && exchange.inquiry.is_some());
    let is_repeated = |refused: &Exchange| {
        let is_later = |exchange: &Exchange| exchange.number > refused.number && exchange.inquiry == refused.inquiry;
        journal.iter().any(|exchange| is_later(exchange) && exchange.outcome != OutcomeName::Refused)
    };
    let works = terminal.power == Power::On && !terminal.is_pending();
    let refused = refused.find(|exchange| !is_repeated(exchange)).filter(|_| works)?;
    let entry = state.journal.entries.iter().find(|listed| listed.number == refused.number);
    let patient = entry.and_then(|listed| requests::patients(state).of(&listed.entry)).map(|person| person.name.clone());
    Some(RefusedCheck { terminal: terminal.id.clone(), patient })
}

/// Returns when the update of a terminal goes on by itself.
fn update_due(institution: &Institution, terminal: &Terminal, now: Timestamp) -> Option<Timestamp> {
    let campaign = &institution.campaign;
    if !matches!(terminal.phase(campaign, now), Phase::UpdateAvailable | Phase::Downloading | Phase::Installing) {
        return None;
    }
    let windows = campaign.windows(&institution.readings);
    let environment = TerminalEnvironment { campaign, readings: &institution.readings, windows: &windows };
    terminal.next_due(environment).map(|(at, _)| at)
}
