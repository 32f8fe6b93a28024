//! The replacement of `mail.rs` in a program without the feature `mail`: refuses a mail server.

use super::Failure;
use crate::domain::notification::NotificationMessage;
use crate::features::not_built;

/// Has no values, since `new` always fails.
#[derive(Clone, Debug)]
pub enum MailSettings {}

impl MailSettings {
    /// Always fails, and names the missing feature.
    pub(super) fn new(_url: String, _from: Option<&str>, _to: &[String]) -> anyhow::Result<Self> {
        anyhow::bail!("smtp-url: {}", not_built("mail"))
    }
}

/// Has no values, as `MailSettings` has none.
pub(super) enum Mail {}

impl Mail {
    pub(super) fn new(settings: &MailSettings) -> anyhow::Result<Self> {
        match *settings {}
    }

    pub(super) async fn send(&self, _message: &NotificationMessage) -> Result<(), Failure> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use crate::push::{PushOptions, Settings};

    #[test]
    fn not_built_is_said_with_the_features_name() {
        let options = PushOptions { smtp_url: Some("smtp://localhost".into()), to: vec!["a@example.jp".into()], ..Default::default() };
        let refusal = Settings::new(options).unwrap_err().to_string();
        assert!(refusal.starts_with("smtp-url: このプログラムは mail 機能なしで") && refusal.contains("--features mail"), "{refusal}");
    }
}
