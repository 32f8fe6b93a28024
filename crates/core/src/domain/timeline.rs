//! A timeline: steps that happen at an institution at given times, each once, in order. They do not
//! depend on requests.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::campaign::Campaign;
use super::ids::{ScenarioId, TerminalId};
use super::japan;
use super::terminal::{Driver, Settings};
use super::text::Text;

/// One step of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TimelineStep {
    /// The time by the institution's clock.
    #[serde(serialize_with = "japan::serialize")]
    pub at: Timestamp,
    /// The action.
    pub action: Action,
    /// The terminal, if the action concerns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<TerminalId>,
    /// The campaign that replaces the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<Box<Campaign>>,
}

/// An action of a timeline. The first ones also exist as control routes of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The plug is inserted and the terminal is switched on.
    PowerOn,
    /// The plug is pulled.
    PowerOff,
    /// An orderly shutdown.
    Shutdown,
    /// A restart.
    Restart,
    /// Only the linkage application is restarted.
    RestartLinkage,
    /// The reader is switched on.
    ReaderOn,
    /// The reader is switched off.
    ReaderOff,
    /// A manual download.
    Download,
    /// Everything offered is installed immediately.
    Install,
    /// The line's authentication is lost.
    LineDown,
    /// The line recovers.
    LineUp,
    /// Distribution is suspended.
    Suspend,
    /// Distribution is resumed.
    Resume,
    /// The delivery server goes down.
    DeliveryDown,
    /// The delivery server recovers.
    DeliveryUp,
    /// The campaign is replaced by another one.
    Campaign,
}

impl Action {
    /// Returns the name shown to users.
    pub fn title(self) -> Text {
        let (ja, en) = match self {
            Self::PowerOn => ("電源を入れる", "power on"),
            Self::PowerOff => ("電源プラグを抜く", "plug pulled"),
            Self::Shutdown => ("シャットダウン", "shutdown"),
            Self::Restart => ("再起動", "restart"),
            Self::RestartLinkage => ("連携アプリだけ再起動", "restart of the linkage application"),
            Self::ReaderOn => ("カードリーダーの電源を入れる", "reader on"),
            Self::ReaderOff => ("カードリーダーの電源を切る", "reader off"),
            Self::Download => ("手動のダウンロード", "download by hand"),
            Self::Install => ("インストール", "installation"),
            Self::LineDown => ("回線の切断", "line down"),
            Self::LineUp => ("回線の復旧", "line up again"),
            Self::Suspend => ("配信の停止", "distribution suspended"),
            Self::Resume => ("配信の再開", "distribution resumed"),
            Self::DeliveryDown => ("配信サーバーの停止", "delivery server down"),
            Self::DeliveryUp => ("配信サーバーの復旧", "delivery server up again"),
            Self::Campaign => ("次の更新の配信開始", "next update"),
        };
        Text::new(ja, en)
    }

    fn is_terminals(self) -> bool {
        !matches!(self, Self::Suspend | Self::Resume | Self::DeliveryDown | Self::DeliveryUp | Self::Campaign)
    }
}

impl TimelineStep {
    /// Returns the field that is invalid, and what was expected.
    pub(super) fn validate(&self, terminals: &BTreeMap<TerminalId, Settings>) -> Option<(&'static str, Text)> {
        let settings = self.terminal.as_ref().map(|id| terminals.get(id));
        match (self.action.is_terminals(), settings) {
            (true, Some(Some(settings)))
                if settings.driver == Driver::External && !matches!(self.action, Action::LineDown | Action::LineUp) =>
            {
                let expected = Text::new("driver が virtual の端末が必要です", "expected a terminal whose driver is virtual");
                return Some(("terminal", expected));
            }
            (true, Some(Some(_))) | (false, None) => {}
            (true, _) => return Some(("terminal", Text::new("terminals にある端末が必要です", "expected one of its terminals"))),
            (false, Some(_)) => return Some(("terminal", Text::new("端末の操作ではありません", "this action is not a terminal's"))),
        }
        if (self.action == Action::Campaign) == self.campaign.is_some() {
            return None;
        }
        let expected = Text::new(
            "campaign は action = \"campaign\" のときにだけ、必ず指定します",
            "`campaign` goes with action = \"campaign\", and has to be there",
        );
        Some(("campaign", expected))
    }
}

/// The progress of a step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StepProgress {
    /// The step is not due yet.
    #[default]
    Waiting,
    /// The step was performed.
    Done,
    /// The step was due, but the terminal could not perform it.
    Refused {
        /// The reason.
        why: Text,
    },
    /// The clock was set to a time after the step, so that the step is not performed.
    Skipped,
}

/// A step and its progress.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Planned")]
pub struct ScheduledStep {
    /// The step.
    #[serde(flatten)]
    pub step: TimelineStep,
    /// The progress.
    #[serde(flatten)]
    pub progress: StepProgress,
}

/// The timeline of the scenario that was applied to an institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    /// The scenario.
    pub id: ScenarioId,
    steps: Vec<ScheduledStep>,
}

impl Timeline {
    /// Creates a timeline whose steps are all waiting.
    pub(super) fn new(id: ScenarioId, steps: Vec<TimelineStep>) -> Self {
        Self { id, steps: steps.into_iter().map(|step| ScheduledStep { step, progress: StepProgress::Waiting }).collect() }
    }

    /// Returns all steps in order.
    pub fn steps(&self) -> &[ScheduledStep] {
        &self.steps
    }

    /// Returns the next step with its index.
    pub fn next(&self) -> Option<(usize, &TimelineStep)> {
        let next = self.steps.iter().enumerate().find(|(_, planned)| planned.progress == StepProgress::Waiting);
        next.map(|(i, planned)| (i, &planned.step))
    }

    /// Stores the progress of a step.
    pub(super) fn set_progress(&mut self, place: usize, progress: StepProgress) {
        if let Some(planned) = self.steps.get_mut(place) {
            planned.progress = progress;
        }
    }

    /// Marks the waiting steps before `now` as skipped.
    pub(super) fn skip_to(&mut self, now: Timestamp) {
        let waiting = |planned: &&mut ScheduledStep| planned.progress == StepProgress::Waiting && planned.step.at < now;
        self.steps.iter_mut().filter(waiting).for_each(|planned| planned.progress = StepProgress::Skipped);
    }
}
