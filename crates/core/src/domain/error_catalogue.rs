//! The catalogue of errors: code, message, remedy and source of every error that the mock returns.
//! The official list is not public.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::named::named;
use super::text::Text;

named! {
    /// An error, by the name that the fixtures use.
    pub enum ErrorId {
        /// The request cannot be read.
        MalformedRequest = "malformed_request",
        /// A linkage file of an existing kind whose layout is not public.
        KindNotPublic = "kind_not_public",
        /// The body did not arrive completely in time.
        BodyTimeout = "body_timeout",
        /// The body is too large.
        BodyTooLarge = "body_too_large",
        /// The body is compressed.
        BodyEncoded = "body_encoded",
        /// The path does not exist.
        UnknownRoute = "unknown_route",
        /// The path does not support the method.
        MethodNotAllowed = "method_not_allowed",
        /// The requesting institution cannot be identified.
        IdentityMissing = "identity_missing",
        /// The institution or terminal does not exist.
        IdentityUnknown = "identity_unknown",
        /// Certificate, token and request identify different institutions or terminals.
        IdentityContradiction = "identity_contradiction",
        /// A client certificate issued by this server is required.
        CertificateRequired = "certificate_required",
        /// The credentials are incorrect.
        LoginRefused = "login_refused",
        /// A required token is missing.
        TokenMissing = "token_missing",
        /// The token was not issued by this server, or its institution has been reset since then.
        TokenForeign = "token_foreign",
        /// The token has expired.
        TokenExpired = "token_expired",
        /// The terminal is off.
        TerminalOff = "terminal_off",
        /// The terminal is booting.
        TerminalStarting = "terminal_starting",
        /// N5: the update is installed, but the terminal has not been restarted.
        RestartRequired = "restart_required",
        /// N9: the terminal was restarted, but the error remains.
        RestartDidNotHelp = "restart_did_not_help",
        /// N11 (by setting): the update was not installed by the set date.
        UpdateMissing = "update_missing",
        /// The line's authentication is lost. This error is not in the notice, and a restart does
        /// not resolve it.
        LineDown = "line_down",
        /// The card expires soon; this is a note on a successful check.
        CardExpiresSoon = "card_expires_soon",
        /// A person whose check results in an error specific to that person.
        PersonRefused = "person_refused",
        /// The card data match no person, or several, although exactly one is required.
        PersonUnmatched = "person_unmatched",
        /// Medical information was requested without the patient's consent.
        ConsentMissing = "consent_missing",
        /// The reception number of the bulk request is unknown.
        ReceptionUnknown = "reception_unknown",
        /// The package does not exist.
        UnknownPackage = "unknown_package",
        /// The range is outside the package.
        RangeNotSatisfiable = "range_not_satisfiable",
        /// The report does not match the terminal's state.
        ReportRefused = "report_refused",
        /// An automatic download outside the distribution windows.
        WindowClosed = "window_closed",
        /// The terminal polls too often.
        TooManyPolls = "too_many_polls",
        /// The campaign is suspended.
        DistributionSuspended = "distribution_suspended",
        /// The delivery server is down.
        DeliveryDown = "delivery_down",
        /// `If-Match` names another package.
        PreconditionFailed = "precondition_failed",
        /// The package's hash is still being computed.
        PackagePreparing = "package_preparing",
        /// The package's file is gone or has changed.
        PackageUnavailable = "package_unavailable",
        /// The store does not work: it could not be read or written.
        StoreUnavailable = "store_unavailable",
    }
}

