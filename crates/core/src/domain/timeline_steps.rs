//! Execution of a timeline on its institution: each step at its time, after the terminals'
//! automatic actions of that instant.

use std::sync::Arc;

use jiff::Timestamp;

use super::event::Change;
use super::ids::TerminalId;
use super::institution::Institution;
use super::terminal::{ActionError, Settings};
use super::text::Text;
use super::timeline::{Action, StepProgress};

impl Institution {
    /// Returns when the next step is due, never before the last settled instant.
    pub(super) fn step_due(&self) -> Option<Timestamp> {
        let (_, step) = self.scenario.as_ref()?.next()?;
        Some(step.at.max(self.settled_to()))
    }

    /// Performs the next step at `at`. Everything else up to `at` must have been processed.
    pub(super) fn perform_next_step(&mut self, at: Timestamp) {
        let Some((place, step)) = self.scenario.as_ref().and_then(|timeline| timeline.next()) else {
            return;
        };
        let step = step.clone();
        let done = match &step.terminal {
            Some(terminal) => self.perform_action(terminal, step.action, at),
            None => {
                match step.action {
                    Action::Suspend => Arc::make_mut(&mut self.campaign).suspended = true,
                    Action::Resume => Arc::make_mut(&mut self.campaign).suspended = false,
                    Action::DeliveryDown => Arc::make_mut(&mut self.campaign).down = true,
                    Action::DeliveryUp => Arc::make_mut(&mut self.campaign).down = false,
                    _ => self.campaign = step.campaign.map_or_else(|| Arc::clone(&self.campaign), |campaign| Arc::new(*campaign)),
                }
                Ok(())
            }
        };
        let progress = match done {
            Ok(()) => StepProgress::Done,
            Err(ActionError(why)) => StepProgress::Refused { why },
        };
        if let Some(timeline) = &mut self.scenario {
            timeline.set_progress(place, progress);
        }
    }

    fn perform_action(&mut self, id: &TerminalId, action: Action, at: Timestamp) -> Result<(), ActionError> {
        let done = self.update_terminal(id, at, |terminal, environment| match action {
            Action::PowerOn => terminal.plug(true, at, environment),
            Action::PowerOff => terminal.plug(false, at, environment),
            Action::Shutdown => terminal.shut_down(at, environment),
            Action::Restart => terminal.restart(at, environment),
            Action::RestartLinkage => terminal.restart_linkage(),
            Action::ReaderOn => terminal.switch_reader(true, at),
            Action::ReaderOff => terminal.switch_reader(false, at),
            Action::Download => terminal.download(at, environment),
            Action::Install => terminal.install_now(at, environment),
            Action::LineDown | Action::LineUp => {
                let settings = Settings { line_down: action == Action::LineDown, ..terminal.settings.clone() };
                Ok(terminal.set(settings, at, environment))
            }
            Action::Suspend | Action::Resume | Action::DeliveryDown | Action::DeliveryUp | Action::Campaign => Ok(Vec::<Change>::new()),
        });
        let gone = || ActionError(Text::new(format!("端末 {id} はもうありません。"), format!("There is no terminal {id} any more.")));
        done.unwrap_or_else(|| Err(gone()))
    }
}
