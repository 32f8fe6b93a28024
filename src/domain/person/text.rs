//! Dates and texts of fixtures that parse: once one of these exists, it is well-formed.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// No date of a person lies before this year.
pub(super) const OLDEST_YEAR: i16 = 1800;

/// A date that is fixed (`2024-04-01`), or so many days from the institution's today (`today-30`, `today+10`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum FixtureDate {
    /// A day of the calendar.
    Fixed(Date),
    /// Days after the institution's today; negative before it.
    FromToday(i32),
}

impl FixtureDate {
    /// The day that it is when today is `today`.
    pub fn on(self, today: Date) -> Date {
        match self {
            Self::Fixed(date) => date,
            Self::FromToday(days) => today.saturating_add(jiff::Span::new().days(days)),
        }
    }
}

impl TryFrom<String> for FixtureDate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let relative =
            text.strip_prefix("today").and_then(|days| days.parse::<i32>().ok()).filter(|days| (-36_500..=36_500).contains(days));
        if let Some(days) = relative {
            return Ok(Self::FromToday(days));
        }
        let wrong = format!("`{text}` is neither a date such as 2024-04-01 nor days from today such as today+10 or today-30");
        let date: Option<Date> = text.parse().ok().filter(|date: &Date| date.year() >= OLDEST_YEAR);
        date.map(Self::Fixed).ok_or(wrong)
    }
}

impl From<FixtureDate> for String {
    fn from(date: FixtureDate) -> Self {
        match date {
            FixtureDate::Fixed(date) => date.to_string(),
            FixtureDate::FromToday(days) => format!("today{days:+}"),
        }
    }
}

macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                let fits: fn(&str) -> bool = $fits;
                if fits(&text) { Ok(Self(text)) } else { Err(format!(concat!("`{}` is not ", $expected), text)) }
            }
        }
    };
}

checked_text! {
    /// A card's symbol or number: 1 to 20 characters.
    CardText, "a symbol or number of 1 to 20 characters", |text| (1..=20).contains(&text.chars().count())
}
checked_text! {
    /// 枝番: two digits.
    Branch, "a branch number of two digits, such as 01", |text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())
}
checked_text! {
    /// Half-width katakana and ASCII spaces.
    HalfWidthKana, "half-width katakana with an ASCII space, such as ﾓｷﾞ ﾀﾛｳ",
    |text| !text.is_empty() && text.chars().all(|c| c == ' ' || ('\u{FF66}'..='\u{FF9F}').contains(&c))
}
