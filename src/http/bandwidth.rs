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
pub struct BandwidthLimiters(Mutex<BTreeMap<TerminalAddress, Weak<BandwidthLimiter>>>);

/// The line of one terminal: the time when everything queued on it will have been transmitted.
#[derive(Debug)]
pub struct BandwidthLimiter(Mutex<Instant>);

impl BandwidthLimiters {
    /// Returns the line of a terminal.
    pub fn for_terminal(&self, terminal: &TerminalAddress) -> Arc<BandwidthLimiter> {
        let mut limiters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(limiter) = limiters.get(terminal).and_then(Weak::upgrade) {
            return limiter;
        }
        limiters.retain(|_, limiter| limiter.strong_count() > 0);
        let limiter = Arc::new(BandwidthLimiter(Mutex::new(Instant::now())));
        limiters.insert(terminal.clone(), Arc::downgrade(&limiter));
        limiter
    }
}

impl BandwidthLimiter {
    /// Waits until this number of bytes is transmitted at this bandwidth, in bytes per second.
    pub async fn wait_for(&self, bytes: u64, bandwidth: u64) {
        let transmitted_at = self.reserve(bytes, bandwidth, Instant::now());
        sleep_until(transmitted_at).await;
    }

    /// Queues bytes on the line, and returns when they will have been transmitted. Saved-up time is
    /// used first.
    fn reserve(&self, bytes: u64, bandwidth: u64, now: Instant) -> Instant {
        let mut transmitted_at = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let earliest = now.checked_sub(BURST).unwrap_or(now);
        *transmitted_at = (*transmitted_at).max(earliest) + Duration::from_secs_f64(bytes as f64 / bandwidth.max(1) as f64);
        *transmitted_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_time_and_a_rest_saves_up_one_second_only() {
        let start = Instant::now();
        let limiter = BandwidthLimiter(Mutex::new(start));
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(limiter.reserve(1000, 1000, start), at(1));
        assert_eq!(limiter.reserve(3000, 1000, start), at(4), "another download of the same terminal shares the line");
        assert_eq!(limiter.reserve(1000, 1000, at(100)), at(100), "one second is saved up");
        assert_eq!(limiter.reserve(1000, 1000, at(100)), at(101));
    }
}
