//! Tokens: signed and stateless, created at login. A token holds its time of issue by the
//! machine's clock, and the institution and terminal of the login. Its age is computed by the
//! clock of the institution that uses it.

use std::sync::{Arc, Mutex, PoisonError};

use hashlink::LruCache;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::domain::ids::{InstitutionCode, TerminalId};

/// The content of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// `access`, `refresh` or `id`; only `id` is accepted for checks.
    pub kind: Kind,
    /// The time of issue, by the machine's clock.
    pub issued: Timestamp,
    /// The institution of the login, if the login named one.
    pub bearer: Option<Bearer>,
}

/// The institution and terminal of a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bearer {
    /// The institution.
    pub institution: InstitutionCode,
    /// The institution's generation at login: a reset invalidates its tokens.
    #[serde(rename = "incarnation")]
    pub generation: Arc<str>,
    /// The terminal, if one was named.
    pub terminal: Option<TerminalId>,
}

/// The three tokens of a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// `accessToken`.
    Access,
    /// `refreshToken`.
    Refresh,
    /// `idToken`.
    Id,
}

/// The number of tokens whose signature is not verified again.
const MAX_CACHED: usize = 1024;

/// Signs and reads tokens with the key in the installation's store.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    /// Valid tokens that were read recently.
    known: Mutex<LruCache<String, Claims>>,
}

impl Tokens {
    /// Creates the signer with a key of any length; tokens signed with another key are refused.
    pub fn new(key: &[u8]) -> Self {
        let known = Mutex::new(LruCache::new(MAX_CACHED));
        Self { encoding: EncodingKey::from_secret(key), decoding: DecodingKey::from_secret(key), known }
    }

    /// Signs a token.
    pub fn sign(&self, claims: &Claims) -> String {
        encode(&Header::new(Algorithm::HS256), claims, &self.encoding).expect("claims are JSON and the key fits HS256")
    }

    /// Reads a token of any kind; `None` if this server did not sign it.
    pub fn read(&self, token: &str) -> Option<Claims> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claims) = known().get(token) {
            return Some(claims.clone());
        }
        let claims = self.verify(token)?;
        known().insert(token.to_owned(), claims.clone());
        Some(claims)
    }

    fn verify(&self, token: &str) -> Option<Claims> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        decode::<Claims>(token, &self.decoding, &validation).ok().map(|token| token.claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_of_this_server_are_read() {
        let (ours, theirs) = (Tokens::new(b"ours"), Tokens::new(b"theirs"));
        let claims = |kind| Claims { kind, issued: Timestamp::UNIX_EPOCH, bearer: None };
        for _ in 0..2 {
            assert_eq!(ours.read(&ours.sign(&claims(Kind::Id))), Some(claims(Kind::Id)));
        }
        assert_eq!(ours.read(&ours.sign(&claims(Kind::Access))), Some(claims(Kind::Access)));
        assert_eq!(ours.read(&theirs.sign(&claims(Kind::Id))), None);
        assert_eq!(ours.read("eyJhbGciOiJub25lIn0.e30."), None);
        assert_eq!(ours.read(""), None);
    }
}
