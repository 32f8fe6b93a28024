//! Tests of notifications over periods: each comes once, and the steps make no difference.

use std::sync::Arc;

use jiff::SignedDuration;

use super::*;
use crate::domain::campaign::{Campaign, Channel};
use crate::domain::clock::{ClockSetting, Mode};
use crate::domain::ids::InstitutionCode;
use crate::domain::institution::InstitutionSpec;
use crate::domain::notification::{NotificationMessage, NotifiedInstitution};
use crate::domain::period::Period;
use crate::domain::terminal::Driver;
use crate::domain::text::Text;
use crate::fixtures::Fixtures;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Creates an institution of the fixtures at noon of the first night, with a terminal that makes no
/// contact.
fn institution(change: impl FnOnce(&mut InstitutionSpec)) -> Institution {
    let fixtures = Fixtures::compiled_in(jiff::civil::date(2026, 1, 19)).0.unwrap();
    let code = InstitutionCode::parse("9910000075").unwrap();
    let mut spec = fixtures.institutions[&code].clone();
    spec.clock = ClockSetting { mode: Mode::Frozen, now: Some(at("2026-01-19T03:00:00Z")), rate: None };
    spec.terminals.values_mut().for_each(|terminal| terminal.driver = Driver::External);
    change(&mut spec);
    Institution::new(code, String::new(), &spec, &fixtures.campaign, at("2026-01-19T03:00:00Z")).unwrap()
}

fn suspended(spec: &mut InstitutionSpec) {
    Arc::make_mut(&mut spec.campaign).suspended = true;
}

fn topic_text(notifications: &[Notification]) -> Vec<String> {
    let kind = |notifications: &Notification| match &notifications.topic {
        Topic::CampaignAnnounced { notice, .. } => format!("announced {}", notice.as_ref().map_or("", |notice| &notice.title.en)),
        Topic::NightBegins { window, .. } => format!("night to {}", window.end.map_or_else(String::new, |end| end.to_string())),
        Topic::TerminalSilent { terminal, .. } => format!("silent {terminal}"),
    };
    notifications.iter().map(|notifications| format!("{} {}", notifications.at, kind(notifications))).collect()
}

fn settled(institution: &mut Institution, to: &str) -> Vec<String> {
    institution.settle(at(to));
    topic_text(&institution.take_notifications())
}

#[test]
fn nights_and_silence_are_told_once_at_their_time() {
    let mut institution = institution(|_| ());
    assert_eq!(institution.next_notification(), Some(at("2026-01-19T11:00:00Z")));
    assert_eq!(settled(&mut institution, "2026-01-19T10:59:59Z"), Vec::<String>::new());
    assert_eq!(settled(&mut institution, "2026-01-19T11:00:00Z"), ["2026-01-19T11:00:00Z night to 2026-01-19T20:00:00Z"]);
    assert_eq!(settled(&mut institution, "2026-01-20T10:00:00Z"), Vec::<String>::new());
    let later = settled(&mut institution, "2026-01-22T04:00:00Z");
    let expected = [
        "2026-01-20T11:00:00Z night to 2026-01-20T20:00:00Z",
        "2026-01-21T11:00:00Z night to 2026-01-21T20:00:00Z",
        "2026-01-22T03:00:00Z silent T1",
    ];
    assert_eq!(later, expected);
    let last = settled(&mut institution, "2026-03-01T00:00:00Z");
    assert_eq!((last.len(), last.last().unwrap().as_str()), (8, "2026-01-30T11:00:00Z night to "), "{last:?}");
    assert_eq!(institution.next_notification(), None);
}

#[test]
fn a_terminal_that_is_heard_of_again_may_fall_silent_again() {
    let mut institution = institution(suspended);
    assert_eq!(settled(&mut institution, "2026-01-23T00:00:00Z"), ["2026-01-22T03:00:00Z silent T1"]);
    institution.terminals.values_mut().for_each(|terminal| terminal.contacted(at("2026-01-23T00:00:00Z")));
    assert_eq!(institution.next_notification(), Some(at("2026-01-26T00:00:00Z")));
    assert_eq!(settled(&mut institution, "2026-01-27T00:00:00Z"), ["2026-01-26T00:00:00Z silent T1"]);
}

#[test]
fn another_campaign_is_announced_with_its_notices_and_the_known_one_is_not() {
    let mut institution = institution(|_| ());
    let mut other = Campaign::clone(&institution.campaign);
    other.calendar.starts = jiff::civil::date(2026, 1, 20);
    other.notices = vec![notice("old", "2026-01-01T00:00:00Z"), notice("new", "2026-01-19T09:00:00Z")];
    institution.campaign = Arc::new(other.clone());
    assert_eq!(institution.next_notification(), Some(at("2026-01-19T03:00:00Z")));
    assert_eq!(settled(&mut institution, "2026-01-19T03:00:00Z"), ["2026-01-19T03:00:00Z announced old"]);
    assert_eq!(institution.next_notification(), Some(at("2026-01-19T09:00:00Z")));
    assert_eq!(settled(&mut institution, "2026-01-19T10:00:00Z"), ["2026-01-19T09:00:00Z announced new"]);
    other.suspended = true;
    institution.campaign = Arc::new(other.clone());
    assert_eq!(settled(&mut institution, "2026-01-19T10:00:00Z"), Vec::<String>::new(), "the same, suspended");
    other.calendar.starts = jiff::civil::date(2026, 1, 22);
    other.notices.clear();
    institution.campaign = Arc::new(other);
    assert_eq!(settled(&mut institution, "2026-01-19T10:00:00Z"), ["2026-01-19T10:00:00Z announced "], "without notices");
}

fn notice(title: &str, published: &str) -> Notice {
    Notice { channel: Channel::PortalMail, published: at(published), title: Text::same(title), body: Text::same("…") }
}

#[test]
fn the_same_is_told_whatever_the_steps() {
    let (start, end) = (at("2026-01-19T03:00:00Z"), at("2026-02-10T00:00:00Z"));
    let mut at_once = institution(|spec| spec.readings.silent_after = Period::from_secs(100_000));
    let mut in_steps = at_once.clone();
    at_once.settle(end);
    let mut now = start;
    while now < end {
        now = (now + SignedDuration::from_secs(7_919)).min(end);
        in_steps.settle(now);
    }
    assert!(topic_text(&at_once.notifications).len() >= 12);
    assert_eq!(at_once, in_steps);
}

#[test]
fn a_letter_reads_back_as_it_was_written() {
    let mut institution = institution(|_| ());
    institution.settle(at("2026-01-23T00:00:00Z"));
    for notification in institution.take_notifications() {
        let addressee = NotifiedInstitution { code: institution.code.clone(), name: institution.name.clone() };
        let message =
            NotificationMessage { id: "1".to_owned(), timestamp: at("2026-11-25T00:00:00Z"), institution: addressee, notification };
        let text = serde_json::to_string(&message).unwrap();
        assert_eq!(serde_json::from_str::<NotificationMessage>(&text).unwrap(), message, "{text}");
    }
}
