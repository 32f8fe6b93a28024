//! When a terminal does what: by the machine's monotonic clock, so that a wall clock that jumps changes nothing, and with jitter from a seed.

use std::time::Duration;

use aws_lc_rs::digest;
use fastrand::Rng;

use super::fault::Again;
use crate::domain::ids::TerminalAddress;

/// The first wait after something failed.
const FIRST_BACK_OFF: Duration = Duration::from_secs(5);

/// The longest wait after something failed.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(15 * 60);

/// The longest wait that a server can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// However fast: no server is asked more often.
const SHORTEST_WAIT: Duration = Duration::from_millis(20);

/// However fast: a server that failed is left alone for so long.
const SHORTEST_BACK_OFF: Duration = Duration::from_millis(100);

/// A terminal's rhythm.
#[derive(Debug)]
pub(super) struct Pace {
    speed: f64,
    random: Rng,
    failures: u32,
}

impl Pace {
    /// Everything that it waits for is divided by `speed`. The jitter comes from the terminal's name: each waits differently, always the same.
    pub(super) fn new(speed: f64, address: &TerminalAddress) -> Self {
        let digest = digest::digest(&digest::SHA256, address.to_string().as_bytes());
        let seed = digest.as_ref().iter().take(8).fold(0, |seed: u64, byte| seed << 8 | u64::from(*byte));
        Self { speed, random: Rng::with_seed(seed), failures: 0 }
    }

    /// How long to really wait for what takes so long on a terminal.
    pub(super) fn wait(&self, nominal: Duration) -> Duration {
        nominal.min(LONGEST_WAIT).div_f64(self.speed).max(SHORTEST_WAIT)
    }

    /// Something worked: the next failure waits briefly again.
    pub(super) fn worked(&mut self) {
        self.failures = 0;
    }

    /// How long to wait after a failure: twice as long each time, between half of that and all of it; what the server asks for, and a
    /// little more so that not all come at once, where it asks.
    pub(super) fn back_off(&mut self, asked: Option<Again>) -> Duration {
        let doubled = FIRST_BACK_OFF.saturating_mul(1 << self.failures.min(16)).min(LONGEST_BACK_OFF);
        self.failures = self.failures.saturating_add(1);
        let part = self.random.f64();
        // The longest wait holds for what is asked for, not for the little more.
        let a_little_more = FIRST_BACK_OFF.mul_f64(part);
        let wait = match asked {
            Some(Again::ByTheWall(asked)) => asked.min(LONGEST_WAIT) + a_little_more.div_f64(self.speed.max(1.0)),
            Some(Again::In(asked)) => (asked.min(LONGEST_WAIT) + a_little_more).div_f64(self.speed),
            None => doubled.mul_f64(0.5 + part / 2.0).div_f64(self.speed),
        };
        wait.max(SHORTEST_BACK_OFF)
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
            let full = FIRST_BACK_OFF.saturating_mul(1 << i.min(16)).min(LONGEST_BACK_OFF);
            assert!(*wait <= full && *wait >= full / 2, "{i}: {wait:?}");
        }
        let mut again = pace(1.0, "9910000034-T1");
        assert_eq!(waits, (0..40).map(|_| again.back_off(None)).collect::<Vec<_>>());
        let mut other = pace(1.0, "9910000034-T2");
        assert_ne!(waits, (0..40).map(|_| other.back_off(None)).collect::<Vec<_>>());
        one.worked();
        assert!(one.back_off(None) <= FIRST_BACK_OFF);
    }

    #[test]
    fn what_the_server_asks_for_is_the_least_and_a_day_the_most() {
        let mut pace = pace(1.0, "9910000034-T1");
        let minute = Duration::from_secs(60);
        assert!((0..20).all(|_| (minute..minute + FIRST_BACK_OFF).contains(&pace.back_off(Some(Again::In(minute))))));
        assert!(pace.back_off(Some(Again::In(Duration::MAX))) <= LONGEST_WAIT + FIRST_BACK_OFF);
        assert_eq!(pace.wait(Duration::ZERO), SHORTEST_WAIT);
    }

    #[test]
    fn speed_divides_every_wait() {
        let mut fast = pace(3600.0, "9910000034-T1");
        assert_eq!(fast.wait(Duration::from_secs(3600)), Duration::from_secs(1));
        let hour = Duration::from_secs(3600);
        assert!(fast.back_off(Some(Again::In(hour))) < Duration::from_millis(1010));
        assert!(fast.back_off(Some(Again::ByTheWall(hour))) >= hour);
        assert_eq!(fast.back_off(None), SHORTEST_BACK_OFF);
    }
}
