//! The part `clock` of a rehearsal's page: what it is about, the institution's clock, and the
//! buttons that move it.

use askama::Template;
use jiff::Timestamp;
use jiff::civil::{Time, time};
use serde_json::json;

use super::state::RehearsalState;
use crate::domain::clock::Mode;
use crate::domain::japan;
use crate::http::console::language::Language;
use crate::http::console::words::time_of;

/// The time of the button 翌朝8:55へ.
const MORNING: Time = time(8, 55, 0, 0);
/// The time of the button 20時へ, at which the nights of distribution begin.
const EVENING: Time = time(20, 0, 0, 0);

#[derive(Template)]
#[template(path = "console/rehearsal/clock.html")]
struct Clock<'a> {
    lang: Language,
    api: String,
    code: &'a str,
    title: &'a str,
    teaches: Option<&'a str>,
    source: Option<&'a str>,
    time: String,
    /// For the script that lets a running clock run: the time in milliseconds, and the rate.
    now: i64,
    rate: Option<f64>,
    state: String,
    expires: Option<String>,
    /// The value of the field with a date and time.
    field: String,
    /// The body of each request to advance: to 20:00, to the next morning, to what happens next.
    evening: String,
    morning: String,
    next: Option<(String, String)>,
    frozen: bool,
}

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    let (lang, institution, now) = (state.lang, state.institution(), state.moment.now);
    let setting = institution.clock.setting(state.moment.wall);
    let rate = match setting.mode {
        Mode::Frozen => None,
        Mode::System => Some(1.0),
        Mode::Running => Some(setting.rate.unwrap_or(1.0)),
    };
    let about = state.scenario().map(|scenario| &scenario.about);
    let to = |at: Timestamp| json!({ "to": japan::rfc3339(at) }).to_string();
    let part = Clock {
        lang,
        api: state.api(),
        code: institution.code.as_str(),
        title: about.map_or_else(|| lang.of(&institution.name), |about| lang.of(&about.title)),
        teaches: about.map(|about| lang.of(&about.teaches)),
        source: about.map(|about| about.source.as_str()),
        time: time_of(lang, now),
        now: now.as_millisecond(),
        rate,
        state: clock_state(lang, setting.mode, rate),
        expires: state.tenant.expires.map(|expires| time_of(lang, expires)),
        field: japan::civil(now).strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        evening: to(japan::next_time_of_day(now, EVENING)),
        morning: to(japan::next_time_of_day(now, MORNING)),
        next: institution.next_due().filter(|due| *due > now).map(|due| (to(due), time_of(lang, due))),
        frozen: setting.mode == Mode::Frozen,
    };
    part.render().expect("the template formats texts into a String")
}

fn clock_state(lang: Language, mode: Mode, rate: Option<f64>) -> String {
    match (mode, rate) {
        (Mode::System, _) => lang.say("実時刻", "real time").to_owned(),
        (Mode::Running, Some(rate)) if rate != 1.0 => {
            format!("{}{rate}{}", lang.say("模擬時刻・", "simulated time, "), lang.say("倍で動作中", " times as fast"))
        }
        (Mode::Running, _) => lang.say("模擬時刻・動作中", "simulated time, running").to_owned(),
        (Mode::Frozen, _) => lang.say("模擬時刻・停止中", "simulated time, stopped").to_owned(),
    }
}
