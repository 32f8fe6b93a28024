//! The readings: how this mock interprets what the notice leaves open. Each is a setting. The
//! defaults are ours, not the real system's.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::period::Period;

/// The project's interpretation of the notice where it is ambiguous.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Readings {
    /// What "except the 25th" excludes (default: the night that starts on it).
    pub excluded: Excluded,
    /// Whether the closing time itself, 05:00:00, belongs to the window (default: no).
    pub closing_time_included: bool,
    /// Whether a download that started in the window continues after the window closes (default: it
    /// stops and resumes in the next window).
    pub download_runs_on: bool,
    /// Whether the data received before an interruption is kept (default: yes).
    pub partial_download_survives: bool,
    /// Whether the reader's application also requires switching the reader off and on before the
    /// terminal's restart (default: no).
    pub reader_needs_own_restart: bool,
    /// N5 mentions only patients at the terminal: whether checks by card data over the web API are
    /// refused too (default: yes).
    pub card_data_check_refused: bool,
    /// What is written to the linkage folder when a card is presented at a terminal that waits for
    /// its restart (default: nothing).
    pub card_while_pending: CardWhilePending,
    /// N11: the date from which a terminal without the update is refused (default: never).
    pub outdated_refused_from: Option<Date>,
    /// N10 (invented): the time without contact after which a terminal is reported as silent in
    /// pushed notices (default: three days).
    pub silent_after: Period,
}

/// What is not distributed because of an excluded date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Excluded {
    /// The night that starts on the date. The early hours of the date belong to the previous night
    /// and are not excluded.
    Night,
    /// The date from midnight to midnight, and the night that would have started on it.
    CalendarDay,
}

/// What is written to the linkage folder, in addition to the error on the screen, when a card is
/// presented at a terminal that waits for its restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CardWhilePending {
    /// No file is written.
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
