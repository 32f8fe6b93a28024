//! Several terminals: one that waits for its restart is no reason not to use the others.

use super::super::case::{Case, RESTART_REQUIRED};
use super::super::exchange::Exchange;
use super::super::rule::{Finding, Grade};

/// While one terminal waited for its restart, the others went on being used.
pub(super) fn others_used(case: &Case<'_>) -> Finding {
    let refusals = case.refusals(RESTART_REQUIRED);
    let Some(first) = refusals.first() else {
        return Finding::not_exercised("再起動待ちによるエラーはありませんでした。", "No check was refused for a missing restart.");
    };
    let well: Vec<&str> =
        case.evidence.terminals.iter().filter(|(id, phase)| is_well(case, id, phase)).map(|(id, _)| id.as_str()).collect();
    if well.is_empty() {
        return Finding::not_exercised("ほかに使える端末がありませんでした。", "There was no other terminal that worked.").by([*first]);
    }
    let used = case.journal().find(|entry| entry.is_success() && refusals.iter().any(|refusal| is_meanwhile(case, refusal, entry)));
    let names = well.join(", ");
    match used {
        Some(success) => Finding::new(
            Grade::Pass,
            "再起動待ちの端末があっても、ほかの端末で資格確認に成功しました。",
            "While a terminal waited for its restart, a check at another one succeeded.",
        )
        .by([*first, success]),
        None => Finding::new(
            Grade::Fail,
            format!("再起動待ちの端末があった間、使える端末（{names}）で資格確認が行われませんでした。"),
            format!("While a terminal waited for its restart, no check was made at the one that worked ({names})."),
        )
        .by([*first]),
    }
}

/// Whether a terminal was well all the time: it never refused for a missing restart, no boot cured it, and it is on.
fn is_well(case: &Case<'_>, id: &str, phase: &str) -> bool {
    let refused = case.refusals(RESTART_REQUIRED).iter().any(|refusal| refusal.terminal.as_deref() == Some(id));
    let cured = case.evidence.events.iter().any(|event| event.terminal == id && event.event == "booted" && !event.applied.is_empty());
    !refused && !cured && !matches!(phase, "pending" | "off" | "starting")
}

/// Whether a check at another terminal worked between a refusal and the end of what it was refused for.
fn is_meanwhile(case: &Case<'_>, refusal: &Exchange, success: &Exchange) -> bool {
    let over = case.success_after(refusal).map_or(u64::MAX, |end| end.number);
    success.terminal != refusal.terminal && (refusal.number..over).contains(&success.number)
}
