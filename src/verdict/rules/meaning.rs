//! Rules about how a client interprets the error: as one that a restart ends, in any error profile,
//! and not as a result of the check.

use std::collections::{BTreeMap, BTreeSet};

use super::super::case::{Case, LASTING_ERRORS};
use super::super::evidence::Observation;
use super::super::exchange::Exchange;
use super::super::rule::{Finding, Grade};
use super::restart::last_of_each_patient;
use super::screen::folded;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::observation::ObservationKind;

/// Judges that the error was not taken for "no qualification".
///
/// An observation proves it either way. Without one, the wire proves only the right behaviour: a
/// client that checks the same patient again did not take the error for a result.
pub(super) fn not_taken_for_no_qualification(case: &Case<'_>) -> Finding {
    let refusals = case.lasting_refusals();
    if refusals.is_empty() {
        return Finding::not_exercised(
            "解消するまで続くエラー（再起動待ちなど）は発生しませんでした。",
            "No check was refused with an error that lasts.",
        );
    }
    let observed: Vec<(&Observation, &Exchange)> = LASTING_ERRORS.into_iter().flat_map(|error| case.observations_of(error)).collect();
    let taken: Vec<_> = observed.iter().filter(|(observation, _)| denies(observation)).collect();
    if !taken.is_empty() {
        return Finding::new(
            Grade::Fail,
            "照会がエラーになったのに、画面には資格がないと表示されました。",
            "The check was refused with an error, but the screen said that there is no qualification.",
        )
        .with_entries(taken.iter().map(|(_, check)| *check))
        .with_observations(taken.iter().map(|(observation, _)| *observation));
    }
    // Another observation of the same screen may have said what was shown.
    let described: BTreeSet<&str> =
        observed.iter().filter(|(observation, _)| is_clear(observation)).map(|(_, check)| check.id.as_str()).collect();
    let is_doubtful = |(observation, check): &(&Observation, &Exchange)| may_deny(observation) && !described.contains(check.id.as_str());
    let (doubtful, others): (Vec<_>, Vec<_>) = observed.into_iter().partition(is_doubtful);
    if !doubtful.is_empty() {
        let kind = ObservationKind::NoQualificationShown;
        let (title, name) = (kind.title(), kind.name());
        return Finding::new(
            Grade::Inconclusive,
            format!(
                "エラー時の画面に資格がないと表示されたのか、言葉だけでは判断できません。そうであれば、「{}」（{name}）を選んで記録してください。",
                title.ja
            ),
            format!(
                "Whether the screen said that there is no qualification cannot be told by its words; if so, add an observation of the kind \"{}\" ({name}).",
                title.en
            ),
        )
        .with_entries(doubtful.iter().map(|(_, check)| *check))
        .with_observations(doubtful.iter().map(|(observation, _)| *observation));
    }
    let observed: Vec<_> = others.into_iter().filter(|(observation, _)| describes_error(observation)).collect();
    if !observed.is_empty() {
        return Finding::new(
            Grade::Pass,
            "エラー時の画面が記録され、資格がないことを示す言葉は見つかりませんでした。",
            "The screen was observed at the error, and no words were found that say that there is no qualification.",
        )
        .with_entries(observed.iter().map(|(_, check)| *check))
        .with_observations(observed.iter().map(|(observation, _)| *observation));
    }
    judge_by_wire(case, &refusals)
}

/// Whether an observation says that the screen denied the qualification: by its kind, or by a
/// message that is the label of such a result.
fn denies(observation: &Observation) -> bool {
    let is_label = || observation.text.as_deref().unwrap_or_default().lines().any(is_result_label);
    match observation.kind {
        ObservationKind::NoQualificationShown => true,
        ObservationKind::MessageShown => is_label(),
        _ => false,
    }
}

/// Whether a line is only the label of a result that denies the qualification, such as 「該当資格なし」 or
/// `資格確認結果：無効`.
fn is_result_label(line: &str) -> bool {
    const LABELS: [&str; 6] = ["該当資格なし", "資格なし", "無資格", "資格無効", "無効新しい資格あり", "noqualification"];
    const HEADS: [&str; 4] = ["資格", "結果", "result", "qualification"];
    let line = folded(line);
    let (head, label) = line.rsplit_once([':', '：']).unwrap_or(("資格", &line));
    let bare: String = label.chars().filter(|c| c.is_alphanumeric()).collect();
    LABELS.contains(&bare.as_str()) || (bare == "無効" && HEADS.iter().any(|word| head.contains(word)))
}

/// Whether the kind alone says what was shown.
fn is_clear(observation: &Observation) -> bool {
    !matches!(observation.kind, ObservationKind::MessageShown | ObservationKind::Other)
}

