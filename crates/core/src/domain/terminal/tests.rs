//! Property tests of a terminal: they hold for any sequence of actions and any division of time
//! into steps.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::domain::calendar::Calendar;
use crate::domain::clock::{ClockSetting, Mode};
use crate::domain::error_presentation::ErrorPresentation;
use crate::domain::fault::Faults;
use crate::domain::ids::{CampaignId, InstitutionCode};
use crate::domain::institution::{Institution, InstitutionSpec, Login};
use crate::domain::readings::Readings;
use crate::domain::rehearsal::Rehearsal;
use crate::domain::text::Text;

/// An action on a terminal from outside.
#[derive(Clone, Copy, Debug)]
enum Act {
    Wait(i64),
    /// Waits until the next 07:00 or 20:00, when scheduled actions happen.
    WaitUntil(i8),
    Suspend(bool),
    Plug(bool),
    Shutdown,
    Restart,
    RestartLinkage,
    Reader(bool),
    Download,
    Install,
    Stuck(bool),
    Bandwidth(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (1..200_000i64).prop_map(Act::Wait),
        4 => prop_oneof![Just(Act::WaitUntil(7)), Just(Act::WaitUntil(20))],
        3 => any::<bool>().prop_map(Act::Suspend),
        1 => any::<bool>().prop_map(Act::Plug),
        1 => Just(Act::Shutdown),
        1 => Just(Act::Restart),
        1 => Just(Act::RestartLinkage),
        1 => any::<bool>().prop_map(Act::Reader),
        3 => Just(Act::Download),
        1 => Just(Act::Install),
        1 => any::<bool>().prop_map(Act::Stuck),
        1 => (1..50_000u64).prop_map(Act::Bandwidth),
    ];
    proptest::collection::vec(act, 1..40)
}

fn settings() -> impl Strategy<Value = Settings> {
    let minute = |minute: i32| jiff::civil::Time::midnight() + SignedDuration::from_mins(i64::from(minute));
    let time = move || (0..1440).prop_map(minute);
    let round = || prop_oneof![time(), Just(minute(7 * 60)), Just(minute(20 * 60))];
    let restart = proptest::option::of(round());
    let schedule = proptest::option::of((round(), round()));
    let periods = (60..20_000u32, 0..7200u32, 0..600u32);
    (restart, schedule, any::<bool>(), 500..5_000_000u64, periods).prop_map(
        |(restart, schedule, fast, bandwidth, (poll, install, boot))| Settings {
            automatic_restart: restart,
            power_schedule: schedule.filter(|(on, off)| on != off).map(|(on, off)| PowerSchedule { on, off }),
            fast_startup: fast,
            bandwidth,
            poll_interval: Period::from_secs(poll),
            install_time: Period::from_secs(install),
            boot_time: Period::from_secs(boot),
            ..Settings::default()
        },
    )
}

fn readings() -> impl Strategy<Value = Readings> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(runs_on, survives, reader)| Readings {
        download_runs_on: runs_on,
        partial_download_survives: survives,
        reader_needs_own_restart: reader,
        ..Readings::default()
    })
}

fn campaign() -> Campaign {
    let version = |text| Version::parse(text).expect("a version");
    let package = |component, size, restart_required| Package {
        component,
        version: version("2.0"),
        replaces: version("1.0"),
        size,
        sha256: None,
        restart_required,
    };
    Campaign {
        id: CampaignId::parse("test").expect("an id"),
        title: Text::same("test"),
        calendar: Calendar {
            starts: jiff::civil::date(2026, 1, 19),
            nights: 12,
            excluded: std::collections::BTreeSet::from([jiff::civil::date(2026, 1, 25)]),
            opens: jiff::civil::time(20, 0, 0, 0),
            closes: jiff::civil::time(5, 0, 0, 0),
            all_day_from: Some(jiff::civil::date(2026, 1, 31)),
        },
        packages: vec![
            package(Component::DistributionApplication, 12_000_000, false),
            package(Component::LinkageApplication, 24_000_001, true),
            package(Component::FaceRecognitionLibrary, 64_000_007, true),
            package(Component::CardReaderApplication, 40_000_000, true),
        ],
        suspended: false,
        down: false,
        notices: Vec::new(),
    }
}

fn start() -> Timestamp {
    "2026-01-19T03:00:00Z".parse().expect("a time")
}

fn institution(terminals: Vec<Settings>, readings: Readings) -> Institution {
    let named = |(i, settings)| (TerminalId::parse(&format!("T{i}")).expect("a name"), settings);
    let terminals: BTreeMap<_, _> = terminals.into_iter().enumerate().map(named).collect();
    let spec = InstitutionSpec {
        name: Text::same("test"),
        login: Login { user: String::new(), password: String::new() },
        default_terminal: TerminalId::parse("T0").expect("a name"),
        clock: ClockSetting { mode: Mode::Frozen, now: Some(start()), rate: None },
        readings,
        terminals,
        campaign: Arc::new(campaign()),
        presentation: ErrorPresentation::default(),
        persons: None,
        scenario: None,
        faults: Faults::default(),
        rehearsal: Rehearsal::default(),
    };
    let code = InstitutionCode::parse("9910000018").expect("a code");
    Institution::new(code, String::new(), &spec, &campaign(), start()).expect("the clock is right")
}

fn advance(institution: &mut Institution, by: SignedDuration) {
    let target = institution.now(start()) + by;
    institution.advance(target, start()).expect("a step forward");
}

