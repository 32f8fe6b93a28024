//! Rules about the client's screen, which the wire cannot show: they use observations of a person
//! or a UI test.

use unicode_normalization::UnicodeNormalization;

use super::super::case::Case;
use super::super::evidence::Observation;
use super::super::rule::{Finding, Grade};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::observation::ObservationKind;
use crate::domain::text::Text;

/// What must be on the screen after an error.
struct RequiredText {
    /// The error.
    error: ErrorId,
    /// The kind of observation that is sufficient by itself.
    kind: ObservationKind,
    /// Words in lower case. One of them must be in an observed message. Of a telephone number only
    /// the digits count.
    words: &'static [&'static str],
    /// Similar words in lower case, which alone are not sufficient.
    hints: &'static [&'static str],
    /// Words in lower case that can reverse such a message, or give it another subject.
    doubtful: &'static [&'static str],
}

/// Judges that the message says to restart the terminal.
pub(super) fn restart(case: &Case<'_>) -> Finding {
    shown(
        case,
        &RequiredText {
            error: ErrorId::RestartRequired,
            kind: ObservationKind::RestartPrompted,
            words: &["再起動", "再立ち上げ", "立ち上げ直", "リブート", "restart", "reboot"],
            hints: &["電源を入れ直", "電源の入れ直"],
            doubtful: &[
                "再起動中",
                "再起動しても",
                "再起動後も",
                "restarting",
                "不要",
                "しないで",
                "必要ありません",
                "必要はありません",
                "連携アプリ",
                "レセコン",
                "レセプトコンピュータ",
                "not restart",
                "n't restart",
                "not reboot",
                "n't reboot",
                "no need",
                "not necessary",
                "receipt computer",
            ],
        },
    )
}

/// Judges that the fallback was offered when the restart did not help.
pub(super) fn fallback(case: &Case<'_>) -> Finding {
    shown(
        case,
        &RequiredText {
            error: ErrorId::RestartDidNotHelp,
            kind: ObservationKind::FallbackOffered,
            words: &["kb0011769", "マイナポータル", "資格情報のお知らせ", "資格申立書", "資格確認書"],
            hints: &["別の方法", "代わりの方法", "保険証", "資格確認の方法"],
            doubtful: &[],
        },
    )
}

/// Judges that the call centre was offered when the restart did not help.
pub(super) fn call_centre(case: &Case<'_>) -> Finding {
    shown(
        case,
        &RequiredText {
            error: ErrorId::RestartDidNotHelp,
            kind: ObservationKind::CallCentreShown,
            words: &["0800-080-4583"],
            hints: &["コールセンター", "call centre", "call center"],
            doubtful: &[],
        },
    )
}

fn shown(case: &Case<'_>, wanted: &RequiredText) -> Finding {
    let refusals = case.refusals(wanted.error);
    if refusals.is_empty() {
        return Finding::not_exercised("このエラーはまだ起きていません。", "This error has not come up yet.");
    }
    let observed = case.observations_of(wanted.error);
    if observed.is_empty() {
        return Finding::new(
            Grade::Inconclusive,
            "このエラーのときに画面に何が表示されたか、記録されていません。表示された文言を記録してください。",
            "Nobody has recorded what the screen showed at this error. Record its words as an observation.",
        )
        .with_entries(refusals);
    }
    let mentions = |observation: &Observation, words: &[&str]| {
        let text = folded(observation.text.as_deref().unwrap_or_default());
        observation.kind == ObservationKind::MessageShown && words.iter().any(|word| has(&text, word))
    };
    let (right, others): (Vec<_>, Vec<_>) = observed.iter().copied().partition(|(observation, _)| {
        observation.kind == wanted.kind || (mentions(observation, wanted.words) && !mentions(observation, wanted.doubtful))
    });
    let near = |observation: &Observation| mentions(observation, wanted.words) || mentions(observation, wanted.hints);
    let unclear: Vec<_> = others.into_iter().filter(|(observation, _)| near(observation)).collect();
    let (kind, Text { ja, en }) = (wanted.kind.name(), wanted.kind.title());
    let (grade, ja, en, proof) = if !right.is_empty() {
        (Grade::Pass, format!("画面に{ja}が出たと記録されています。"), format!("The screen was seen to have {en}."), right)
    } else if !unclear.is_empty() {
        let ja =
            format!("記録された文言が{ja}なのか、言葉だけでは判断できません。案内であれば、「{ja}」（{kind}）を選んで記録してください。");
        let en = format!(
            "Whether what was seen is {en} cannot be told by its words; if it is, add an observation of the kind \"{en}\" ({kind})."
        );
        (Grade::Inconclusive, ja, en, unclear)
    } else {
        let words = wanted.words.join("、");
        let ja = format!("記録された画面に{ja}がありませんでした（次のどれも含まれず、「{ja}」（{kind}）の記録もありません：{words}）。");
        let en = format!("What was seen on the screen lacks {en} (none of these words, and no observation of the kind {kind}: {words}).");
        // The right observation may have been evicted.
        let grade = if case.evidence.evicted_observations > 0 { Grade::Inconclusive } else { Grade::Fail };
        (grade, ja, en, observed)
    };
    let checks = proof.iter().map(|(_, check)| *check);
    Finding::new(grade, ja, en).with_entries(checks).with_observations(proof.iter().map(|(observation, _)| *observation))
}

fn has(text: &str, word: &str) -> bool {
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if is_number { digits(text).contains(&digits(word)) } else { text.contains(word) }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Converts to lower case and to usual character widths.
pub(super) fn folded(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase()
}
