//! An institution's clock: it shows the machine's time, a frozen reading, or a reading that moves
//! at a rate. It stores its former settings, to compute what it showed when a token was issued.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::period::Period;

/// How the clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Shows the machine's time.
    System,
    /// Stopped until it is advanced.
    Frozen,
    /// Runs from a given time at a given rate.
    Running,
}

/// The setting of a clock: `{"mode": …, "now": RFC 3339, "rate": 1.0}`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = Self { mode: Mode::Frozen, now: Some(Timestamp::constant(1_768_816_800, 0)), rate: None }, example = Self { mode: Mode::System, now: None, rate: None })]
pub struct ClockSetting {
    /// How the clock runs.
    pub mode: Mode,
    /// The initial time. If omitted, the clock keeps its current time. Not allowed with `system`.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "super::japan::serialize_option")]
    pub now: Option<Timestamp>,
    /// The number of seconds that the clock advances per second of the machine: above 0, at most
    /// 10000 (default 1). Only with `running`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
}

/// Why a clock setting is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// `now` with a system clock.
    #[error("a `system` clock shows the machine's time: leave `now` out, or use `frozen` or `running`")]
    SystemHasNoReading,
    /// A rate in a mode other than `running`.
    #[error("`rate` goes with the mode `running` only")]
    RateWithoutRunning,
    /// A rate out of range.
    #[error("`rate` is above 0 and at most 10000")]
    RateOutOfRange,
    /// A reading out of range.
    #[error("a clock shows a time from 2000-01-01 to 2199-12-31")]
    ReadingOutOfRange,
    /// An advance into the past.
    #[error("a clock is only advanced forward: the target lies before what it shows")]
    Backwards,
    /// An advance beyond the limit.
    #[error("a clock is advanced by at most 400 days at once")]
    TooFar,
}

const MIN_TIME: Timestamp = Timestamp::constant(946_684_800, 0);
const MAX_TIME: Timestamp = Timestamp::constant(7_258_118_400, 0);
const MILLIONTHS: f64 = 1_000_000.0;
/// 10000 seconds per second, in millionths.
const MAX_RATE: i64 = 10_000_000_000;
/// The maximum number of stored settings. Beyond it, the older half is thinned out. The oldest are
/// not cut off, because an old token would then seem to be issued later than it was.
const MAX_SETTINGS: usize = 1024;

/// An institution's clock. The machine's time (`wall`) is always an argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    settings: Vec<Setting>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Setting {
    wall: Timestamp,
    reading: Timestamp,
    mode: Mode,
    /// In millionths of a second per second. Whole numbers keep readings exact over years.
    rate: i64,
}

impl Setting {
    fn reading(&self, wall: Timestamp) -> Timestamp {
        let passed = wall.duration_since(self.wall).as_nanos();
        let moved = match self.mode {
            Mode::System => return wall,
            Mode::Frozen => 0,
            Mode::Running => passed.max(0) * i128::from(self.rate) / 1_000_000,
        };
        self.reading.checked_add(SignedDuration::from_nanos_i128(moved)).unwrap_or(MAX_TIME).min(MAX_TIME)
    }
}

impl Clock {
    /// Creates a clock with its first setting.
    ///
    /// # Errors
    /// The setting is invalid.
    pub fn new(setting: ClockSetting, wall: Timestamp) -> Result<Self, ClockError> {
        let mut clock = Self { settings: vec![Setting { wall, reading: wall, mode: Mode::System, rate: 1_000_000 }] };
        let checked = clock.check(setting, wall)?;
        clock.settings = vec![checked];
        Ok(clock)
    }

    /// Returns the time that the clock shows.
    pub fn reading(&self, wall: Timestamp) -> Timestamp {
        self.current().reading(wall)
    }

    /// Returns the time that the clock showed when the machine's time was `wall`, by the setting of
    /// that moment.
    pub fn reading_at(&self, wall: Timestamp) -> Timestamp {
        let setting = self.settings.iter().rev().find(|setting| setting.wall <= wall);
        setting.or(self.settings.first()).map_or(wall, |setting| setting.reading(wall))
    }

