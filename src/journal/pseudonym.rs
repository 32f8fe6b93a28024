//! Pseudonyms: the same for the same input. Without the installation's key nobody can determine the
//! input.

use std::collections::HashMap;

use aws_lc_rs::hmac;

/// Creates pseudonyms with the installation's key.
pub struct Pseudonyms(hmac::Key);

impl Pseudonyms {
    /// Creates the pseudonyms of a key, which may have any length.
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Returns a cache that computes each pseudonym only once.
    pub fn cached(&self) -> CachedPseudonyms<'_> {
        CachedPseudonyms { pseudonyms: self, made: HashMap::new() }
    }

    /// Returns the pseudonym of `what` among its `kind`: 16 hexadecimal digits.
    fn of(&self, kind: &str, what: &str) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        [kind, "\n", what].iter().for_each(|part| context.update(part.as_bytes()));
        let tag = context.sign();
        let first = tag.as_ref().first_chunk().expect("a tag of SHA-256 has 32 bytes");
        format!("{:016x}", u64::from_be_bytes(*first))
    }
}

/// The pseudonyms of one batch of entries. Most entries belong to a few sessions.
pub struct CachedPseudonyms<'a> {
    pseudonyms: &'a Pseudonyms,
    made: HashMap<(&'static str, Box<str>), String>,
}

impl CachedPseudonyms<'_> {
    /// Returns the pseudonym of `what` among its `kind`.
    pub(super) fn of(&mut self, kind: &'static str, what: Box<str>) -> String {
        let Self { pseudonyms, made } = self;
        made.entry((kind, what)).or_insert_with_key(|(kind, what)| pseudonyms.of(kind, what)).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_has_the_same_and_another_key_makes_another() {
        let ours = Pseudonyms::new(b"ours");
        assert_eq!(ours.of("inquiry", "a"), ours.of("inquiry", "a"));
        assert_eq!(ours.of("inquiry", "a").len(), 16);
        assert_ne!(ours.of("inquiry", "a"), ours.of("session", "a"));
        assert_ne!(ours.of("inquiry", "a"), ours.of("inquiry", "b"));
        assert_ne!(ours.of("inquiry", "a"), Pseudonyms::new(b"theirs").of("inquiry", "a"));
        let mut cached = ours.cached();
        for kind in ["inquiry", "session", "inquiry"] {
            assert_eq!(cached.of(kind, "a".into()), ours.of(kind, "a"));
        }
    }
}