/// Whether a message could say that there is no qualification. Character width and spaces are
/// ignored.
fn may_deny(observation: &Observation) -> bool {
    const WORDS: [&str; 18] = [
        "無資格",
        "無効",
        "資格な",
        "資格無",
        "資格ナシ",
        "資格がな",
        "資格が無",
        "資格がありません",
        "資格はありません",
        "該当する資格",
        "資格喪失",
        "該当な",
        "該当無",
        "該当ナシ",
        "該当者な",
        "該当者無",
        "noqualification",
        "notqualified",
    ];
    let text: String = folded(observation.text.as_deref().unwrap_or_default()).split_whitespace().collect();
    !is_clear(observation) && WORDS.iter().any(|word| text.contains(word))
}

/// Whether an observation describes what the screen showed of the error: by its kind, or by a text.
fn describes_error(observation: &Observation) -> bool {
    match observation.kind {
        ObservationKind::MessageShown => observation.text.is_some(),
        kind => kind != ObservationKind::Other,
    }
}

fn judge_by_wire(case: &Case<'_>, refusals: &[&Exchange]) -> Finding {
    let patients = last_of_each_patient(refusals);
    let over: Vec<&Exchange> = patients.iter().copied().filter(|refusal| case.is_resolved(refusal)).collect();
    let gone: Vec<&Exchange> = over.iter().copied().filter(|refusal| case.find_repetition(refusal).is_none()).collect();
    if !gone.is_empty() {
        return Finding::new(
            Grade::Warn,
            "エラーになった患者の照会がやり直されていません。結果として扱った可能性があります（画面の記録がないため断定できません）。",
            "A patient whose check was refused was not checked again: it may have been taken for a result. Without an observation of the screen that is not certain.",
        )
        .with_entries(gone);
    }
    if over.is_empty() || over.len() < patients.len() {
        return Finding::new(
            Grade::Inconclusive,
            "画面の記録がなく、照会のやり直しもまだ確認できません。",
            "The screen was not observed, and the check was not repeated yet.",
        )
        .with_entries(patients);
    }
    let repeated = over.iter().filter_map(|refusal| case.find_repetition(refusal));
    Finding::new(
        Grade::Pass,
        "エラーになった患者の照会がやり直されたため、結果としては扱われていません（通信による判定）。",
        "The refused checks were repeated, so the error was not taken for a result (judged by the wire).",
    )
    .with_entries(repeated)
}

/// Judges that the client behaved correctly in every error profile.
pub(super) fn profiles_understood(case: &Case<'_>) -> Finding {
    let mut met: BTreeMap<&str, Vec<&Exchange>> = BTreeMap::new();
    for refusal in case.refusals(ErrorId::RestartRequired) {
        if let Some(profile) = refusal.error_profile {
            met.entry(profile.name()).or_default().push(refusal);
        }
    }
    if met.is_empty() {
        return Finding::not_exercised("形の分かるエラーはありませんでした。", "No check was refused in a known error profile.");
    }
    let (mut wrong, mut open, mut right) = (Vec::new(), Vec::new(), Vec::new());
    for (profile, refusals) in &met {
        match understood(case, refusals) {
            Some(true) => right.push(*profile),
            Some(false) => wrong.push(*profile),
            None => open.push(*profile),
        }
    }
    let of = |profiles: &[&str]| -> Vec<&Exchange> { profiles.iter().flat_map(|profile| met[profile].iter().copied()).collect() };
    if !wrong.is_empty() {
        let names = wrong.join(", ");
        return Finding::new(
            Grade::Fail,
            format!("次の形のエラーに正しく対処しませんでした：{names}"),
            format!("The client did not do the right thing about: {names}."),
        )
        .with_entries(of(&wrong));
    }
    if !open.is_empty() {
        let names = open.join(", ");
        return Finding::new(
            Grade::Inconclusive,
            format!("次の形のエラーの後、再起動ややり直しがまだありません：{names}"),
            format!("Not restarted and repeated yet after: {names}."),
        )
        .with_entries(of(&open));
    }
    let names = right.join(", ");
    Finding::new(Grade::Pass, format!("正しく対処した形：{names}"), format!("Understood: {names}.")).with_entries(of(&right))
}

/// Whether these refusals, all in one profile, were interpreted correctly; `None` if that cannot be
/// determined yet.
fn understood(case: &Case<'_>, refusals: &[&Exchange]) -> Option<bool> {
    let observed = case.observations_of(ErrorId::RestartRequired);
    let about = |check: &Exchange| refusals.iter().any(|refusal| refusal.id == check.id);
    if observed.iter().any(|(observation, check)| denies(observation) && about(check)) {
        return Some(false);
    }
    if case.largest_burst(refusals).len() as u64 > case.limit("checks_per_minute") {
        return Some(false);
    }
    let patients = last_of_each_patient(refusals);
    let over: Vec<_> = patients.iter().filter(|refusal| case.is_resolved(refusal)).collect();
    if over.iter().any(|refusal| case.find_repetition(refusal).is_none()) {
        return Some(false);
    }
    (!over.is_empty() && over.len() == patients.len()).then_some(true)
}
