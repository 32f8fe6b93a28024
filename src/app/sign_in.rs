//! Signing in to the console: one-time codes, and sessions. Both are random and stored as hashes;
//! a session ends when it expires, at a sign-out, and with the control token that was valid at its
//! start.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};

use super::App;
use crate::hex;
use crate::random;
use crate::store::{StoreError, StoredSession};

/// How long a one-time code is valid.
const CODE_LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// How long a session lasts, however much it is used.
pub const SESSION_LIFETIME: SignedDuration = SignedDuration::from_hours(12);

/// The number of digits of a hash that tell installations on one host apart.
const INSTALLATION_DIGITS: usize = 8;
/// The number of digits of a hash that name a session.
const SESSION_DIGITS: usize = 6;

/// A one-time code for signing in.
#[derive(Debug)]
pub struct NewCode {
    /// The code.
    pub code: String,
    /// The time at which it expires, by the machine's clock.
    pub expires: Timestamp,
}

/// A session of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The session's short name, for "who did what": the first digits of the hash of its id.
    pub name: String,
    /// The time of its end, by the machine's clock.
    pub expires: Timestamp,
    hash: String,
}

impl App {
    /// Returns a short id of the installation, which a new CA changes: cookies of installations on
    /// one host have different names.
    pub fn installation_id(&self) -> String {
        let mut id = hash(self.authority.ca_pem());
        id.truncate(INSTALLATION_DIGITS);
        id
    }

    /// Whether this is the control token. The comparison takes the same time for all tokens of a
    /// length.
    pub fn is_control_token(&self, token: &[u8]) -> bool {
        verify_slices_are_equal(token, self.control_token.as_bytes()).is_ok()
    }

    /// Creates a one-time code, which is valid for ten minutes.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn new_sign_in_code(&self) -> Result<NewCode, StoreError> {
        let (code, now) = (random_id(), self.institutions.wall());
        let expires = later(now, CODE_LIFETIME);
        self.institutions.store().add_console_code(&hash(&code), expires.as_millisecond(), now.as_millisecond()).await?;
        Ok(NewCode { code, expires })
    }

    /// Takes a one-time code and starts a session; returns the session's id. Returns `None` if the
    /// code is unknown, used or expired.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn sign_in_with_code(&self, code: &str) -> Result<Option<String>, StoreError> {
        let now = self.institutions.wall().as_millisecond();
        if !self.institutions.store().take_console_code(&hash(code), now).await? {
            return Ok(None);
        }
        self.start_session().await.map(Some)
    }

    /// Starts a session, for somebody who has the control token; returns the session's id. Returns
    /// `None` if the token is wrong.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn sign_in_with_token(&self, token: &str) -> Result<Option<String>, StoreError> {
        if !self.is_control_token(token.as_bytes()) {
            return Ok(None);
        }
        self.start_session().await.map(Some)
    }

    /// Returns the session with this id. Returns `None` if it has ended, or was started under
    /// another control token.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
        self.session_of(&hash(id)).await
    }

    /// Whether a session has not ended since it was read.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn is_signed_in(&self, session: &Session) -> Result<bool, StoreError> {
        self.session_of(&session.hash).await.map(|found| found.is_some())
    }

    async fn session_of(&self, hash_of_id: &str) -> Result<Option<Session>, StoreError> {
        let now = self.institutions.wall().as_millisecond();
        let stored = self.institutions.store().console_session(hash_of_id, now).await?;
        let stored = stored.filter(|stored| stored.token_hash == hash(&self.control_token));
        Ok(stored.map(|StoredSession { hash, expires, .. }| Session {
            name: hash.chars().take(SESSION_DIGITS).collect(),
            expires: Timestamp::from_millisecond(expires).unwrap_or(Timestamp::MAX),
            hash,
        }))
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The store does not work.
    pub async fn sign_out(&self, session: &Session) -> Result<(), StoreError> {
        self.institutions.store().remove_console_session(&session.hash).await
    }

    async fn start_session(&self) -> Result<String, StoreError> {
        let (id, now) = (random_id(), self.institutions.wall());
        let session = StoredSession {
            hash: hash(&id),
            token_hash: hash(&self.control_token),
            expires: later(now, SESSION_LIFETIME).as_millisecond(),
        };
        self.institutions.store().add_console_session(&session, now.as_millisecond()).await?;
        Ok(id)
    }
}

fn random_id() -> String {
    hex::encode(random::bytes::<16>())
}

fn hash(text: &str) -> String {
    hex::encode(digest(&SHA256, text.as_bytes()))
}

fn later(now: Timestamp, duration: SignedDuration) -> Timestamp {
    now.checked_add(duration).unwrap_or(Timestamp::MAX)
}
