//! Scenarios: each sets the stage that its file describes, and what is to happen happens once, in
//! order, whether or not anyone looks.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use onshi_mock::domain::ids::{InstitutionCode, ScenarioId};
use onshi_mock::domain::institution::Institution;
use onshi_mock::fixtures::{Fixtures, SCENARIOS};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Clinic, Mock, frozen, template};

/// What checks come to at which times: a validity, or an error's code.
pub(crate) type Day = &'static [(&'static str, &'static str)];

const PENDING: &str = "MOCK0501E";
const STUCK: &str = "MOCK0502E";

/// What T1 of every scenario answers.
pub(crate) const DAYS: &[(&str, Day)] = &[
    ("happy-morning", &[("2026-01-19T19:00", "1"), ("2026-01-20T08:29", PENDING), ("2026-01-20T08:30", "1")]),
    ("installed-not-restarted", &[("2026-01-20T08:30", PENDING), ("2026-01-20T09:10", "1")]),
    (
        "fast-startup-shutdown",
        &[("2026-01-20T08:49", PENDING), ("2026-01-20T08:52", "MOCK0301E"), ("2026-01-20T08:56", PENDING), ("2026-01-20T09:30", "1")],
    ),
    ("linkage-application-restarted", &[("2026-01-20T08:55", PENDING), ("2026-01-20T09:30", "1")]),
    ("automatic-restart", &[("2026-01-19T19:00", "1"), ("2026-01-20T06:59", PENDING), ("2026-01-20T07:00", "1")]),
    ("powered-off-at-night", &[("2026-01-20T09:00", "1"), ("2026-01-30T09:00", "1"), ("2026-01-31T09:00", PENDING)]),
    ("update-in-consultation-hours", &[("2026-02-02T09:00", "1"), ("2026-02-02T09:30", PENDING), ("2026-02-02T10:00", "1")]),
    ("pharmacy-one-pending", &[("2026-01-20T08:30", "1"), ("2026-01-20T11:00", "1")]),
    ("stuck-call-centre-open", &[("2026-01-20T08:30", PENDING), ("2026-01-20T08:50", STUCK), ("2026-01-20T12:00", STUCK)]),
    ("stuck-call-centre-closed", &[("2026-01-20T18:30", PENDING), ("2026-01-20T18:50", STUCK)]),
    ("stuck-public-holiday", &[("2026-02-11T08:30", PENDING), ("2026-02-11T08:50", STUCK)]),
    ("line-down", &[("2026-01-20T08:30", "MOCK0504E"), ("2026-01-20T09:10", "MOCK0504E"), ("2026-01-20T11:30", "1")]),
    ("delivery-down", &[("2026-01-19T20:00", "1"), ("2026-01-20T23:00", "1")]),
    (
        "download-cut-every-night",
        &[
            ("2026-01-20T09:00", "1"),
            ("2026-01-21T09:00", "1"),
            ("2026-01-22T09:00", "1"),
            ("2026-01-23T09:00", PENDING),
            ("2026-01-23T09:30", "1"),
        ],
    ),
    ("second-campaign-while-pending", &[("2026-01-20T08:30", PENDING), ("2026-01-21T09:00", PENDING), ("2026-01-21T09:10", "1")]),
    ("token-expires-during-error", &[("2026-01-20T08:30", PENDING), ("2026-01-21T09:00", PENDING), ("2026-01-21T10:00", "1")]),
    ("slow-answers", &[("2026-01-20T09:40", "1")]),
    ("processing-answers", &[("2026-01-20T09:00", "processing"), ("2026-01-20T09:30", "1")]),
    ("busy-server", &[("2026-01-20T09:30", "1")]),
    ("broken-downloads", &[("2026-01-19T20:00", "1")]),
    ("unknown-elements", &[("2026-01-20T08:30", PENDING), ("2026-01-20T09:10", "1")]),
    ("error-profile-envelope", &[("2026-01-20T08:30", PENDING), ("2026-01-20T09:10", "1")]),
    ("error-profile-bare", &[("2026-01-20T09:10", "1")]),
    ("error-profile-http", &[("2026-01-20T08:30", PENDING), ("2026-01-20T09:10", "1")]),
    ("error-profile-silent", &[("2026-01-20T09:10", "1")]),
    ("card-while-pending", &[("2026-01-20T08:30", PENDING), ("2026-01-20T09:10", "1")]),
];

