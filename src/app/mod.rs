//! The application layer, which both transports use: HTTP and the linkage folders. It knows neither
//! HTTP nor files.

pub mod access;
pub mod caller;
pub mod check;
mod evidence;
mod fixtures;
mod refusals;
mod sign_in;

use std::sync::Arc;

use jiff::civil::Date;
use tokio::sync::Mutex;

pub use evidence::{evidence, evidence_of};
pub use fixtures::{PutFixturesError, check_fixtures, prepare_packages, stored_fixtures};
pub use refusals::log_refusal;
pub use sign_in::{NewCode, SESSION_LIFETIME, Session};

use crate::fixtures::Fixtures;
use crate::institutions::Institutions;
use crate::package::Store;
use crate::policy::{ClientAuthPolicy, LoginPolicy};
use crate::tls::Authority;
use crate::token::Tokens;

/// The parts and settings of the server that may influence the answer to a request.
pub struct App {
    /// The institutions.
    pub institutions: Institutions,
    /// The packages: their bytes and hashes.
    pub packages: Store,
    /// The fixtures loaded at the start. They are active until others replace them.
    pub initial_fixtures: Arc<Fixtures>,
    /// Held while fixtures are activated, so that this happens in one task at a time.
    pub fixtures_lock: Mutex<()>,
    /// Signs and reads tokens.
    pub tokens: Tokens,
    /// The token of the control API, which also signs in to the console.
    pub control_token: String,
    /// The installation's CA.
    pub authority: Authority,
    /// The login policy.
    pub login: LoginPolicy,
    /// The policy for client certificates.
    pub client_auth: ClientAuthPolicy,
    /// The date of the rules for verdicts. Later rules do not apply.
    pub strictness: Date,
}

impl App {
    /// Returns the active fixtures.
    pub fn fixtures(&self) -> Arc<Fixtures> {
        self.institutions.fixtures()
    }
}
