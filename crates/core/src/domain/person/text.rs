//! Validated dates and texts of fixtures: a value of these types is always well-formed.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use unicode_normalization::UnicodeNormalization;

/// The earliest year of a person's dates.
pub(super) const MIN_YEAR: i16 = 1800;

/// A fixed date (`2024-04-01`), or a number of days from the institution's current date
/// (`today-30`, `today+10`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum FixtureDate {
    /// A day of the calendar.
    Fixed(Date),
    /// Days after the institution's today; negative before it.
    FromToday(i32),
}

impl FixtureDate {
    /// Returns the date if today is `today`.
    pub fn on(self, today: Date) -> Date {
        match self {
            Self::Fixed(date) => date,
            Self::FromToday(days) => today.saturating_add(jiff::Span::new().days(days)),
        }
    }

    /// Whether it is later than another date of its kind. A fixed and a relative date are not
    /// compared: the result is false.
    pub(super) fn is_after(self, other: Self) -> bool {
        match (self, other) {
            (Self::Fixed(date), Self::Fixed(other)) => date > other,
            (Self::FromToday(days), Self::FromToday(other)) => days > other,
            _ => false,
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
        let date: Option<Date> = text.parse().ok().filter(|date: &Date| date.year() >= MIN_YEAR);
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

/// A card's symbol or number: 1 to 20 characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "SmolStr", into = "SmolStr")]
#[schemars(with = "String")]
pub struct CardText {
    text: SmolStr,
    folded: SmolStr,
}

impl CardText {
    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the text folded for comparison.
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

impl TryFrom<SmolStr> for CardText {
    type Error = String;

    fn try_from(text: SmolStr) -> Result<Self, String> {
        if (1..=20).contains(&text.chars().count()) {
            Ok(Self { folded: fold(&text), text })
        } else {
            Err(format!("`{text}` is not a symbol or number of 1 to 20 characters"))
        }
    }
}

impl From<CardText> for SmolStr {
    fn from(card: CardText) -> Self {
        card.text
    }
}

/// Folds a text for comparison: full-width letters, digits and signs become ASCII, half-width kana
/// become full-width, dashes become `-`, and white space is removed.
pub(in crate::domain) fn fold(text: &str) -> SmolStr {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return text.into();
    }
    let dashes_as_one = |c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c };
    text.nfkc().filter(|c| !c.is_whitespace()).map(dashes_as_one).collect()
}

macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $expected:literal, $fits:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String")]
        #[schemars(!try_from)]
        pub struct $name(String);

        impl $name {
            /// Returns the text.
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
    /// 枝番: two digits.
    Branch, "a branch number of two digits, such as 01", |text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit())
}
checked_text! {
    /// Half-width katakana and ASCII spaces.
    HalfWidthKana, "half-width katakana with an ASCII space, such as ﾓｷﾞ ﾀﾛｳ",
    |text| !text.is_empty() && text.chars().all(|c| c == ' ' || ('\u{FF66}'..='\u{FF9F}').contains(&c))
}
checked_text! {
    /// The code of a drug or a treatment: nine digits.
    NineDigits, "a code of nine digits, such as 990000001", |text| text.len() == 9 && text.bytes().all(|b| b.is_ascii_digit())
}
checked_text! {
    /// A number of at least 0, such as `1` or `0.25`: at most six digits before the decimal point
    /// and at most five after it.
    Quantity, "a number such as 1 or 0.25, of at most six digits and five after the point", |text| {
        let digits = |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        text.split_once('.').map_or_else(|| digits(text, 6), |(whole, part)| digits(whole, 6) && digits(part, 5))
    }
}
checked_text! {
    /// The code of a check-up item: 17 digits and capital letters, in the form of JLAC10.
    ItemCode, "a code of 17 digits and capital letters, such as 9Z001000000000001",
    |text| text.len() == 17 && text.bytes().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}
