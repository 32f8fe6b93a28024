//! Push delivery of notifications (N10): takes messages from the store's outbox and sends them
//! by webhook and mail, only to the addresses configured at the start.
//!
//! Each notification is delivered at least once: it leaves the outbox only after it was
//! accepted, or when it is given up after many tries.

#[cfg_attr(not(feature = "mail"), path = "mail_not_built.rs")]
mod mail;
mod settings;
#[cfg(feature = "mail")]
mod text;
mod webhook;

use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;

use crate::domain::notification::NotificationMessage;
use crate::institutions::Institutions;
use crate::store::{ClaimedMessage, StoreError};
use mail::Mail;
pub use mail::MailSettings;
pub use settings::{PushOptions, Settings, WebhookSettings};
use webhook::Webhook;

/// The interval for polling an empty outbox.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The time limit for one delivery.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a claim keeps other processes from sending the same message.
const CLAIM_DURATION: SignedDuration = SignedDuration::from_secs(30);
/// The longest pause between two tries.
const MAX_RETRY_DELAY: SignedDuration = SignedDuration::from_mins(10);
/// The number of tries, over about two hours, before a notification is given up.
const MAX_ATTEMPTS: u32 = 20;

/// Sends the notifications of all institutions.
pub struct Push {
    channels: Vec<DeliveryChannel>,
}

/// A channel over which notifications are sent.
enum DeliveryChannel {
    Webhook(Box<Webhook>),
    Mail(Box<Mail>),
}

/// Why a delivery failed, for the log. Contains no addresses, which may contain secrets.
struct Failure(String);

impl Push {
    /// Creates the channels that the settings name.
    ///
    /// # Errors
    /// The settings cannot be used.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        let webhook =
            settings.webhook.as_ref().map(|settings| Webhook::new(settings).map(|webhook| DeliveryChannel::Webhook(Box::new(webhook))));
        let mail = settings.mail.as_ref().map(|settings| Mail::new(settings).map(|mail| DeliveryChannel::Mail(Box::new(mail))));
        Ok(Self { channels: webhook.into_iter().chain(mail).collect::<anyhow::Result<_>>()? })
    }

    /// Sends until `stop` completes; returns at once if no channel is configured. A delivery
    /// that is interrupted is repeated later.
    pub async fn run(&self, institutions: &Institutions, stop: impl Future<Output = ()>) {
        if self.channels.is_empty() {
            return;
        }
        let mut stop = pin!(stop);
        // The store logs its own failures.
        let _ = institutions.store().release_claims(institutions.wall().as_millisecond()).await;
        tokio::select! {
            _ = join_all(self.channels.iter().map(|channel| channel.send_loop(institutions))) => {}
            () = &mut stop => {}
        }
    }
}

impl DeliveryChannel {
    /// Its name in the outbox and in the log.
    fn name(&self) -> &'static str {
        match self {
            Self::Webhook(_) => settings::WEBHOOK,
            Self::Mail(_) => settings::MAIL,
        }
    }

    async fn send(&self, message: &NotificationMessage, now: Timestamp) -> Result<(), Failure> {
        match self {
            Self::Webhook(webhook) => webhook.send(message, now).await,
            Self::Mail(mail) => mail.send(message).await,
        }
    }

    /// Sends one notification after another.
    async fn send_loop(&self, institutions: &Institutions) {
        loop {
            let now = institutions.wall();
            let claimed = institutions.store().claim(self.name(), now.as_millisecond(), (now + CLAIM_DURATION).as_millisecond()).await;
            let attempted = match claimed {
                Ok(Some(claimed)) => self.attempt(institutions, claimed).await.is_ok(),
                Ok(None) | Err(_) => false,
            };
            // After a notification the outbox may hold more.
            if !attempted {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        }
    }

    /// Tries to deliver one notification.
    async fn attempt(&self, institutions: &Institutions, claimed: ClaimedMessage) -> Result<(), StoreError> {
        let (store, channel, ClaimedMessage { number, tries, body }) = (institutions.store(), self.name(), claimed);
        let message: NotificationMessage = match serde_json::from_str(&body) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(way = channel, %error, "送信待ちの通知を読めないため、送信をやめます / a notice in the outbox cannot be read, and is given up");
                return store.remove_message(number).await;
            }
        };
        let sent = tokio::time::timeout(DELIVERY_TIMEOUT, self.send(&message, institutions.wall())).await;
        let failure = match sent {
            Ok(Ok(())) => return store.remove_message(number).await,
            Ok(Err(Failure(why))) => why,
            Err(_) => format!("no answer within {} s", DELIVERY_TIMEOUT.as_secs()),
        };
        if tries >= MAX_ATTEMPTS {
            tracing::error!(
                way = channel,
                id = message.id,
                tries,
                why = failure,
                "通知を送信できないため、送信をやめます / a notice could not be delivered, and is given up"
            );
            return store.remove_message(number).await;
        }
        let pause = retry_delay(tries);
        tracing::warn!(
            way = channel,
            id = message.id,
            tries,
            why = failure,
            again_in_seconds = pause.as_secs(),
            "通知を送信できませんでした / a notice could not be delivered"
        );
        store.postpone(number, (institutions.wall() + pause).as_millisecond()).await
    }
}

/// Returns the pause after a number of tries: one second after the first, then doubled each
/// time up to the limit.
fn retry_delay(tries: u32) -> SignedDuration {
    SignedDuration::from_secs(1 << tries.saturating_sub(1).min(30)).min(MAX_RETRY_DELAY)
}

/// Whether a URL names this machine.
fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost" || ip.is_some_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_ten_minutes_and_all_tries_take_about_two_hours() {
        let pauses: Vec<i64> = (1..MAX_ATTEMPTS).map(|tries| retry_delay(tries).as_secs()).collect();
        assert_eq!(pauses[..11], [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600]);
        assert_eq!(retry_delay(u32::MAX), MAX_RETRY_DELAY);
        assert!((3_600..3 * 3_600).contains(&pauses.iter().sum::<i64>()));
    }
}
