//! What pages of the console have in common in words: times in Japan, phases of terminals, and who
//! tests what.

use jiff::Timestamp;
use jiff::civil::Weekday;

use super::language::Language;
use crate::domain::japan;
use crate::domain::rehearsal::Rehearsal;
use crate::domain::terminal::Phase;

/// Returns a date and time, such as `01-20（火） 08:55:00`.
pub(super) fn time_of(lang: Language, at: Timestamp) -> String {
    let civil = japan::civil(at);
    let day = weekday(lang, civil.weekday());
    let (open, close) = (lang.say("（", " ("), lang.say("）", ")"));
    format!("{}{open}{day}{close} {}", civil.strftime("%m-%d"), civil.strftime("%H:%M:%S"))
}

/// Returns a time of day, such as `08:55:00`.
pub(super) fn time_of_day(at: Timestamp) -> String {
    japan::civil(at).strftime("%H:%M:%S").to_string()
}

/// Returns the CSS class, the sign and the name of a terminal's phase.
pub(super) fn phase_of(lang: Language, phase: Phase) -> (&'static str, &'static str, &'static str) {
    let (class, sign, en) = match phase {
        Phase::Off => ("soft", "○", "off"),
        Phase::Starting => ("soft", "○", "starting"),
        Phase::Pending => ("bad", "●", "restart pending"),
        Phase::Downloading => ("wait", "◔", "downloading"),
        Phase::Installing => ("wait", "◔", "installing"),
        Phase::UpdateAvailable => ("wait", "◔", "update available"),
        Phase::UpToDate => ("good", "✓", "up to date"),
    };
    (class, sign, lang.say(phase.ja(), en))
}

/// Returns the product and the tester, if they are known.
pub(super) fn who(lang: Language, rehearsal: &Rehearsal) -> Option<String> {
    let product = match (&rehearsal.product, &rehearsal.version) {
        (Some(product), Some(version)) => Some(format!("{product} {version}")),
        (product, version) => product.clone().or_else(|| version.clone()),
    };
    let tester = rehearsal.tester.as_ref().map(|tester| format!("{}{tester}", lang.say("担当：", "tester: ")));
    let parts: Vec<String> = product.into_iter().chain(tester).collect();
    Some(parts.join(lang.say("／", ", "))).filter(|who| !who.is_empty())
}

fn weekday(lang: Language, day: Weekday) -> &'static str {
    let (ja, en) = match day {
        Weekday::Sunday => ("日", "Sun"),
        Weekday::Monday => ("月", "Mon"),
        Weekday::Tuesday => ("火", "Tue"),
        Weekday::Wednesday => ("水", "Wed"),
        Weekday::Thursday => ("木", "Thu"),
        Weekday::Friday => ("金", "Fri"),
        Weekday::Saturday => ("土", "Sat"),
    };
    lang.say(ja, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_japan_and_name_the_weekday() {
        let at = "2026-01-19T23:55:00Z".parse().unwrap();
        assert_eq!(time_of(Language::Japanese, at), "01-20（火） 08:55:00");
        assert_eq!(time_of(Language::English, at), "01-20 (Tue) 08:55:00");
        assert_eq!(time_of_day(at), "08:55:00");
    }
}
