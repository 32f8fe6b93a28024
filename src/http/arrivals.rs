//! How far the latest clients of the backend came before their first request: the last accepted
//! connection and the last completed handshake. Which institution a connection is for is known only
//! from its requests.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

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
