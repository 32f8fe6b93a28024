//! Faults: where a request is counted and one may fire at it, and what that does to its answer. The request itself is handled as ever.

mod body;

use std::time::Duration;

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, HeaderValue, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use jiff::{SignedDuration, Timestamp};

use super::call::{Call, refusal_with};
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::fault::{Asked, Fired, Kind, LONGEST_SILENCE};
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::domain::operation::Surface;
use crate::domain::period::Period;
use crate::domain::text::Text;
use crate::http::connection::{Held, NoAnswer};
use crate::institutions::{Moment, Tenant};
use crate::store::StoreError;
use crate::wire::spoilt;

/// Looks at an institution, once the request is counted where it has faults: only then is something written. `terminal` is who asks, where
/// that is known.
pub(super) async fn look<T>(
    call: &mut Call,
    code: &InstitutionCode,
    terminal: Option<&TerminalId>,
    look: impl FnOnce(&mut Call, &Tenant, Moment) -> T,
) -> Result<Option<T>, StoreError> {
    let institutions = call.app.institutions.clone();
    let mut look = Some(look);
    let looked = institutions.look(code, |tenant, moment| {
        let counts = asked(call, tenant, terminal, moment).is_some_and(|asked| tenant.institution.faults.concern(&asked));
        look.take_if(|_| !counts).map(|look| look(call, tenant, moment))
    });
    let looked = looked.await?;
    let Some(look) = look.filter(|_| looked.is_some()) else {
        return Ok(looked.flatten());
    };
    change(call, code, terminal, |_, _, _| ()).await?;
    institutions.look(code, |tenant, moment| look(call, tenant, moment)).await
}

/// Changes an institution and counts the request with its faults; `act` as for [`crate::institutions::Institutions::change`].
pub(super) async fn change<T>(
    call: &mut Call,
    code: &InstitutionCode,
    terminal: Option<&TerminalId>,
    mut act: impl FnMut(&mut Call, &mut Tenant, Moment) -> T,
) -> Result<Option<T>, StoreError> {
    let institutions = call.app.institutions.clone();
    let changed = institutions.change(code, |tenant, moment| {
        call.fault = asked(call, tenant, terminal, moment).and_then(|asked| tenant.institution.meet_faults(&asked));
        act(call, tenant, moment)
    });
    changed.await
}

/// The request as the institution's faults see it; none where there are none, or its terminal does not exist.
fn asked(call: &Call, tenant: &Tenant, terminal: Option<&TerminalId>, moment: Moment) -> Option<Asked> {
    let institution = &tenant.institution;
    let terminal = terminal.unwrap_or(&institution.default_terminal);
    if institution.faults.is_empty() || !institution.terminals.contains_key(terminal) {
        return None;
    }
    Some(Asked { operation: call.operation, surface: Surface::Http, terminal: terminal.clone(), now: moment.now })
}

/// Refuses the token where a fault has it expired.
pub(super) fn token(call: &Call) -> Result<(), Refusal> {
    if call.fault.as_ref().is_none_or(|fired| fired.kind != Kind::ExpiredToken) {
        return Ok(());
    }
    Err(refusal_with(ErrorId::TokenExpired, Text::new("障害の設定によるものです。", "A fault says so.")))
}

/// Whether a fault has the check answered as being processed.
pub(super) fn says_processing(call: &Call) -> bool {
    call.fault.as_ref().is_some_and(|fired| fired.kind == Kind::Processing)
}

