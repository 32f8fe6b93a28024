//! Delivery by webhook: a signed POST according to Standard Webhooks, with `webhook-id`,
//! `webhook-timestamp`, and the HMAC-SHA-256 of both and the body.

use anyhow::Context as _;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use super::{DELIVERY_TIMEOUT, Failure, WebhookSettings};
use crate::domain::notification::NotificationMessage;

/// The delivery channel for a webhook.
pub(super) struct Webhook {
    client: Client,
    url: Url,
    key: hmac::Key,
}

impl Webhook {
    pub(super) fn new(settings: &WebhookSettings) -> anyhow::Result<Self> {
        // An error means that a default provider is installed already; the program contains
        // only this one.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = Client::builder()
            .redirect(Policy::none())
            // Connects only to the configured address.
            .no_proxy()
            .timeout(DELIVERY_TIMEOUT)
            .user_agent(concat!("onshi-mock/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("webhook-url: HTTPS を使えません / HTTPS cannot be used")?;
        Ok(Self { client, url: settings.url.clone(), key: hmac::Key::new(hmac::HMAC_SHA256, &settings.secret) })
    }

    /// Posts a notification; any 2xx answer counts as delivered.
    pub(super) async fn send(&self, message: &NotificationMessage, now: Timestamp) -> Result<(), Failure> {
        let body = serde_json::to_string(message).map_err(|error| Failure(error.to_string()))?;
        let seconds = now.as_second();
        let request = self
            .client
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json; charset=utf-8")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", self.signature(&message.id, seconds, &body))
            .body(body);
        let answer = request.send().await.map_err(|error| Failure(error_text(error)))?;
        if answer.status().is_success() { Ok(()) } else { Err(Failure(format!("the receiver answered {}", answer.status()))) }
    }

    fn signature(&self, id: &str, seconds: i64, body: &str) -> String {
        let tag = hmac::sign(&self.key, format!("{id}.{seconds}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    }
}

/// Formats an error and its causes, without the URL.
fn error_text(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut error_text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        error_text = format!("{error_text}: {error}");
        cause = error.source();
    }
    error_text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let settings = WebhookSettings { url: Url::parse("http://localhost/").unwrap(), secret };
        let signature = Webhook::new(&settings).unwrap().signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
