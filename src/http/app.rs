//! The state that all request handlers share: the application, and what only HTTP needs.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use super::arrivals::Arrivals;
use super::bandwidth::BandwidthLimiters;
use super::connection::HandshakeStep;
use super::handshakes::Handshakes;
use super::openapi::{Interface, Published};
use super::paths::Paths;
use super::sign_in_tries::SignInTries;
use super::streams::Streams;
use crate::app;
use crate::linkage::LinkageFolders;
use crate::listener::{Addresses, BodyLimits, Listener};

/// The state of the request handlers of both listeners.
pub struct App {
    /// The application, which does not depend on HTTP.
    pub app: Arc<app::App>,
    /// The linkage folders, which are the other transport.
    pub linkage: LinkageFolders,
    /// The addresses of both listeners.
    pub addresses: Addresses,
    /// The paths of both listeners.
    pub paths: Paths,
    /// The OpenAPI document, for the fixtures that were active when it was last requested.
    published: Mutex<Arc<Published>>,
    /// The bandwidth limits of terminals that fetch packages.
    pub bandwidth_limiters: BandwidthLimiters,
    /// The failed handshakes.
    pub handshakes: Handshakes,
    /// The last connections of the backend.
    pub arrivals: Arrivals,
    /// The open event streams.
    pub streams: Streams,
    /// The wrong tries to sign in to the console.
    pub sign_in_tries: SignInTries,
    /// The limits of request bodies.
    pub body: BodyLimits,
}

impl Deref for App {
    type Target = Arc<app::App>;

    fn deref(&self) -> &Arc<app::App> {
        &self.app
    }
}

impl App {
    /// Creates the state. `interface` describes both listeners at `addresses`.
    pub fn new(
        app: Arc<app::App>,
        linkage: LinkageFolders,
        interface: Interface,
        addresses: Addresses,
        body: BodyLimits,
        max_streams: usize,
    ) -> Self {
        let paths = Paths::of(&interface, addresses.clone());
        let published = Mutex::new(Arc::new(Published::new(Arc::new(interface), app.fixtures())));
        let (bandwidth_limiters, handshakes, arrivals, sign_in_tries) = Default::default();
        let streams = Streams::new(max_streams);
        Self { app, linkage, addresses, paths, published, bandwidth_limiters, handshakes, arrivals, streams, sign_in_tries, body }
    }

    /// Returns the OpenAPI document for the active fixtures.
    pub fn published(&self) -> Arc<Published> {
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(anew) = published.under(self.fixtures()) {
            *published = Arc::new(anew);
        }
        Arc::clone(&published)
    }

    /// Records how far a connection came: failed handshakes of both listeners, which are also
    /// counted and logged, and the last arrivals at the backend.
    pub fn record_handshake_step(&self, listener: Listener, peer: SocketAddr, step: HandshakeStep) {
        let now = self.institutions.wall();
        match (step, listener) {
            (HandshakeStep::Failed(error), _) => {
                self.institutions.count_failed_handshake(error.cause);
                self.handshakes.record(listener, peer, error, now);
            }
            (HandshakeStep::Accepted, Listener::Backend) => self.arrivals.accepted.record(peer, now),
            (HandshakeStep::Completed, Listener::Backend) => self.arrivals.encrypted.record(peer, now),
            (HandshakeStep::Accepted | HandshakeStep::Completed, Listener::Control) => {}
        }
    }
}
