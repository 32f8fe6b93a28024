//! The readings: how this mock interprets what the notice leaves open. Each is a setting. The
//! defaults are ours, not the real system's.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::period::Period;

/// Our readings of the notice where it can be read in more than one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Readings {
    /// What "except the 25th" takes away (default: the night that starts on it).
    pub excluded: Excluded,
    /// Whether the closing second itself, 05:00:00, still belongs to the window (default: no).
    pub closing_time_included: bool,
    /// Whether a download begun before the window closes runs on after it (default: it stops and resumes at the next window).
    pub download_runs_on: bool,
    /// Whether what was received before an interruption is kept (default: yes).
    pub partial_download_survives: bool,
    /// Whether the reader's application also needs the reader switched off and on before the terminal's restart (default: no).
    pub reader_needs_own_restart: bool,
    /// N5 speaks of the patient at the terminal; whether checks by card data over the web API are refused too (default: yes).
    pub card_data_check_refused: bool,
    /// What a card presented at the reader of a pending terminal leaves in the linkage folder (default: nothing).
    pub card_while_pending: CardWhilePending,
    /// N11: the date from which a terminal without the update is refused (default: never).
    pub outdated_refused_from: Option<Date>,
    /// N10, invented: after how long without contact a terminal counts as silent in pushed notices (default: three days).
    pub silent_after: Period,
}

/// What an excluded date takes away from the distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Excluded {
    /// The night that starts on the date; the early hours that belong to the night before stay.
    Night,
    /// Everything from midnight to midnight of the date, and the night that would have started on it.
    CalendarDay,
}

/// What a card presented at the reader of a pending terminal leaves in the linkage folder, beside the error on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardWhilePending {
    /// Nothing.
    Nothing,
    /// A face result file with the error.
    ErrorFile,
}

impl Default for Readings {
    fn default() -> Self {
        Self {
            excluded: Excluded::Night,
            closing_time_included: false,
            download_runs_on: false,
            partial_download_survives: true,
            reader_needs_own_restart: false,
            card_data_check_refused: true,
            card_while_pending: CardWhilePending::Nothing,
            outdated_refused_from: None,
            silent_after: Period::from_secs(3 * 24 * 60 * 60),
        }
    }
}
