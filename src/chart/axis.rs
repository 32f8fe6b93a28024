//! The axis of time: where a time is, and which times are written below.

use jiff::{SignedDuration, Timestamp};

use super::Chart;
use crate::domain::japan;

/// The width of a drawing, of the names at its left, and of the margin at its right.
pub(super) const WIDTH: f64 = 1200.0;
pub(super) const NAMES: f64 = 78.0;
const MARGIN: f64 = 14.0;
/// The minimum distance of two times below the axis.
const TICK_DISTANCE: f64 = 62.0;
/// The distances between times below the axis, in minutes.
const STEPS: [i64; 16] = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, DAY, 2 * DAY, 7 * DAY, 28 * DAY, 91 * DAY];
const DAY: i64 = 24 * 60;

/// Where a time is.
#[derive(Clone, Copy)]
pub(super) struct Axis {
    from: Timestamp,
    to: Timestamp,
}

/// A time below the axis.
pub(super) struct Tick {
    pub(super) x: f64,
    /// The time of day; none where days are counted.
    pub(super) time: Option<String>,
    /// The date, at the first time and at each midnight.
    pub(super) date: Option<String>,
}

impl Axis {
    pub(super) fn of(chart: &Chart) -> Self {
        // A chart of one instant has a width, too.
        let to = chart.to.max(chart.from.saturating_add(SignedDuration::from_secs(1)).unwrap_or(chart.to));
        Self { from: chart.from, to }
    }

    /// Returns the right edge.
    pub(super) fn end() -> f64 {
        WIDTH - MARGIN
    }

    /// Returns where a time is. Times before or after the drawing are at its edges.
    pub(super) fn x(self, at: Timestamp) -> f64 {
        let seconds = |from: Timestamp, to: Timestamp| to.duration_since(from).as_secs_f64();
        let part = (seconds(self.from, at) / seconds(self.from, self.to)).clamp(0.0, 1.0);
        NAMES + part * (Self::end() - NAMES)
    }

    /// Whether a time is within the drawing.
    pub(super) fn shows(self, at: Timestamp) -> bool {
        self.from <= at && at <= self.to
    }

    /// Whether a part of a period is within the drawing.
    pub(super) fn shows_some_of(self, from: Timestamp, to: Timestamp) -> bool {
        from <= self.to && self.from <= to
    }

    /// Returns the times to write below.
    pub(super) fn ticks(self) -> Vec<Tick> {
        let minutes = self.to.duration_since(self.from).as_secs_f64() / 60.0;
        let distance = |step: i64| (Self::end() - NAMES) * step as f64 / minutes;
        let step = STEPS.into_iter().find(|step| distance(*step) >= TICK_DISTANCE).unwrap_or(STEPS[STEPS.len() - 1]);
        // Times are multiples of the step since a midnight in Japan.
        let seconds = step * 60;
        let offset = i64::from(japan::JST.seconds());
        let first = (self.from.as_second() + offset).div_euclid(seconds) * seconds - offset;
        let times = (0..).map(|place| first + place * seconds).map_while(|second| Timestamp::from_second(second).ok());
        let mut ticks: Vec<Tick> = Vec::new();
        for at in times.take_while(|at| *at <= self.to).filter(|at| *at >= self.from) {
            let civil = japan::civil(at);
            let midnight = (civil.hour(), civil.minute()) == (0, 0);
            let time = (step < DAY).then(|| civil.strftime("%H:%M").to_string());
            let date = (midnight || ticks.is_empty()).then(|| civil.strftime("%m-%d").to_string());
            ticks.push(Tick { x: self.x(at), time, date });
        }
        ticks
    }
}
