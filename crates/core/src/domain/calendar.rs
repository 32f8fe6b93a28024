//! The calendar of a campaign: when a window is open, and when the next one opens (N2, N7).

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::japan;
use super::readings::{Excluded, Readings};

/// The maximum number of nights of a campaign.
pub const MAX_NIGHTS: u16 = 400;

/// The distribution schedule of a campaign, in Japan time. A night belongs to the day on which it
/// starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The day on which the first night starts.
    pub starts: Date,
    /// The number of nights from `starts`, including excluded ones: 1 to 400.
    pub nights: u16,
    /// Excluded dates. The setting `readings.excluded` decides what is not distributed.
    #[serde(default)]
    pub excluded: BTreeSet<Date>,
    /// The time at which the nightly window opens.
    pub opens: Time,
    /// The time at which the window closes; on the next day if it is not after `opens`.
    pub closes: Time,
    /// The first date of all-day distribution, which starts at midnight and has no end.
    #[serde(default)]
    pub all_day_from: Option<Date>,
}

/// A period in which packages are distributed. `start` is included, `end` is not; without `end` it
/// stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// When the window opens.
    pub start: Timestamp,
    /// When the window closes.
    pub end: Option<Timestamp>,
}

/// Returns the window that is open at `at`. `windows` must be in order.
pub fn open_window(windows: &[Window], at: Timestamp) -> Option<Window> {
    let begun = windows.partition_point(|window| window.start <= at);
    windows[..begun].last().copied().filter(|window| window.end.is_none_or(|end| at < end))
}

/// Returns the first window that opens after `at`. `windows` must be in order.
pub fn next_window(windows: &[Window], at: Timestamp) -> Option<Window> {
    windows.get(windows.partition_point(|window| window.start <= at)).copied()
}

impl Calendar {
    /// Returns all windows in order. Adjacent windows are joined.
    pub fn windows(&self, readings: &Readings) -> Vec<Window> {
        let days = std::iter::successors(Some(self.starts), |day| Some(japan::next_day(*day))).take(usize::from(self.nights));
        let nights = days.filter(|day| !self.excluded.contains(day)).map(|day| self.night(day, readings));
        let all_day = self.all_day_from.map(|day| Window { start: japan::instant(day, Time::midnight()), end: None });
        let mut windows: Vec<Window> = nights.chain(all_day).collect();
        windows.sort_by_key(|window| window.start);
        windows.dedup_by(|next, last| {
            let touch = last.end.is_none_or(|end| next.start <= end);
            if touch {
                last.end = last.end.zip(next.end).map(|(a, b)| a.max(b));
            }
            touch
        });
        windows
    }

    /// Returns the window of the night that starts on `day`.
    fn night(&self, day: Date, readings: &Readings) -> Window {
        let closes_on = if self.closes > self.opens { day } else { japan::next_day(day) };
        let cut = readings.excluded == Excluded::CalendarDay && self.excluded.contains(&closes_on);
        let end = if cut {
            japan::instant(closes_on, Time::midnight())
        } else {
            japan::instant(closes_on, self.closes) + SignedDuration::from_secs(i64::from(readings.closing_time_included))
        };
        Window { start: japan::instant(day, self.opens), end: Some(end) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn notice() -> Calendar {
        Calendar {
            starts: date(2026, 1, 19),
            nights: 12,
            excluded: BTreeSet::from([date(2026, 1, 25)]),
            opens: time(20, 0, 0, 0),
            closes: time(5, 0, 0, 0),
            all_day_from: Some(date(2026, 1, 31)),
        }
    }

    fn at(day: i8, hour: i8, minute: i8, second: i8) -> Timestamp {
        japan::instant(date(2026, 1, day), time(hour, minute, second, 0))
    }

    #[test]
    fn the_notice_has_eleven_windows_and_the_last_never_ends() {
        let windows = notice().windows(&Readings::default());
        let nights: Vec<i8> = windows.iter().map(|window| japan::civil(window.start).day()).collect();
        assert_eq!(nights, [19, 20, 21, 22, 23, 24, 26, 27, 28, 29, 30]);
        assert_eq!(windows[10], Window { start: at(30, 20, 0, 0), end: None });
        assert_eq!(windows[5].end, Some(at(25, 5, 0, 0)));
    }

    #[test]
    fn the_edges_are_where_the_notice_puts_them() {
        let windows = notice().windows(&Readings::default());
        let open = |at| open_window(&windows, at).is_some();
        assert!(!open(at(19, 19, 59, 59)) && open(at(19, 20, 0, 0)));
        assert!(open(at(25, 4, 59, 59)) && !open(at(25, 5, 0, 0)));
        assert!(!open(at(25, 23, 0, 0)) && !open(at(26, 3, 0, 0)));
        assert_eq!(next_window(&windows, at(25, 5, 0, 0)).unwrap().start, at(26, 20, 0, 0));
        assert!(open(at(31, 0, 0, 0)) && open(at(31, 12, 0, 0)));
    }

    #[test]
    fn the_other_readings_move_the_edges() {
        let calendar = notice();
        let day = Readings { excluded: Excluded::CalendarDay, ..Readings::default() };
        assert!(open_window(&calendar.windows(&day), at(24, 23, 59, 59)).is_some());
        assert!(open_window(&calendar.windows(&day), at(25, 0, 0, 0)).is_none());
        assert!(open_window(&calendar.windows(&day), at(26, 3, 0, 0)).is_none());
        let included = Readings { closing_time_included: true, ..Readings::default() };
        assert!(open_window(&calendar.windows(&included), at(20, 5, 0, 0)).is_some());
        assert!(open_window(&calendar.windows(&included), at(20, 5, 0, 1)).is_none());
    }

    #[test]
    fn an_all_day_period_that_starts_early_swallows_the_nights_behind_it() {
        let calendar = Calendar { all_day_from: Some(date(2026, 1, 21)), ..notice() };
        let windows = calendar.windows(&Readings::default());
        assert_eq!(windows.len(), 2);
        assert_eq!(windows[1], Window { start: at(20, 20, 0, 0), end: None });
    }
}