    /// Returns the machine's time at which the clock shows `reading` under its present setting;
    /// `None` while it is frozen.
    pub fn wall_at(&self, reading: Timestamp) -> Option<Timestamp> {
        let Setting { wall, reading: from, mode, rate } = *self.current();
        match mode {
            Mode::System => Some(reading),
            Mode::Frozen => None,
            Mode::Running => {
                let ahead = reading.duration_since(from).as_nanos() * 1_000_000;
                let passed = ahead.div_euclid(i128::from(rate)) + 1;
                wall.checked_add(SignedDuration::from_nanos_i128(passed)).ok()
            }
        }
    }

    /// Changes the setting. The time that the clock skips does not pass: nothing is processed for
    /// it.
    ///
    /// # Errors
    /// The setting is invalid; the clock is unchanged.
    pub fn set(&mut self, setting: ClockSetting, wall: Timestamp) -> Result<(), ClockError> {
        let setting = self.check(setting, wall)?;
        self.push_setting(setting);
        Ok(())
    }

    /// Moves the clock forward to `target`. A system clock becomes a running clock that is ahead.
    ///
    /// # Errors
    /// The target is in the past, more than 400 days ahead, or out of range; the clock is
    /// unchanged.
    pub fn advance_to(&mut self, target: Timestamp, wall: Timestamp) -> Result<(), ClockError> {
        let by = target.duration_since(self.reading(wall));
        if by.is_negative() {
            return Err(ClockError::Backwards);
        }
        if by > Period::MAX.duration() {
            return Err(ClockError::TooFar);
        }
        in_range(target)?;
        let current = *self.current();
        let mode = if current.mode == Mode::System { Mode::Running } else { current.mode };
        self.push_setting(Setting { wall, reading: target, mode, rate: current.rate });
        Ok(())
    }

    /// Whether it has a setting, and each has a rate and shows a time within the limits. A
    /// deserialized clock may not.
    pub fn is_valid(&self) -> bool {
        let is_valid = |setting: &Setting| can_show(setting.reading) && (1..=MAX_RATE).contains(&setting.rate);
        !self.settings.is_empty() && self.settings.iter().all(is_valid)
    }

    /// Returns a clock that continues from `reading` when the machine's time is `wall`; a system
    /// clock shows the machine's time. Former settings are dropped.
    pub fn resumed_at(&self, reading: Timestamp, wall: Timestamp) -> Self {
        let current = *self.current();
        let reading = if current.mode == Mode::System { wall } else { reading };
        Self { settings: vec![Setting { wall, reading, ..current }] }
    }

    /// Returns the present setting: mode, time shown, and the rate of a running clock.
    pub fn setting(&self, wall: Timestamp) -> ClockSetting {
        let current = self.current();
        ClockSetting {
            mode: current.mode,
            now: Some(current.reading(wall)),
            rate: (current.mode == Mode::Running).then(|| current.rate as f64 / MILLIONTHS),
        }
    }

    fn check(&self, setting: ClockSetting, wall: Timestamp) -> Result<Setting, ClockError> {
        if setting.mode == Mode::System && setting.now.is_some() {
            return Err(ClockError::SystemHasNoReading);
        }
        if setting.mode != Mode::Running && setting.rate.is_some() {
            return Err(ClockError::RateWithoutRunning);
        }
        let rate = setting.rate.unwrap_or(1.0);
        if !(rate > 0.0 && rate <= 10_000.0) || (rate * MILLIONTHS) < 1.0 {
            return Err(ClockError::RateOutOfRange);
        }
        let reading = setting.now.unwrap_or_else(|| self.reading(wall));
        in_range(reading)?;
        Ok(Setting { wall, reading, mode: setting.mode, rate: (rate * MILLIONTHS) as i64 })
    }

    fn push_setting(&mut self, setting: Setting) {
        if self.settings.len() == MAX_SETTINGS {
            let mut place = 0;
            self.settings.retain(|_| {
                place += 1;
                place % 2 == 1 || place > MAX_SETTINGS / 2
            });
        }
        self.settings.push(setting);
    }

