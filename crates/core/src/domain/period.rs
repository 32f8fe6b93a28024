//! Durations as users write them: ISO 8601, such as `PT1H` or `P12D`.

use std::fmt;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text::Text;

/// Returns a duration in words, such as `1日2時間` or `1分30秒`.
pub fn in_words(duration: SignedDuration) -> Text {
    let total = duration.as_secs();
    let seconds = (total % 60) as f64 + f64::from(duration.subsec_millis()) / 1000.0;
    let units = [(total / 86_400, "日", "d"), (total / 3600 % 24, "時間", "h"), (total / 60 % 60, "分", "min")];
    let mut parts: Vec<(String, String)> = units
        .iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, ja, en)| (format!("{number}{ja}"), format!("{number} {en}")))
        .collect();
    if seconds > 0.0 || parts.is_empty() {
        parts.push((format!("{seconds}秒"), format!("{seconds} s")));
    }
    let (ja, en): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    Text::new(ja.concat(), en.join(" "))
}

/// The pattern of a period. JSON Schema's `duration` allows no fractions of a second.
const PATTERN: &str = "^P([0-9]{1,2}W)?([0-9]{1,3}D)?(T([0-9]{1,4}H)?([0-9]{1,6}M)?([0-9]{1,8}([.][0-9]{1,9})?S)?)?$";
/// The same pattern with an optional minus.
const SIGNED: &str = "^-?P([0-9]{1,2}W)?([0-9]{1,3}D)?(T([0-9]{1,4}H)?([0-9]{1,6}M)?([0-9]{1,8}([.][0-9]{1,9})?S)?)?$";

/// An ISO 8601 duration from zero to 400 days. A day is 24 hours. Months and years have no fixed
/// length and are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = PATTERN, "examples" = ["PT1H", "P1DT12H"]))]
pub struct Period(SignedDuration);

/// The error for a text that is no ISO 8601 duration between zero and 400 days.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a duration from PT0S to P400D in ISO 8601, such as PT30S, PT1H or P1DT12H")]
pub struct PeriodError(String);

impl Period {
    /// The longest period. It is also the maximum by which a clock is advanced at once.
    pub const MAX: Period = Period(SignedDuration::from_hours(400 * 24));

    /// Creates a period of whole seconds. The caller ensures that it is at most [`Period::MAX`].
    pub const fn from_secs(seconds: u32) -> Self {
        Self(SignedDuration::from_secs(seconds as i64))
    }

    /// Returns the duration, for arithmetic with instants.
    pub const fn duration(self) -> SignedDuration {
        self.0
    }

    /// Returns a period between this one and a longer one, in whole milliseconds. `share` is the
    /// position, from 0 to 1.
    pub fn up_to(self, longer: Self, share: f64) -> Self {
        let way = (longer.0 - self.0).as_millis() as f64 * share;
        Self(self.0 + SignedDuration::from_millis(way as i64))
    }
}

/// The deviation of a clock: a duration, negative if the clock is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = SIGNED, "examples" = ["-PT10M"]))]
pub struct Skew(SignedDuration);

impl Skew {
    /// Returns the duration, for arithmetic with instants.
    pub const fn duration(self) -> SignedDuration {
        self.0
    }
}

impl TryFrom<String> for Skew {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Self, PeriodError> {
        match text.strip_prefix('-') {
            Some(behind) => Period::try_from(behind.to_owned()).map(|period| Self(-period.0)).map_err(|_| PeriodError(text)),
            None => Period::try_from(text).map(|period| Self(period.0)),
        }
    }
}

impl From<Skew> for String {
    fn from(skew: Skew) -> String {
        skew.to_string()
    }
}

impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<String> for Period {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Self, PeriodError> {
        let parsed = text
            .starts_with('P')
            .then(|| text.parse::<Span>().ok())
            .flatten()
            .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok())
            .filter(|duration| !duration.is_negative() && *duration <= Self::MAX.0);
        parsed.map(Self).ok_or(PeriodError(text))
    }
}

impl From<Period> for String {
    fn from(period: Period) -> String {
        period.to_string()
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_leave_out_what_is_zero() {
        for (millis, ja, en) in
            [(0, "0秒", "0 s"), (200, "0.2秒", "0.2 s"), (90_000, "1分30秒", "1 min 30 s"), (91_800_000, "1日1時間30分", "1 d 1 h 30 min")]
        {
            assert_eq!(in_words(SignedDuration::from_millis(millis)), Text::new(ja, en));
        }
    }

    #[test]
    fn days_hours_and_fractions_are_read_and_months_are_not() {
        for (text, seconds) in [("PT0S", 0), ("PT13H", 46_800), ("P12D", 1_036_800), ("P1DT12H", 129_600), ("P1W", 604_800)] {
            assert_eq!(Period::try_from(text.to_owned()).unwrap(), Period::from_secs(seconds), "{text}");
        }
        for text in ["", "13h", "1 hour", "P1M", "P1Y", "-PT1H", "P401D", "PT", "PT1"] {
            assert!(Period::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert_eq!(Period::from_secs(5400).to_string(), "PT1H30M");
        assert_eq!(Skew::try_from("-PT5M".to_owned()).map(String::from).unwrap(), "-PT5M");
        assert!(Skew::try_from("--PT5M".to_owned()).is_err());
    }
}
