//! Tests of drawings: bundles, labels, the axis, and a night that a terminal lived through.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::date;

use super::labels::LabelLine;
use super::*;
use crate::domain::clock::{ClockSetting, Mode};
use crate::domain::ids::TerminalId;
use crate::domain::institution::{Institution, InstitutionSpec};
use crate::domain::terminal::Settings;
use crate::fixtures::Fixtures;

fn at(text: &str) -> Timestamp {
    format!("{text}+09:00").parse().unwrap()
}

fn mark(kind: MarkKind, time: &str, title: &str) -> Mark {
    Mark { kind, at: at(time), label: "エラー".to_owned(), title: title.to_owned(), link: Some("#entry-1".to_owned()) }
}

fn chart(rows: Vec<Row>) -> Chart {
    Chart { from: at("2026-01-19T20:00:00"), to: at("2026-01-20T12:00:00"), now: None, bands: Vec::new(), rows }
}

#[test]
fn marks_of_a_kind_that_lie_together_are_one_with_its_number() {
    let marks = vec![
        mark(MarkKind::Refused, "2026-01-20T08:55:01", "再起動待ち"),
        mark(MarkKind::Refused, "2026-01-20T08:55:02", "再起動待ち"),
        mark(MarkKind::Answered, "2026-01-20T08:55:03", "有効"),
        mark(MarkKind::Refused, "2026-01-20T08:55:04", "再起動待ち"),
        mark(MarkKind::Refused, "2026-01-20T11:00:00", "再起動待ち"),
        mark(MarkKind::Refused, "2026-01-20T12:00:01", "outside"),
    ];
    let items = chart(vec![Row { marks, ..Row::default() }]).items();
    let told: Vec<(&str, usize)> = items.iter().map(|item| (item.title.as_str(), item.count)).collect();
    assert_eq!(told, [("再起動待ち", 3), ("有効", 1), ("再起動待ち", 1)]);
    assert_eq!((items[0].from, items[0].to), (at("2026-01-20T08:55:01"), at("2026-01-20T08:55:04")));
}

#[test]
fn several_with_different_titles_are_told_by_their_label() {
    let marks = vec![mark(MarkKind::Refused, "2026-01-20T08:55:01", "a"), mark(MarkKind::Refused, "2026-01-20T08:55:02", "b")];
    let items = chart(vec![Row { marks, ..Row::default() }]).items();
    assert_eq!((items[0].title.as_str(), items[0].count), ("エラー", 2));
}

#[test]
fn labels_do_not_cover_each_other_and_stay_near() {
    let mut line = LabelLine::default();
    let first = line.place(100.0, "ダウンロード").unwrap();
    let second = line.place(104.0, "インストール").unwrap();
    assert!(first == 100.0 && second >= first + labels::width("ダウンロード"), "{first} {second}");
    assert_eq!(line.place(106.0, "再起動待ち"), None, "too far from what it names");
    let edge = line.place(1190.0, "現在").unwrap();
    assert!(edge + labels::width("現在") <= 1190.0, "within the drawing");
}

#[test]
fn times_below_the_axis_are_those_of_japan_and_name_the_date_at_midnight() {
    let svg = chart(Vec::new()).svg();
    assert!(svg.contains(">20:00<") && svg.contains(">01-19<") && svg.contains(">00:00<") && svg.contains(">01-20<"), "{svg}");
}

#[test]
fn what_others_wrote_is_text_only() {
    let marks = vec![mark(MarkKind::Refused, "2026-01-20T08:55:00", "<script>&\"\u{1}")];
    let svg = chart(vec![Row { marks, ..Row::default() }]).svg();
    assert!(svg.contains("&lt;script&gt;&amp;&quot; ") && !svg.contains("<script"), "{svg}");
}

#[test]
fn a_drawing_of_its_own_has_its_colours_and_no_links() {
    let marks = vec![mark(MarkKind::Boot, "2026-01-20T08:55:00", "再起動した")];
    let chart = chart(vec![Row { marks, ..Row::default() }]);
    let svg = picture("一夜", "A night", &[("端末", "a terminal", &chart), ("端末", "a terminal", &chart)]);
    assert!(svg.contains("<title>一夜 / A night</title>") && !svg.contains("var(") && !svg.contains("href"), "{svg}");
}

/// An institution whose only terminal has these settings, and a clock that stands still.
fn institution(settings: Settings, now: &str) -> Institution {
    let fixtures = Fixtures::compiled_in(date(2026, 1, 19)).0.unwrap();
    let (code, template) = fixtures.institutions.iter().next().unwrap();
    let spec = InstitutionSpec {
        clock: ClockSetting { mode: Mode::Frozen, now: Some(at(now)), rate: None },
        campaign: Arc::new(fixtures.campaign.clone()),
        terminals: [(TerminalId::parse("T1").unwrap(), settings)].into(),
        ..template.clone()
    };
    Institution::new(code.clone(), "1", &spec, &fixtures.campaign, at(now)).unwrap()
}

fn history<'a>(institution: &'a Institution, now: &str) -> History<'a> {
    History {
        institution,
        terminals: institution.terminals.values().collect(),
        requests: Vec::new(),
        now: at(now),
        words: Words::English,
        first_linked_event: 1,
    }
}

#[test]
fn a_night_has_its_downloads_and_waits_until_the_boot() {
    let mut institution = institution(Settings::default(), "2026-01-19T19:00:00");
    institution.advance(at("2026-01-20T08:55:00"), at("2026-01-19T19:00:00")).unwrap();
    let id = TerminalId::parse("T1").unwrap();
    let now = at("2026-01-20T08:55:00");
    institution.act(&id, now, |terminal, around| terminal.restart(now, around)).unwrap().unwrap();
    let drawn = history(&institution, "2026-01-20T09:30:00").chart(Range::Whole);
    let row = &drawn.rows[0];
    let spans = |kind: SpanKind| row.spans.iter().filter(move |span| span.kind == kind).collect::<Vec<_>>();
    assert_eq!((spans(SpanKind::Download).len(), spans(SpanKind::Installation).len()), (4, 4));
    let [pending] = spans(SpanKind::Pending)[..] else { panic!("{row:?}") };
    assert_eq!(pending.to, at("2026-01-20T08:55:00"), "it ends with the boot");
    assert!(pending.link.as_deref().is_some_and(|link| link.starts_with("#event-")));
    assert_eq!(row.marks.iter().filter(|mark| mark.kind == MarkKind::Boot).count(), 1);
    assert!(drawn.from <= at("2026-01-19T19:00:00") && drawn.to >= at("2026-01-20T09:30:00"), "{} {}", drawn.from, drawn.to);
    assert_eq!(drawn.bands.len(), 11, "all windows of the campaign");
}
