//! The call centre's hours (N9): open, closed, or unknown where the holidays of the year are not known.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};

use super::japan;
use super::text::Text;

/// Whom to call and when someone answers, and what to do meanwhile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallCentre {
    /// Its name.
    pub name: Text,
    /// Its telephone number.
    pub phone: String,
    /// Hours from Monday to Friday.
    pub weekdays: Hours,
    /// Hours on Saturday; closed on Sunday.
    pub saturday: Hours,
    /// The years whose public holidays are all listed.
    pub known_years: Vec<i16>,
    /// Japan's public holidays of those years: closed.
    pub public_holidays: BTreeSet<Date>,
    /// How to confirm a qualification meanwhile.
    pub fallback: Fallback,
}

/// From `open` to `close`, in Japan time; `close` itself is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// Opens at.
    pub open: Time,
    /// Closes at.
    pub close: Time,
}

/// The article on confirming a qualification while cards cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// Its number.
    pub article: String,
    /// Where it is.
    pub url: String,
    /// Its title.
    pub title: Text,
    /// What staff do, any one of these.
    pub ways: Vec<Text>,
}

/// Whether someone answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answers {
    /// Open at this moment.
    Open,
    /// Closed at this moment.
    Closed,
    /// The year's public holidays are not known here.
    Unknown,
}

impl CallCentre {
    /// Whether someone answers at `at`.
    pub fn answers(&self, at: Timestamp) -> Answers {
        let now = japan::civil(at);
        if !self.known_years.contains(&now.year()) {
            return Answers::Unknown;
        }
        let hours = match now.weekday() {
            Weekday::Sunday => None,
            Weekday::Saturday => Some(self.saturday),
            _ => Some(self.weekdays),
        };
        let holiday = self.public_holidays.contains(&now.date());
        let open = hours.is_some_and(|hours| hours.open <= now.time() && now.time() < hours.close);
        if open && !holiday { Answers::Open } else { Answers::Closed }
    }
}

impl Answers {
    /// What is said of it.
    pub fn text(self) -> Text {
        match self {
            Self::Open => Text::new("現在受付時間内です", "open at this moment"),
            Self::Closed => Text::new("現在受付時間外です", "closed at this moment"),
            Self::Unknown => Text::new(
                "受付時間は不明です（この年の祝日が登録されていません）",
                "hours unknown: this year's public holidays are not listed",
            ),
        }
    }
}