impl ErrorId {
    /// Returns the title of an error that a client meets, short enough for a list; `None` for
    /// others, which are named by their codes.
    pub fn title(self) -> Option<Text> {
        let (ja, en) = match self {
            Self::RestartRequired => ("再起動待ち", "restart pending"),
            Self::RestartDidNotHelp => ("再起動しても解消せず", "not cured by the restart"),
            Self::LineDown => ("回線の切断", "line down"),
            Self::UpdateMissing => ("更新なし", "update missing"),
            Self::TerminalOff => ("電源オフ", "terminal off"),
            Self::TerminalStarting => ("端末が起動中", "terminal booting"),
            Self::TokenExpired => ("トークン期限切れ", "token expired"),
            Self::TokenMissing => ("トークンなし", "no token"),
            Self::TokenForeign => ("無効なトークン", "token not valid"),
            Self::LoginRefused => ("ログイン拒否", "login refused"),
            Self::IdentityMissing => ("医療機関が不明", "unidentified"),
            Self::IdentityUnknown => ("未登録の医療機関・端末", "institution or terminal unknown"),
            Self::IdentityContradiction => ("医療機関・端末の不一致", "identities contradict"),
            Self::CertificateRequired => ("証明書なし", "no certificate"),
            Self::MalformedRequest => ("要求の形式の誤り", "malformed request"),
            Self::KindNotPublic => ("対応していない種別", "kind of file not known"),
            Self::BodyTimeout | Self::BodyTooLarge | Self::BodyEncoded => ("本文の誤り", "body refused"),
            Self::UnknownRoute | Self::MethodNotAllowed => ("URL の誤り", "wrong URL"),
            Self::PersonRefused => ("個人単位のエラー", "error of this person"),
            Self::PersonUnmatched => ("該当者なし", "nobody matches"),
            Self::ConsentMissing => ("同意なし", "no consent"),
            Self::ReceptionUnknown => ("受付番号が不明", "reception number unknown"),
            Self::WindowClosed => ("配信時間外", "outside the windows"),
            Self::TooManyPolls => ("問い合わせが多すぎる", "too many polls"),
            Self::DistributionSuspended => ("配信の停止中", "distribution suspended"),
            Self::DeliveryDown => ("配信サーバーの停止", "delivery server down"),
            Self::StoreUnavailable => ("サーバーの保存先の障害", "store unavailable"),
            _ => return None,
        };
        Some(Text::new(ja, en))
    }

    /// Whether the error is about a person, not about the request or the terminal. The error
    /// profile then does not apply: it is always returned in the envelope.
    pub fn is_of_person(self) -> bool {
        matches!(self, Self::PersonRefused | Self::PersonUnmatched | Self::ConsentMissing)
    }

    /// Returns the `{name}` placeholders that its message may contain.
    pub fn placeholders(self) -> &'static [&'static str] {
        match self {
            Self::RestartRequired | Self::UpdateMissing | Self::LineDown | Self::TerminalOff | Self::TerminalStarting => &[],
            Self::PersonRefused | Self::PersonUnmatched | Self::ConsentMissing => &[],
            Self::RestartDidNotHelp => &["call_centre", "phone", "answers", "article", "url"],
            _ => &["detail"],
        }
    }
}

/// The catalogue: one entry for every [`ErrorId`].
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    entries: BTreeMap<ErrorId, Entry>,
}

/// One error as clients and staff see it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The error.
    pub id: ErrorId,
    /// The code in the response: 1 to 32 visible ASCII characters.
    pub code: String,
    /// The HTTP status, 200 to 599, where the response is not the usual 200 with an error inside.
    pub status: u16,
    /// Where the error appears in the response to a check.
    #[serde(default)]
    pub layer: Layer,
    /// The message, 1 to 1,000 characters. `{name}` placeholders are replaced by values of the
    /// request.
    pub message: Text,
    /// What staff or a programmer should do, at most 1,000 characters.
    pub remedy: Text,
    /// The sources of code and message.
    pub provenance: Provenance,
}

/// The origin of code, wording and situation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The origin of the code.
    pub code: Mark,
    /// The origin of the wording.
    pub message: Mark,
    /// The origin of the situation: a row of the notice, such as N5, or `mock`.
    pub source: String,
}

/// The origin of a code or wording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Published in a document.
    Documented,
    /// Invented by this mock, because the real one is not public.
    Invented,
    /// Set by the user through the API.
    Replaced,
}

