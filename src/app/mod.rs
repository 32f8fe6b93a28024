//! The application layer: what both transports, HTTP and the linkage folders, do with the server's
//! parts. It knows neither HTTP nor files.

pub mod access;
pub mod caller;
pub mod check;
mod evidence;
mod fixtures;
mod refusals;

use std::sync::Arc;

use jiff::civil::Date;
use tokio::sync::Mutex;

pub use evidence::evidence;
pub use fixtures::{PutFixturesError, checked, prepare_packages, stored_fixtures};
pub use refusals::log_refusal;

use crate::fixtures::Fixtures;
use crate::institutions::Institutions;
use crate::package::Store;
use crate::policy::{ClientAuthPolicy, LoginPolicy};
use crate::tls::Authority;
use crate::token::Tokens;

/// The server's parts and settings that the answer to a request may depend on.
pub struct App {
    /// The living institutions.
    pub institutions: Institutions,
    /// The packages' bytes and hashes.
    pub packages: Store,
    /// What was loaded at the start: in force until others are put.
    pub initial_fixtures: Arc<Fixtures>,
    /// Held by whoever puts fixtures in force: one at a time.
    pub fixtures_lock: Mutex<()>,
    /// Signs and reads tokens.
    pub tokens: Tokens,
    /// The installation's CA.
    pub authority: Authority,
    /// How strict login is.
    pub login: LoginPolicy,
    /// What is asked of clients' certificates.
    pub client_auth: ClientAuthPolicy,
    /// The date up to which rules of the verdict count.
    pub strictness: Date,
}

impl App {
    /// The fixtures in force.
    pub fn fixtures(&self) -> Arc<Fixtures> {
        self.institutions.fixtures()
    }
}
