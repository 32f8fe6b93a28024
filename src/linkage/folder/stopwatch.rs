//! The measurement of time by a clock that may be set back.

use std::time::Duration;

use jiff::Timestamp;

/// The time from which a wait is measured.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(pub(super) Timestamp);

impl Stopwatch {
    /// Whether `wait` has passed at `wall`. If the clock was set back before the start, the
    /// wait begins again: that is a little longer than planned, but not by the hours that the
    /// clock was set back.
    pub(super) fn has_passed(&mut self, wait: Duration, wall: Timestamp) -> bool {
        self.0 = self.0.min(wall);
        wall.duration_since(self.0).unsigned_abs() >= wait
    }
}
