//! Cards at the face-recognition reader: which card was presented, and what the reader and the
//! terminal show.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error_catalogue::ErrorId;
use super::text::Text;

/// The card that is presented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Card {
    /// The person's My Number card.
    #[default]
    Right,
    /// Another card.
    Wrong,
    /// A My Number card that cannot be read.
    Unreadable,
    /// A My Number card whose certificate has expired or was revoked.
    Expired,
}

/// The result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CardOutcome {
    /// Nothing happened, because the reader has no power or the terminal is not running.
    Nothing,
    /// The reader rejected the card. Its screens are identified by their numbers.
    Reader {
        /// The screen that the reader shows.
        screen: Text,
    },
    /// The terminal refused the check and shows the error.
    Refused {
        /// The error.
        error: ErrorId,
        /// Whether a face result file also contains the error.
        error_file: bool,
    },
    /// A face result file was written.
    FaceResult,
}

/// The last card presented at a reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCard {
    /// When it was presented.
    pub at: Timestamp,
    /// The outcome.
    pub outcome: CardOutcome,
    /// What staff and patient saw.
    pub shown: Text,
}

impl CardOutcome {
    /// Returns what staff and patient see. For a refusal this only says that there is an error; the
    /// catalogue has its message.
    pub fn shown(&self) -> Text {
        match self {
            Self::Nothing => Text::new(
                "カードリーダーか端末の電源が入っていないため、何も起きませんでした。",
                "Nothing happened: the reader or the terminal is off.",
            ),
            Self::Reader { screen } => screen.clone(),
            Self::Refused { .. } => Text::new("端末がエラーを表示しました。", "The terminal shows an error."),
            Self::FaceResult => Text::new("資格確認の結果ファイル（face）を作成しました。", "The face result file was made."),
        }
    }
}

impl Card {
    /// Returns the reader's screen for a card that the reader refuses.
    pub fn refused_by_reader(self) -> Option<CardOutcome> {
        let screen = match self {
            Self::Right => return None,
            Self::Wrong => Text::new("【002:マイナンバーカード以外】", "[002: not a My Number card]"),
            Self::Unreadable => Text::new("【001:マイナンバーカードの認識不可】", "[001: the My Number card cannot be recognised]"),
            Self::Expired => {
                Text::new("【006:利用者証明用電子証明書の失効・有効期限切れ】", "[006: the card's certificate was revoked or has expired]")
            }
        };
        Some(CardOutcome::Reader { screen })
    }
}