async fn outcome(clinic: &Clinic<'_>) -> Value {
    let answer = clinic.check().await;
    if answer.body["XmlMsg"]["MessageHeader"]["SegmentOfResult"] == "2" {
        return json!("processing");
    }
    if answer.error_code().is_null() { answer.validity().clone() } else { answer.error_code().clone() }
}

pub(crate) fn fixtures() -> Fixtures {
    Fixtures::compiled_in(jiff::civil::date(2026, 11, 22)).0.unwrap()
}

#[tokio::test]
async fn every_scenario_sets_its_stage_and_its_steps_happen_in_time() {
    let mock = Mock::start().await;
    let listed = mock.get("/v1/scenarios").await;
    let ids: Vec<&str> = listed["scenarios"].as_array().unwrap().iter().map(|scenario| scenario["id"].as_str().unwrap()).collect();
    assert_eq!(ids, DAYS.iter().map(|(id, _)| *id).collect::<Vec<_>>(), "every scenario has its day here, in the same order");
    for (id, day) in DAYS {
        let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "scenario": id})).await;
        for (at, expected) in *day {
            clinic.advance(&format!("{at}:00+09:00")).await;
            assert_eq!(outcome(&clinic).await, *expected, "{id} at {at}");
        }
        let standing = clinic.get("/scenario").await;
        assert_eq!(standing["id"], *id);
        let waiting = standing["timeline"].as_array().unwrap().iter().any(|step| step["state"] != "done");
        assert!(!waiting, "{standing}");
    }
}

#[tokio::test]
async fn a_scenario_makes_an_institution_anew_and_a_reset_begins_it_again() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, "2026-01-25T09:00:00+09:00").await;
    assert_eq!(outcome(&clinic).await, "1");
    clinic.get("/scenario").expect_problem(StatusCode::NOT_FOUND).await;

    let set = clinic.put("/scenario", json!({"id": "installed-not-restarted"})).await;
    assert_eq!(
        (&set["code"], &set["scenario"], &set["next_due"]),
        (&json!(clinic.code), &json!("installed-not-restarted"), &json!("2026-01-20T09:10:00+09:00"))
    );
    assert_eq!(clinic.last_entry().await, Value::Null, "the journal is empty");
    let before = clinic.get("/scenario").await;
    assert_eq!((&before["next"], &before["timeline"][0]["state"]), (&json!("2026-01-20T09:10:00+09:00"), &json!("waiting")));
    assert!(before["title"]["ja"].is_string() && before["wants"]["rules"].is_array(), "{before}");

    assert_eq!(outcome(&clinic).await, PENDING);
    let events = clinic.advance("2026-01-20T12:00:00+09:00").await;
    assert_eq!((&events[0]["at"], &events[0]["event"], &events[1]), (&json!("2026-01-20T09:10:00+09:00"), &json!("booted"), &Value::Null));
    assert_eq!(outcome(&clinic).await, "1");
    let after = clinic.get("/scenario").await;
    assert_eq!((&after["next"], &after["timeline"][0]["state"]), (&Value::Null, &json!("done")));

    clinic.reset().await;
    assert_eq!(outcome(&clinic).await, PENDING, "a reset goes back to the scenario's stage");
    assert_eq!(clinic.get("/scenario").await["timeline"][0]["state"], "waiting");
}

#[tokio::test]
async fn what_else_is_given_at_creation_goes_before_the_scenario() {
    let mock = Mock::start().await;
    let input = json!({"template": template::PHARMACY, "scenario": "stuck-call-centre-open", "seed": 7, "error_profile": "http", "terminals": {"T1": {"stuck": false}}});
    let clinic = mock.clinic_with(input).await;
    let shown = clinic.show().await;
    assert_eq!((&shown["seed"], &shown["error_profile"], shown["terminals"].as_object().unwrap().len()), (&json!(7), &json!("http"), 1));
    clinic.advance("2026-01-20T08:50:00+09:00").await;
    assert_eq!(outcome(&clinic).await, "1");
    let later = json!({"template": template::UP_TO_DATE, "scenario": "installed-not-restarted", "clock": {"mode": "system"}});
    let later = mock.clinic_with(later).await;
    assert_eq!(outcome(&later).await, PENDING, "steps behind the clock are left out, not caught up");
    assert_eq!(later.get("/scenario").await["timeline"][0]["state"], "skipped");
}

