//! What people did in the console, so that those who share an institution see each other's steps.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::TerminalId;
use super::named::named;
use super::text::Text;

/// The maximum number of actions stored. Older ones are evicted.
pub const MAX_ACTIONS: usize = 200;

named! {
    /// An action in the console.
    #[expect(missing_docs, reason = "each has a title")]
    pub enum ConsoleAction {
        SettingsChanged = "settings_changed",
        Reset = "reset",
        ClockSet = "clock_set",
        ClockAdvanced = "clock_advanced",
        Restored = "restored",
        FaultAdded = "fault_added",
        FaultRemoved = "fault_removed",
        FaultsRemoved = "faults_removed",
        Observed = "observed",
        ScreenshotAttached = "screenshot_attached",
        ScreenshotRemoved = "screenshot_removed",
        TerminalChanged = "terminal_changed",
        Power = "power",
        Shutdown = "shutdown",
        Restart = "restart",
        RestartLinkage = "restart_linkage",
        ReaderPower = "reader_power",
        Download = "download",
        Card = "card",
    }
}

impl ConsoleAction {
    /// Returns the title shown to users: the name of the button where there is one.
    pub fn title(self) -> Text {
        let (ja, en) = match self {
            Self::SettingsChanged => ("設定の変更", "settings changed"),
            Self::Reset => ("最初から", "from the beginning"),
            Self::ClockSet => ("時計の設定", "clock set"),
            Self::ClockAdvanced => ("時計を進める", "clock advanced"),
            Self::Restored => ("戻す", "restored"),
            Self::FaultAdded => ("障害の設定", "fault set"),
            Self::FaultRemoved => ("障害の取り消し", "fault removed"),
            Self::FaultsRemoved => ("すべての障害の取り消し", "all faults removed"),
            Self::Observed => ("画面の記録", "screen recorded"),
            Self::ScreenshotAttached => ("画面の画像の添付", "picture of the screen attached"),
            Self::ScreenshotRemoved => ("画面の画像の削除", "picture of the screen deleted"),
            Self::TerminalChanged => ("端末の設定の変更", "settings of the terminal changed"),
            Self::Power => ("電源", "power"),
            Self::Shutdown => ("シャットダウン", "shut down"),
            Self::Restart => ("再起動", "restart"),
            Self::RestartLinkage => ("連携アプリだけ再起動", "restart only the linkage application"),
            Self::ReaderPower => ("リーダーの電源", "power of the reader"),
            Self::Download => ("ダウンロード", "download"),
            Self::Card => ("カードを置く", "present a card"),
        };
        Text::new(ja, en)
    }
}

/// An action that was performed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PerformedAction {
    /// The time by the institution's clock, after the action.
    pub at: Timestamp,
    /// The time by the machine's clock.
    pub wall: Timestamp,
    /// The number of the institution's newest event after the action. It shows which events the
    /// action and those before it led to, also while the clock stands still.
    pub last_event: u64,
    /// The short name of the session that performed it.
    pub by: String,
    /// The action.
    pub action: ConsoleAction,
    /// The terminal, if the action concerns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terminal: Option<TerminalId>,
}

/// The last actions of an institution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsoleActions(VecDeque<PerformedAction>);

impl ConsoleActions {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Appends an action.
    pub fn add(&mut self, performed: PerformedAction) {
        while self.0.len() >= MAX_ACTIONS {
            self.0.pop_front();
        }
        self.0.push_back(performed);
    }

    /// Iterates over the stored actions, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &PerformedAction> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_evicted_beyond_the_limit() {
        let mut actions = ConsoleActions::default();
        let at: Timestamp = "2026-01-19T23:55:00Z".parse().unwrap();
        for second in 0..MAX_ACTIONS as i64 + 3 {
            let wall = at + jiff::SignedDuration::from_secs(second);
            actions.add(PerformedAction {
                at,
                wall,
                last_event: 0,
                by: "3f2a1c".to_owned(),
                action: ConsoleAction::Restart,
                terminal: None,
            });
        }
        assert_eq!(actions.iter().count(), MAX_ACTIONS);
        assert_eq!(actions.iter().next().unwrap().wall, at + jiff::SignedDuration::from_secs(3));
    }
}
