//! A journal entry in a few words: the way in which the request came, how it ended, and the fault
//! that fired.

use super::language::Language;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::fault::KindName;
use crate::domain::inquiry::Validity;
use crate::domain::linkage::FileKind;
use crate::domain::operation::Operation;
use crate::journal::{Entry, FILE, JournalError, Outcome};
use crate::wire::file_name::FileName;

/// How a request ended: a sign, a few words, and the class of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OutcomeWords {
    /// The class of the style sheet: `good`, `bad`, `wait`, `soft`.
    pub(super) class: &'static str,
    /// ✓, ✕ or ●.
    pub(super) sign: &'static str,
    pub(super) words: String,
}

impl OutcomeWords {
    /// Returns the words for the outcome of an entry.
    pub(super) fn of(lang: Language, entry: &Entry) -> Self {
        if let Some(fault) = entry.fault.as_ref().filter(|fault| !fault.answered) {
            let words = match entry.status.filter(|_| fault.kind == KindName::Status) {
                Some(status) => format!("HTTP {status}"),
                None => fault_title(lang, fault.kind).to_owned(),
            };
            return Self::bad(words);
        }
        match &entry.outcome {
            Outcome::Refused { error, .. } => Self::bad(error_title(lang, error)),
            Outcome::Checked { validity, .. } => {
                let words = validity_words(lang, *validity).to_owned();
                let valid = matches!(validity, Validity::Valid | Validity::ValidUnregistered);
                if valid { Self { class: "good", sign: "✓", words } } else { Self { class: "wait", sign: "●", words } }
            }
            Outcome::Answered if is_check(entry) && entry.inquiry.is_some() => {
                Self { class: "wait", sign: "●", words: lang.say("処理中", "being processed").to_owned() }
            }
            Outcome::Answered if entry.operation == Operation::Card => {
                Self { class: "wait", sign: "●", words: lang.say("読み取りなし", "not read").to_owned() }
            }
            Outcome::Answered => Self { class: "soft", sign: "✓", words: answered_words(lang, entry.operation).to_owned() },
        }
    }

    fn bad(words: impl Into<String>) -> Self {
        Self { class: "bad", sign: "✕", words: words.into() }
    }
}

/// Whether a request is a check of one patient: over the web, as a file, or with a card.
pub(super) fn is_check(entry: &Entry) -> bool {
    match entry.operation {
        Operation::Search | Operation::Card => true,
        Operation::Linkage => {
            let name = entry.path.rsplit('/').next().unwrap_or_default();
            FileName::kind_of(name) == Some(FileKind::Check)
        }
        _ => false,
    }
}

/// Returns the way in which a request came.
pub(super) fn way(lang: Language, entry: &Entry) -> &'static str {
    match entry.operation {
        Operation::Linkage if entry.method == FILE => lang.say("ファイル", "file"),
        Operation::Linkage => lang.say("ファイル（HTTP）", "file (HTTP)"),
        Operation::Card => lang.say("カード", "card"),
        Operation::Updates | Operation::Package | Operation::Reports => lang.say("配信", "delivery"),
        _ => "Web",
    }
}

/// Returns what kind of request it is.
pub(super) fn operation_title(lang: Language, operation: Operation) -> &'static str {
    match operation {
        Operation::Login => lang.say("ログイン", "login"),
        Operation::Search => lang.say("資格確認", "check"),
        Operation::Updates => lang.say("配信の照会", "request for updates"),
        Operation::Package => lang.say("パッケージの取得", "package download"),
        Operation::Reports => lang.say("端末の報告", "terminal's report"),
        Operation::Results => lang.say("配信実績", "delivery results"),
        Operation::Notices => lang.say("お知らせ", "notices"),
        Operation::Linkage => lang.say("連携ファイル", "linkage file"),
        Operation::Card => lang.say("カードの読み取り", "card at the reader"),
        Operation::Unknown => lang.say("不明な要求", "unknown request"),
    }
}

fn answered_words(lang: Language, operation: Operation) -> &'static str {
    match operation {
        Operation::Linkage => lang.say("応答", "answered"),
        operation => operation_title(lang, operation),
    }
}

fn validity_words(lang: Language, validity: Validity) -> &'static str {
    let en = match validity {
        Validity::Valid => "valid",
        Validity::Invalid => "invalid",
        Validity::InvalidNewer => "invalid (there is a newer one)",
        Validity::None => "no such qualification",
        Validity::Several => "several matches",
        Validity::ValidUnregistered => "valid (unregistered)",
    };
    lang.say(validity.ja(), en)
}

