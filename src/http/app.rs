//! What every handler shares: the application, and what only HTTP needs beside it.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use super::handshakes::Handshakes;
use super::openapi::Published;
use super::pace::Lines;
use super::streams::Streams;
use crate::app;
use crate::linkage::Folders;
use crate::listener::{Addresses, BodyLimits, Listener};
use crate::tls::HandshakeFault;

/// The application as the handlers of both listeners see it.
pub struct App {
    /// What does not depend on HTTP.
    pub app: Arc<app::App>,
    /// The linkage folders, where `--linkage` keeps them.
    pub linkage: Option<Arc<Folders>>,
    /// Where both listeners answer.
    pub addresses: Addresses,
    /// The description of what they answer, under the fixtures for which it was last asked.
    pub published: Mutex<Arc<Published>>,
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
    /// The description of the interface under the fixtures in force.
    pub fn published(&self) -> Arc<Published> {
        let fixtures = self.fixtures();
        let mut published = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        if !published.is_of(&fixtures) {
            *published = Arc::new(Published::new(fixtures));
        }
        Arc::clone(&published)
    }

    /// Counts, keeps and logs a handshake that failed.
    pub fn note_handshake(&self, listener: Listener, peer: SocketAddr, fault: HandshakeFault) {
        self.institutions.count_failed_handshake(fault.cause);
        self.handshakes.note(listener, peer, fault, self.institutions.wall());
    }
}
