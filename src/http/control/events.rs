//! `GET …/events`: the events of an institution, as a list or as a stream (server-sent events).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{self, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::input::{ControlQuery, InstitutionPath, no_institution};
use super::journal_query::{invalid_parameter, limit};
use crate::domain::event::{Event, MAX_EVENTS};
use crate::domain::ids::InstitutionCode;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::negotiation::{JSON, TEXT_EVENT_STREAM, preferred};
use crate::http::openapi::{self, Operation};
use crate::http::problem::Problem;
use crate::http::streams::StreamPermit;
use crate::institutions::ChangeSubscription;

/// The interval at which a stream without events sends a keep-alive comment.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// The minimum and maximum wait for the next event that is due. The maximum also bounds the delay
/// after the machine's clock was set.
const WAIT_LIMITS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(60));

/// Events, oldest first.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "EventListing")]
struct EventList {
    events: Vec<Event>,
    /// The number of older items that are no longer kept.
    evicted: u64,
    /// The number of the last event, whether listed or not.
    last: u64,
}

/// `?after=NUMBER&limit=N`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    /// Only items after this number.
    after: Option<String>,
    /// The maximum number of items: 1 to 1000.
    limit: Option<String>,
}

/// Adds what the signature of the request handler does not say.
pub fn describe_events(operation: &mut Operation<'_>) {
    let listing = operation.schema::<EventList>();
    let both = json!({ openapi::JSON: { "schema": listing }, "text/event-stream": { "schema": { "type": "string" } } });
    operation.response_content(
        200,
        "一覧。`Accept: text/event-stream` ではストリーム。 A list, or a stream with `Accept: text/event-stream`.",
        both,
    );
    operation.header("Last-Event-ID", "The number of the event after which the stream is resumed.");
}

/// Lists events, or streams them if `Accept` prefers `text/event-stream`.
///
/// # Errors
/// No such institution, an invalid query parameter, or too many streams.
pub async fn read_events(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    ControlQuery(query): ControlQuery<EventQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let limit = limit(query.limit.as_deref(), MAX_EVENTS, MAX_EVENTS)?;
    let after = query.after.map_or(Ok(0), |after| after.parse().map_err(|_| invalid_parameter("after", EXPECTED_NUMBER)))?;
    if preferred(&headers, &[(JSON, false), (TEXT_EVENT_STREAM, true)]) {
        return stream(app, code, last_event_id(&headers)?.unwrap_or(after)).await;
    }
    let listed = app.institutions.read(&code, |tenant, _| {
        let log = &tenant.institution.events;
        let events = log.iter().filter(|event| event.number > after).take(limit).cloned().collect();
        Json(EventList { events, evicted: log.evicted(), last: log.last() })
    });
    listed.await?.map(IntoResponse::into_response).ok_or_else(|| no_institution(&code))
}

const EXPECTED_NUMBER: &str = "the number of an event";

/// Returns the number of the last event that the client received before its stream was interrupted.
fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(last) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let number = last.to_str().ok().and_then(|text| text.trim().parse().ok());
    number.map(Some).ok_or_else(|| invalid_parameter("Last-Event-ID", EXPECTED_NUMBER))
}

async fn stream(app: Arc<App>, code: InstitutionCode, after: u64) -> Result<Response, Problem> {
    let permit = app.streams.acquire().ok_or_else(|| too_many_streams(app.streams.max()))?;
    let subscription = app.institutions.subscribe(&code);
    let generation = app.institutions.read(&code, |tenant, _| tenant.institution.generation.clone());
    let generation = generation.await?.ok_or_else(|| no_institution(&code))?;
    let event_stream = EventStream { app, code, generation, subscription, permit, sent: after, waiting: VecDeque::new(), over: false };
    let events = stream::unfold(event_stream, EventStream::next);
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE_INTERVAL)).into_response())
}

/// Returns the problem that no further stream can be opened.
pub fn too_many_streams(max: usize) -> Problem {
    let title = Text::new("接続中のストリームが多すぎます", "There are too many streams");
    let detail =
        Text::new(format!("同時に {max} 本までです（--max-streams）。"), format!("At most {max} are open at once (--max-streams)."));
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", title, detail)
        .remedy(Text::new("使わなくなったストリームを閉じてください", "Close those that are no longer used"))
}

/// One stream.
struct EventStream {
    app: Arc<App>,
    code: InstitutionCode,
    /// The generation of the institution that the event numbers belong to.
    generation: Arc<str>,
    subscription: ChangeSubscription,
    permit: StreamPermit,
    /// The number of the last event that was sent.
    sent: u64,
    waiting: VecDeque<sse::Event>,
    over: bool,
}

impl EventStream {
    async fn next(mut self) -> Option<(Result<sse::Event, Infallible>, Self)> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some((Ok(event), self));
            }
            if self.over {
                return None;
            }
            let pause = self.queue_new_events().await;
            if self.waiting.is_empty() {
                tokio::select! {
                    () = self.subscription.changed() => {}
                    () = tokio::time::sleep(pause) => {}
                    () = self.permit.closed() => self.over = true,
                }
            }
        }
    }

    /// Queues the new events, including those that have become due. Returns how long to wait for
    /// the next one that is due.
    async fn queue_new_events(&mut self) -> Duration {
        let (sent, generation) = (self.sent, self.generation.clone());
        let looked = self.app.institutions.read(&self.code, |tenant, moment| {
            let institution = &tenant.institution;
            let new_generation = institution.generation != generation || institution.events.last() < sent;
            let after = if new_generation { 0 } else { sent };
            let events: Vec<Event> = institution.events.iter().filter(|event| event.number > after).cloned().collect();
            let due = institution.next_due().and_then(|due| institution.clock.wall_at(due));
            let pause = due.map(|due| due.duration_since(moment.wall).max(SignedDuration::ZERO).unsigned_abs());
            (new_generation.then(|| institution.generation.clone()), events, pause)
        });
        let (new_generation, events, pause) = match looked.await {
            Ok(Some(looked)) => looked,
            Ok(None) => {
                self.push_event("gone", json!({}));
                self.over = true;
                return WAIT_LIMITS.1;
            }
            // The store logs the error. The stream continues when the store works again.
            Err(_) => return Duration::from_secs(1),
        };
        if let Some(generation) = new_generation {
            self.push_event("reset", json!({}));
            (self.generation, self.sent) = (generation, 0);
        }
        if let Some(first) = events.first().filter(|first| first.number > self.sent + 1) {
            self.push_event("evicted", json!({"from": self.sent + 1, "to": first.number - 1}));
        }
        for event in events {
            self.sent = event.number;
            let data = serde_json::to_string(&event).expect("an event is plain data");
            self.waiting.push_back(sse::Event::default().id(event.number.to_string()).data(data));
        }
        pause.unwrap_or(WAIT_LIMITS.1).clamp(WAIT_LIMITS.0, WAIT_LIMITS.1)
    }

    fn push_event(&mut self, name: &str, data: Value) {
        self.waiting.push_back(sse::Event::default().event(name).data(data.to_string()));
    }
}