/// Performs one action at the institution's present time. An action that the state does not allow
/// is skipped.
fn perform(institution: &mut Institution, act: Act) {
    let now = institution.now(start());
    if let Act::Wait(seconds) = act {
        return advance(institution, SignedDuration::from_secs(seconds));
    }
    if let Act::WaitUntil(hour) = act {
        let target = japan::next_time_of_day(now, jiff::civil::time(hour, 0, 0, 0));
        return institution.advance(target, start()).expect("a step forward");
    }
    if let Act::Suspend(suspended) = act {
        Arc::make_mut(&mut institution.campaign).suspended = suspended;
        return institution.settle(now);
    }
    let id = TerminalId::parse("T0").expect("a name");
    let acted = institution.act(&id, now, |terminal, environment| match act {
        Act::Wait(_) | Act::WaitUntil(_) | Act::Suspend(_) => Ok(Vec::new()),
        Act::Plug(on) => terminal.plug(on, now, environment),
        Act::Shutdown => terminal.shut_down(now, environment),
        Act::Restart => terminal.restart(now, environment),
        Act::RestartLinkage => terminal.restart_linkage(),
        Act::Reader(on) => terminal.switch_reader(on, now),
        Act::Download => terminal.download(now, environment),
        Act::Install => terminal.install_now(now, environment),
        Act::Stuck(stuck) => Ok(terminal.set(Settings { stuck, ..terminal.settings.clone() }, now, environment)),
        Act::Bandwidth(bandwidth) => Ok(terminal.set(Settings { bandwidth, ..terminal.settings.clone() }, now, environment)),
    });
    assert!(acted.is_some(), "the terminal exists");
}

/// Returns the state without the clock's former settings.
fn comparable(institution: &Institution) -> (Vec<Terminal>, Vec<crate::domain::event::Event>) {
    (institution.terminals.values().cloned().collect(), institution.events.iter().cloned().collect())
}

#[test]
fn twelve_days_at_once_and_minute_by_minute_give_the_same_state_and_events() {
    let bandwidth = |bandwidth| Settings { bandwidth, ..Settings::default() };
    let restarting = Settings { automatic_restart: Some(jiff::civil::time(7, 0, 0, 0)), bandwidth: 700, ..Settings::default() };
    let schedule = PowerSchedule { on: jiff::civil::time(21, 30, 0, 0), off: jiff::civil::time(2, 0, 0, 0) };
    let scheduled = Settings { power_schedule: Some(schedule), bandwidth: 3000, ..Settings::default() };
    let mut once = institution(vec![bandwidth(2_000_000), restarting, scheduled], Readings::default());
    let mut minutes = once.clone();
    advance(&mut once, SignedDuration::from_hours(12 * 24));
    for _ in 0..17_280 {
        advance(&mut minutes, SignedDuration::from_mins(1));
    }
    assert!(once.events.last() > 20, "something happened");
    assert_eq!(comparable(&once), comparable(&minutes));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_steps_of_time_do_not_matter(
        terminals in proptest::collection::vec(settings(), 1..4),
        readings in readings(),
        steps in proptest::collection::vec(1..100_000i64, 1..30),
    ) {
        let mut once = institution(terminals, readings);
        let mut stepwise = once.clone();
        advance(&mut once, SignedDuration::from_secs(steps.iter().sum()));
        for step in steps {
            advance(&mut stepwise, SignedDuration::from_secs(step));
        }
        prop_assert_eq!(comparable(&once), comparable(&stepwise));
    }

    #[test]
    fn pending_is_exactly_installed_differs_from_running_and_only_a_boot_ends_it(
        settings in settings(),
        readings in readings(),
        acts in acts(),
    ) {
        let mut institution = institution(vec![settings], readings);
        for act in acts {
            let before = institution.terminals.values().next().expect("T0").clone();
            perform(&mut institution, act);
            let terminal = institution.terminals.values().next().expect("T0");
            let differs = terminal.components().any(|(_, software)| software.installed != software.running);
            prop_assert_eq!(terminal.is_pending(), differs);
            if before.is_pending() && !terminal.is_pending() {
                prop_assert!(before.boot.id != terminal.boot.id, "pending ended without a boot at {act:?}");
            }
            if matches!(act, Act::Suspend(_) | Act::Install | Act::Download | Act::Reader(_) | Act::Bandwidth(_) | Act::Stuck(_)) {
                prop_assert_eq!(&before.boot, &terminal.boot, "{:?} is no boot", act);
            }
            for (component, software) in terminal.components() {
                prop_assert!(software.running <= software.installed, "{component} runs what is not installed");
            }
            let due = institution.next_due();
            prop_assert!(due.is_none_or(|due| due > institution.now(start())), "something due is left undone");
        }
    }

    #[test]
    fn what_is_saved_reads_back_equal(settings in settings(), readings in readings(), acts in acts()) {
        let mut institution = institution(vec![settings.clone(), Settings { driver: Driver::External, ..settings }], readings);
        acts.into_iter().for_each(|act| perform(&mut institution, act));
        // Notifications are stored in the outbox and the campaign separately, not with the
        // institution.
        institution.take_notifications();
        let saved = serde_json::to_string(&institution).expect("plain data");
        let mut read: Institution = serde_json::from_str(&saved).expect("what was written");
        read.campaign = Arc::clone(&institution.campaign);
        prop_assert_eq!(read, institution);
    }

    #[test]
    fn an_orderly_shutdown_under_fast_startup_never_ends_pending(wait in 1..100_000i64) {
        let mut institution = institution(vec![Settings { starts: Starts::Pending, ..Settings::default() }], Readings::default());
        perform(&mut institution, Act::Shutdown);
        perform(&mut institution, Act::Wait(wait));
        perform(&mut institution, Act::Plug(true));
        perform(&mut institution, Act::RestartLinkage);
        let pending = |institution: &Institution| institution.terminals.values().next().expect("T0").is_pending();
        prop_assert!(pending(&institution));
        perform(&mut institution, Act::Restart);
        prop_assert!(!pending(&institution));
    }
}
