//! Delivery by mail, Japanese first, through the configured mail server.

use std::fmt;
use std::time::SystemTime;

use anyhow::{Context as _, anyhow, ensure};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, MessageBuilder};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use reqwest::Url;

use super::text::{body, subject};
use super::{DELIVERY_TIMEOUT, Failure, is_local};
use crate::domain::notification::NotificationMessage;

/// The maximum number of recipients.
const MAX_RECIPIENTS: usize = 20;
/// The sender address, unless another is configured.
const SENDER: &str = "onshi-mock@localhost";

/// The mail server, the sender and the recipients.
#[derive(Clone)]
pub struct MailSettings {
    url: String,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl MailSettings {
    /// Validates the options.
    pub(super) fn new(url: String, from: Option<&str>, to: &[String]) -> anyhow::Result<Self> {
        ensure!(!to.is_empty(), "smtp-url: --notice-to も必要です / needs --notice-to, too");
        ensure!(to.len() <= MAX_RECIPIENTS, "notice-to: {MAX_RECIPIENTS} 件までです / at most {MAX_RECIPIENTS} addresses");
        let from = mailbox("notice-from", from.unwrap_or(SENDER))?;
        let to = to.iter().map(|address| mailbox("notice-to", address)).collect::<anyhow::Result<_>>()?;
        Ok(Self { url: smtp_url(url)?, from, to })
    }
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mail from {} to {} addresses", self.from, self.to.len())
    }
}

/// The delivery channel for mail.
pub(super) struct Mail {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Mail {
    pub(super) fn new(settings: &MailSettings) -> anyhow::Result<Self> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.url)
            .context("smtp-url: 使えません / it cannot be used")?
            .timeout(Some(DELIVERY_TIMEOUT))
            .build();
        Ok(Self { server, from: settings.from.clone(), to: settings.to.clone() })
    }

    /// Hands a notification to the server as one mail to all recipients.
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

fn smtp_url(text: String) -> anyhow::Result<String> {
    let wrong = || {
        anyhow!(
            "smtp-url: smtp://ホスト:25、smtp://ユーザー:パスワード@ホスト:587?tls=required、smtps://ユーザー:パスワード@ホスト:465 のいずれかの形が必要です / \
             expected smtp://host:25, smtp://user:password@host:587?tls=required or smtps://user:password@host:465"
        )
    };
    let url = Url::parse(&text).map_err(|_| wrong())?;
    let tls: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let encrypted = match (url.scheme(), tls.as_slice()) {
        ("smtps", []) => true,
        ("smtp", []) => false,
        ("smtp", [(name, value)]) if name == "tls" && value == "required" => true,
        _ => return Err(wrong()),
    };
    ensure!(url.host_str().is_some_and(|host| !host.is_empty()), wrong());
    // The URL type does not parse the host of an `smtp` URL as it does for `http`, but
    // `127.0.0.1` and `[::1]` are written the same.
    let local = is_local(&url);
    ensure!(
        encrypted || local || url.password().is_none(),
        "smtp-url: パスワードを平文で送らないよう、smtps:// か ?tls=required を指定してください / \
         use smtps:// or ?tls=required: the password would be sent in the clear"
    );
    Ok(text)
}

fn mailbox(option: &str, text: &str) -> anyhow::Result<Mailbox> {
    let expected = "メールアドレスが必要です / expected a mail address, such as";
    text.trim().parse().map_err(|error| anyhow!("{option}: `{text}`: {expected} staff@example.jp ({error})"))
}
