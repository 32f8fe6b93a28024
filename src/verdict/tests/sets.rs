//! Tests of rule sets, the overall result, coverage and evictions.

use std::collections::BTreeSet;

use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use super::super::evidence::EvidenceSource;
use super::super::rule::{Finding, Recovery, Rule};
use super::super::{LIMITS, Overall, RULES, judge_by, limit};
use super::{Grade, good_morning, judge, scenario};
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::scenario::WantedCheck;
use crate::domain::terminal::Phase;

#[test]
fn ids_are_unique_and_limits_exist() {
    let ids: BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
    for name in RULES.iter().flat_map(|rule| rule.limits) {
        assert!(LIMITS.iter().any(|limit| limit.name == *name), "{name}");
    }
}

#[test]
fn a_rule_that_counts_from_a_later_date_is_left_out_before() {
    let rule = Rule {
        id: "of_the_future",
        since: date(2027, 4, 1),
        source: "N5",
        sentence: ("", ""),
        next: ("", ""),
        evidence_source: EvidenceSource::Wire,
        recovery: Recovery::Never,
        limits: &[],
        judge: |_| Finding::new(Grade::Fail, "違反。", "Violated."),
    };
    let mut evidence = good_morning().evidence();
    evidence.scenario = scenario(&["of_the_future"]);
    assert!(judge_by(&[rule], &evidence).rules.is_empty());
    assert_eq!(judge_by(&[rule], &evidence).overall, Overall::Incomplete, "nothing was judged");
    let early = RULES.iter().find(|rule| rule.id == "same_patient_repeated").unwrap();
    evidence.scenario = scenario(&["of_the_future", early.id]);
    assert_eq!(judge_by(&[rule, *early], &evidence).overall, Overall::Pass, "a rule of a later date is not missing");
    evidence.strictness = date(2027, 4, 1);
    assert_eq!(judge_by(&[rule], &evidence).rules[0].result, Grade::Fail);
    assert_eq!(judge(&evidence).rule_set.name, "strict-2026-11", "the set that this program knows");
    assert_eq!(limit("checks_per_minute"), Some(10));
}

#[test]
fn only_a_scenario_that_was_met_as_a_whole_passes() {
    let mut evidence = good_morning().evidence();
    assert_eq!(judge(&evidence).overall, Overall::Incomplete, "without a scenario");
    evidence.scenario = scenario(&["check_repeated_after_restart", "same_patient_repeated"]);
    assert_eq!(judge(&evidence).overall, Overall::Pass);
    evidence.scenario = scenario(&["check_repeated_after_restart", "session_renewed"]);
    let verdict = judge(&evidence);
    assert_eq!((verdict.overall, verdict.coverage.complete), (Overall::Incomplete, false));
    assert_eq!(verdict.coverage.rules.missing, ["session_renewed"]);
    evidence.scenario = scenario(&["same_patient_repeated"]);
    evidence.scenario.as_mut().unwrap().profiles = vec![ErrorProfile::Envelope, ErrorProfile::Bare];
    assert_eq!(judge(&evidence).overall, Overall::Incomplete, "the profile `bare` was not met");
    evidence.scenario = scenario(&["a_rule_that_nobody_knows"]);
    assert_eq!(judge(&evidence).overall, Overall::Incomplete);
    evidence.journal.pop();
    evidence.scenario = scenario(&["check_repeated_after_restart"]);
    assert_eq!(judge(&evidence).overall, Overall::Fail);
}

#[test]
fn a_scenario_sets_limits_of_its_own() {
    let mut evidence = good_morning().evidence();
    evidence.scenario = scenario(&["not_hammered"]);
    assert_eq!(judge(&evidence).overall, Overall::Pass);
    evidence.scenario.as_mut().unwrap().limits.insert("checks_per_minute".to_owned(), 0);
    let verdict = judge(&evidence);
    assert_eq!((verdict.overall, verdict.rules[0].limits[0].value), (Overall::Fail, 0));
}

