//! The control surface where all goes well: institutions and their clocks.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::eventually::eventually;
use crate::support::{Clinic, Mock, TOKEN, frozen, template};

const NOW: &str = "2026-01-19T19:00:00+09:00";

#[tokio::test]
async fn an_institution_is_created_with_everything_at_once() {
    let mock = Mock::start().await;
    let input = json!({
        "template": template::UPDATE_AVAILABLE,
        "code": "9919999996",
        "name": {"ja": "試験医院", "en": "A clinic for this test"},
        "clock": frozen(NOW),
        "default_terminal": "T2",
        "readings": {"excluded": "calendar_day", "outdated_refused_from": "2026-03-01"},
        "campaign": {"id": "own", "starts": "tonight", "nights": 2},
        "terminals": {"T1": {"automatic_restart": "06:30", "reader": {"attached": false}}, "T2": {"starts": "pending", "polling": false}},
    });
    let url = format!("https://{}/v1/institutions", mock.control);
    let answer = mock.client.post(&url).bearer_auth(TOKEN).json(&input).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["location"], "/v1/institutions/9919999996");
    let created: Value = answer.json().await.unwrap();
    assert_eq!(created["name"], input["name"]);
    assert_eq!(created["clock"], input["clock"]);
    assert_eq!((&created["code"], &created["default_terminal"], &created["campaign"]), (&json!("9919999996"), &json!("T2"), &json!("own")));
    assert_eq!((&created["readings"]["excluded"], &created["readings"]["download_runs_on"]), (&json!("calendar_day"), &json!(false)));
    let (t1, t2) = (&created["terminals"]["T1"], &created["terminals"]["T2"]);
    assert_eq!((&t1["settings"]["automatic_restart"], &t1["settings"]["bandwidth"]), (&json!("06:30:00"), &json!(2_000_000)));
    assert_eq!((&t1["phase"], &t2["phase"]), (&json!("update_available"), &json!("pending")));
    assert_eq!((t1["components"].as_object().unwrap().len(), t2["components"].as_object().unwrap().len()), (3, 4));
    assert_eq!(mock.get("/v1/institutions/9919999996").await, created);
    mock.institution("9919999996").check().await.note("T2 asks by default").expect_error("MOCK0501E");
    let campaign = mock.get("/v1/institutions/9919999996/campaign").await;
    assert_eq!(
        (&campaign["starts"], &campaign["all_day_from"], &campaign["excluded"]),
        (&json!("2026-01-19"), &json!("2026-01-21"), &json!([]))
    );
}

