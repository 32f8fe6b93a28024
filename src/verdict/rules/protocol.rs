//! Rules for any client of an API with tokens and rate limits: log in again, and wait as long as
//! required.

use std::collections::BTreeMap;

use super::super::case::Case;
use super::super::exchange::Exchange;
use super::super::rule::{Finding, Grade};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::operation::Operation;

/// The refusals for an invalid token.
const TOKEN_ERRORS: [ErrorId; 3] = [ErrorId::TokenExpired, ErrorId::TokenForeign, ErrorId::TokenMissing];

/// Judges that the client logged in again after its token had expired.
pub(super) fn session_renewed(case: &Case<'_>) -> Finding {
    let expired: Vec<&Exchange> =
        case.journal().filter(|entry| entry.is_refused_with(ErrorId::TokenExpired) && entry.reached_client()).collect();
    if expired.is_empty() {
        return Finding::not_exercised("有効期限の切れたトークンは使われませんでした。", "No expired token was used.");
    }
    // The first refusal of each session.
    let mut first: BTreeMap<Option<&str>, &Exchange> = BTreeMap::new();
    expired.iter().for_each(|entry| {
        first.entry(entry.session.as_deref()).or_insert(entry);
    });
    let limit = case.limit("expired_session_uses");
    let mut proof = Vec::new();
    for (session, refusal) in first {
        let again: Vec<&Exchange> = case
            .after(refusal)
            .filter(|entry| entry.operation != Operation::Login && session.is_some() && entry.session.as_deref() == session)
            .collect();
        if again.len() as u64 > limit {
            let count = again.len();
            return Finding::new(
                Grade::Fail,
                format!("期限切れと応答されたトークンが、その後も {count} 回使われました（上限 {limit} 回）。"),
                format!("A token was used {count} more times after it was refused as expired (limit {limit})."),
            )
            .with_entries([refusal])
            .with_entries(again);
        }
        let is_its_own = |entry: &&Exchange| refusal.terminal.is_none() || entry.terminal == refusal.terminal;
        let is_renewed = |entry: &&Exchange| is_accepted(entry) && entry.session.is_some() && entry.session.as_deref() != session;
        let Some(renewed) = case.after(refusal).filter(is_its_own).find(is_renewed) else {
            return Finding::new(
                Grade::Fail,
                "期限切れの後、新しいトークンによる要求がありません。",
                "After the token had expired, no request with a new one came.",
            )
            .with_entries([refusal]);
        };
        proof.extend([refusal, renewed]);
    }
    let why =
        ("期限切れの後、新しいトークンで要求が受け付けられました。", "After the token had expired, a request with a new one was accepted.");
    Finding::new(Grade::Pass, why.0, why.1).with_entries(proof)
}

/// Whether the request's token was accepted.
fn is_accepted(entry: &Exchange) -> bool {
    entry.operation != Operation::Login && entry.error.is_none_or(|error| !TOKEN_ERRORS.contains(&error))
}

/// Judges that the client waited as long as Retry-After said.
///
/// The time may pass by either clock: a time by the institution's clock (the next window) may be
/// reached because a test advanced the clock.
pub(super) fn retry_after_honoured(case: &Case<'_>) -> Finding {
    let announced: Vec<(&Exchange, u64)> = case.journal().filter_map(|entry| Some((entry, entry.retry_after?))).collect();
    if announced.is_empty() {
        return Finding::not_exercised("Retry-After の付いた応答はありませんでした。", "No answer had a Retry-After.");
    }
    let tolerance = case.limit("retry_after_tolerance_seconds");
    let mut kept = Vec::new();
    for (entry, seconds) in announced {
        let same = |other: &&Exchange| {
            other.operation == entry.operation
                && other.terminal == entry.terminal
                && other.session == entry.session
                && other.package_of() == entry.package_of()
        };
        let Some(next) = case.after(entry).find(same) else {
            continue;
        };
        let waited = next.wall.duration_since(entry.wall).as_secs_f64().max(next.at.duration_since(entry.at).as_secs_f64());
        if waited < seconds.saturating_sub(tolerance) as f64 {
            return Finding::new(
                Grade::Fail,
                format!("{seconds} 秒待つよう指定されましたが、{waited:.1} 秒後に次の要求がありました。"),
                format!("Told to wait {seconds} s, the client asked again after {waited:.1} s."),
            )
            .with_entries([entry, next]);
        }
        kept.extend([entry, next]);
    }
    if kept.is_empty() {
        let why = ("指定の後、同じ要求はありませんでした。", "The client did not ask again after it was told to wait.");
        return Finding::new(Grade::Inconclusive, why.0, why.1);
    }
    Finding::new(Grade::Pass, "指定された時間が経ってから次の要求がありました。", "The client asked again when the time was over.")
        .with_entries(kept)
}

impl Exchange {
    fn package_of(&self) -> Option<&str> {
        self.package.as_ref().map(|package| package.of.as_str())
    }
}
