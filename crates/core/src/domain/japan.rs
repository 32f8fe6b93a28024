//! Japan time, independent of the host's time zone: nights, opening hours and dates are in it.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;
use serde::Serializer;

/// Japan's offset: UTC+9 without daylight saving, since 1952.
pub const JST: Offset = Offset::constant(9);

/// Returns the date and time of day in Japan.
pub fn civil(at: Timestamp) -> DateTime {
    JST.to_datetime(at)
}

/// Returns the instant of a date and time in Japan.
pub fn instant(date: Date, time: Time) -> Timestamp {
    JST.to_timestamp(date.to_datetime(time)).expect("dates are kept within years that instants can express")
}

/// Returns the next instant after `after` at which it is `time` in Japan.
pub fn next_time_of_day(after: Timestamp, time: Time) -> Timestamp {
    let today = civil(after).date();
    let candidate = instant(today, time);
    if candidate > after { candidate } else { instant(next_day(today), time) }
}

/// Returns the day after.
pub fn next_day(date: Date) -> Date {
    date.tomorrow().expect("dates are kept far from the end of the calendar")
}

/// Formats an instant as RFC 3339 with Japan's offset, with a fraction of a second if there is one.
pub fn rfc3339(at: Timestamp) -> String {
    at.display_with_offset(JST).to_string()
}

/// Formats an instant as RFC 3339 with Japan's offset, to the second, for people.
pub fn to_the_second(at: Timestamp) -> String {
    rfc3339(Timestamp::from_second(at.as_second()).unwrap_or(at))
}

/// Formats an instant in Japanese: `2026年1月20日 08:55:00`.
pub fn format_japanese(at: Timestamp) -> String {
    civil(at).strftime("%Y年%-m月%-d日 %H:%M:%S").to_string()
}

/// For serde's `serialize_with`: writes RFC 3339 with Japan's offset.
pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

/// For serde's `serialize_with`: writes RFC 3339 with Japan's offset, or null.
pub fn serialize_option<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serializer.serialize_some(&rfc3339(*at)),
        None => serializer.serialize_none(),
    }
}
