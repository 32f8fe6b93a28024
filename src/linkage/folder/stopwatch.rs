//! How long something has lasted, by a clock that may be set back meanwhile.

use std::time::Duration;

use jiff::Timestamp;

/// The moment from which a time is counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stopwatch(pub(super) Timestamp);

impl Stopwatch {
    /// Whether `wait` has passed at `wall`. If the clock was set back behind the beginning the time is counted anew: that waits a little
    /// longer, instead of the hours by which the clock was set.
    pub(super) fn has_passed(&mut self, wait: Duration, wall: Timestamp) -> bool {
        self.0 = self.0.min(wall);
        wall.duration_since(self.0).unsigned_abs() >= wait
    }
}
