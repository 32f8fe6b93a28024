//! In the place of `mail.rs` in a program without the feature `mail`: it refuses to start with a
//! mail server.

use super::Failure;
use crate::domain::notification::NotificationMessage;
use crate::features::not_built;

/// A mail server that this program cannot use.
#[derive(Clone, Debug)]
pub struct MailSettings;

impl MailSettings {
    /// Accepts anything: commands other than `serve` read the same settings.
    #[expect(clippy::unnecessary_wraps, reason = "as in `mail.rs`")]
    pub(super) fn new(_url: String, _from: Option<&str>, _to: &[String]) -> anyhow::Result<Self> {
        Ok(Self)
    }
}

/// Never created.
pub(super) enum Mail {}

impl Mail {
    /// Refuses.
    pub(super) fn new(_settings: &MailSettings) -> anyhow::Result<Self> {
        anyhow::bail!("smtp-url: {}", not_built("mail"))
    }

    pub(super) async fn send(&self, _message: &NotificationMessage) -> Result<(), Failure> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use crate::push::{Push, PushOptions, Settings};

    #[test]
    fn not_built_is_said_with_the_features_name() {
        let options = PushOptions { smtp_url: Some("smtp://localhost".into()), to: vec!["a@example.jp".into()], ..Default::default() };
        let refusal = Push::new(&Settings::new(options).unwrap()).err().unwrap().to_string();
        assert!(refusal.starts_with("smtp-url: このプログラムは mail 機能なしで") && refusal.contains("--features mail"), "{refusal}");
    }
}
