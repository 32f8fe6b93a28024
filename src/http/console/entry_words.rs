//! A journal entry in a few words: the way in which the request came, how it ended, and the fault
//! that fired.

use super::language::Language;
use crate::domain::fault::KindName;
use crate::domain::inquiry::Validity;
use crate::domain::linkage::FileKind;
use crate::domain::operation::Operation;
use crate::journal::{Entry, FILE, Outcome};
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
            Outcome::Refused { error, .. } => {
                Self::bad(error.id.title().map_or_else(|| error.code.clone(), |title| lang.of(&title).to_owned()))
            }
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
            Outcome::Answered => Self { class: "soft", sign: "✓", words: answered_words(lang, entry.operation) },
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

fn answered_words(lang: Language, operation: Operation) -> String {
    match operation {
        Operation::Linkage => lang.say("応答", "answered").to_owned(),
        operation => lang.of(&operation.title()).to_owned(),
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
    use crate::domain::error_catalogue::ErrorId;
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
