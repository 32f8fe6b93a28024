//! Tests with observations of the client's screen.

use super::{Grade, JournalBuilder, good_morning, id, refused};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::fault::KindName;
use crate::domain::observation::ObservationKind;

#[test]
fn the_screen_has_to_speak_of_the_restart() {
    let mut builder = good_morning();
    assert_eq!(builder.grade("restart_message_shown"), Grade::Inconclusive, "nobody looked");
    builder.seen(ObservationKind::MessageShown, "端末の電源を切ってください", Some(id(1)));
    assert_eq!(builder.grade("restart_message_shown"), Grade::Fail, "off and on is no restart");
    builder.seen(ObservationKind::MessageShown, "資格確認端末を再起動してください", Some(id(1)));
    let ruling = builder.ruling("restart_message_shown");
    assert_eq!((ruling.result, ruling.observations, ruling.entries), (Grade::Pass, vec![2], vec![id(1)]));
}

#[test]
fn an_observation_without_an_entry_is_about_the_last_check_before_it() {
    let mut builder = JournalBuilder::default();
    builder.refused(1, "p1", ErrorProfile::Envelope);
    builder.seen(ObservationKind::RestartPrompted, "", None);
    builder.checked(1, "p1");
    builder.seen(ObservationKind::NoQualificationShown, "該当資格なし", None);
    assert_eq!(builder.grade("restart_message_shown"), Grade::Pass);
    assert_eq!(builder.grade("error_not_taken_for_no_qualification"), Grade::Pass, "that was shown of a check that worked");
}

#[test]
fn an_error_shown_as_no_qualification_fails() {
    let mut builder = good_morning();
    builder.seen(ObservationKind::NoQualificationShown, "該当資格なし", Some(id(1)));
    let ruling = builder.ruling("error_not_taken_for_no_qualification");
    assert_eq!((ruling.result, ruling.observations), (Grade::Fail, vec![1]));
    assert_eq!(builder.grade("error_profile_understood"), Grade::Fail);
    assert_eq!(builder.grade("restart_message_shown"), Grade::Fail);
}

#[test]
fn where_the_restart_did_not_help_call_centre_and_fallback_have_to_be_offered() {
    let mut builder = JournalBuilder::default();
    for rule in ["fallback_offered", "call_centre_offered"] {
        assert_eq!(builder.grade(rule), Grade::NotExercised);
    }
    builder.stuck(1, "p1");
    builder.seen(ObservationKind::MessageShown, "コールセンター（0800-080-4583）に連絡してください", None);
    assert_eq!((builder.grade("call_centre_offered"), builder.grade("fallback_offered")), (Grade::Pass, Grade::Fail));
    builder.seen(ObservationKind::FallbackOffered, "", None);
    assert_eq!(builder.grade("fallback_offered"), Grade::Pass);
}

#[test]
fn words_that_could_deny_the_qualification_are_for_whoever_saw_them_to_tell() {
    const RULE: &str = "error_not_taken_for_no_qualification";
    let mut builder = good_morning();
    builder.seen(ObservationKind::Other, "青い画面", Some(id(1)));
    assert_eq!(builder.grade(RULE), Grade::Pass, "by the wire: that tells nothing");
    builder.seen(ObservationKind::MessageShown, "該当する資格がありません", Some(id(1)));
    assert_eq!(builder.grade(RULE), Grade::Inconclusive);
    builder.seen(ObservationKind::RestartPrompted, "", Some(id(1)));
    assert_eq!(builder.grade(RULE), Grade::Pass, "whoever saw it says that it was the prompt to restart");
    builder.seen(ObservationKind::NoQualificationShown, "", Some(id(1)));
    assert_eq!(builder.grade(RULE), Grade::Fail);
}

#[test]
fn words_deny_the_qualification_in_any_width_and_spelling_and_evidence_is_told_once() {
    const RULE: &str = "error_not_taken_for_no_qualification";
    for text in ["該当なし", "該当者なし", "資格無し", "資格が無い", "資格喪失", "該当　資格　なし", "該当資格ﾅｼ", "No  Qualification"]
    {
        let mut builder = good_morning();
        builder.seen(ObservationKind::MessageShown, &format!("{text}。端末を再起動してください。"), Some(id(1)));
        assert_eq!(builder.grade(RULE), Grade::Inconclusive, "{text}");
    }
    let mut builder = good_morning();
    for text in ["再起動してください", "端末を再起動してください"] {
        builder.seen(ObservationKind::MessageShown, text, Some(id(1)));
    }
    let ruling = builder.ruling(RULE);
    assert_eq!((ruling.result, ruling.observations.len(), ruling.entries.len()), (Grade::Pass, 2, 1), "both are about one request");
}

