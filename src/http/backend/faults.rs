//! The effect of a fault on a response before it is sent. The request itself is handled as usual.

mod body;

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, HeaderValue, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::reply::{BackendReply, Content, Payload};
use crate::domain::fault::{Kind, MAX_SILENCE, TriggeredFault};
use crate::domain::period::Period;
use crate::http::connection::NoResponse;
use crate::wire::corruption;

/// A response after its fault was applied.
pub(super) struct FaultedReply {
    pub(super) reply: BackendReply,
    /// How long the response is held back.
    pub(super) delay: Option<Duration>,
}

impl From<Content> for FaultedReply {
    fn from(content: Content) -> Self {
        Self { reply: content.into(), delay: None }
    }
}

/// Applies a fault to a response; `wall` is the machine's time.
pub(super) fn apply_fault(triggered_fault: &TriggeredFault, reply: BackendReply, wall: Timestamp) -> FaultedReply {
    match (&triggered_fault.kind, reply) {
        (Kind::Status { status, retry_after }, _) => proxy_error_page(*status, *retry_after).into(),
        (Kind::Reset, _) => no_response(NoResponse::Reset, None),
        (Kind::Close, _) => no_response(NoResponse::Closed, None),
        (Kind::BlackHole, _) => no_response(NoResponse::Closed, Some(unsigned_duration(MAX_SILENCE))),
        (Kind::Delay { most, .. }, reply) => FaultedReply { reply, delay: Some(unsigned_duration(*most)) },
        (_, BackendReply::NoResponse(no_answer)) => no_response(no_answer, None),
        (kind, BackendReply::Response(content)) => corrupt(kind, content, wall).into(),
    }
}

/// Changes the content: its bytes, how they are sent, or its headers.
fn corrupt(kind: &Kind, content: Content, wall: Timestamp) -> Content {
    let length = content.length();
    match kind {
        Kind::Cut { after } => {
            let after = after.unwrap_or(length.unwrap_or_default() / 2);
            as_stream(content, length, |whole| body::cut_after(whole, after))
        }
        Kind::Drip { bytes, every } => as_stream(content, length, |whole| body::drip(whole, *bytes, unsigned_duration(*every))),
        Kind::WrongLength { off_by } => {
            let wrong = length.map(|length| length.saturating_add_signed(*off_by));
            let silence = if *off_by > 0 { unsigned_duration(MAX_SILENCE) } else { Duration::ZERO };
            as_stream(content, wrong, |whole| body::stall_at_end(whole, silence))
        }
        Kind::WrongHash => {
            let has_parts = is_multipart(&content.headers);
            as_stream(content, length, |whole| body::alter(whole, has_parts))
        }
        Kind::Malformed => rewrite_body(content, corruption::make_malformed),
        Kind::WrongEncoding => rewrite_body(content, corruption::switch_encoding),
        Kind::StaleEtag => with_stale_etag(content),
        Kind::ClockSkew { skew } => {
            let mut content = rewrite_body(content, |body| corruption::skew_time(body, skew.duration()));
            content.headers.extend(skewed_date(wall, skew.duration()).map(|date| (DATE, date)));
            content
        }
        Kind::ExpiredToken | Kind::Processing | Kind::Delay { .. } | Kind::Status { .. } | Kind::Reset | Kind::Close | Kind::BlackHole => {
            content
        }
    }
}

fn no_response(no_answer: NoResponse, delay: Option<Duration>) -> FaultedReply {
    FaultedReply { reply: BackendReply::NoResponse(no_answer), delay }
}

/// Returns an error page such as a proxy between client and server would send.
fn proxy_error_page(status: u16, retry_after: Option<Period>) -> Content {
    let status = StatusCode::from_u16(status).expect("a fault's status is 400 to 599");
    let page =
        format!("<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>onshi-mock: a fault that was set</body></html>\n");
    let mut content = Content::new(status, HeaderValue::from_static("text/html"), page);
    let seconds = retry_after.map(|period| unsigned_duration(period).as_secs());
    content.headers.extend(seconds.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
    content
}

/// Sends the body as a stream in another way. Announces this length, which may be wrong.
fn as_stream(mut content: Content, length: Option<u64>, send: impl FnOnce(Body) -> Body) -> Content {
    content.headers.extend(length.map(|length| (CONTENT_LENGTH, HeaderValue::from(length))));
    Content { body: Payload::Stream(send(content.body.into_body())), ..content }
}

/// Changes the bytes of the body. A stream stays as it is, since its bytes are not in memory.
fn rewrite_body(mut content: Content, rewrite: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Content {
    if let Payload::Bytes(bytes) = content.body {
        content.headers.remove(CONTENT_LENGTH);
        content.body = Payload::Bytes(rewrite(bytes.into()).into());
    }
    content
}

fn with_stale_etag(mut content: Content) -> Content {
    if let Some(etag) = content.headers.get_mut(ETAG) {
        *etag = stale_etag(etag);
    }
    content
}

fn is_multipart(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"multipart/"))
}

fn stale_etag(etag: &HeaderValue) -> HeaderValue {
    let text = etag.to_str().unwrap_or_default().trim_matches('"');
    HeaderValue::from_str(&format!("\"stale-{}\"", text.get(..32).unwrap_or_default()))
        .unwrap_or_else(|_| HeaderValue::from_static("\"stale\""))
}

fn skewed_date(wall: Timestamp, skew: SignedDuration) -> Option<HeaderValue> {
    let shown = wall.checked_add(skew).ok()?;
    HeaderValue::from_str(&shown.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

fn unsigned_duration(period: Period) -> Duration {
    period.duration().unsigned_abs()
}
