//! Checks before and after the restart.

use serde_json::json;

use super::{Grade, Story, good_morning};

#[test]
fn a_client_that_repeats_the_check_after_the_restart_passes() {
    let story = good_morning();
    for rule in [
        "check_repeated_after_restart",
        "same_patient_repeated",
        "not_hammered",
        "error_not_taken_for_no_qualification",
        "error_profile_understood",
    ] {
        assert_eq!(story.grade(rule), Grade::Pass, "{rule}");
    }
    let ruling = story.ruling("check_repeated_after_restart");
    assert_eq!((ruling.entries, ruling.events), (vec!["entry-1".to_owned(), "entry-2".to_owned()], vec![1]));
}

#[test]
fn no_refusal_and_no_restart_are_no_exercise() {
    let mut story = Story::default();
    story.checked(1, "p1");
    assert_eq!(story.grade("check_repeated_after_restart"), Grade::NotExercised);
    story.refused(1, "p1", "envelope");
    assert_eq!(story.grade("check_repeated_after_restart"), Grade::NotExercised);
    story.event("T1", json!({"event": "resumed"}));
    story.event("T1", json!({"event": "booted", "boot": "boot-2", "applied": []}));
    assert_eq!(story.grade("check_repeated_after_restart"), Grade::NotExercised, "this boot applied nothing");
}

#[test]
fn who_checks_only_other_patients_after_the_restart_has_skipped_one() {
    let mut story = Story::default();
    story.refused(1, "p1", "envelope");
    story.booted("T1");
    assert_eq!(story.grade("check_repeated_after_restart"), Grade::Fail, "restarted, and nothing came");
    story.checked(60, "p2");
    assert_eq!(story.grade("check_repeated_after_restart"), Grade::Pass);
    let skipped = story.ruling("same_patient_repeated");
    assert_eq!((skipped.result, skipped.entries), (Grade::Fail, vec!["entry-1".to_owned()]));
    assert_eq!(story.grade("error_not_taken_for_no_qualification"), Grade::Warn, "the wire alone cannot tell");
    assert_eq!(story.grade("error_profile_understood"), Grade::Fail);
}

#[test]
fn an_answer_that_a_fault_took_away_is_no_success() {
    let mut story = Story::default();
    story.refused(1, "p1", "envelope");
    story.booted("T1");
    story.entry(5, json!({"outcome": "checked", "validity": "valid", "inquiry": "p1", "fault": {"id": "f1", "kind": "close"}}));
    assert_eq!(story.grade("same_patient_repeated"), Grade::Fail);
    story.entry(5, json!({"outcome": "checked", "validity": "valid", "inquiry": "p1", "fault": {"id": "f2", "kind": "delay"}}));
    assert_eq!(story.grade("same_patient_repeated"), Grade::Pass);
}

#[test]
fn the_limit_of_checks_counts_by_patient_terminal_and_minute() {
    let mut story = Story::default();
    for _ in 0..10 {
        story.refused(1, "p1", "envelope");
        story.refused(0, "p2", "envelope");
        story.entry(0, json!({"outcome": "refused", "error": {"id": "restart_required"}, "inquiry": "p1", "terminal": "T2"}));
    }
    assert_eq!(story.grade("not_hammered"), Grade::Pass, "ten each");
    story.refused(51, "p1", "envelope");
    assert_eq!(story.grade("not_hammered"), Grade::Pass, "a minute after the first");
    story.refused(0, "p1", "envelope");
    story.refused(0, "p1", "envelope");
    assert_eq!(story.grade("not_hammered"), Grade::Fail);
}

#[test]
fn a_file_in_the_linkage_folder_is_a_check_too() {
    let mut story = Story::default();
    let file = |name: &str, outcome: &str| {
        json!({"operation": "linkage", "method": "FILE", "path": name, "status": null, "outcome": outcome, "inquiry": "p1",
            "error": if outcome == "refused" { json!({"id": "restart_required"}) } else { json!(null) }})
    };
    story.entry(1, file("OQSsiquc01req_0001.xml", "refused"));
    story.booted("T1");
    story.entry(1, file("OQSsiquc01req_0002.xml", "checked"));
    assert_eq!(story.grade("same_patient_repeated"), Grade::Pass);
    assert_eq!(story.grade("linkage_answers_taken_once"), Grade::Pass);
    let evidence = serde_json::to_string(&story.evidence()).unwrap();
    assert!(!evidence.contains("0001.xml"), "a file's name could name a patient");
    story.entry(1, file("OQSsiquc01req_0002.xml", "checked"));
    assert_eq!(story.grade("linkage_answers_taken_once"), Grade::Fail);
}

#[test]
fn the_other_terminal_of_a_pharmacy_has_to_be_used() {
    let mut story = Story::default();
    story.refused(1, "p1", "envelope");
    let grade = |story: &Story| {
        let mut evidence = story.evidence();
        evidence.terminals.insert("T2".to_owned(), "up_to_date".to_owned());
        super::of(&evidence, "other_terminals_used").result
    };
    assert_eq!(story.grade("other_terminals_used"), Grade::NotExercised, "there is only one");
    assert_eq!(grade(&story), Grade::Fail);
    story.entry(1, json!({"outcome": "checked", "validity": "valid", "inquiry": "p1", "terminal": "T2"}));
    assert_eq!(grade(&story), Grade::Pass);
}
