//! How far the latest clients of the backend came: the last accepted connection, the last completed
//! handshake, and the institutions that requests named last. Which institution a connection is for
//! is known only from its requests.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::domain::ids::InstitutionCode;

/// The maximum number of institutions whose last request is kept.
const MAX_ASKED: usize = 8;

/// The last connection that came so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The time by the machine's clock.
    pub wall: Timestamp,
    /// The address of the client, or of the last proxy before this server.
    pub address: IpAddr,
}

/// The last connections of a listener.
#[derive(Debug, Default)]
pub struct Arrivals {
    /// The last accepted connection.
    pub accepted: LastArrival,
    /// The last completed handshake.
    pub encrypted: LastArrival,
    /// The institutions of the last requests.
    pub asked: LastRequests,
}

/// The last connection that came so far, if there was any.
#[derive(Debug, Default)]
pub struct LastArrival(Mutex<Option<Arrival>>);

impl LastArrival {
    /// Records a connection that came so far at `now`. Never waits: of those at the same instant,
    /// one is kept.
    pub fn record(&self, peer: SocketAddr, now: Timestamp) {
        if let Ok(mut last) = self.0.try_lock() {
            *last = Some(Arrival { wall: now, address: peer.ip().to_canonical() });
        }
    }

    /// Returns the last connection that came so far.
    pub fn get(&self) -> Option<Arrival> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last requests of clients: for each of the institutions asked last, when that was.
#[derive(Debug, Default)]
pub struct LastRequests(Mutex<VecDeque<(InstitutionCode, Timestamp)>>);

impl LastRequests {
    /// Records a request to an institution that exists. Never waits: of those at the same instant,
    /// one is kept.
    pub fn record(&self, code: &InstitutionCode, now: Timestamp) {
        let Ok(mut last) = self.0.try_lock() else {
            return;
        };
        if let Some((_, at)) = last.iter_mut().find(|(known, _)| known == code) {
            *at = now;
            return;
        }
        if last.len() == MAX_ASKED {
            last.pop_front();
        }
        last.push_back((code.clone(), now));
    }

    /// Returns the institutions and when each was last asked, the newest first.
    pub fn get(&self) -> Vec<(InstitutionCode, Timestamp)> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last: Vec<_> = last.iter().cloned().collect();
        last.sort_by_key(|(_, at)| std::cmp::Reverse(*at));
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_of_the_last_institutions_the_last_request_is_kept() {
        let first = InstitutionCode::parse("9910000018").unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        let last = LastRequests::default();
        last.record(&first, at(1));
        last.record(&first.numbered(2), at(2));
        last.record(&first, at(3));
        assert_eq!(last.get(), [(first.clone(), at(3)), (first.numbered(2), at(2))]);
        for n in 3..20 {
            last.record(&first.numbered(n), at(10));
        }
        assert_eq!(last.get().len(), MAX_ASKED);
    }
}