#[test]
fn what_was_shown_of_an_error_that_never_arrived_counts_for_nothing() {
    let mut builder = JournalBuilder::default();
    builder.refused(1, "p1", ErrorProfile::Envelope);
    builder.entry(1, refused(ErrorId::RestartRequired).of("p1").corrupted_by(KindName::Reset));
    builder.seen(ObservationKind::MessageShown, "通信エラー", Some(id(2)));
    assert_eq!(builder.grade("restart_message_shown"), Grade::Inconclusive, "nobody told of the error that arrived");
    assert_eq!(builder.grade("error_not_taken_for_no_qualification"), Grade::Inconclusive);
}

#[test]
fn only_a_message_is_read_for_its_words() {
    let mut builder = good_morning();
    builder.seen(ObservationKind::Other, "隣のPCが再起動を求めている", Some(id(1)));
    assert_eq!(builder.grade("restart_message_shown"), Grade::Fail);
}

#[test]
fn the_call_centre_is_its_number_in_whatever_characters() {
    let mut builder = JournalBuilder::default();
    builder.stuck(1, "p1");
    builder.seen(ObservationKind::MessageShown, "コールセンターに電話してください", None);
    assert_eq!(builder.grade("call_centre_offered"), Grade::Inconclusive, "which number?");
    for text in ["電話 ０８００−０８０−４５８３", "０８００ー０８０ー４５８３", "0800(080)4583 まで", "TEL:08000804583"]
    {
        let mut builder = JournalBuilder::default();
        builder.stuck(1, "p1");
        builder.seen(ObservationKind::MessageShown, text, None);
        assert_eq!(builder.grade("call_centre_offered"), Grade::Pass, "{text}");
    }
    let mut builder = JournalBuilder::default();
    builder.stuck(1, "p1");
    builder.seen(ObservationKind::MessageShown, "電話 0800-080-9999", None);
    assert_eq!(builder.grade("call_centre_offered"), Grade::Fail, "another number");
}

#[test]
fn a_restart_that_is_under_way_or_did_not_help_is_no_prompt() {
    for text in ["サーバーが再起動中です。しばらくお待ちください", "再起動しても直りません"] {
        let mut builder = good_morning();
        builder.seen(ObservationKind::MessageShown, text, Some(id(1)));
        assert_eq!(builder.grade("restart_message_shown"), Grade::Inconclusive, "{text}");
    }
    let mut evidence = good_morning();
    evidence.seen(ObservationKind::MessageShown, "エラー", Some(id(1)));
    let mut evidence = evidence.evidence();
    evidence.evicted_observations = 1;
    assert_eq!(super::of(&evidence, "restart_message_shown").result, Grade::Inconclusive, "the prompt may be among what was evicted");
}

#[test]
fn the_label_of_a_result_on_the_screen_of_a_refused_check_is_a_failure() {
    for label in [
        "該当資格なし",
        "「無効」",
        "無効（新しい資格あり）",
        "資格確認結果：無効",
        "1001: 該当資格なし",
        "模擬　太郎\n無効\n",
        "ＮＯ Qualification",
    ] {
        let mut builder = good_morning();
        builder.seen(ObservationKind::MessageShown, label, Some(id(1)));
        builder.seen(ObservationKind::RestartPrompted, "再起動", Some(id(1)));
        let ruling = builder.ruling("error_not_taken_for_no_qualification");
        assert_eq!((ruling.result, ruling.observations), (Grade::Fail, vec![1]), "{label}");
        assert_eq!(builder.grade("error_profile_understood"), Grade::Fail, "{label}");
    }
    for sentence in ["トークン：無効", "「該当資格なし」ではなく、端末のエラーです", "照会結果：無効な要求です"]
    {
        let mut builder = good_morning();
        builder.seen(ObservationKind::MessageShown, sentence, Some(id(1)));
        let result = builder.grade("error_not_taken_for_no_qualification");
        assert_eq!(result, Grade::Inconclusive, "{sentence}");
    }
    let mut builder = good_morning();
    builder.seen(ObservationKind::MessageShown, "該当資格なし", Some(id(2)));
    assert_eq!(builder.grade("error_not_taken_for_no_qualification"), Grade::Pass, "of a check that was answered it may be right");
}
