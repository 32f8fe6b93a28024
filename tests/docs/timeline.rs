//! `docs/timeline.svg` shows the notice's windows, and a night that two terminals live through:
//! `UPDATE_DOCS=1 cargo test --test docs timeline` rewrites it.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{date, time};
use onshi_mock::chart::{Chart, History, Range, Request, Row, Words, picture};
use onshi_mock::domain::check;
use onshi_mock::domain::clock::{ClockSetting, Mode};
use onshi_mock::domain::ids::TerminalId;
use onshi_mock::domain::institution::{Institution, InstitutionSpec};
use onshi_mock::domain::terminal::Settings;
use onshi_mock::fixtures::Fixtures;

const EVENING: &str = "2026-01-19T18:00:00";
const NOON: &str = "2026-01-20T12:00:00";
/// When patients come, and when the second terminal is restarted.
const PATIENTS: [&str; 4] = ["2026-01-20T09:00:00", "2026-01-20T09:40:00", "2026-01-20T10:50:00", "2026-01-20T11:30:00"];
const RESTART: &str = "2026-01-20T10:45:00";

fn at(text: &str) -> Timestamp {
    format!("{text}+09:00").parse().unwrap()
}

fn t1() -> TerminalId {
    TerminalId::parse("T1").unwrap()
}

/// The windows of the notice, from the 19th to the 31st.
fn windows(fixtures: &Fixtures) -> Chart {
    let institution = institution(fixtures, Settings::default());
    let mut chart = history(&institution, Vec::new()).chart(Range::Whole);
    (chart.from, chart.to, chart.now) = (at("2026-01-19T00:00:00"), at("2026-02-01T00:00:00"), None);
    // Only the first of the nights and the days has room for its name.
    let last = chart.bands.len() - 1;
    chart.bands[1..last].iter_mut().for_each(|band| band.label.clear());
    chart.bands[last].label = "31日から終日 all day".to_owned();
    chart.rows = vec![Row { name: "配信 on".to_owned(), ..Row::default() }];
    chart
}

/// A night and a morning of a terminal.
fn night(fixtures: &Fixtures, settings: Settings, restart: Option<&str>) -> Chart {
    let mut institution = institution(fixtures, settings);
    let mut requests = Vec::new();
    let mut times: Vec<&str> = PATIENTS.into_iter().chain(restart).chain([NOON]).collect();
    times.sort_unstable();
    for now in times {
        institution.advance(at(now), at(EVENING)).unwrap();
        if Some(now) == restart {
            institution.act(&t1(), at(now), |terminal, around| terminal.restart(at(now), around)).unwrap().unwrap();
        } else if now != NOON {
            let refused = check::refusal(&institution, &institution.terminals[&t1()], &fixtures.call_centre, at(now)).is_some();
            requests.push(Request { at: at(now), terminal: None, refused, title: String::new(), link: None });
        }
    }
    let mut chart = history(&institution, requests).chart(Range::Whole);
    (chart.from, chart.to, chart.now) = (at(EVENING), at(NOON), None);
    chart.rows[0].name = "端末".to_owned();
    chart.rows[1].name = "患者".to_owned();
    chart
}

fn institution(fixtures: &Fixtures, settings: Settings) -> Institution {
    let (code, template) = fixtures.institutions.iter().next().unwrap();
    let spec = InstitutionSpec {
        clock: ClockSetting { mode: Mode::Frozen, now: Some(at(EVENING)), rate: None },
        campaign: Arc::new(fixtures.campaign.clone()),
        terminals: [(t1(), settings)].into(),
        ..template.clone()
    };
    Institution::new(code.clone(), "1", &spec, &fixtures.campaign, at(EVENING)).unwrap()
}

fn history(institution: &Institution, requests: Vec<Request>) -> History<'_> {
    let terminals = institution.terminals.values().collect();
    History { institution, terminals, requests, now: institution.settled_to(), words: Words::Both, first_linked_event: 1 }
}

#[test]
fn the_picture_shows_what_the_program_does() {
    let fixtures = Fixtures::compiled_in(date(2026, 1, 19)).0.unwrap();
    let restarts = Settings { automatic_restart: Some(time(7, 0, 0, 0)), ..Settings::default() };
    let (restarted, forgotten) = (night(&fixtures, restarts, None), night(&fixtures, Settings::default(), Some(RESTART)));
    let drawn = picture(
        "お知らせの配信期間と、2台の端末の一夜",
        "The notice's windows, and one night of two terminals",
        &[
            (
                "更新が配信される時間帯（2026年1月。25日の夜はなし）",
                "When the update is distributed (January 2026; not in the night of the 25th)",
                &windows(&fixtures),
            ),
            ("朝7:00に再起動する端末", "A terminal that is restarted at 7:00", &restarted),
            (
                "再起動しなかった端末：最初の患者でエラーになり、10:45に再起動する",
                "A terminal that was not restarted: the first patient meets the error; restarted at 10:45",
                &forgotten,
            ),
        ],
    );
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/timeline.svg");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), drawn, "UPDATE_DOCS=1 rewrites it");
}
