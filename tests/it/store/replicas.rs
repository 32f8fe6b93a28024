//! Several servers on one PostgreSQL: what one does the others show, what is due happens once, and
//! either may go away.

use onshi_mock::store::Target;
use serde_json::json;
use tokio::task::JoinSet;

use crate::store::postgres::Cluster;
use crate::support::{Mock, template};

async fn two(cluster: &Cluster) -> (Mock, Mock) {
    let url = cluster.database("replicas").await;
    let start = || Mock::start_with(|config| config.store = Target::Postgres(url.clone()));
    (start().await, start().await)
}

pub(crate) fn journal(code: &str) -> String {
    format!("/v1/institutions/{code}/journal?limit=500")
}

#[cfg_attr(windows, ignore = "the cluster is made from Debian's packages")]
#[tokio::test]
async fn what_one_server_does_the_other_shows_at_once() {
    let cluster = Cluster::start().await;
    let (mut a, mut b) = two(&cluster).await;
    let clinic = a.clinic(template::UPDATE_AVAILABLE, "2026-01-19T19:00:00+09:00").await;
    let elsewhere = b.institution(&clinic.code);
    elsewhere.check().await.note("made by one, asked at the other").expect_qualified();
    clinic.advance("2026-01-20T08:00:00+09:00").await;
    elsewhere.check().await.note("the clock is one").expect_error("MOCK0501E");
    let token = clinic.login().await;
    elsewhere.restart().await;
    clinic.check_with(&token).await.note("restarted by the other").expect_qualified();
    elsewhere.check_with(&token).await.note("a login of one is good at the other").expect_qualified();
    let listed = a.get(&journal(&clinic.code)).await;
    // Each server writes its own at once: within a moment, one's may come before the other's.
    let entries = listed["entries"].as_array().unwrap().iter();
    let mut operations: Vec<(&str, &str)> =
        entries.map(|entry| (entry["wall"].as_str().unwrap(), entry["operation"].as_str().unwrap())).collect();
    operations.sort_unstable();
    let operations: Vec<&str> = operations.into_iter().map(|(_, operation)| operation).collect();
    assert_eq!(operations, ["search", "search", "login", "search", "search"], "the journal of both: {listed}");
    assert_ne!(listed["incomplete"], true);
    a.stop().await;
    elsewhere.restart().await;
    b.stop().await;
}

#[cfg_attr(windows, ignore = "the cluster is made from Debian's packages")]
#[tokio::test]
async fn of_many_changes_at_two_servers_none_is_lost_and_what_is_due_happens_once() {
    let cluster = Cluster::start().await;
    let (mut a, mut b) = two(&cluster).await;
    // Ten thousand times as fast as life: half a night is over while this goes on.
    let clock = json!({"mode": "running", "now": "2026-01-19T19:55:00+09:00", "rate": 3000.0});
    let clinic = a.clinic_with(json!({"template": template::UPDATE_AVAILABLE, "clock": clock})).await;
    let mut changing = JoinSet::new();
    for number in 2..=31 {
        let mock = if number % 2 == 0 { &a } else { &b };
        let (client, control) = (mock.client.clone(), mock.control);
        let url = format!("https://{control}/v1/institutions/{clinic}/terminals");
        changing.spawn(async move {
            let added = client.post(url).bearer_auth(crate::support::TOKEN).json(&json!({"id": format!("T{number}"), "polling": false}));
            let added = added.send().await.unwrap();
            assert_eq!(added.status(), 201, "{}", added.text().await.unwrap());
        });
    }
    changing.join_all().await;
    let institution = b.get(&format!("/v1/institutions/{clinic}")).await;
    assert_eq!(institution["terminals"].as_object().unwrap().len(), 31, "every one of thirty changes is there");
    // Both look until the day is over by the institution's clock.
    let events = loop {
        for mock in [&a, &b] {
            mock.institution(&clinic.code).check().await;
        }
        let events = clinic.get("/events?limit=1000").await;
        let installed = events["events"].as_array().unwrap().iter().filter(|event| event["event"] == "installed").count();
        if installed >= 4 {
            break events;
        }
    };
    let events = events["events"].as_array().unwrap();
    let numbers: Vec<u64> = events.iter().map(|event| event["number"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    for component in ["distribution_application", "linkage_application", "face_recognition_library", "card_reader_application"] {
        let count = events.iter().filter(|event| event["event"] == "installed" && event["component"] == component).count();
        assert_eq!(count, 1, "{component} was installed once");
    }
    a.stop().await;
    b.stop().await;
}

#[cfg_attr(windows, ignore = "the cluster is made from Debian's packages")]
#[tokio::test]
async fn what_one_server_takes_away_makes_room_at_the_other() {
    let cluster = Cluster::start().await;
    let url = cluster.database("room").await;
    let start = || {
        Mock::start_with(|config| {
            config.store = Target::Postgres(url.clone());
            config.bounds.institutions = 1;
        })
    };
    let (mut a, mut b) = (start().await, start().await);
    let clinic = b.clinic(template::UPDATE_AVAILABLE, "2026-01-19T19:00:00+09:00").await;
    let another = json!({"template": template::UPDATE_AVAILABLE});
    assert!(b.post("/v1/institutions", another.clone()).outcome().await.0.is_client_error(), "there is no room");
    clinic.remove().await;
    b.clinic_with(another).await;
    a.stop().await;
    b.stop().await;
}
