//! Rules for a terminal that waits for its restart: the client repeats the check afterwards, for
//! the same patient too, and does not repeat it continually before.

use std::collections::{BTreeMap, BTreeSet};

use super::super::case::Case;
use super::super::exchange::Exchange;
use super::super::rule::{Finding, Grade};
use crate::domain::error_catalogue::ErrorId;

const NO_REFUSAL: (&str, &str) = ("再起動待ちによるエラーはありませんでした。", "No check was refused for a missing restart.");
const NO_RESTART: (&str, &str) = ("エラーの後、まだ再起動されていません。", "The terminal was not restarted after the error yet.");

/// Judges that after the restart a check was made again at that terminal, and succeeded.
pub(super) fn repeated(case: &Case<'_>) -> Finding {
    let refusals = case.refusals(ErrorId::RestartRequired);
    if refusals.is_empty() {
        return Finding::not_exercised(NO_REFUSAL.0, NO_REFUSAL.1);
    }
    // The last refusal of each terminal whose cause the restart ended.
    let last: BTreeMap<_, _> =
        refusals.iter().filter(|refusal| case.is_resolved(refusal)).map(|refusal| (&refusal.terminal, *refusal)).collect();
    if last.is_empty() {
        return Finding::not_exercised(NO_RESTART.0, NO_RESTART.1).with_entries(refusals);
    }
    let missing: Vec<&Exchange> = last.values().copied().filter(|refusal| case.success_after(refusal).is_none()).collect();
    if !missing.is_empty() {
        let boots: Vec<_> = missing.iter().filter_map(|refusal| case.boot_after(refusal)).collect();
        return Finding::new(
            Grade::Fail,
            format!("再起動の後、成功した資格確認がない端末があります：{}", terminals(&missing)),
            format!("No check succeeded after the restart of: {}.", terminals(&missing)),
        )
        .with_entries(missing)
        .with_events(boots);
    }
    let boots: Vec<_> = last.values().filter_map(|refusal| case.boot_after(refusal)).collect();
    let pairs = last.values().flat_map(|refusal| [Some(*refusal), case.success_after(refusal)].into_iter().flatten());
    Finding::new(
        Grade::Pass,
        "エラーの後に再起動され、同じ端末で資格確認に成功しました。",
        "The error was followed by a restart, and a check at the same terminal succeeded.",
    )
    .with_entries(pairs)
    .with_events(boots)
}

/// Judges that the check of the same patient was repeated, not skipped.
pub(super) fn same_patient(case: &Case<'_>) -> Finding {
    let refusals = case.refusals(ErrorId::RestartRequired);
    if refusals.is_empty() {
        return Finding::not_exercised(NO_REFUSAL.0, NO_REFUSAL.1);
    }
    let over: Vec<&Exchange> = refusals.iter().copied().filter(|refusal| case.is_resolved(refusal)).collect();
    let over = last_of_each_patient(&over);
    if over.is_empty() {
        return Finding::not_exercised(NO_RESTART.0, NO_RESTART.1).with_entries(refusals);
    }
    let skipped: Vec<&Exchange> = over.iter().copied().filter(|refusal| case.find_repetition(refusal).is_none()).collect();
    if !skipped.is_empty() {
        let (skipped_count, all) = (skipped.len(), over.len());
        let whose =
            if skipped_count == all { format!("全員（{all} 人）") } else { format!(" {all} 人のうち {skipped_count} 人") };
        return Finding::new(
            Grade::Fail,
            format!("エラーになった患者{whose}の資格確認がやり直されていません。"),
            format!("Of {all} patients whose check was refused, {skipped_count} were not checked again."),
        )
        .with_entries(skipped);
    }
    let pairs = over.iter().flat_map(|refusal| [Some(*refusal), case.find_repetition(refusal)].into_iter().flatten());
    Finding::new(
        Grade::Pass,
        format!("エラーになった患者 {} 人全員の資格確認がやり直され、成功しました。", over.len()),
        format!("All patients whose check was refused ({}) were checked again with success.", over.len()),
    )
    .with_entries(pairs)
}

/// Judges that the check was not sent continually while the error lasted.
pub(super) fn not_hammered(case: &Case<'_>) -> Finding {
    let refusals = case.lasting_refusals();
    if refusals.is_empty() {
        return Finding::not_exercised(
            "解消するまで続くエラー（再起動待ちなど）は発生しませんでした。",
            "No check was refused with an error that lasts.",
        );
    }
    if refusals.iter().all(|refusal| refusal.inquiry.is_none()) {
        return Finding::new(
            Grade::Inconclusive,
            "どの患者の照会か、証跡から分かりません。",
            "The evidence does not tell which patient the checks were about.",
        )
        .with_entries(refusals);
    }
    let (limit, densest) = (case.limit("checks_per_minute"), case.largest_burst(&refusals));
    let most = densest.len();
    let (ja, en) = (
        format!("1分間に同じ患者の照会が最大 {most} 回ありました（上限 {limit} 回）。"),
        format!("The same patient was checked up to {most} times within a minute (limit {limit})."),
    );
    Finding::new(if most as u64 > limit { Grade::Fail } else { Grade::Pass }, ja, en).with_entries(densest)
}

/// Returns the last refusal of each patient.
pub(super) fn last_of_each_patient<'a>(refusals: &[&'a Exchange]) -> Vec<&'a Exchange> {
    let of_patients = refusals.iter().filter(|refusal| refusal.inquiry.is_some());
    let last: BTreeMap<_, _> = of_patients.map(|refusal| (refusal.inquiry.as_ref(), *refusal)).collect();
    let mut last: Vec<_> = last.into_values().collect();
    last.sort_by_key(|refusal| refusal.number);
    last
}

fn terminals(entries: &[&Exchange]) -> String {
    let names: BTreeSet<&str> = entries.iter().map(|entry| entry.terminal.as_deref().unwrap_or("?")).collect();
    names.into_iter().collect::<Vec<_>>().join(", ")
}