#[tokio::test]
async fn institutions_are_listed_and_a_deleted_one_is_gone() {
    let mock = Mock::start().await;
    let codes = async || -> Vec<String> {
        let list = mock.get("/v1/institutions").await["institutions"].clone();
        list.as_array().unwrap().iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(codes().await.len(), 8, "the fixtures'");
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    assert!(clinic.code.starts_with("991") && codes().await.contains(&clinic.code));
    assert_eq!(clinic.remove().expect_status(StatusCode::NO_CONTENT).await, Value::Null);
    assert!(!codes().await.contains(&clinic.code));
    clinic.show().expect_problem(StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn a_reset_restores_everything_as_it_was_created() {
    let mock = Mock::start().await;
    let clock = frozen(NOW);
    let clinic = mock
        .clinic_with(json!({"template": template::UPDATE_AVAILABLE, "clock": clock, "terminals": {"T1": {"bandwidth": 5_000_000}}}))
        .await;
    let (before, campaign) = (clinic.show().await, clinic.get("/campaign").await);
    clinic.advance("2026-01-20T08:00:00+09:00").await;
    let changes = json!({"name": {"ja": "別", "en": "other"}, "readings": {"download_runs_on": true}});
    clinic.change(changes).await;
    clinic.set_terminal(json!({"bandwidth": 1, "driver": "external"})).await;
    clinic.post("/terminals", json!({"id": "T2"})).await;
    clinic.change(json!({"default_terminal": "T2"})).await;
    clinic.delete("/terminals/T1").await;
    clinic.set_campaign(json!({"suspended": true})).await;
    clinic.check().await;
    let after = clinic.reset().await;
    assert_eq!(after, before);
    assert_eq!(clinic.get("/campaign").await, campaign);
    assert_eq!(clinic.get("/journal").await, json!({"entries": [], "evicted": 0}));
}

#[tokio::test]
async fn a_setting_given_as_null_goes_back_to_its_default() {
    let mock = Mock::start().await;
    let clinic = mock.institution(template::OFF_AT_NIGHT);
    assert_eq!(clinic.terminal().await["settings"]["power_schedule"], json!({"on": "08:00:00", "off": "19:00:00"}));
    let patched = clinic.set_terminal(json!({"power_schedule": {"on": "07:30"}, "bandwidth": 7})).await;
    assert_eq!(patched["settings"]["power_schedule"], json!({"on": "07:30:00", "off": "19:00:00"}), "objects are merged");
    let patched = clinic.set_terminal(json!({"power_schedule": null, "bandwidth": null})).await;
    assert_eq!((&patched["settings"]["power_schedule"], &patched["settings"]["bandwidth"]), (&Value::Null, &json!(2_000_000)));
}

#[tokio::test]
async fn the_journal_keeps_the_newest_500_and_counts_what_it_evicted() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for _ in 0..503 {
        clinic.check().await;
    }
    let journal = clinic.get("/journal?limit=500").await;
    let entries = journal["entries"].as_array().unwrap();
    assert_eq!((entries.len(), &journal["evicted"]), (500, &json!(3)));
    assert_eq!((&entries[0]["number"], &entries[499]["number"]), (&json!(4), &json!(503)), "oldest first");
    assert_eq!(clinic.get("/journal").await["entries"].as_array().unwrap().len(), 50);
}

#[tokio::test]
async fn a_clock_takes_any_offset_and_shows_japan_time() {
    let mock = Mock::start().await;
    let clinic = mock.institution(template::UP_TO_DATE);
    for now in ["2026-07-01T10:00:00Z", "2026-07-01T19:00:00+09:00", "2026-07-01T06:00:00-04:00", "2026-07-01T12:00:00+02:00"] {
        let set = clinic.freeze_at(now).await;
        assert_eq!(set, frozen("2026-07-01T19:00:00+09:00"), "{now}");
        assert_eq!(clinic.get("/clock").await, set);
    }
}

#[tokio::test]
async fn setting_the_clock_anew_catches_nothing_up_and_a_download_keeps_its_remaining_time() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, NOW).await;
    clinic.advance("2026-01-19T20:01:03+09:00").await;
    let progress = clinic.terminal().await["progress"].clone();
    assert_eq!((&progress["received"], &progress["until"]), (&json!(6_000_000), &json!("2026-01-19T20:01:06+09:00")), "{progress}");
    for now in ["2026-01-29T03:00:00+09:00", "2026-01-21T22:00:00+09:00"] {
        clinic.freeze_at(now).await;
        let terminal = clinic.terminal().await;
        assert_eq!(terminal["progress"]["received"], 6_000_000, "{now}");
        assert_eq!(terminal["phase"], "downloading", "nothing was caught up");
    }
    let events = clinic.advance("2026-01-21T22:00:03+09:00").await;
    assert_eq!((&events[0]["event"], &events[0]["at"]), (&json!("downloaded"), &json!("2026-01-21T22:00:03+09:00")));
    assert_eq!(events.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn setting_the_clock_anew_does_not_forget_what_was_done_in_place_of_a_restart() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, NOW).await;
    clinic.advance("2026-01-20T08:00:00+09:00").await;
    clinic.shut_down().await;
    clinic.power(true).await;
    for now in ["2026-01-20T08:00:00+09:00", "2026-03-01T09:00:00+09:00", "2026-01-02T09:00:00+09:00"] {
        clinic.freeze_at(now).await;
        clinic.check().await.expect_error("MOCK0501E");
        let why = clinic.last_entry().await["why"]["ja"].clone();
        assert!(why.as_str().unwrap().contains("高速スタートアップ"), "{now}: {why}");
    }
}

#[tokio::test]
async fn progress_never_shows_more_than_the_package_has() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, NOW).await;
    clinic.advance("2026-01-19T20:01:30+09:00").await;
    let terminal = clinic.terminal().await;
    assert_eq!((&terminal["phase"], &terminal["progress"]["received"]), (&json!("installing"), &json!(12_000_000)));
}

#[tokio::test]
async fn advancing_a_system_clock_makes_it_run_ahead() {
    let mock = Mock::start().await;
    let clinic = mock.institution(template::UP_TO_DATE);
    assert_eq!(clinic.get("/clock").await["mode"], "system");
    let advanced = clinic.advance_by("P1D").await;
    assert_eq!((&advanced["clock"]["mode"], &advanced["clock"]["rate"]), (&json!("running"), &json!(1.0)));
    let seconds = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let (ahead, wall) = (clinic.get("/clock").await, mock.institution(template::PENDING).show().await["clock"].clone());
    let lead = seconds(&ahead["now"]).duration_since(seconds(&wall["now"])).as_secs();
    assert!((86_340..=86_400).contains(&lead), "{lead} s");
}

#[tokio::test]
async fn a_running_clock_moves_at_its_rate_and_what_is_due_happens() {
    let mock = Mock::start().await;
    let clinic = mock.institution(template::RESTARTS_AT_SEVEN);
    clinic.put("/clock", json!({"mode": "running", "now": "2026-01-19T19:00:00+09:00", "rate": 10_000})).await;
    eventually("07:00, within half a second", async || {
        let terminal = clinic.terminal().await;
        if terminal["boot"]["id"] != "boot-1" { Ok(()) } else { Err(terminal) }
    })
    .await;
}

