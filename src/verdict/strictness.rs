//! Dated strictness: the rules and limits that apply on a date. A newer mock uses the older set
//! until another date is chosen.

use jiff::civil::{Date, date};

/// A named rule set: the rules and limits that apply from a date on.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// The name.
    pub name: &'static str,
    /// The date from which it applies.
    pub date: Date,
}

/// All sets, oldest first.
pub const SETS: &[Set] = &[Set { name: "strict-2026-11", date: date(2026, 11, 25) }];

/// The default date. It changes only with a new major version, so that a newer mock alone never
/// breaks a build.
pub const DEFAULT_STRICTNESS: Date = date(2026, 11, 25);

/// A number that a rule uses. All of them are invented.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The name.
    pub name: &'static str,
    /// The values with the dates from which they apply, oldest first.
    pub values: &'static [(Date, u64)],
    /// What it limits, in Japanese and English.
    pub meaning: (&'static str, &'static str),
}

/// All limits.
pub const LIMITS: &[Limit] = &[
    Limit {
        name: "checks_per_minute",
        values: &[(date(2026, 11, 25), 10)],
        meaning: (
            "エラーが続いている間、1分間（実時間でも医療機関の時計でも）に許される同じ患者の照会の回数（端末ごと）",
            "checks of the same patient at a terminal within a minute, of real time and of the institution's clock, while the error lasts",
        ),
    },
    Limit {
        name: "expired_session_uses",
        values: &[(date(2026, 11, 25), 2)],
        meaning: (
            "有効期限切れと回答されたトークンをその後に使ってよい回数（すでに送信中の要求のため）",
            "further uses of a token after the answer that it has expired, for requests that were under way",
        ),
    },
    Limit {
        name: "retry_after_tolerance_seconds",
        values: &[(date(2026, 11, 25), 1)],
        meaning: ("Retry-After より早くてもよい秒数", "seconds by which a client may be earlier than Retry-After"),
    },
];

/// Returns the set that applies on a date: the newest that is not later. Before the first set, the
/// first applies.
pub fn set(strictness: Date) -> &'static Set {
    SETS.iter().rev().find(|set| set.date <= strictness).unwrap_or(&SETS[0])
}

/// Returns a limit's value on a date; `None` if there is no such limit.
pub fn limit(name: &str, strictness: Date) -> Option<u64> {
    let limit = LIMITS.iter().find(|limit| limit.name == name)?;
    let value = limit.values.iter().rev().find(|(since, _)| *since <= strictness).or_else(|| limit.values.first());
    value.map(|(_, value)| *value)
}
