//! The rate limit for a terminal's polls: a burst, then an even rate. It uses the machine's clock,
//! because it protects the machine.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::period::Period;

/// A rate limit: a number of polls within a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollLimit {
    /// The number of polls, at least 1.
    pub polls: u32,
    /// The period, above zero.
    pub within: Period,
}

/// The limit used by one terminal, stored as the time at which all of it is free again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollGate(Option<Timestamp>);

impl PollGate {
    /// Counts one poll at `wall`.
    ///
    /// # Errors
    /// The limit is reached: the number of whole seconds, at least one, until the next poll is
    /// allowed. The refused poll is not counted.
    pub fn admit(&mut self, wall: Timestamp, limit: PollLimit) -> Result<(), u64> {
        let within = limit.within.duration();
        let free = self.0.map_or(wall, |free| free.max(wall)) + within / limit.polls.max(1) as i32;
        let over = free.duration_since(wall) - within;
        if over.is_positive() {
            return Err(over.as_secs().unsigned_abs() + 1);
        }
        self.0 = Some(free);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn so_many_at_once_then_one_at_a_time_and_waiting_frees_all() {
        let limit = PollLimit { polls: 3, within: Period::from_secs(60) };
        let start = Timestamp::from_second(1_768_000_000).unwrap();
        let after = |seconds| start + SignedDuration::from_secs(seconds);
        let mut gate = PollGate::default();
        assert_eq!([0; 3].map(|_| gate.admit(start, limit)), [Ok(()); 3]);
        assert_eq!(gate.admit(start, limit), Err(21), "a third of a minute, and the second begun");
        assert_eq!(gate.admit(after(19), limit), Err(2), "what was refused did not count");
        assert_eq!(gate.admit(after(20), limit), Ok(()));
        assert!(gate.admit(after(20), limit).is_err());
        assert_eq!([0; 3].map(|_| gate.admit(after(1000), limit)), [Ok(()); 3]);
    }
}