#[tokio::test]
async fn a_scenario_that_was_met_stays_covered_also_where_its_journal_was_emptied() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, "2026-01-20T08:55:00+09:00").await;
    for (scenario, asks, empties) in [("happy-morning", true, true), ("line-down", false, true), ("installed-not-restarted", true, false)] {
        clinic.put("/scenario", json!({"id": scenario})).await;
        if asks {
            clinic.check().await;
        }
        if empties {
            clinic.delete("/journal").await;
        }
    }
    clinic.reset().await;
    let read = clinic.verdict().await;
    assert_eq!(read["coverage"]["scenarios"]["met"], json!(["happy-morning", "installed-not-restarted"]));
}

#[tokio::test]
async fn an_unknown_scenario_is_refused_and_those_that_there_are_are_named() {
    let mock = Mock::start().await;
    for (method, path, input, pointer) in [
        (Method::PUT, "/v1/institutions/9910000018/scenario", json!({"id": "sad-morning"}), "/id"),
        (Method::POST, "/v1/institutions", json!({"template": template::UP_TO_DATE, "scenario": "sad-morning"}), "/scenario"),
    ] {
        let problem = mock.call(method, path, input).expect_unprocessable(pointer).await;
        assert!(problem["expected"].as_str().unwrap().starts_with("happy-morning, "), "{problem}");
    }
    mock.institution(template::UP_TO_DATE).check().await.note("nothing has changed").expect_qualified();
}

#[tokio::test]
async fn a_step_that_its_terminal_cannot_do_says_why_and_one_behind_a_clock_set_anew_is_skipped() {
    let mock = Mock::start().await;
    let clinic = mock.clinic_with(json!({"template": template::UP_TO_DATE, "scenario": "fast-startup-shutdown"})).await;
    clinic.shut_down().await;
    clinic.advance("2026-01-20T08:51:00+09:00").await;
    let refused = clinic.get("/scenario").await;
    assert_eq!(refused["timeline"][0]["state"], "refused");
    assert!(refused["timeline"][0]["why"]["en"].as_str().unwrap().contains("is off"), "{refused}");
    let clock = frozen("2026-01-20T09:30:00+09:00");
    clinic.put("/clock", clock).await;
    let after = clinic.get("/scenario").await;
    assert_eq!((&after["timeline"][1]["state"], &after["timeline"][2]["state"]), (&json!("skipped"), &json!("refused")), "{after}");
}

#[test]
fn a_scenario_comes_to_the_same_whatever_the_steps_in_which_time_passes() {
    let fixtures = fixtures();
    let wall: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
    let code = InstitutionCode::parse("9910000018").unwrap();
    for scenario in fixtures.scenarios.iter() {
        let blueprint = scenario.apply_to(&fixtures.institutions[&code]);
        let new = || Institution::new(code.clone(), String::new(), &blueprint, &fixtures.campaign, wall).unwrap();
        let (mut at_once, mut in_steps) = (new(), new());
        let end = at_once.now(wall) + SignedDuration::from_hours(15 * 24);
        at_once.advance(end, wall).unwrap();
        let mut minutes = (1..).map(|n: i64| n * n * 7 % 1_013 + 1);
        while in_steps.now(wall) < end {
            let target = (in_steps.now(wall) + SignedDuration::from_mins(minutes.next().unwrap())).min(end);
            in_steps.advance(target, wall).unwrap();
        }
        let seen = |institution: &Institution| {
            let terminals: Vec<_> = institution.terminals.values().map(|terminal| terminal.phase(&institution.campaign, end)).collect();
            (institution.events.clone(), institution.scenario.clone(), institution.campaign.clone(), terminals)
        };
        assert_eq!(seen(&at_once), seen(&in_steps), "{}", scenario.id);
    }
}

#[tokio::test]
async fn a_tester_can_be_the_only_one_who_restarts_a_terminal() {
    let mock = Mock::start().await;
    let input = json!({"template": template::UP_TO_DATE, "scenario": "installed-not-restarted", "restarts": "manual"});
    let clinic = mock.clinic_with(input).await;
    for _ in 0..2 {
        clinic.advance("2026-01-20T12:00:00+09:00").await;
        clinic.check().await.expect_error(PENDING);
        clinic.restart().await;
        clinic.check().await.expect_qualified();
        clinic.reset().await;
    }
    for (restarts, code) in [("manual", Some(PENDING)), ("scheduled", None)] {
        clinic.put("/scenario", json!({"id": "automatic-restart", "restarts": restarts})).await;
        clinic.advance("2026-01-20T09:00:00+09:00").await;
        assert_eq!(clinic.check().await.error_code(), &json!(code), "{restarts}");
    }
    mock.post("/v1/institutions", json!({"template": template::UP_TO_DATE, "restarts": "manual"})).expect_unprocessable("/restarts").await;
}

