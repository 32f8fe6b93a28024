//! The waiting times of a terminal. They use the machine's monotonic clock, so that changes of
//! the wall clock have no effect, and have jitter from a seed.

use std::time::Duration;

use aws_lc_rs::digest;
use fastrand::Rng;

use super::request_error::RetryDelay;
use crate::domain::ids::TerminalAddress;

/// The first wait after a failure.
const INITIAL_BACK_OFF: Duration = Duration::from_secs(5);

/// The longest wait after a failure.
const MAX_BACK_OFF: Duration = Duration::from_secs(15 * 60);

/// The longest wait that a server can request.
const MAX_WAIT: Duration = Duration::from_secs(24 * 3600);

/// The shortest wait between requests, whatever the speed.
const MIN_WAIT: Duration = Duration::from_millis(20);

/// The shortest wait after a failure, whatever the speed.
const MIN_BACK_OFF: Duration = Duration::from_millis(100);

/// The waiting times of a terminal.
#[derive(Debug)]
pub(super) struct Pace {
    speed: f64,
    random: Rng,
    failures: u32,
}

impl Pace {
    /// Creates the pace of a terminal. All waiting times are divided by `speed`. The terminal's
    /// name is the seed of the jitter, so that each terminal has its own, reproducible waits.
    pub(super) fn new(speed: f64, address: &TerminalAddress) -> Self {
        let digest = digest::digest(&digest::SHA256, address.to_string().as_bytes());
        let seed = digest.as_ref().iter().take(8).fold(0, |seed: u64, byte| seed << 8 | u64::from(*byte));
        Self { speed, random: Rng::with_seed(seed), failures: 0 }
    }

    /// Returns the real wait for a time in the terminal's time.
    pub(super) fn wait(&self, nominal: Duration) -> Duration {
        nominal.min(MAX_WAIT).div_f64(self.speed).max(MIN_WAIT)
    }

    /// Records a success: the next failure waits briefly again.
    pub(super) fn record_success(&mut self) {
        self.failures = 0;
    }

    /// Returns the wait after a failure. It doubles with each failure, and jitter reduces it by
    /// up to a half. If the server requests a wait, that is used, plus jitter so that the
    /// terminals do not all return at once.
    pub(super) fn back_off(&mut self, asked: Option<RetryDelay>) -> Duration {
        let doubled = INITIAL_BACK_OFF.saturating_mul(1 << self.failures.min(16)).min(MAX_BACK_OFF);
        self.failures = self.failures.saturating_add(1);
        let part = self.random.f64();
        // The longest wait limits the requested time, not the jitter.
        let a_little_more = INITIAL_BACK_OFF.mul_f64(part);
        let wait = match asked {
            Some(RetryDelay::ByTheWall(asked)) => asked.min(MAX_WAIT) + a_little_more.div_f64(self.speed.max(1.0)),
            Some(RetryDelay::In(asked)) => (asked.min(MAX_WAIT) + a_little_more).div_f64(self.speed),
            None => doubled.mul_f64(0.5 + part / 2.0).div_f64(self.speed),
        };
        wait.max(MIN_BACK_OFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(speed: f64, name: &str) -> Pace {
        Pace::new(speed, &TerminalAddress::parse(name).unwrap())
    }

    #[test]
    fn failures_wait_twice_as_long_each_time_within_limits_and_the_same_again() {
        let mut one = pace(1.0, "9910000034-T1");
        let waits: Vec<Duration> = (0..40).map(|_| one.back_off(None)).collect();
        for (i, wait) in waits.iter().enumerate() {
            let full = INITIAL_BACK_OFF.saturating_mul(1 << i.min(16)).min(MAX_BACK_OFF);
            assert!(*wait <= full && *wait >= full / 2, "{i}: {wait:?}");
        }
        let mut again = pace(1.0, "9910000034-T1");
        assert_eq!(waits, (0..40).map(|_| again.back_off(None)).collect::<Vec<_>>());
        let mut other = pace(1.0, "9910000034-T2");
        assert_ne!(waits, (0..40).map(|_| other.back_off(None)).collect::<Vec<_>>());
        one.record_success();
        assert!(one.back_off(None) <= INITIAL_BACK_OFF);
    }

    #[test]
    fn what_the_server_asks_for_is_the_least_and_a_day_the_most() {
        let mut pace = pace(1.0, "9910000034-T1");
        let minute = Duration::from_secs(60);
        assert!((0..20).all(|_| (minute..minute + INITIAL_BACK_OFF).contains(&pace.back_off(Some(RetryDelay::In(minute))))));
        assert!(pace.back_off(Some(RetryDelay::In(Duration::MAX))) <= MAX_WAIT + INITIAL_BACK_OFF);
        assert_eq!(pace.wait(Duration::ZERO), MIN_WAIT);
    }

    #[test]
    fn speed_divides_every_wait() {
        let mut fast = pace(3600.0, "9910000034-T1");
        assert_eq!(fast.wait(Duration::from_secs(3600)), Duration::from_secs(1));
        let hour = Duration::from_secs(3600);
        assert!(fast.back_off(Some(RetryDelay::In(hour))) < Duration::from_millis(1010));
        assert!(fast.back_off(Some(RetryDelay::ByTheWall(hour))) >= hour);
        assert_eq!(fast.back_off(None), MIN_BACK_OFF);
    }
}
