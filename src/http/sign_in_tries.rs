//! The wrong tries to sign in to the console with the control token: few per address and minute.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use hashlink::LinkedHashMap;
use jiff::{SignedDuration, Timestamp};

/// The number of wrong tries from one address within [`INTERVAL`].
const MAX_TRIES: usize = 5;
/// The time within which tries are counted.
const INTERVAL: SignedDuration = SignedDuration::from_mins(1);
/// The maximum number of addresses whose tries are kept. Beyond it those that tried longest ago are
/// evicted.
const MAX_ADDRESSES: usize = 1000;

/// The wrong tries of each address, oldest first, in the order of the last try.
#[derive(Debug, Default)]
pub struct SignInTries(Mutex<LinkedHashMap<IpAddr, VecDeque<Timestamp>>>);

/// An address has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryLater {
    /// How long.
    pub seconds: u64,
}

impl SignInTries {
    /// Begins a try at `now`. It counts as wrong unless [`succeed`](Self::succeed) follows, so that
    /// tries at the same time are counted.
    ///
    /// # Errors
    /// There were too many wrong tries from this address within a minute.
    pub fn begin(&self, address: IpAddr, now: Timestamp) -> Result<(), TryLater> {
        let mut addresses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tries = addresses.remove(&address.to_canonical()).unwrap_or_default();
        // Where the clock was set back, tries of the future do not count.
        tries.retain(|at| (SignedDuration::ZERO..INTERVAL).contains(&now.duration_since(*at)));
        let wait = tries.front().filter(|_| tries.len() >= MAX_TRIES).map(|oldest| INTERVAL - now.duration_since(*oldest));
        if wait.is_none() {
            tries.push_back(now);
        }
        addresses.insert(address.to_canonical(), tries);
        if addresses.len() > MAX_ADDRESSES {
            addresses.pop_front();
        }
        match wait {
            None => Ok(()),
            Some(wait) => Err(TryLater { seconds: wait.as_secs().unsigned_abs() + 1 }),
        }
    }

    /// The last try of this address was right: its tries no longer count.
    pub fn succeed(&self, address: IpAddr) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&address.to_canonical());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::from(number.to_be_bytes())
    }

    #[test]
    fn after_five_wrong_tries_within_a_minute_an_address_has_to_wait() {
        let tries = SignInTries::default();
        for second in [0, 10, 20, 30, 40] {
            assert_eq!(tries.begin(address(1), at(second)), Ok(()));
        }
        assert_eq!(tries.begin(address(1), at(50)), Err(TryLater { seconds: 11 }));
        assert_eq!(tries.begin(address(2), at(50)), Ok(()), "another address");
        assert_eq!(tries.begin(address(1), at(60)), Ok(()), "the first is a minute ago");
        assert_eq!(tries.begin(address(1), at(61)), Err(TryLater { seconds: 10 }));
        assert_eq!(tries.begin(address(1), at(-500)), Ok(()), "the clock was set back");
    }

    #[test]
    fn a_right_token_ends_the_count() {
        let tries = SignInTries::default();
        for second in 0..20 {
            assert_eq!(tries.begin(address(1), at(second)), Ok(()));
            tries.succeed(address(1));
        }
    }

    #[test]
    fn what_is_kept_is_bounded_and_the_oldest_goes_first() {
        let tries = SignInTries::default();
        for _ in 0..MAX_TRIES {
            tries.begin(address(0), at(0)).unwrap();
        }
        assert!(tries.begin(address(0), at(0)).is_err());
        for number in 1..=u32::try_from(MAX_ADDRESSES).unwrap() {
            tries.begin(address(number), at(0)).unwrap();
        }
        assert_eq!(tries.0.lock().unwrap().len(), MAX_ADDRESSES);
        assert_eq!(tries.begin(address(0), at(1)), Ok(()), "forgotten");
    }
}
