//! Tests of checks before and after the restart.

use super::{Grade, JournalBuilder, answered, checked, good_morning, id, refused, terminal, time};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::event::Change;
use crate::domain::fault::KindName;
use crate::domain::operation::Operation;
use crate::journal::{Entry, FILE};

#[test]
fn a_client_that_repeats_the_check_after_the_restart_passes() {
    let builder = good_morning();
    for rule in [
        "check_repeated_after_restart",
        "same_patient_repeated",
        "not_hammered",
        "error_not_taken_for_no_qualification",
        "error_profile_understood",
    ] {
        assert_eq!(builder.grade(rule), Grade::Pass, "{rule}");
    }
    let ruling = builder.ruling("check_repeated_after_restart");
    assert_eq!((ruling.entries, ruling.events), (vec![id(1), id(2)], vec![1]));
}

#[test]
fn no_refusal_and_no_restart_are_no_exercise() {
    let mut builder = JournalBuilder::default();
    builder.checked(1, "p1");
    assert_eq!(builder.grade("check_repeated_after_restart"), Grade::NotExercised);
    builder.refused(1, "p1", ErrorProfile::Envelope);
    assert_eq!(builder.grade("check_repeated_after_restart"), Grade::NotExercised);
    builder.event("T1", Change::Resumed);
    builder.booted_with("T1", Vec::new());
    assert_eq!(builder.grade("check_repeated_after_restart"), Grade::NotExercised, "this boot applied nothing");
}

#[test]
fn a_restart_that_brought_only_a_part_ends_nothing() {
    let mut builder = JournalBuilder::default();
    builder.refused(1, "p1", ErrorProfile::Envelope);
    builder.booted("T1");
    builder.stuck(1, "p1");
    assert_eq!(builder.grade("check_repeated_after_restart"), Grade::NotExercised, "it was repeated, and the terminal still refused");
    assert_eq!(builder.grade("same_patient_repeated"), Grade::NotExercised);
    builder.booted("T1");
    assert_eq!(builder.grade("check_repeated_after_restart"), Grade::Fail);
    builder.checked(1, "p1");
    assert_eq!(builder.grade("check_repeated_after_restart"), Grade::Pass);
}

#[test]
fn who_checks_only_other_patients_after_the_restart_has_skipped_one() {
    let mut builder = JournalBuilder::default();
    builder.refused(1, "p1", ErrorProfile::Envelope);
    builder.booted("T1");
    assert_eq!(builder.grade("check_repeated_after_restart"), Grade::Fail, "restarted, and nothing came");
    builder.checked(60, "p2");
    assert_eq!(builder.grade("check_repeated_after_restart"), Grade::Pass);
    let skipped = builder.ruling("same_patient_repeated");
    assert_eq!((skipped.result, skipped.entries), (Grade::Fail, vec![id(1)]));
    assert_eq!(builder.grade("error_not_taken_for_no_qualification"), Grade::Warn, "the wire alone cannot tell");
    assert_eq!(builder.grade("error_profile_understood"), Grade::Fail);
}

#[test]
fn an_answer_that_a_fault_took_away_is_no_success() {
    let mut builder = JournalBuilder::default();
    builder.refused(1, "p1", ErrorProfile::Envelope);
    builder.booted("T1");
    builder.entry(5, checked().of("p1").corrupted_by(KindName::Close));
    assert_eq!(builder.grade("same_patient_repeated"), Grade::Fail);
    builder.entry(5, checked().of("p1").corrupted_by(KindName::Delay));
    assert_eq!(builder.grade("same_patient_repeated"), Grade::Pass);
}

#[test]
fn the_limit_of_checks_counts_by_patient_terminal_and_minute() {
    let mut builder = JournalBuilder::default();
    for _ in 0..10 {
        builder.refused(1, "p1", ErrorProfile::Envelope);
        builder.refused(0, "p2", ErrorProfile::Envelope);
        builder.entry(0, refused(ErrorId::RestartRequired).of("p1").at("T2"));
    }
    assert_eq!(builder.grade("not_hammered"), Grade::Pass, "ten each");
    builder.refused(51, "p1", ErrorProfile::Envelope);
    assert_eq!(builder.grade("not_hammered"), Grade::Pass, "a minute after the first");
    builder.refused(0, "p1", ErrorProfile::Envelope);
    builder.refused(0, "p1", ErrorProfile::Envelope);
    assert_eq!(builder.grade("not_hammered"), Grade::Fail);
}