/// Returns the name of an error; its code if it is none that a receipt computer usually meets.
pub(super) fn error_title(lang: Language, error: &JournalError) -> String {
    let (ja, en) = match error.id {
        ErrorId::RestartRequired => ("再起動待ち", "restart pending"),
        ErrorId::RestartDidNotHelp => ("再起動しても解消せず", "not cured by the restart"),
        ErrorId::LineDown => ("回線の切断", "line down"),
        ErrorId::UpdateMissing => ("更新なし", "update missing"),
        ErrorId::TerminalOff => ("電源オフ", "terminal off"),
        ErrorId::TerminalStarting => ("端末が起動中", "terminal booting"),
        ErrorId::TokenExpired => ("トークン期限切れ", "token expired"),
        ErrorId::TokenMissing => ("トークンなし", "no token"),
        ErrorId::TokenForeign => ("無効なトークン", "token not valid"),
        ErrorId::LoginRefused => ("ログイン拒否", "login refused"),
        ErrorId::IdentityMissing => ("医療機関が不明", "unidentified"),
        ErrorId::IdentityUnknown => ("未登録の医療機関・端末", "institution or terminal unknown"),
        ErrorId::IdentityContradiction => ("医療機関・端末の不一致", "identities contradict"),
        ErrorId::CertificateRequired => ("証明書なし", "no certificate"),
        ErrorId::MalformedRequest => ("要求の形式の誤り", "malformed request"),
        ErrorId::KindNotPublic => ("対応していない種別", "kind of file not known"),
        ErrorId::BodyTimeout | ErrorId::BodyTooLarge | ErrorId::BodyEncoded => ("本文の誤り", "body refused"),
        ErrorId::UnknownRoute | ErrorId::MethodNotAllowed => ("URL の誤り", "wrong URL"),
        ErrorId::PersonRefused => ("個人単位のエラー", "error of this person"),
        ErrorId::PersonUnmatched => ("該当者なし", "nobody matches"),
        ErrorId::ConsentMissing => ("同意なし", "no consent"),
        ErrorId::ReceptionUnknown => ("受付番号が不明", "reception number unknown"),
        ErrorId::WindowClosed => ("配信時間外", "outside the windows"),
        ErrorId::TooManyPolls => ("照会が多すぎる", "too many polls"),
        ErrorId::DistributionSuspended => ("配信の停止中", "distribution suspended"),
        ErrorId::DeliveryDown => ("配信サーバーの停止", "delivery server down"),
        ErrorId::StoreUnavailable => ("サーバーの保存先の障害", "store unavailable"),
        _ => return error.code.clone(),
    };
    lang.say(ja, en).to_owned()
}

/// Returns the name of a kind of fault.
pub(super) fn fault_title(lang: Language, kind: KindName) -> &'static str {
    match kind {
        KindName::Delay => lang.say("遅延", "delay"),
        KindName::Status => lang.say("HTTP エラー", "HTTP error"),
        KindName::Reset => lang.say("接続のリセット", "connection reset"),
        KindName::Close => lang.say("接続を切る", "connection closed"),
        KindName::BlackHole => lang.say("応答なし", "no answer"),
        KindName::Cut => lang.say("途中で切れる", "answer cut off"),
        KindName::Drip => lang.say("少しずつ届く", "slow answer"),
        KindName::WrongLength => lang.say("長さの誤り", "wrong length"),
        KindName::Malformed => lang.say("壊れた応答", "broken answer"),
        KindName::WrongEncoding => lang.say("文字コードの誤り", "wrong character set"),
        KindName::WrongHash => lang.say("ハッシュの誤り", "wrong hash"),
        KindName::StaleEtag => lang.say("古い ETag", "stale ETag"),
        KindName::ExpiredToken => lang.say("トークン期限切れ", "expired token"),
        KindName::Processing => lang.say("処理中", "being processed"),
        KindName::ClockSkew => lang.say("時刻のずれ", "clock skew"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::FaultId;
    use crate::journal::FaultMark;
    use crate::journal::example::{error, example};

    fn words(entry: &Entry) -> String {
        let OutcomeWords { sign, words, .. } = OutcomeWords::of(Language::Japanese, entry);
        format!("{sign} {words}")
    }

    fn checked(validity: Validity) -> Entry {
        example(Operation::Search, Outcome::Checked { validity, person: None, near_miss: None })
    }

    #[test]
    fn an_outcome_has_a_sign_and_words() {
        assert_eq!(words(&checked(Validity::Valid)), "✓ 有効");
        assert_eq!(words(&checked(Validity::None)), "● 該当資格なし");
        assert_eq!(words(&example(Operation::Search, Outcome::refused(error(ErrorId::RestartRequired), None))), "✕ 再起動待ち");
        assert_eq!(words(&example(Operation::Search, Outcome::refused(error(ErrorId::UnknownPackage), None))), "✕ MOCK0000E");
        assert_eq!(words(&example(Operation::Login, Outcome::Answered)), "✓ ログイン");
        let processing = Entry { inquiry: Some("p".to_owned()), ..example(Operation::Search, Outcome::Answered) };
        assert_eq!(words(&processing), "● 処理中");
    }

    #[test]
    fn what_a_fault_kept_from_the_client_is_told_in_place_of_the_outcome() {
        let fault = |kind, answered| Some(FaultMark { id: FaultId::parse("f").unwrap(), kind, answered });
        let status = Entry { fault: fault(KindName::Status, false), status: Some(503), ..checked(Validity::Valid) };
        assert_eq!(words(&status), "✕ HTTP 503");
        let closed = Entry { fault: fault(KindName::Close, false), ..checked(Validity::Valid) };
        assert_eq!(words(&closed), "✕ 接続を切る");
        let delayed = Entry { fault: fault(KindName::Delay, true), ..checked(Validity::Valid) };
        assert_eq!(words(&delayed), "✓ 有効");
    }

    #[test]
    fn a_check_is_told_from_other_files_by_the_files_name() {
        let file = |name: &str| Entry { path: name.to_owned(), method: FILE.into(), ..example(Operation::Linkage, Outcome::Answered) };
        assert!(is_check(&file("OQSsiquc01req_20260120.xml")) && !is_check(&file("OQSmuquc01req_20260120.xml")));
        let over_http = Entry { method: "POST".into(), ..file("/linkage/v1/terminals/9910000026-T1/files/OQSsiquc01req_1.xml") };
        assert!(is_check(&over_http));
        assert_eq!(way(Language::Japanese, &file("OQSsiquc01req_1.xml")), "ファイル");
        assert_eq!(way(Language::Japanese, &over_http), "ファイル（HTTP）");
    }
}