/// The place of an error in the message of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// `SegmentOfResult` "9" with `ErrorCode` and `ErrorMessage`.
    #[default]
    Header,
    /// `ProcessingResultStatus` "2" with `ProcessingResultCode` and `ProcessingResultMessage`.
    Body,
}

/// The maximum length of a code. Known codes of related real systems have 9 (`EPSB0052E`) and 15
/// characters (`OQC-OWSE0900000`).
const MAX_CODE: usize = 32;
/// The maximum length of a message or remedy, in characters.
const MAX_MESSAGE: usize = 1000;

impl Entry {
    /// Returns the first invalid field as a JSON pointer, and what was expected.
    pub fn validate(&self) -> Option<(String, Text)> {
        if !(1..=MAX_CODE).contains(&self.code.len()) || !self.code.bytes().all(|b| b.is_ascii_graphic()) {
            let expected = Text::new(
                format!("空白を含まない ASCII 文字1〜{MAX_CODE}文字のコードが必要です"),
                format!("expected a code of 1 to {MAX_CODE} visible ASCII characters"),
            );
            return Some(("/code".to_owned(), expected));
        }
        if !(200..=599).contains(&self.status) {
            let expected = Text::new("200から599までの HTTP ステータスが必要です", "expected an HTTP status from 200 to 599");
            return Some(("/status".to_owned(), expected));
        }
        let of_message = [("ja", &self.message.ja), ("en", &self.message.en)].into_iter().find_map(|(language, message)| {
            let expected = self.message_error(message)?;
            Some((format!("/message/{language}"), expected))
        });
        of_message.or_else(|| {
            let remedies = [("ja", &self.remedy.ja), ("en", &self.remedy.en)];
            let (language, _) = remedies.into_iter().find(|(_, remedy)| !fits(remedy))?;
            let expected = Text::new(
                format!("制御文字を含まない{MAX_MESSAGE}文字以内が必要です"),
                format!("expected at most {MAX_MESSAGE} characters without control characters"),
            );
            Some((format!("/remedy/{language}"), expected))
        })
    }

    fn message_error(&self, message: &str) -> Option<Text> {
        if message.is_empty() || !fits(message) {
            return Some(Text::new(
                format!("制御文字を含まない1〜{MAX_MESSAGE}文字が必要です"),
                format!("expected 1 to {MAX_MESSAGE} characters without control characters"),
            ));
        }
        let known = self.id.placeholders();
        let mark = placeholders_in(message).find(|mark| !known.contains(mark))?;
        let known = if known.is_empty() { "-".to_owned() } else { known.join(", ") };
        Some(Text::new(
            format!("{{{mark}}} に入る値はありません。使えるもの：{known}"),
            format!("nothing fills {{{mark}}}; the marks of this error are: {known}"),
        ))
    }
}

fn fits(words: &str) -> bool {
    words.chars().count() <= MAX_MESSAGE && !words.chars().any(char::is_control)
}

/// Returns the names between braces.
fn placeholders_in(text: &str) -> impl Iterator<Item = &str> {
    text.split('{').skip(1).map(|rest| rest.split('}').next().unwrap_or(rest))
}

impl Catalogue {
    /// Creates the catalogue from its entries.
    ///
    /// # Errors
    /// The ids that do not have exactly one entry.
    pub fn new(entries: Vec<Entry>) -> Result<Self, Vec<ErrorId>> {
        let count = |id: ErrorId| entries.iter().filter(|entry| entry.id == id).count();
        let wrong: Vec<_> = ErrorId::ALL.iter().copied().filter(|id| count(*id) != 1).collect();
        if wrong.is_empty() { Ok(Self { entries: entries.into_iter().map(|entry| (entry.id, entry)).collect() }) } else { Err(wrong) }
    }

    /// Returns the entry of an id.
    pub fn entry(&self, id: ErrorId) -> &Entry {
        self.entries.get(&id).expect("a catalogue is only made with an entry for every id")
    }
}
