//! What every handler shares: the application, and what only HTTP needs beside it.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use super::handshakes::Handshakes;
use super::openapi::{Interface, Published};
use super::pace::Lines;
use super::paths::Paths;
use super::streams::Streams;
use crate::app;
use crate::linkage::LinkageFolders;
use crate::listener::{Addresses, BodyLimits, Listener};
use crate::tls::HandshakeError;

/// The application as the handlers of both listeners see it.
pub struct App {
    /// What does not depend on HTTP.
    pub app: Arc<app::App>,
    /// The linkage folders, which are another transport.
    pub linkage: LinkageFolders,
    /// Where both listeners answer.
    pub addresses: Addresses,
    /// The paths of both.
    pub paths: Paths,
    /// The description of what they answer, under the fixtures for which it was last asked.
    published: Mutex<Arc<Published>>,
    /// How fast terminals fetch packages.
    pub lines: Lines,
    /// Handshakes that failed.
    pub handshakes: Handshakes,
    /// Streams that stay open.
    pub streams: Streams,
    /// What opens the control surface.
    pub control_token: String,
    /// Limits of a request's body.
    pub body: BodyLimits,
}

impl Deref for App {
    type Target = Arc<app::App>;

    fn deref(&self) -> &Arc<app::App> {
        &self.app
    }
}

impl App {
    /// Nothing has been asked yet. `interface` is what both listeners answer at `addresses`.
    pub fn new(
        app: Arc<app::App>,
        linkage: LinkageFolders,
        interface: Interface,
        addresses: Addresses,
        control_token: String,
        body: BodyLimits,
    ) -> Self {
        let paths = Paths::of(&interface, addresses.clone());
        let published = Mutex::new(Arc::new(Published::new(Arc::new(interface), app.fixtures())));
        let (lines, handshakes, streams) = Default::default();
        Self { app, linkage, addresses, paths, published, lines, handshakes, streams, control_token, body }
    }

    /// The description of the interface under the fixtures in force.
    pub fn published(&self) -> Arc<Published> {
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(anew) = published.under(self.fixtures()) {
            *published = Arc::new(anew);
        }
        Arc::clone(&published)
    }

    /// Counts, keeps and logs a handshake that failed.
    pub fn note_handshake(&self, listener: Listener, peer: SocketAddr, fault: HandshakeError) {
        self.institutions.count_failed_handshake(fault.cause);
        self.handshakes.note(listener, peer, fault, self.institutions.wall());
    }
}
