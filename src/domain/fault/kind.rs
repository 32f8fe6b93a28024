//! What faults do, to which operations, and in whose words.

use super::Requests;
use crate::domain::named::named;
use crate::domain::period::{Period, Skew};
use crate::domain::text::Text;

/// The longest delay of one answer, and the longest time between two drips.
pub const LONGEST_DELAY: Period = Period::from_secs(600);

/// How long nothing comes, where nothing comes, before the connection closes; a client that leaves ends it sooner.
pub const LONGEST_SILENCE: Period = Period::from_secs(600);

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The answer comes later, by the machine's clock.
    Delay {
        /// At least so much.
        least: Period,
        /// At most so much.
        most: Period,
    },
    /// Another answer comes: an HTTP error, as from a proxy in between.
    Status {
        /// 400 to 599.
        status: u16,
        /// `Retry-After`, in whole seconds.
        retry_after: Option<Period>,
    },
    /// The connection is reset (TCP RST; HTTP/2: RST_STREAM).
    Reset,
    /// The connection closes without an answer (HTTP/2: RST_STREAM).
    Close,
    /// No answer comes, and the connection stays open: [`LONGEST_SILENCE`] at most.
    BlackHole,
    /// The body breaks off.
    Cut {
        /// Behind so many bytes; behind half of them where it is left out.
        after: Option<u64>,
    },
    /// The body drips.
    Drip {
        /// So many bytes at once.
        bytes: u64,
        /// The time between.
        every: Period,
    },
    /// `Content-Length` is wrong.
    WrongLength {
        /// By so many bytes: above zero, more are announced than come; below, fewer.
        off_by: i64,
    },
    /// The body is no JSON or XML: its end is missing.
    Malformed,
    /// The body is in the other character set than it says.
    WrongEncoding,
    /// A byte of the package is another, so that its SHA-256 does not fit.
    WrongHash,
    /// The package's `ETag` is one that no later condition holds for.
    StaleEtag,
    /// The request is refused as one with an expired token.
    ExpiredToken,
    /// The check is answered as being processed (`SegmentOfResult` 2).
    Processing,
    /// `Date` and `ProcessExecutionTime` are those of another time.
    ClockSkew {
        /// Off by so much.
        skew: Skew,
    },
}

named! {
    /// What a kind is called.
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

/// Kinds after which the client has not got the answer that was given.
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
    /// Whether the answer reaches the client as it was given, where a fault of this kind fires.
    pub fn answer_arrives(self) -> bool {
        !WITHOUT_ANSWER.contains(&self)
    }
}

impl Kind {
    /// What it is called.
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

    /// Whether it can be done to such a request.
    pub fn suits(&self, requests: Requests) -> bool {
        use Requests::{Card, Folder, Linkage, Login, Notices, Package, Results, Search};
        match self {
            Self::WrongHash | Self::StaleEtag => requests == Package,
            Self::Processing => matches!(requests, Search | Folder),
            Self::ExpiredToken => !matches!(requests, Login | Folder),
            Self::Malformed => requests != Package,
            Self::WrongEncoding => matches!(requests, Search | Linkage | Folder | Card | Results | Notices),
            // A file has no status and no connection, and is there as a whole.
            Self::Status { .. } | Self::Reset | Self::Close | Self::Drip { .. } | Self::WrongLength { .. } => requests != Folder,
            Self::Delay { .. } | Self::BlackHole | Self::Cut { .. } | Self::ClockSkew { .. } => true,
        }
    }

    /// Whether what reaches the client can still be used as an answer.
    pub fn leaves_an_answer(&self) -> bool {
        matches!(
            self,
            Self::Delay { .. } | Self::Drip { .. } | Self::StaleEtag | Self::ExpiredToken | Self::Processing | Self::ClockSkew { .. }
        )
    }

    /// With its range drawn.
    pub(super) fn drawn(&self, share: impl FnOnce() -> f64) -> Self {
        match self {
            Self::Delay { least, most } if least < most => {
                let delay = least.up_to(*most, share());
                Self::Delay { least: delay, most: delay }
            }
            kind => kind.clone(),
        }
    }

    /// What it does, for the journal.
    pub(super) fn says(&self) -> Text {
        match self {
            Self::Delay { most, .. } => Text::new(format!("応答を {most} 遅らせます。"), format!("The answer is delayed by {most}.")),
            Self::Status { status, retry_after: None } => {
                Text::new(format!("HTTP {status} だけを返します。"), format!("HTTP {status} is answered instead."))
            }
            Self::Status { status, retry_after: Some(retry_after) } => Text::new(
                format!("HTTP {status} と Retry-After（{retry_after}）を返します。"),
                format!("HTTP {status} with Retry-After ({retry_after}) is answered instead."),
            ),
            Self::Reset => Text::new("接続をリセットします。", "The connection is reset."),
            Self::Close => Text::new("応答せずに接続を閉じます。", "The connection closes without an answer."),
            Self::BlackHole => Text::new("応答しません。", "No answer comes."),
            Self::Cut { .. } => Text::new("本文を途中で切ります。", "The body breaks off."),
            Self::Drip { bytes, every } => Text::new(
                format!("本文を {every} ごとに {bytes} バイトずつ送ります。"),
                format!("The body comes {bytes} bytes at a time, every {every}."),
            ),
            Self::WrongLength { off_by } => {
                Text::new(format!("Content-Length が {off_by:+} バイト違います。"), format!("Content-Length is off by {off_by:+} bytes."))
            }
            Self::Malformed => Text::new("本文の終わりが欠けています。", "The end of the body is missing."),
            Self::WrongEncoding => Text::new("本文の文字コードが宣言と違います。", "The body is in another character set than it says."),
            Self::WrongHash => Text::new("パッケージの 1 バイトが違います。", "One byte of the package is another."),
            Self::StaleEtag => Text::new("ETag が古い値です。", "The ETag is a stale one."),
            Self::ExpiredToken => Text::new("トークンを期限切れとして拒否します。", "The token is refused as expired."),
            Self::Processing => Text::new("処理中と答えます。", "The answer is that it is being processed."),
            Self::ClockSkew { skew } => Text::new(format!("時刻が {skew} ずれています。"), format!("Its times are off by {skew}.")),
        }
    }
}
