//! Rules for several terminals: one that waits for its restart is no reason not to use the others.

use std::collections::BTreeSet;

use super::super::case::Case;
use super::super::exchange::Exchange;
use super::super::rule::{Finding, Grade};
use crate::domain::error_catalogue::ErrorId;

/// Judges that the other terminals were used while one waited for its restart.
pub(super) fn others_used(case: &Case<'_>) -> Finding {
    let refusals = case.refusals(ErrorId::RestartRequired);
    if refusals.is_empty() {
        return Finding::not_exercised("再起動待ちによるエラーはありませんでした。", "No check was refused for a missing restart.");
    }
    let could: Vec<&Exchange> = refusals.iter().copied().filter(|refusal| !refusal.other_terminals.is_empty()).collect();
    let Some(first) = could.first() else {
        return Finding::not_exercised("ほかに使える端末がありませんでした。", "There was no other terminal that worked.")
            .with_entries(refusals);
    };
    let at_others: Vec<&Exchange> =
        case.journal().filter(|entry| entry.is_check() && could.iter().any(|refusal| is_meanwhile(case, refusal, entry))).collect();
    if let Some(success) = at_others.iter().find(|entry| entry.terminal_worked()) {
        return Finding::new(
            Grade::Pass,
            "再起動待ちの端末があっても、ほかの端末で資格確認に成功しました。",
            "While a terminal waited for its restart, a check at another one succeeded.",
        )
        .with_entries([*first, *success]);
    }
    if !at_others.is_empty() {
        return Finding::new(
            Grade::Inconclusive,
            "再起動待ちの端末があった間、ほかの端末でも資格確認が行われましたが、成功しませんでした。",
            "While a terminal waited for its restart, another one was asked, too, and did not answer a check.",
        )
        .with_entries([*first])
        .with_entries(at_others);
    }
    let names: BTreeSet<&str> = could.iter().flat_map(|refusal| &refusal.other_terminals).map(String::as_str).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(", ");
    // The oldest refusals, and the later checks elsewhere, may have been evicted.
    let grade = if case.evidence.evicted > 0 { Grade::Inconclusive } else { Grade::Fail };
    Finding::new(
        grade,
        format!("再起動待ちの端末があった間、使える端末（{names}）で資格確認が行われませんでした。"),
        format!("While a terminal waited for its restart, no check was made at the one that worked ({names})."),
    )
    .with_entries([*first])
}

/// Whether a check was made at another working terminal, between a refusal and the end of its
/// cause.
fn is_meanwhile(case: &Case<'_>, refusal: &Exchange, check: &Exchange) -> bool {
    let is_other = check.terminal.as_ref().is_some_and(|terminal| refusal.other_terminals.contains(terminal));
    let before_success = case.success_after(refusal).is_none_or(|end| check.number < end.number);
    let before_boot = case.boot_after(refusal).is_none_or(|boot| check.last_event.is_none_or(|seen| seen < boot.number));
    is_other && check.number > refusal.number && before_success && before_boot
}
