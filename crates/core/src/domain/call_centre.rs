//! The call centre's hours (N9): open, closed, or unknown if the public holidays of the year are
//! not listed.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, Time, Weekday};
use serde::{Deserialize, Serialize};

use super::japan;
use super::text::Text;

/// The call centre: its name, number and hours, and what staff do while it is closed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallCentre {
    /// The name.
    pub name: Text,
    /// The telephone number.
    pub phone: String,
    /// The hours from Monday to Friday.
    pub weekdays: Hours,
    /// The hours on Saturday. It is closed on Sunday.
    pub saturday: Hours,
    /// The years whose public holidays are all listed.
    pub known_years: Vec<i16>,
    /// Japan's public holidays of those years. It is closed on them.
    pub public_holidays: BTreeSet<Date>,
    /// How staff confirm a qualification in the meantime.
    pub fallback: Fallback,
}

/// Opening hours from `open` to `close`, in Japan time. `close` itself is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The opening time.
    pub open: Time,
    /// The closing time.
    pub close: Time,
}

/// The article on how to confirm a qualification while cards cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fallback {
    /// The article's number.
    pub article: String,
    /// The article's URL.
    pub url: String,
    /// The article's title.
    pub title: Text,
    /// What staff can do. Each of these is sufficient.
    pub ways: Vec<Text>,
}

/// Whether the call centre is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OpeningStatus {
    /// It is open now.
    Open,
    /// It is closed now.
    Closed,
    /// The year's public holidays are not listed.
    Unknown,
}

impl CallCentre {
    /// Returns whether the call centre is open at `at`.
    pub fn opening_status(&self, at: Timestamp) -> OpeningStatus {
        let now = japan::civil(at);
        if !self.known_years.contains(&now.year()) {
            return OpeningStatus::Unknown;
        }
        let hours = match now.weekday() {
            Weekday::Sunday => None,
            Weekday::Saturday => Some(self.saturday),
            _ => Some(self.weekdays),
        };
        let holiday = self.public_holidays.contains(&now.date());
        let open = hours.is_some_and(|hours| hours.open <= now.time() && now.time() < hours.close);
        if open && !holiday { OpeningStatus::Open } else { OpeningStatus::Closed }
    }
}

impl OpeningStatus {
    /// Returns the text shown to users.
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