    fn current(&self) -> &Setting {
        self.settings.last().expect("a clock is made with a setting and never loses its last")
    }
}

/// Whether a clock can show this time, at the latest when it has stopped at its limit.
pub fn can_show(time: Timestamp) -> bool {
    (MIN_TIME..=MAX_TIME).contains(&time)
}

fn in_range(reading: Timestamp) -> Result<(), ClockError> {
    if (MIN_TIME..MAX_TIME).contains(&reading) { Ok(()) } else { Err(ClockError::ReadingOutOfRange) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WALL: Timestamp = Timestamp::constant(1_700_000_000, 0);

    fn later(seconds: i64) -> Timestamp {
        WALL + SignedDuration::from_secs(seconds)
    }

    fn setting(mode: Mode, now: Option<Timestamp>, rate: Option<f64>) -> ClockSetting {
        ClockSetting { mode, now, rate }
    }

    #[test]
    fn each_mode_moves_as_it_says() {
        let start: Timestamp = "2026-01-19T10:00:00Z".parse().unwrap();
        let system = Clock::new(setting(Mode::System, None, None), WALL).unwrap();
        assert_eq!(system.reading(later(5)), later(5));
        let frozen = Clock::new(setting(Mode::Frozen, Some(start), None), WALL).unwrap();
        assert_eq!(frozen.reading(later(5)), start);
        let running = Clock::new(setting(Mode::Running, Some(start), Some(60.0)), WALL).unwrap();
        assert_eq!(running.reading(later(5)), start + SignedDuration::from_mins(5));
    }

    #[test]
    fn advancing_a_system_clock_makes_it_run_ahead() {
        let mut clock = Clock::new(setting(Mode::System, None, None), WALL).unwrap();
        clock.advance_to(later(3600), WALL).unwrap();
        assert_eq!(clock.reading(later(1)), later(3601));
        assert_eq!(clock.setting(WALL).mode, Mode::Running);
        assert_eq!(clock.advance_to(later(10), WALL), Err(ClockError::Backwards));
        assert_eq!(clock.advance_to(later(3600 + 401 * 86_400), WALL), Err(ClockError::TooFar));
    }

    #[test]
    fn what_it_showed_earlier_is_remembered() {
        let mut clock = Clock::new(setting(Mode::System, None, None), WALL).unwrap();
        clock.advance_to(later(86_400), later(10)).unwrap();
        assert_eq!(clock.reading_at(later(5)), later(5));
        assert_eq!(clock.reading_at(later(10)), later(86_400));
    }

    #[test]
    fn it_tells_when_it_will_show_a_reading() {
        let start: Timestamp = "2026-01-19T10:00:00Z".parse().unwrap();
        let later_then = start + SignedDuration::from_mins(10);
        let running = Clock::new(setting(Mode::Running, Some(start), Some(60.0)), WALL).unwrap();
        let wall = running.wall_at(later_then).unwrap();
        assert!(wall.duration_since(later(10)) < SignedDuration::from_micros(1), "{wall}");
        assert!(running.reading(wall) >= later_then && running.reading(wall - SignedDuration::from_micros(1)) < later_then);
        let clock = |mode, now| Clock::new(setting(mode, now, None), WALL).unwrap();
        assert_eq!(clock(Mode::System, None).wall_at(later(5)), Some(later(5)));
        assert_eq!(clock(Mode::Frozen, Some(start)).wall_at(later_then), None);
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        let new = |mode, now, rate| Clock::new(setting(mode, now, rate), WALL).unwrap_err();
        assert_eq!(new(Mode::System, Some(WALL), None), ClockError::SystemHasNoReading);
        assert_eq!(new(Mode::Frozen, None, Some(2.0)), ClockError::RateWithoutRunning);
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 10_001.0] {
            assert_eq!(new(Mode::Running, None, Some(rate)), ClockError::RateOutOfRange);
        }
        assert_eq!(new(Mode::Frozen, Some(Timestamp::MIN), None), ClockError::ReadingOutOfRange);
    }
}
