//! Dated strictness: which rules count, and within which limits, as of a date. A newer mock judges by the older set until it is told otherwise.

use jiff::civil::{Date, date};

/// A named rule set: the rules and limits that count from a date on.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// Its name.
    pub name: &'static str,
    /// Since when.
    pub date: Date,
}

/// Every set, oldest first.
pub const SETS: &[Set] = &[Set { name: "strict-2026-11", date: date(2026, 11, 25) }];

/// What counts where nobody names a date. It moves with a new major version only: a newer mock never turns a build red by itself.
pub const DEFAULT_STRICTNESS: Date = date(2026, 11, 25);

/// A number that a rule goes by. All of them are invented.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// Its name.
    pub name: &'static str,
    /// Since when which value counts, oldest first.
    pub values: &'static [(Date, u64)],
    /// What it limits, in Japanese and English.
    pub meaning: (&'static str, &'static str),
}

/// Every limit.
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

/// The set that counts on a date: the newest that is not later; before the first, the first.
pub fn set(strictness: Date) -> &'static Set {
    SETS.iter().rev().find(|set| set.date <= strictness).unwrap_or(&SETS[0])
}

/// A limit's value on a date; none if there is no such limit.
pub fn limit(name: &str, strictness: Date) -> Option<u64> {
    let limit = LIMITS.iter().find(|limit| limit.name == name)?;
    let value = limit.values.iter().rev().find(|(since, _)| *since <= strictness).or_else(|| limit.values.first());
    value.map(|(_, value)| *value)
}