/// What a fault makes of an answer; `wall` is the machine's time.
pub(super) fn spoil(fired: &Fired, mut response: Response, wall: Timestamp) -> Response {
    match fired.kind {
        Kind::Delay { most, .. } => held(response, most),
        Kind::Status { status, retry_after } => instead(status, retry_after),
        Kind::Reset => never(NoAnswer::Reset),
        Kind::Close => never(NoAnswer::Closed),
        Kind::BlackHole => held(never(NoAnswer::Closed), LONGEST_SILENCE),
        Kind::Cut { after } => {
            let length = length(&response);
            let after = after.unwrap_or(length.unwrap_or_default() / 2);
            announcing(length, response.map(|whole| body::cut(whole, after)))
        }
        Kind::Drip { bytes, every } => {
            let length = length(&response);
            announcing(length, response.map(|whole| body::dripping(whole, bytes, unsigned(every))))
        }
        Kind::WrongLength { off_by } => {
            let wrong = length(&response).map(|length| length.saturating_add_signed(off_by));
            let silence = if off_by > 0 { unsigned(LONGEST_SILENCE) } else { Duration::ZERO };
            announcing(wrong, response.map(|whole| body::silent_at_its_end(whole, silence)))
        }
        Kind::Malformed => rewritten(response, spoilt::malformed),
        Kind::WrongEncoding => rewritten(response, spoilt::in_other_encoding),
        Kind::WrongHash => {
            let (length, lines) = (length(&response), is_multipart(response.headers()));
            announcing(length, response.map(|whole| body::altered(whole, lines)))
        }
        Kind::StaleEtag => {
            if let Some(etag) = response.headers_mut().get_mut(ETAG) {
                *etag = stale(etag);
            }
            response
        }
        Kind::ClockSkew { skew } => {
            let mut response = rewritten(response, |body| spoilt::skewed(body, skew.duration()));
            response.headers_mut().extend(date(wall, skew.duration()).map(|date| (DATE, date)));
            response
        }
        Kind::ExpiredToken | Kind::Processing => response,
    }
}

fn never(no_answer: NoAnswer) -> Response {
    let mut response = Response::default();
    response.extensions_mut().insert(no_answer);
    response
}

fn held(mut response: Response, time: Period) -> Response {
    response.extensions_mut().insert(Held(unsigned(time)));
    response
}

/// What a proxy in between would say.
fn instead(status: u16, retry_after: Option<Period>) -> Response {
    let status = StatusCode::from_u16(status).expect("a fault's status is 400 to 599");
    let page =
        format!("<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>onshi-mock: a fault that was set</body></html>\n");
    let mut response = (status, [(CONTENT_TYPE, "text/html")], page).into_response();
    let seconds = retry_after.map(|period| unsigned(period).as_secs());
    response.headers_mut().extend(seconds.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
    response
}

/// The answer with other bytes, where all of them are at hand.
fn rewritten(response: Response, rewrite: impl FnOnce(Vec<u8>) -> Vec<u8>) -> Response {
    let (mut parts, whole) = response.into_parts();
    if whole.size_hint().exact().is_none() {
        return Response::from_parts(parts, whole);
    }
    let bytes = whole.collect().now_or_never().and_then(Result::ok).map(|collected| collected.to_bytes()).unwrap_or_default();
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(rewrite(bytes.into())))
}

/// The bytes of its body, as far as they are known.
fn length(response: &Response) -> Option<u64> {
    let announced = response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    announced.or_else(|| response.body().size_hint().exact())
}

/// Announces how long its body is, right or wrong.
fn announcing(length: Option<u64>, mut response: Response) -> Response {
    response.headers_mut().extend(length.map(|length| (CONTENT_LENGTH, HeaderValue::from(length))));
    response
}

fn is_multipart(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"multipart/"))
}

fn stale(etag: &HeaderValue) -> HeaderValue {
    let text = etag.to_str().unwrap_or_default().trim_matches('"');
    HeaderValue::from_str(&format!("\"stale-{}\"", text.get(..32).unwrap_or_default()))
        .unwrap_or_else(|_| HeaderValue::from_static("\"stale\""))
}

fn date(wall: Timestamp, skew: SignedDuration) -> Option<HeaderValue> {
    let shown = wall.checked_add(skew).ok()?;
    HeaderValue::from_str(&shown.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

fn unsigned(period: Period) -> Duration {
    period.duration().unsigned_abs()
}
