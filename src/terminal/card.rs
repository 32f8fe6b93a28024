//! Cards presented at the terminal's reader.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Terminal;
use super::linkage_folder::deliver_face;
use super::protocol::CardAnswer;
use super::request_error::RequestError;
use crate::domain::card::{Card, CardOutcome};
use crate::domain::consent::Consents;
use crate::domain::terminal::Power;
use crate::domain::text::Text;
use crate::linkage::folder::OutputFile;

/// A card to present.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardInput {
    /// The person's id, name or number.
    pub person: String,
    /// What the person consents to.
    #[serde(default)]
    pub consents: Consents,
    /// The kind of card.
    #[serde(default)]
    pub card: Card,
}

/// The result of a card.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CardResult {
    /// The outcome; `kind` says which.
    pub outcome: Value,
    /// The text on the screen of the reader or the terminal.
    pub shown: Text,
    /// The face result file that was written, if any.
    pub file: Option<String>,
}

impl Terminal {
    /// Presents a card at the reader; writes the face result to the linkage folder.
    ///
    /// # Errors
    /// The server refuses the request, or the folder cannot be written.
    pub async fn card(&self, input: &CardInput) -> Result<CardResult, Text> {
        let state = self.state();
        if state.power != Power::On || !state.reader_powered {
            return Ok(result_without_file(json!({"kind": "nothing"}), CardOutcome::Nothing.shown()));
        }
        if let Some(CardOutcome::Reader { screen }) = input.card.refused_by_reader() {
            return Ok(result_without_file(json!({"kind": "reader", "screen": screen}), screen));
        }
        match self.request_card(input).await {
            // A terminal with a pending restart confirms no one, whether the server or the
            // terminal detects it first.
            Ok(answer) if self.state().is_pending() && answer.outcome["kind"] == "face_result" => Ok(local_refusal()),
            Ok(answer) => self.write_result_file(answer).await,
            Err(RequestError::Later { .. }) if self.state().is_pending() => Ok(local_refusal()),
            Err(error) => Err(error.why().clone()),
        }
    }

    async fn request_card(&self, input: &CardInput) -> Result<CardAnswer, RequestError> {
        self.settle_pending().await?;
        let body = serde_json::to_value(input).map_err(|error| RequestError::retry_later(error.to_string(), error.to_string()))?;
        self.backend.request_card(&body).await
    }

    async fn write_result_file(&self, answer: CardAnswer) -> Result<CardResult, Text> {
        let CardAnswer { outcome, shown, file } = answer;
        let (Some(file), Some(folder)) = (file, &self.folder) else {
            return Ok(result_without_file(outcome, shown));
        };
        let unwritten = |error: &dyn std::fmt::Display| {
            Text::new(format!("face ファイルを書けません：{error}。"), format!("The face result file cannot be written: {error}."))
        };
        let bytes = BASE64_STANDARD.decode(&file.base64).map_err(|error| unwritten(&error))?;
        let result_files = self.result_files(file.result_files);
        let face = OutputFile { name: file.name.clone(), bytes, result_files };
        deliver_face(folder, face, (self.settings.wall)()).await.map_err(|error| unwritten(&error))?;
        Ok(CardResult { outcome, shown, file: Some(file.name) })
    }
}

fn result_without_file(outcome: Value, shown: Text) -> CardResult {
    CardResult { outcome, shown, file: None }
}

fn local_refusal() -> CardResult {
    let shown = Text::new(
        "更新アプリケーションのインストール後、資格確認端末が再起動されていないため、資格確認ができません。資格確認端末を再起動した後、もう一度資格確認を行ってください。",
        "An update was installed and the terminal was not restarted since: qualifications cannot be checked. Restart the terminal, then check again.",
    );
    result_without_file(json!({"kind": "refused", "error": "restart_required"}), shown)
}
