//! The settings for push delivery, validated before the server starts.

use std::fmt;

use anyhow::{anyhow, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

use super::is_local;
use super::mail::MailSettings;

/// The names of the channels in the outbox.
pub(super) const WEBHOOK: &str = "webhook";
pub(super) const MAIL: &str = "mail";

/// The prefix of a secret that is encoded in base64.
const IN_BASE64: &str = "whsec_";

/// The options as given.
#[derive(Default)]
pub struct PushOptions {
    /// `--webhook-url`.
    pub webhook_url: Option<String>,
    /// `--webhook-secret`.
    pub webhook_secret: Option<String>,
    /// `--smtp-url`.
    pub smtp_url: Option<String>,
    /// `--notice-from`.
    pub from: Option<String>,
    /// `--notice-to`.
    pub to: Vec<String>,
}

/// The validated settings.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The webhook, if one is configured.
    pub webhook: Option<WebhookSettings>,
    /// The mail server, if one is configured.
    pub mail: Option<MailSettings>,
}

/// A webhook at an https URL, or an http URL on this machine.
#[derive(Clone)]
pub struct WebhookSettings {
    pub(super) url: Url,
    pub(super) secret: Vec<u8>,
}

impl Settings {
    /// Validates the options.
    ///
    /// # Errors
    /// An option is missing or cannot be used; the message begins with its name.
    pub fn new(options: PushOptions) -> anyhow::Result<Self> {
        let to: Vec<String> = options.to.into_iter().filter(|address| !address.is_empty()).collect();
        let webhook = match (options.webhook_url, options.webhook_secret) {
            (None, None) => None,
            (Some(url), Some(secret)) => Some(WebhookSettings { url: webhook_url(&url)?, secret: webhook_secret(&secret)? }),
            (Some(_), None) => bail!("webhook-url: --webhook-secret も必要です / needs --webhook-secret, too"),
            (None, Some(_)) => bail!("webhook-secret: --webhook-url も必要です / needs --webhook-url, too"),
        };
        let mail = match options.smtp_url {
            None if to.is_empty() && options.from.is_none() => None,
            None => bail!("notice-to, notice-from: --smtp-url も必要です / need --smtp-url, too"),
            Some(url) => Some(MailSettings::new(url, options.from.as_deref(), &to)?),
        };
        Ok(Self { webhook, mail })
    }

    /// Returns the names of the configured channels, for which messages are added to the
    /// outbox.
    pub fn channels(&self) -> Vec<&'static str> {
        let channels = [self.webhook.as_ref().map(|_| WEBHOOK), self.mail.as_ref().map(|_| MAIL)];
        channels.into_iter().flatten().collect()
    }
}

impl fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Hides the secret and the path, which may contain one.
        write!(f, "webhook to {}", self.url.host_str().unwrap_or_default())
    }
}

fn webhook_url(text: &str) -> anyhow::Result<Url> {
    let wrong = || {
        anyhow!(
            "webhook-url: https:// のアドレス、または同じマシン上（localhost、127.0.0.1、[::1]）の http:// のアドレスが必要です / \
             expected an https:// address, or an http:// address on this machine (localhost, 127.0.0.1, [::1])"
        )
    };
    let url = Url::parse(text).map_err(|_| wrong())?;
    let fits = url.scheme() == "https" || (url.scheme() == "http" && is_local(&url));
    if fits && url.host_str().is_some() { Ok(url) } else { Err(wrong()) }
}

fn webhook_secret(text: &str) -> anyhow::Result<Vec<u8>> {
    let secret = match text.strip_prefix(IN_BASE64) {
        Some(encoded) => STANDARD.decode(encoded).ok(),
        None => text.bytes().all(|byte| byte.is_ascii_graphic()).then(|| text.as_bytes().to_vec()),
    };
    secret.filter(|secret| secret.len() >= 16).ok_or_else(|| {
        anyhow!(
            "webhook-secret: whsec_ に続く base64（16バイト以上）、または16文字以上の表示可能な ASCII 文字（空白なし）が必要です / \
             expected whsec_ and 16 or more bytes in base64, or 16 or more visible ASCII characters without spaces"
        )
    })
}

#[cfg(all(test, feature = "mail"))]
mod tests {
    use super::*;

    fn options(webhook_url: &str, secret: &str, smtp_url: &str, to: &[&str]) -> PushOptions {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let to = to.iter().map(ToString::to_string).collect();
        PushOptions { webhook_url: some(webhook_url), webhook_secret: some(secret), smtp_url: some(smtp_url), from: None, to }
    }

    #[test]
    fn what_fits_is_taken_and_nothing_is_something_too() {
        assert!(Settings::new(PushOptions::default()).unwrap().channels().is_empty());
        let (secret, to) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", ["a@example.jp", "医院 <b@example.jp>"]);
        for url in ["https://hooks.example.jp/x?y=z", "http://127.0.0.1:9000/", "http://[::1]:9000", "http://localhost:9000/x"] {
            let smtp = "smtps://user:p%40ss@mail.example.jp";
            assert_eq!(Settings::new(options(url, secret, smtp, &to)).unwrap().channels(), ["webhook", "mail"]);
        }
        for url in
            ["smtp://localhost:1025", "smtp://mail.example.jp", "smtp://u:p@mail.example.jp:587?tls=required", "smtp://u:p@127.0.0.1"]
        {
            assert_eq!(Settings::new(options("", "", url, &to)).unwrap().channels(), ["mail"], "{url}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_by_the_options_name() {
        let (hook, secret) = ("https://hooks.example.jp/", "0123456789abcdef");
        let wrong = [
            (options(hook, "", "", &[]), "webhook-url: --webhook-secret"),
            (options("", secret, "", &[]), "webhook-secret: --webhook-url"),
            (options("http://hooks.example.jp/", secret, "", &[]), "webhook-url: https"),
            (options("http://127.0.0.1.example.jp/", secret, "", &[]), "webhook-url: https"),
            (options("ftp://localhost/", secret, "", &[]), "webhook-url: https"),
            (options("hooks", secret, "", &[]), "webhook-url: https"),
            (options(hook, "short", "", &[]), "webhook-secret: whsec_"),
            (options(hook, "whsec_not base64 at all", "", &[]), "webhook-secret: whsec_"),
            (options("", "", "smtp://localhost", &[]), "smtp-url: --notice-to"),
            (options("", "", "", &["a@example.jp"]), "notice-to, notice-from: --smtp-url"),
            (options("", "", "smtp://localhost", &["nobody"]), "notice-to: `nobody`"),
            (options("", "", "smtp://localhost", &["a@example.jp"; 21]), "notice-to: 20"),
            (options("", "", "mail.example.jp:25", &["a@example.jp"]), "smtp-url: smtp://"),
            (options("", "", "smtp://u:p@mail.example.jp", &["a@example.jp"]), "smtp-url: パスワード"),
            (options("", "", "smtp://u:p@mail.example.jp?tls=opportunistic", &["a@example.jp"]), "smtp-url: smtp://"),
        ];
        for (options, expected) in wrong {
            let error_text = Settings::new(options).unwrap_err().to_string();
            assert!(error_text.starts_with(expected), "{error_text}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings =
            options("https://hooks.example.jp/secret", "0123456789abcdef", "smtps://u:secret@mail.example.jp", &["a@example.jp"]);
        let shown = format!("{:?}", Settings::new(settings).unwrap());
        assert!(!shown.contains("secret") && !shown.contains("0123"), "{shown}");
    }
}