#[test]
fn after_evictions_only_what_is_proved_stays() {
    let mut evidence = good_morning().evidence();
    evidence.evicted = 3;
    let verdict = judge(&evidence);
    assert!(verdict.rules.iter().all(|ruling| ruling.result == Grade::Inconclusive));
    assert!(verdict.rules[0].why.en.starts_with("The journal has evicted its 3 oldest entries"));
    evidence.journal.pop();
    assert_eq!(super::of(&evidence, "check_repeated_after_restart").result, Grade::Fail, "what is newer than what is kept is kept");
}

#[test]
fn evicted_events_and_observations_leave_it_open_for_the_rules_that_need_them() {
    let mut evidence = good_morning().evidence();
    evidence.evicted_observations = 1;
    assert_eq!(super::of(&evidence, "check_repeated_after_restart").result, Grade::Pass, "it is judged by the wire");
    let shown = super::of(&evidence, "restart_message_shown");
    assert_eq!(shown.result, Grade::Inconclusive, "{}", shown.why.en);
    evidence.evicted_events = 2;
    let repeated = super::of(&evidence, "check_repeated_after_restart");
    assert_eq!(repeated.result, Grade::Inconclusive);
    assert!(repeated.why.en.starts_with("The list of events has evicted its 2 oldest events"), "{}", repeated.why.en);
}

#[test]
fn while_a_server_has_not_written_what_it_answered_nothing_is_told() {
    let mut evidence = good_morning().evidence();
    evidence.journal.pop();
    assert_eq!(super::of(&evidence, "check_repeated_after_restart").result, Grade::Fail);
    evidence.incomplete = true;
    assert!(judge(&evidence).rules.iter().all(|ruling| ruling.result == Grade::Inconclusive), "the repeated check may be with that server");
}

#[test]
fn a_scenario_that_wants_a_check_passes_once_it_worked_at_its_time_and_in_its_phase() {
    let mut evidence = good_morning().evidence();
    let at = evidence.journal[1].at;
    let mut overall = |from: Option<Timestamp>, phase: Option<Phase>| {
        evidence.scenario = scenario(&[]);
        evidence.scenario.as_mut().unwrap().check = Some(WantedCheck { from, phase });
        let verdict = judge(&evidence);
        assert_eq!(verdict.coverage.check, Some(verdict.overall == Overall::Pass));
        verdict.overall
    };
    assert_eq!(overall(None, None), Overall::Pass);
    assert_eq!(overall(Some(at), Some(Phase::UpToDate)), Overall::Pass);
    assert_eq!(overall(Some(at + SignedDuration::from_secs(1)), None), Overall::Incomplete, "that was too early");
    assert_eq!(overall(None, Some(Phase::UpdateAvailable)), Overall::Incomplete, "the terminal was up to date");
    evidence.scenario = scenario(&["check_repeated_after_restart"]);
    evidence.scenario.as_mut().unwrap().check = Some(WantedCheck { from: None, phase: Some(Phase::Off) });
    let verdict = judge(&evidence);
    assert_eq!(verdict.overall, Overall::Incomplete, "beside rules, too");
    let why = "Nothing failed, but the check that the scenario wants (at a terminal that is off) has not worked yet.";
    assert_eq!(verdict.why.en, why);
}

#[test]
fn a_scenario_that_wants_nothing_never_passes() {
    let mut evidence = good_morning().evidence();
    evidence.scenario = scenario(&[]);
    let verdict = judge(&evidence);
    assert_eq!((verdict.overall, verdict.coverage.complete, verdict.coverage.check), (Overall::Incomplete, false, None));
    assert!(verdict.why.en.contains("nothing to be judged by"), "{}", verdict.why.en);
}

#[test]
fn coverage_tells_which_scenarios_were_met_before() {
    let mut evidence = good_morning().evidence();
    evidence.scenario = scenario(&[]);
    evidence.scenarios = [("a".to_owned(), true), ("b".to_owned(), false), ("story".to_owned(), false)].into();
    let scenarios = judge(&evidence).coverage.scenarios;
    assert_eq!((scenarios.met, scenarios.missing), (vec!["a".to_owned(), "story".to_owned()], vec!["b".to_owned()]));
}