#[test]
fn scenario_files_of_ones_own_are_added_and_each_mistake_is_named_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let scenarios = dir.path().join("scenarios");
    std::fs::create_dir(&scenarios).unwrap();
    let (_, happy) = SCENARIOS.iter().find(|(name, _)| *name == "happy-morning").unwrap();
    let read = || Fixtures::from_dir(dir.path(), jiff::civil::date(2026, 11, 22));
    let own = scenarios.join("our-morning.toml");
    std::fs::write(&own, happy).unwrap();
    let fixtures = read().0.unwrap();
    assert!(fixtures.scenarios.find(&ScenarioId::parse("our-morning").unwrap()).is_some());
    assert_eq!(fixtures.scenarios.iter().count(), SCENARIOS.len() + 1, "beside the compiled-in ones");
    for (old, new, line, words) in [
        ("at = ", "att = ", 8, "unknown field `att`"),
        ("at = ", "att = ", 8, "項目「att」はありません。使える項目："),
        ("phase = \"up_to_date\"", "phase = \"updated\"", 14, "「updated」は使えません。使える値："),
        ("phase = \"up_to_date\"", "from = \"2026-01-20\"", 14, "時刻とオフセットも必要です"),
        ("action = \"restart\"", "action = \"reboot\"", 9, "unknown variant `reboot`"),
        ("terminal = \"T1\"", "terminal = \"T2\"", 10, "one of its terminals"),
        ("at = \"2026-01-20", "at = \"2026-01-18", 8, "at or after the clock's"),
        ("action = \"restart\"", "action = \"suspend\"", 10, "is not a terminal's"),
        ("action = \"restart\"\nterminal = \"T1\"", "action = \"campaign\"", 7, "has to be there"),
        ("mode = \"frozen\", now = \"2026-01-19T19:00:00+09:00\"", "mode = \"system\"", 4, "frozen or running"),
        ("starts = \"update_available\"", "bandwidth = 0", 5, "at least 1"),
        ("[wants]", "[[faults]]\nkind = \"delay\"\n[wants]", 12, "delay"),
        ("terminals.T1 = {", "default_terminal = \"T9\"\nterminals.T1 = {", 5, "not among its terminals"),
        (
            "[wants]",
            "[campaign]\npackages = [{ component = \"linkage_application\", version = \"5.3\", replaces = \"5.2\", size = 0, restart_required = true }]\n[wants]",
            13,
            "1 to 4294967296",
        ),
    ] {
        assert!(happy.contains(old), "{old}");
        std::fs::write(&own, happy.replacen(old, new, 1)).unwrap();
        let said: Vec<String> = read().1.errors.iter().map(ToString::to_string).collect();
        let place = format!("scenarios/our-morning.toml:{line}:");
        assert!(said.iter().any(|said| said.starts_with(&place) && said.contains(words)), "{new}: no {place} {words} in {said:#?}");
    }
    let (stage, _) = happy.split_once("[wants]").unwrap();
    std::fs::write(&own, stage).unwrap();
    let (fixtures, findings) = read();
    assert!(fixtures.is_some() && findings.errors.is_empty());
    let warned: Vec<String> = findings.warnings.iter().map(ToString::to_string).collect();
    assert!(warned.len() == 1 && warned[0].contains("its verdict never passes"), "{warned:?}");
    std::fs::rename(&own, scenarios.join("Our Morning.toml")).unwrap();
    assert!(read().1.errors[0].to_string().contains("lower-case letters"));
}

#[test]
fn no_scenario_file_lies_unused() {
    let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios");
    let mut files: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().trim_end_matches(".toml").to_owned())
        .collect();
    files.sort();
    let mut listed: Vec<&str> = SCENARIOS.iter().map(|(name, _)| *name).collect();
    listed.sort_unstable();
    assert_eq!(files, listed);
}
