//! `onshi-mock terminal <command>`: sends a command to the admin listener of the running
//! terminal.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use clap::{Subcommand, ValueEnum};
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::config::RunningTerminal;
use crate::domain::consent::{Consent, ConsentKind};
use crate::domain::text::Text;
use crate::terminal::{CardResult, Status, install_provider};

/// What can be done to a running terminal.
#[derive(Subcommand)]
pub(super) enum TerminalCommand {
    /// 端末を再起動する：インストール済みのバージョンが動き始める / Restart it: what is installed runs from then on
    Restart,
    /// 端末をシャットダウンする。高速スタートアップでは休止になる / Shut it down; under fast startup it only hibernates
    Shutdown,
    /// 端末の電源を入れる。休止の後なら完全な起動にならない / Switch it on; after a hibernation that is no boot
    PowerOn,
    /// 連携アプリケーションだけを再起動する：端末の再起動ではない / Restart the linkage application alone: no boot
    RestartLinkage,
    /// 更新を問い合わせ、配信時間外でも今すぐダウンロードする / Look for updates and download now, outside the windows too
    Download,
    /// カードリーダーの電源を切り替える / Switch the card reader
    ReaderPower {
        /// on（入）か off（切） / on or off
        to: Switch,
    },
    /// カードリーダーにカードを置く / Present a card at the reader
    Card {
        /// 被保険者の ID、氏名、番号のいずれか / The person, by id, name or number
        #[arg(long)]
        person: String,
        /// カード：right（本人のもの）、wrong（別のもの）、unreadable（読み取れない）、expired（失効） / right, wrong, unreadable or expired
        #[arg(long, default_value = "right")]
        card: String,
        /// 同意（例：pharmacists=given）。繰り返し可 / KIND=given|refused|expired|unobtainable, such as pharmacists=given; repeatable
        #[arg(long, value_name = "KIND=ANSWER", value_parser = consent)]
        consent: Vec<(ConsentKind, Consent)>,
    },
    /// 状態、バージョン、起動、最後の問い合わせ、進み具合を表示する / Phase, versions, boot, last poll, progress
    Status {
        /// JSON で表示する / As JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

/// The token's file in the state directory.
pub(super) const TOKEN_FILE: &str = "admin-token";

/// The request timeout; long, since the server may take long to process a card.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(90);

/// Sends the command.
///
/// # Errors
/// The terminal is not running, or refuses the command.
pub(super) async fn run(command: TerminalCommand, running: &RunningTerminal) -> anyhow::Result<()> {
    let terminal = Remote::new(running)?;
    match command {
        TerminalCommand::Restart => terminal.command("restart").await,
        TerminalCommand::Shutdown => terminal.command("shutdown").await,
        TerminalCommand::PowerOn => terminal.command("power-on").await,
        TerminalCommand::RestartLinkage => terminal.command("restart-linkage").await,
        TerminalCommand::Download => terminal.command("download").await,
        TerminalCommand::ReaderPower { to } => terminal.send_command(json!({"command": "reader-power", "on": to == Switch::On})).await,
        TerminalCommand::Card { person, card, consent } => {
            let consents: BTreeMap<_, _> = consent.into_iter().collect();
            terminal.card(json!({"person": person, "card": card, "consents": consents})).await
        }
        TerminalCommand::Status { json } => terminal.status(json).await,
    }
}

/// A client of the running terminal.
struct Remote {
    http: Client,
    root: String,
    token: String,
}

impl Remote {
    fn new(running: &RunningTerminal) -> anyhow::Result<Self> {
        install_provider();
        let file = running.state.join(TOKEN_FILE);
        let token = std::fs::read_to_string(&file).with_context(|| {
            format!(
                "{0} を読めません。端末と同じ --state を指定してください / {0} cannot be read: give the terminal's --state",
                file.display()
            )
        })?;
        let http = Client::builder().no_proxy().timeout(COMMAND_TIMEOUT).build()?;
        Ok(Self { http, root: format!("http://{}", running.admin_addr), token: token.trim().to_owned() })
    }

    async fn command(&self, name: &str) -> anyhow::Result<()> {
        self.send_command(json!({"command": name})).await
    }

    async fn send_command(&self, command: Value) -> anyhow::Result<()> {
        let status: Status = self.ask(self.http.post(format!("{}/v1/command", self.root)).json(&command)).await?;
        outln!("{} {} boot={}", status.id, status.phase, status.boot_id);
        Ok(())
    }

    async fn card(&self, card: Value) -> anyhow::Result<()> {
        let seen: CardResult = self.ask(self.http.post(format!("{}/v1/card", self.root)).json(&card)).await?;
        outln!("{}", seen.shown.ja);
        outln!("{}", seen.shown.en);
        if let Some(file) = seen.file {
            outln!("face/{file}");
        }
        Ok(())
    }

    async fn status(&self, as_json: bool) -> anyhow::Result<()> {
        let status: Status = self.ask(self.http.get(format!("{}/v1/status", self.root))).await?;
        if as_json {
            outln!("{}", serde_json::to_string_pretty(&status)?);
        } else {
            status.lines().iter().for_each(|line| outln!("{line}"));
        }
        Ok(())
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> anyhow::Result<T> {
        let root = &self.root;
        let response = request.bearer_auth(&self.token).send().await.with_context(|| {
            format!("{root} で端末が動いていません（--admin-addr を確認してください） / no terminal runs at {root} (check --admin-addr)")
        })?;
        if response.status().is_success() {
            return Ok(response.json().await?);
        }
        let status = response.status();
        let body = response.text().await?;
        match serde_json::from_str::<Text>(&body) {
            Ok(why) => Err(bilingual_error(&why)),
            Err(_) => bail!("{status}: {body}"),
        }
    }
}

/// Creates an error with the text in both languages.
pub(super) fn bilingual_error(why: &Text) -> anyhow::Error {
    anyhow!("{}\n{}", why.ja, why.en)
}

/// Parses a value of `--consent`.
fn consent(text: &str) -> Result<(ConsentKind, Consent), String> {
    fn parse_word<T: for<'de> Deserialize<'de>>(word: &str) -> Result<T, String> {
        serde_json::from_value(Value::String(word.to_owned())).map_err(|error| error.to_string())
    }
    let (kind, answer) =
        text.split_once('=').ok_or("pharmacists=given のように指定してください / expected KIND=ANSWER, such as pharmacists=given")?;
    Ok((parse_word(kind)?, parse_word(answer)?))
}
