//! Events as a list and as a stream: resumable, with what is due happening by itself while someone
//! listens.

use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::support::{Clinic, Mock, TOKEN, template, trusting};

const NOW: &str = "2026-01-19T19:00:00+09:00";

/// A stream's events as they come.
struct Stream {
    response: Response,
    text: String,
}

/// One of them: its id, its name, its data.
type ReceivedEvent = (Option<u64>, String, Value);

impl Stream {
    async fn open(clinic: &Clinic<'_>, query: &str, last: Option<&str>) -> Self {
        let url = format!("https://{}/v1/institutions/{clinic}/events{query}", clinic.mock.control);
        let request = clinic.mock.client.get(&url).bearer_auth(TOKEN).header("accept", "text/event-stream");
        let request = last.into_iter().fold(request, |request, last| request.header("last-event-id", last));
        let response = request.send().await.unwrap();
        assert_eq!((response.status(), &response.headers()["content-type"]), (StatusCode::OK, &"text/event-stream".parse().unwrap()));
        Self { response, text: String::new() }
    }

    /// The next event; none at the stream's end.
    async fn next(&mut self) -> Option<ReceivedEvent> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let received = field("data:").map(|data| {
                    let name = field("event:").unwrap_or("message").to_owned();
                    (field("id:").map(|id| id.parse().unwrap()), name, serde_json::from_str(data).unwrap())
                });
                self.text = rest.to_owned();
                if received.is_some() {
                    return received;
                }
                continue;
            }
            let patience = Duration::from_secs(30);
            let chunk = tokio::time::timeout(patience, self.response.chunk()).await.expect("something comes in time").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn take(&mut self, many: usize) -> Vec<ReceivedEvent> {
        let mut received = Vec::new();
        for _ in 0..many {
            received.push(self.next().await.unwrap());
        }
        received
    }
}

#[tokio::test]
async fn events_are_listed_with_what_is_no_longer_kept() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, NOW).await;
    clinic.advance("2026-01-20T08:00:00+09:00").await;
    let all = clinic.get("/events").await;
    let last = all["last"].as_u64().unwrap();
    assert_eq!((all["events"].as_array().unwrap().len() as u64, &all["evicted"]), (last, &json!(0)));
    let some = clinic.get("/events?after=1&limit=2").await;
    assert_eq!(some["events"], json!([all["events"][1], all["events"][2]]));
    for query in ["after=x", "limit=0", "limit=1001", "typo=1"] {
        clinic.get(&format!("/events?{query}")).expect_problem(StatusCode::BAD_REQUEST).await;
    }
    mock.get("/v1/institutions/9910000083/events").expect_problem(StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn a_stream_tells_what_happened_and_then_what_happens() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, NOW).await;
    clinic.act("restart-linkage", Value::Null).await;
    let mut stream = Stream::open(&clinic, "", None).await;
    let (id, name, event) = stream.next().await.unwrap();
    assert_eq!((id, name.as_str(), &event["event"]), (Some(1), "message", &json!("linkage_restarted")));
    let happened = clinic.advance("2026-01-20T08:00:00+09:00").await;
    let happened = happened.as_array().unwrap();
    assert!(happened.len() > 3);
    let received = stream.take(happened.len()).await;
    for (received, event) in received.iter().zip(happened) {
        assert_eq!((received.0, &received.2), (event["number"].as_u64(), event));
    }
}

#[tokio::test]
async fn a_broken_stream_is_resumed_after_the_last_event_that_came() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UPDATE_AVAILABLE, NOW).await;
    let happened = clinic.advance("2026-01-20T08:00:00+09:00").await;
    for (query, last) in [("", Some("2")), ("?after=2", None), ("?after=1", Some("2"))] {
        let mut stream = Stream::open(&clinic, query, last).await;
        assert_eq!(stream.next().await.unwrap(), (Some(3), "message".to_owned(), happened[2].clone()), "{query}");
    }
    let url = format!("https://{}/v1/institutions/{clinic}/events", mock.control);
    let request = mock.client.get(&url).bearer_auth(TOKEN).header("accept", "text/event-stream").header("last-event-id", "x");
    assert_eq!(request.send().await.unwrap().status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_was_evicted_before_it_could_be_told_is_said() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    for _ in 0..501 {
        clinic.reader_power(false).await;
        clinic.reader_power(true).await;
    }
    let mut stream = Stream::open(&clinic, "", None).await;
    assert_eq!(stream.next().await.unwrap(), (None, "evicted".to_owned(), json!({"from": 1, "to": 2})));
    assert_eq!(stream.next().await.unwrap().0, Some(3));
}

#[tokio::test]
async fn while_someone_listens_what_is_due_happens_by_itself() {
    let mock = Mock::start().await;
    let clock = json!({"mode": "running", "now": "2026-01-19T19:59:00+09:00", "rate": 3600});
    let clinic = mock.clinic_with(json!({"template": template::UPDATE_AVAILABLE, "clock": clock})).await;
    let mut stream = Stream::open(&clinic, "", None).await;
    let (_, _, event) = stream.next().await.unwrap();
    assert_eq!(event["event"], "download_started", "nobody asked anything since: {event}");
    assert!(event["at"].as_str().unwrap().starts_with("2026-01-19T20:"), "{event}");
}

#[tokio::test]
async fn a_reset_begins_anew_and_a_deletion_ends_the_stream() {
    let mock = Mock::start().await;
    let clinic = mock.clinic(template::UP_TO_DATE, NOW).await;
    let mut stream = Stream::open(&clinic, "", None).await;
    clinic.act("restart-linkage", Value::Null).await;
    assert_eq!(stream.next().await.unwrap().0, Some(1));
    clinic.reset().await;
    assert_eq!(stream.next().await.unwrap(), (None, "reset".to_owned(), json!({})));
    clinic.restart().await;
    let (id, _, event) = stream.next().await.unwrap();
    assert_eq!((id, &event["event"]), (Some(1), &json!("booted")));
    clinic.remove().await;
    assert_eq!(stream.next().await.unwrap().1, "gone");
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn streams_are_bounded_need_the_token_and_end_with_the_server() {
    let mut mock = Mock::start_with(|config| config.max_streams = 64).await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(Stream::open(&mock.institution(template::UP_TO_DATE), "", None).await);
    }
    let url = format!("https://{}/v1/institutions/9910000018/events", mock.control);
    // A connection of its own: over HTTP/2 one carries no more requests at once than there are
    // streams.
    let other = trusting(&mock.ca_pem).build().unwrap();
    let one_more = || other.get(&url).header("accept", "text/event-stream");
    assert_eq!(one_more().send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    let refused = one_more().bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["type"], "urn:onshi-mock:problem:too-many-streams");
    mock.stop().await;
    for stream in &mut streams {
        assert_eq!(stream.next().await, None, "an end, not an error");
    }
}
