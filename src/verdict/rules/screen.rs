//! What the client's screen says, as someone or someone's test saw it: the wire cannot show that.

use super::super::case::{Case, RESTART_DID_NOT_HELP, RESTART_REQUIRED};
use super::super::evidence::Observation;
use super::super::rule::{Finding, Grade};

/// What has to be on the screen after an error.
struct Wanted {
    /// The error.
    error: &'static str,
    /// The kind of observation that says so by itself.
    kind: &'static str,
    /// Words of which one has to be in a message that was seen; in lower case.
    words: &'static [&'static str],
    /// Words that can turn such a message into its opposite, or have it speak of something else; in lower case.
    doubtful: &'static [&'static str],
    /// What it is called.
    name: (&'static str, &'static str),
}

/// The message shown tells to restart the terminal.
pub(super) fn restart(case: &Case<'_>) -> Finding {
    shown(
        case,
        &Wanted {
            error: RESTART_REQUIRED,
            kind: "restart_prompted",
            words: &["再起動", "リブート", "restart", "reboot"],
            doubtful: &[
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
            name: ("再起動の案内", "the prompt to restart"),
        },
    )
}

/// When the restart did not cure it, the fallback was offered.
pub(super) fn fallback(case: &Case<'_>) -> Finding {
    shown(
        case,
        &Wanted {
            error: RESTART_DID_NOT_HELP,
            kind: "fallback_offered",
            words: &["kb0011769", "マイナポータル", "資格情報のお知らせ", "資格申立書", "資格確認書"],
            doubtful: &[],
            name: ("代わりの確認方法の案内", "the fallback"),
        },
    )
}

/// When the restart did not cure it, the call centre was offered.
pub(super) fn call_centre(case: &Case<'_>) -> Finding {
    shown(
        case,
        &Wanted {
            error: RESTART_DID_NOT_HELP,
            kind: "call_centre_shown",
            words: &["0800-080-4583", "08000804583", "コールセンター", "call centre", "call center"],
            doubtful: &[],
            name: ("コールセンターの案内", "the call centre"),
        },
    )
}

fn shown(case: &Case<'_>, wanted: &Wanted) -> Finding {
    let refusals = case.refusals(wanted.error);
    if refusals.is_empty() {
        return Finding::not_exercised("このエラーはまだ起きていません。", "This error has not come up yet.");
    }
    let (ja, en) = wanted.name;
    let observed = case.observations_of(wanted.error);
    if observed.is_empty() {
        return Finding::new(
            Grade::Inconclusive,
            "エラー時の画面の観察がありません（POST …/observations）。",
            "Nobody has told what the screen showed (POST …/observations).",
        )
        .by(refusals);
    }
    let said = |observation: &Observation, words: &[&str]| {
        let text = observation.text.as_deref().unwrap_or_default().to_lowercase();
        observation.kind != "no_qualification_shown" && words.iter().any(|word| text.contains(word))
    };
    let (right, others): (Vec<_>, Vec<_>) = observed.iter().copied().partition(|(observation, _)| {
        observation.kind == wanted.kind || (said(observation, wanted.words) && !said(observation, wanted.doubtful))
    });
    let unclear: Vec<_> = others.into_iter().filter(|(observation, _)| said(observation, wanted.words)).collect();
    let (grade, ja, en, proof) = if right.is_empty() && !unclear.is_empty() {
        let kind = wanted.kind;
        let ja = format!("観察された文言が{ja}なのか、言葉だけでは判断できません。案内であれば、観察の種類 {kind} で知らせてください。");
        let en =
            format!("Whether what was seen is {en} cannot be told by its words; if it is, say so by an observation of the kind {kind}.");
        (Grade::Inconclusive, ja, en, unclear)
    } else if right.is_empty() {
        let (ja, en) = (format!("観察された画面に{ja}がありませんでした。"), format!("What was seen on the screen lacks {en}."));
        (Grade::Fail, ja, en, observed)
    } else {
        (Grade::Pass, format!("画面で{ja}が観察されました。"), format!("The screen was seen to have {en}."), right)
    };
    let checks = proof.iter().map(|(_, check)| *check);
    Finding::new(grade, ja, en).by(checks).seen(proof.iter().map(|(observation, _)| *observation))
}
