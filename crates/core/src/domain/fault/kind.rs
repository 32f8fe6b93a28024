//! The kinds of faults: what each does, and to which operations.

use super::Requests;
use crate::domain::named::named;
use crate::domain::period::{Period, Skew, in_words};
use crate::domain::text::Text;

/// The maximum delay of a response, and the maximum time between two parts of a slow body.
pub const MAX_DELAY: Period = Period::from_secs(600);

/// How long a connection without a response stays open. It ends earlier if the client closes it.
pub const MAX_SILENCE: Period = Period::from_secs(600);

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Delays the response, by the machine's clock.
    Delay {
        /// The minimum.
        least: Period,
        /// The maximum.
        most: Period,
    },
    /// Returns an HTTP error instead, as a proxy does.
    Status {
        /// 400 to 599.
        status: u16,
        /// `Retry-After`, in whole seconds.
        retry_after: Option<Period>,
    },
    /// Resets the connection (TCP RST; HTTP/2: RST_STREAM).
    Reset,
    /// Closes the connection without a response (HTTP/2: RST_STREAM).
    Close,
    /// Sends no response and keeps the connection open, at most for [`MAX_SILENCE`].
    BlackHole,
    /// Cuts the body.
    Cut {
        /// After this many bytes; by default after half of them.
        after: Option<u64>,
    },
    /// Sends the body slowly, in parts.
    Drip {
        /// The bytes of one part.
        bytes: u64,
        /// The time between two parts.
        every: Period,
    },
    /// Sends a wrong `Content-Length`.
    WrongLength {
        /// The difference in bytes: positive if more are announced than sent, negative if fewer.
        off_by: i64,
    },
    /// Sends a body that is no valid JSON or XML: its end is missing.
    Malformed,
    /// Sends the body in another character set than it declares.
    WrongEncoding,
    /// Changes one byte of the package, so that its SHA-256 is wrong.
    WrongHash,
    /// Sends an `ETag` for the package that no later condition matches.
    StaleEtag,
    /// Refuses the request as if its token had expired.
    ExpiredToken,
    /// Answers the check as still being processed (`SegmentOfResult` 2).
    Processing,
    /// Shifts `Date` and `ProcessExecutionTime`.
    ClockSkew {
        /// The difference.
        skew: Skew,
    },
}

named! {
    /// The name of a kind of fault.
    #[expect(missing_docs, reason = "each is the kind of the same name")]
    #[schemars(rename = "FaultKind")]
    pub enum KindName {
        Delay = "delay",
        Status = "status",
        Reset = "reset",
        Close = "close",
        BlackHole = "black_hole",
        Cut = "cut",
        Drip = "drip",
        WrongLength = "wrong_length",
        Malformed = "malformed",
        WrongEncoding = "wrong_encoding",
        WrongHash = "wrong_hash",
        StaleEtag = "stale_etag",
        ExpiredToken = "expired_token",
        Processing = "processing",
        ClockSkew = "clock_skew",
    }
}

/// The kinds after which the client does not have the response as the server sent it.
const WITHOUT_ANSWER: [KindName; 9] = [
    KindName::Status,
    KindName::Reset,
    KindName::Close,
    KindName::BlackHole,
    KindName::Cut,
    KindName::WrongLength,
    KindName::Malformed,
    KindName::WrongEncoding,
    KindName::WrongHash,
];

impl KindName {
    /// Whether the response reaches the client unchanged when a fault of this kind fires.
    pub fn answer_arrives(self) -> bool {
        !WITHOUT_ANSWER.contains(&self)
    }
}

impl Kind {
    /// Returns the name.
    pub fn name(&self) -> KindName {
        match self {
            Self::Delay { .. } => KindName::Delay,
            Self::Status { .. } => KindName::Status,
            Self::Reset => KindName::Reset,
            Self::Close => KindName::Close,
            Self::BlackHole => KindName::BlackHole,
            Self::Cut { .. } => KindName::Cut,
            Self::Drip { .. } => KindName::Drip,
            Self::WrongLength { .. } => KindName::WrongLength,
            Self::Malformed => KindName::Malformed,
            Self::WrongEncoding => KindName::WrongEncoding,
            Self::WrongHash => KindName::WrongHash,
            Self::StaleEtag => KindName::StaleEtag,
            Self::ExpiredToken => KindName::ExpiredToken,
            Self::Processing => KindName::Processing,
            Self::ClockSkew { .. } => KindName::ClockSkew,
        }
    }

