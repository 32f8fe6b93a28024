//! Dates and times as digits. A message has so many of them that a general formatter would be
//! noticeably slow.

use jiff::civil::{Date, DateTime};
use smol_str::{SmolStr, ToSmolStr};

/// Formats as `YYYYMM`.
pub(super) fn month(date: Date) -> SmolStr {
    padded(year_and_month(date), 6)
}

/// Formats as `YYYYMMDD`.
pub(super) fn day(date: Date) -> SmolStr {
    padded(year_month_and_day(date), 8)
}

/// Formats as `YYYYMMDDhhmmss`.
pub(super) fn moment(at: DateTime) -> SmolStr {
    let [hour, minute, second] = [at.hour(), at.minute(), at.second()].map(i64::from);
    padded(year_month_and_day(at.date()) * 1_000_000 + hour * 10_000 + minute * 100 + second, 14)
}

fn year_and_month(date: Date) -> i64 {
    i64::from(date.year()) * 100 + i64::from(date.month())
}

fn year_month_and_day(date: Date) -> i64 {
    year_and_month(date) * 100 + i64::from(date.day())
}

/// Parses `YYYYMMDD`; `None` for another form or a day that does not exist.
pub(super) fn read_day(text: &str) -> Option<Date> {
    let number =
        |part: &[u8]| part.iter().try_fold(0_i16, |number, byte| Some(number * 10 + i16::from((*byte as char).to_digit(10)? as u8)));
    let (year, month, day) = match text.as_bytes() {
        [year @ .., m1, m2, d1, d2] if year.len() == 4 => (number(year)?, number(&[*m1, *m2])?, number(&[*d1, *d2])?),
        _ => return None,
    };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Pads with zeros on the left, which only years before 1000 need.
fn padded(number: i64, digits: usize) -> SmolStr {
    let text = number.to_smolstr();
    if text.len() == digits { text } else { smol_str::format_smolstr!("{number:0digits$}") }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_is_read_back_and_nothing_else_is_one() {
        for day in [date(2026, 2, 28), date(1800, 12, 31), date(33, 4, 5)] {
            assert_eq!(read_day(&super::day(day)), Some(day));
        }
        for text in ["20260230", "2026011", "202601100", "2026-1-1", "２０２６", "20261301", "+2026011", ""] {
            assert_eq!(read_day(text), None, "{text}");
        }
    }

    #[test]
    fn each_is_what_the_general_formatter_writes() {
        for at in [date(2026, 1, 9).at(3, 4, 5, 999), date(1800, 12, 31).at(23, 59, 59, 0), date(33, 4, 5).at(0, 0, 0, 0)] {
            assert_eq!(month(at.date()), at.strftime("%Y%m").to_string());
            assert_eq!(day(at.date()), at.strftime("%Y%m%d").to_string());
            assert_eq!(moment(at), at.strftime("%Y%m%d%H%M%S").to_string());
        }
    }
}
