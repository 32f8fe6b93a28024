//! What every handler of both surfaces shares.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jiff::civil::Date;

use crate::domain::ids::TerminalAddress;
use crate::fixtures::Fixtures;
use crate::http::handshakes::Handshakes;
use crate::http::openapi::{Addresses, Listener, Published};
use crate::http::pace::Lines;
use crate::http::streams::Streams;
use crate::institutions::Institutions;
use crate::linkage::Folders;
use crate::package::Store;
use crate::tls::{Authority, HandshakeFault};
use crate::token::Tokens;

/// The server's parts and settings, shared by all handlers.
pub struct App {
    /// The living institutions.
    pub institutions: Institutions,
    /// The linkage folders, where `--linkage` keeps them.
    pub linkage: Option<Folders>,
    /// Where both listeners answer.
    pub addresses: Addresses,
    /// The description of what they answer.
    pub published: RwLock<Arc<Published>>,
    /// The packages' bytes and hashes.
    pub packages: Store,
    /// How fast terminals fetch them.
    pub lines: Lines,
    /// Handshakes that failed.
    pub handshakes: Handshakes,
    /// Streams that stay open.
    pub streams: Streams,
    /// What was loaded at the start: in force until others are put.
    pub started_with: Arc<Fixtures>,
    /// Whoever puts fixtures in force has the turn.
    pub fixtures_turn: tokio::sync::Mutex<()>,
    /// Signs and reads tokens.
    pub tokens: Tokens,
    /// The installation's CA.
    pub authority: Authority,
    /// What opens the control surface.
    pub control_token: String,
    /// How strict login is.
    pub login: LoginPolicy,
    /// What is asked of clients' certificates.
    pub client_auth: ClientAuthPolicy,
    /// The date up to which rules of the verdict count.
    pub strictness: Date,
    /// Limits of a request's body.
    pub body: BodyLimits,
}

impl App {
    /// The description of the interface under the fixtures in force.
    pub fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The fixtures in force.
    pub fn fixtures(&self) -> Arc<Fixtures> {
        self.institutions.fixtures()
    }

    /// Counts, keeps and logs a handshake that failed.
    pub fn note_handshake(&self, listener: Listener, peer: SocketAddr, fault: HandshakeFault) {
        self.institutions.count_failed_handshake(fault.cause);
        self.handshakes.note(listener, peer, fault, self.institutions.wall());
    }

    /// Has the linkage folders made of terminals that are new.
    pub async fn prepare_folders(self: &Arc<Self>, terminals: Vec<TerminalAddress>) {
        let app = Arc::clone(self);
        let prepared = tokio::task::spawn_blocking(move || {
            if let Some(folders) = &app.linkage {
                terminals.iter().for_each(|address| folders.prepare(address));
            }
        });
        if let Err(error) = prepared.await {
            tracing::error!(%error, "the linkage folders were not made");
        }
    }
}

/// `--login`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LoginPolicy {
    /// Any JSON object logs in; a check may name its institution itself, and may lack a token.
    Lenient,
    /// A certificate of ours or credentials that match the fixtures; a check needs the token.
    Strict,
}

/// `--client-auth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuthPolicy {
    /// Certificates are not asked for.
    Off,
    /// Asked for; a client without one is served too.
    Optional,
    /// Login and delivery refuse a request without one of ours.
    Required,
}

/// Limits of a request's body.
#[derive(Clone, Copy, Debug)]
pub struct BodyLimits {
    /// Bytes.
    pub max: usize,
    /// From the header to the last byte.
    pub timeout: Duration,
}