    /// Whether this fault is possible for these requests.
    pub fn applies_to(&self, requests: Requests) -> bool {
        use Requests::{Card, Folder, Linkage, Login, Notices, Package, Results, Search};
        match self {
            Self::WrongHash | Self::StaleEtag => requests == Package,
            Self::Processing => matches!(requests, Search | Folder),
            Self::ExpiredToken => !matches!(requests, Login | Folder),
            Self::Malformed => requests != Package,
            Self::WrongEncoding => matches!(requests, Search | Linkage | Folder | Card | Results | Notices),
            // A file has no status and no connection, and appears as a whole.
            Self::Status { .. } | Self::Reset | Self::Close | Self::Drip { .. } | Self::WrongLength { .. } => requests != Folder,
            Self::Delay { .. } | Self::BlackHole | Self::Cut { .. } | Self::ClockSkew { .. } => true,
        }
    }

    /// Whether the client can still use what it receives as a response.
    pub fn has_usable_response(&self) -> bool {
        matches!(
            self,
            Self::Delay { .. } | Self::Drip { .. } | Self::StaleEtag | Self::ExpiredToken | Self::Processing | Self::ClockSkew { .. }
        )
    }

    /// Returns the kind with a value drawn from its range.
    pub(super) fn with_drawn_value(&self, share: impl FnOnce() -> f64) -> Self {
        match self {
            Self::Delay { least, most } if least < most => {
                let delay = least.up_to(*most, share());
                Self::Delay { least: delay, most: delay }
            }
            kind => kind.clone(),
        }
    }

    /// Returns what it does, as a sentence.
    pub fn description(&self) -> Text {
        match self {
            Self::Delay { least, most } => {
                let (from, to) = (in_words(least.duration()), in_words(most.duration()));
                if least == most {
                    Text::new(format!("応答を{}遅らせます。", to.ja), format!("The answer is delayed by {}.", to.en))
                } else {
                    Text::new(
                        format!("応答を{}〜{}遅らせます。", from.ja, to.ja),
                        format!("The answer is delayed by {} to {}.", from.en, to.en),
                    )
                }
            }
            Self::Status { status, retry_after: None } => {
                Text::new(format!("HTTP {status} だけを返します。"), format!("HTTP {status} is answered instead."))
            }
            Self::Status { status, retry_after: Some(retry_after) } => {
                let after = in_words(retry_after.duration());
                Text::new(
                    format!("HTTP {status} と Retry-After（{}）を返します。", after.ja),
                    format!("HTTP {status} with Retry-After ({}) is answered instead.", after.en),
                )
            }
            Self::Reset => Text::new("接続をリセットします。", "The connection is reset."),
            Self::Close => Text::new("応答せずに接続を閉じます。", "The connection closes without an answer."),
            Self::BlackHole => Text::new("応答せず、接続は開いたままにします。", "No answer comes, and the connection stays open."),
            Self::Cut { after: None } => Text::new("本文を半分で切ります。", "The body breaks off halfway."),
            Self::Cut { after: Some(after) } => {
                Text::new(format!("本文を {after} バイトで切ります。"), format!("The body breaks off after {after} bytes."))
            }
            Self::Drip { bytes, every } => {
                let every = in_words(every.duration());
                Text::new(
                    format!("本文を{}ごとに {bytes} バイトずつ送ります。", every.ja),
                    format!("The body comes {bytes} bytes at a time, every {}.", every.en),
                )
            }
            Self::WrongLength { off_by } => {
                Text::new(format!("Content-Length が {off_by:+} バイト違います。"), format!("Content-Length is off by {off_by:+} bytes."))
            }
            Self::Malformed => Text::new("本文の終わりが欠けています。", "The end of the body is missing."),
            Self::WrongEncoding => Text::new("本文の文字コードが宣言と違います。", "The body is in another character set than it says."),
            Self::WrongHash => Text::new("パッケージの1バイトが違います。", "One byte of the package is another."),
            Self::StaleEtag => Text::new("ETag が古い値です。", "The ETag is a stale one."),
            Self::ExpiredToken => Text::new("トークンを期限切れとして拒否します。", "The token is refused as expired."),
            Self::Processing => Text::new("「処理中」を返します。", "The answer is that it is being processed."),
            Self::ClockSkew { skew } => {
                let by = in_words(skew.duration().abs());
                let (ja, en) = if skew.duration().is_negative() { ("遅れて", "slow") } else { ("進んで", "fast") };
                Text::new(format!("応答の時刻が{}{ja}います。", by.ja), format!("Its times are {} {en}.", by.en))
            }
        }
    }
}
