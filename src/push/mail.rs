//! A letter as mail, Japanese first, by the mail server that was given at the start.

use std::time::SystemTime;

use anyhow::Context as _;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use super::text::{body, subject};
use super::{Failure, MailSettings, PATIENCE};
use crate::domain::notification::NotificationMessage;

/// The mail server, and between whom.
pub(super) struct Mail {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mail {
    pub(super) fn new(settings: &MailSettings) -> anyhow::Result<Self> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.url)
            .context("smtp-url: 使えません / it cannot be used")?
            .timeout(Some(PATIENCE))
            .build();
        Ok(Self { server, from: settings.from.clone(), to: settings.to.clone() })
    }

    /// Hands a letter to the server, one message for all.
    pub(super) async fn send(&self, message: &NotificationMessage) -> Result<(), Failure> {
        let builder = self.to.iter().cloned().fold(Message::builder(), MessageBuilder::to);
        let message = builder
            .from(self.from.clone())
            .subject(subject(message))
            .date(SystemTime::from(message.timestamp))
            .message_id(Some(format!("<{}@onshi-mock>", message.id)))
            .header(ContentType::TEXT_PLAIN)
            .body(body(message))
            .map_err(|error| Failure(error.to_string()))?;
        self.server.send(message).await.map(drop).map_err(|error| Failure(error.to_string()))
    }
}
