//! Rules for the linkage folder. The journal shows requests and whether they were answered; whether
//! a response was read shows only when a request is sent again.

use std::collections::BTreeMap;

use super::super::case::Case;
use super::super::exchange::Exchange;
use super::super::rule::{Finding, Grade};
use crate::domain::operation::{Operation, OutcomeName};

/// Judges that the linkage client read each response exactly once: no answered request was sent
/// again.
pub(super) fn answers_taken_once(case: &Case<'_>) -> Finding {
    let mut answered: BTreeMap<(Option<&str>, u64), Vec<&Exchange>> = BTreeMap::new();
    for entry in case.journal().filter(|entry| entry.operation == Operation::Linkage && was_answered(entry)) {
        if let Some(file) = &entry.file {
            answered.entry((entry.terminal.as_deref(), file.name)).or_default().push(entry);
        }
    }
    if answered.is_empty() {
        return Finding::not_exercised("連携フォルダーの要求はありませんでした。", "There were no requests in the linkage folder.");
    }
    let again: Vec<&Exchange> = answered.values().filter(|entries| entries.len() > 1).flatten().copied().collect();
    if again.is_empty() {
        let count = answered.len();
        return Finding::new(
            Grade::Pass,
            format!("{count} 件の要求に応答し、出し直された要求はありませんでした。"),
            format!("{count} requests were answered, and none was sent again."),
        )
        .with_entries(answered.values().flatten().copied());
    }
    Finding::new(
        Grade::Fail,
        "応答済みの要求が同じ名前で出し直されました。",
        "A request that had been answered was sent again under the same name.",
    )
    .with_entries(again)
}

/// Sending a refused request again is right: after the restart, the same request should be
/// answered.
fn was_answered(entry: &Exchange) -> bool {
    entry.reached_client() && entry.outcome != OutcomeName::Refused
}