#[test]
fn a_file_in_the_linkage_folder_is_a_check_too() {
    let mut builder = JournalBuilder::default();
    let file = |entry: Entry| Entry {
        operation: Operation::Linkage,
        method: FILE.into(),
        path: "OQSsiquc01req_0001.xml".to_owned(),
        status: None,
        ..entry.of("p1")
    };
    builder.entry(1, file(refused(ErrorId::RestartRequired)));
    builder.booted("T1");
    builder.entry(1, file(refused(ErrorId::RestartRequired)));
    assert_eq!(builder.grade("linkage_answers_taken_once"), Grade::NotExercised, "nothing was answered yet: asking again is right");
    builder.booted("T1");
    builder.entry(1, file(checked()));
    assert_eq!(builder.grade("same_patient_repeated"), Grade::Pass);
    assert_eq!(builder.grade("linkage_answers_taken_once"), Grade::Pass);
    let evidence = serde_json::to_string(&builder.evidence()).unwrap();
    assert!(!evidence.contains("0001.xml"), "a file's name could name a patient");
    builder.entry(1, file(checked()));
    assert_eq!(builder.grade("linkage_answers_taken_once"), Grade::Fail);
}

#[test]
fn the_other_terminal_of_a_pharmacy_has_to_be_used() {
    const RULE: &str = "other_terminals_used";
    let mut builder = JournalBuilder::default();
    builder.refused(1, "p1", ErrorProfile::Envelope);
    assert_eq!(builder.grade(RULE), Grade::NotExercised, "there is only one");
    builder.entries[0].found.as_mut().unwrap().other_terminals = vec![terminal("T2")];
    assert_eq!(builder.grade(RULE), Grade::Fail);
    let mut evidence = builder.evidence();
    evidence.evicted = 1;
    assert_eq!(super::of(&evidence, RULE).result, Grade::Inconclusive, "a check at T2 may be among what was evicted");
    builder.entry(1, refused(ErrorId::TerminalOff).of("p1").at("T2"));
    assert_eq!(builder.grade(RULE), Grade::Inconclusive, "it was tried, and T2 had been switched off meanwhile");
    builder.entry(1, checked().of("p1").at("T2"));
    assert_eq!(builder.grade(RULE), Grade::Pass);
    builder.entries.truncate(1);
    builder.booted("T1");
    builder.entry(1, checked().of("p1").at("T2"));
    assert_eq!(builder.grade(RULE), Grade::Fail, "only after T1's restart");
}

#[test]
fn a_boot_of_before_the_refusal_ends_nothing_whatever_the_clock_says() {
    let mut builder = good_morning();
    builder.refused(1, "p1", ErrorProfile::Envelope);
    // The clock was set back: by time, the boot before the refusal now lies after it.
    builder.entries[2].at = time(0);
    for rule in ["check_repeated_after_restart", "same_patient_repeated"] {
        assert_eq!(builder.grade(rule), Grade::Pass, "{rule}: judged by the first morning");
    }
    assert_eq!(builder.grade("error_profile_understood"), Grade::Inconclusive, "the second one waits for its restart");
    builder.booted("T1");
    builder.events[1].at = "2020-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(builder.grade("check_repeated_after_restart"), Grade::Fail, "this boot ended it");
}

#[test]
fn a_boot_after_which_the_terminal_still_refuses_ends_nothing() {
    let mut builder = JournalBuilder::default();
    builder.refused(1, "p1", ErrorProfile::Envelope);
    builder.booted("T1");
    builder.refused(1, "p2", ErrorProfile::Envelope);
    assert_eq!(builder.grade("check_repeated_after_restart"), Grade::NotExercised);
    assert_eq!(builder.grade("same_patient_repeated"), Grade::NotExercised);
    builder.booted("T1");
    assert_eq!(builder.grade("check_repeated_after_restart"), Grade::Fail);
}

#[test]
fn an_answer_about_one_person_shows_that_the_terminal_works() {
    for entry in [refused(ErrorId::PersonRefused), answered(Operation::Search)] {
        let mut builder = JournalBuilder::default();
        builder.refused(1, "p1", ErrorProfile::Envelope);
        builder.booted("T1");
        let id = builder.entry(1, entry.of("p1"));
        let ruling = builder.ruling("same_patient_repeated");
        assert_eq!((ruling.result, ruling.entries.last()), (Grade::Pass, Some(&id)));
    }
}

#[test]
fn a_refusal_that_a_fault_took_away_was_not_met() {
    let mut builder = JournalBuilder::default();
    builder.refused(1, "p1", ErrorProfile::Http);
    builder.entries[0] = builder.entries[0].clone().corrupted_by(KindName::Reset);
    builder.booted("T1");
    for rule in ["check_repeated_after_restart", "error_profile_understood", "restart_message_shown", "not_hammered"] {
        assert_eq!(builder.grade(rule), Grade::NotExercised, "{rule}");
    }
    let coverage = super::judge(&builder.evidence()).coverage;
    assert!(coverage.errors.met.is_empty() && coverage.error_profiles.met.is_empty());
}

#[test]
fn a_day_that_a_test_advances_through_is_no_hammering() {
    let mut builder = JournalBuilder::default();
    for hour in 0..12 {
        builder.refused(1, "p1", ErrorProfile::Envelope);
        builder.entries[hour].at = time(3600 * hour as u64);
    }
    assert_eq!(builder.grade("not_hammered"), Grade::Pass);
}