#[tokio::test]
async fn two_institutions_driven_at_once_never_see_each_other() {
    let mock = Mock::start().await;
    let (a, b) = (mock.clinic(template::UPDATE_AVAILABLE, NOW).await, mock.clinic(template::UPDATE_AVAILABLE, NOW).await);
    let drive = async |clinic: &Clinic, hour: u32, checks: usize| {
        clinic.advance(&format!("2026-01-20T{hour:02}:00:00+09:00")).await;
        for _ in 0..checks {
            clinic.check().await.expect_error("MOCK0501E");
        }
        let acted = clinic.restart().await;
        assert_eq!(acted["events"].as_array().unwrap().len(), 1);
        assert_eq!(acted["events"][0]["at"], format!("2026-01-20T{hour:02}:00:00+09:00"));
        for _ in 0..checks {
            clinic.check().await.expect_qualified();
        }
        let own = clinic.show().await;
        let journal = clinic.journal().await;
        (own["events"].clone(), acted["events"][0]["number"].clone(), journal)
    };
    let (ours, theirs) = tokio::join!(drive(&a, 8, 20), drive(&b, 9, 30));
    assert_eq!((&ours.0, &ours.1), (&theirs.0, &theirs.1), "each counts its own events, and the same happened");
    for (code, hour, journal, entries) in [(&a.code, 8, &ours.2, 40), (&b.code, 9, &theirs.2, 60)] {
        assert_eq!(journal.len(), entries);
        for (i, entry) in journal.iter().enumerate() {
            assert_eq!((&entry["institution"], &entry["number"]), (&json!(code), &json!(i + 1)));
            assert_eq!(entry["at"], format!("2026-01-20T{hour:02}:00:00+09:00"));
        }
    }
}

#[tokio::test]
async fn an_unknown_setting_is_refused_even_as_null() {
    let mock = Mock::start().await;
    mock.institution(template::UP_TO_DATE).set_terminal(json!({"bandwith": null})).expect_unprocessable("/bandwith").await;
}

#[tokio::test]
async fn what_is_scheduled_for_an_instant_happens_once_whatever_is_done_at_that_instant() {
    let mock = Mock::start().await;
    let settings = json!({"T1": {"automatic_restart": "07:00"}});
    let clock = frozen("2026-01-19T06:00:00+09:00");
    let clinic = mock.clinic_with(json!({"template": template::UPDATE_AVAILABLE, "clock": clock, "terminals": settings})).await;
    clinic.advance("2026-01-19T07:00:00+09:00").await;
    clinic.act("download", Value::Null).await;
    clinic.set_campaign(json!({"suspended": true})).await;
    let terminal = clinic.terminal().await;
    assert!(terminal["progress"].is_null(), "the download was withdrawn");
    assert_eq!(terminal["boot"]["id"], "boot-2", "the one restart of 07:00");
}

#[tokio::test]
async fn an_external_terminal_is_never_off_and_what_a_campaign_leaves_alone_is_never_pending() {
    let mock = Mock::start().await;
    let night = frozen("2026-01-19T22:00:00+09:00");
    let schedule = json!({"T1": {"power_schedule": {"on": "08:00", "off": "19:00"}}});
    let clinic = mock.clinic_with(json!({"template": template::EXTERNAL, "clock": night, "terminals": schedule})).await;
    clinic.check().await.expect_qualified();

    let packages = json!([{"component": "distribution_application", "version": "6.0", "size": 10, "restart_required": false}]);
    let campaign = json!({"id": "small", "packages": packages});
    let clinic = mock.clinic_with(json!({"template": template::PENDING, "clock": night, "campaign": campaign})).await;
    assert_eq!(clinic.terminal().await["phase"], "up_to_date");
}

#[tokio::test]
async fn the_last_contact_is_kept_over_power_off_restart_and_new_settings() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, "2026-01-19T10:00:00+09:00").await;
    clinic.advance("2026-01-19T12:30:00+09:00").await;
    let expected = json!("2026-01-19T12:01:00+09:00");
    assert_eq!(clinic.terminal().await["last_contact"], expected);
    for patch in [json!({"poll_interval": "PT7H"}), json!({"polling": false}), json!({"polling": true})] {
        clinic.set_terminal(patch.clone()).await;
        assert_eq!(clinic.terminal().await["last_contact"], expected, "{patch}");
    }
    for (action, body) in [("shutdown", Value::Null), ("power", json!({"on": true})), ("restart", Value::Null)] {
        clinic.act(action, body).await;
        assert_eq!(clinic.terminal().await["last_contact"], expected, "{action}");
    }
}

#[tokio::test]
async fn a_body_that_may_be_left_out_may_be_null() {
    let mock = Mock::start().await;
    let url = format!("https://{}/v1/institutions/9910000026/terminals/T1/restart", mock.control);
    for body in ["", "null", " null\n", "{}"] {
        let answer = mock.client.post(&url).bearer_auth(TOKEN).body(body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{body:?}");
    }
    let answer = mock.client.post(&url).bearer_auth(TOKEN).body("0").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
}
