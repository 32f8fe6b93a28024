//! Pseudonyms: the same for the same, and without the installation's key nobody can tell of whom.

use aws_lc_rs::hmac;

/// Makes pseudonyms with the installation's key.
pub struct Pseudonyms(hmac::Key);

impl Pseudonyms {
    /// With a key, however long.
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The pseudonym of something, as one of a `kind`: 16 hexadecimal digits.
    pub fn of(&self, kind: &str, what: &str) -> String {
        let tag = hmac::sign(&self.0, format!("{kind}\n{what}").as_bytes());
        let first = tag.as_ref().first_chunk().expect("a tag of SHA-256 has 32 bytes");
        format!("{:016x}", u64::from_be_bytes(*first))
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
    }
}
