//! The bandwidth limits of terminals that fetch packages. All downloads of a terminal share one
//! line, which uses the machine's clock.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::domain::ids::TerminalAddress;

/// The time that an idle line saves up and may use at once.
const BURST: Duration = Duration::from_secs(1);

/// The lines of the terminals that are fetching.
#[derive(Debug, Default)]
pub struct Lines(Mutex<BTreeMap<TerminalAddress, Weak<Line>>>);

/// The line of one terminal: the time when everything queued on it will have been transmitted.
#[derive(Debug)]
pub struct Line(Mutex<Instant>);

impl Lines {
    /// Returns the line of a terminal.
    pub fn of(&self, terminal: &TerminalAddress) -> Arc<Line> {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(terminal).and_then(Weak::upgrade) {
            return line;
        }
        lines.retain(|_, line| line.strong_count() > 0);
        let line = Arc::new(Line(Mutex::new(Instant::now())));
        lines.insert(terminal.clone(), Arc::downgrade(&line));
        line
    }
}

impl Line {
    /// Waits until this number of bytes is transmitted at this bandwidth, in bytes per second.
    pub async fn pass(&self, bytes: u64, bandwidth: u64) {
        let through = self.put(bytes, bandwidth, Instant::now());
        sleep_until(through).await;
    }

    /// Queues bytes on the line, and returns when they will have been transmitted. Saved-up time is
    /// used first.
    fn put(&self, bytes: u64, bandwidth: u64, now: Instant) -> Instant {
        let mut through = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rested = now.checked_sub(BURST).unwrap_or(now);
        *through = (*through).max(rested) + Duration::from_secs_f64(bytes as f64 / bandwidth.max(1) as f64);
        *through
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_time_and_a_rest_saves_up_one_second_only() {
        let start = Instant::now();
        let line = Line(Mutex::new(start));
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(line.put(1000, 1000, start), at(1));
        assert_eq!(line.put(3000, 1000, start), at(4), "another download of the same terminal shares the line");
        assert_eq!(line.put(1000, 1000, at(100)), at(100), "one second is saved up");
        assert_eq!(line.put(1000, 1000, at(100)), at(101));
    }
}
