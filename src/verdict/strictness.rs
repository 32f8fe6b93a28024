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

/// The first rule set, and so far the only one. Its date is the earliest that can be chosen, and
/// the default: do not change it. A stricter set gets a later date beside it, which users choose,
/// so that a newer mock alone never breaks a build.
pub const RULE_SET: Set = Set { name: "strict-2026-11", date: date(2026, 11, 25) };

/// A number that a rule uses. All of them are invented.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// The name.
    pub name: &'static str,
    /// The value, unless a scenario sets another.
    pub value: u64,
    /// What it limits, in Japanese and English.
    pub meaning: (&'static str, &'static str),
}

/// All limits.
pub const LIMITS: &[Limit] = &[
    Limit {
        name: "checks_per_minute",
        value: 10,
        meaning: (
            "エラーが続いている間、1分間（実時間でも医療機関の時計でも）に許される同じ患者の照会の回数（端末ごと）",
            "checks of the same patient at a terminal within a minute, of real time and of the institution's clock, while the error lasts",
        ),
    },
    Limit {
        name: "expired_session_uses",
        value: 2,
        meaning: (
            "有効期限切れと応答されたトークンをその後に使ってよい回数（すでに送信中の要求のため）",
            "further uses of a token after the answer that it has expired, for requests that were under way",
        ),
    },
    Limit {
        name: "retry_after_tolerance_seconds",
        value: 1,
        meaning: ("Retry-After より早くてもよい秒数", "seconds by which a client may be earlier than Retry-After"),
    },
];

/// Returns a limit's value; `None` if there is no such limit.
pub fn limit(name: &str) -> Option<u64> {
    LIMITS.iter().find(|limit| limit.name == name).map(|limit| limit.value)
}
