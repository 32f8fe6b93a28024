//! `POST /oqs-api-pro/MSA01030/ILI01030SV01/search`: the check by card data. A terminal that installed and did not restart refuses it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::call::{Call, closing, json, refusal_with, unreadable};
use super::identity::{TokenRule, identify, unknown_institution};
use crate::domain::catalogue::ErrorId;
use crate::domain::check::{Refusal, refusal};
use crate::domain::inquiry::{self, Finding};
use crate::domain::japan;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::institutions::{Moment, Tenant};
use crate::journal::Outcome;
use crate::wire::search::{self, Malformed, SearchRequest, Side};
use crate::wire::tree::Group;

/// Handles one check.
pub async fn search(State(app): State<Arc<App>>, request: Request) -> Response {
    let (mut call, body) = Call::begin(app, "search", request);
    let bytes = match call.read(body).await {
        Ok(bytes) => bytes,
        Err(fault) => return unread(call, &unreadable(fault)),
    };
    let request = match search::parse(&bytes) {
        Ok(request) => request,
        Err(malformed) if malformed.broken => return unread(call, &refusal_with(ErrorId::MalformedRequest, malformed.detail)),
        Err(Malformed { detail, institution, .. }) => {
            call.institution = institution;
            return refused(call, None, &refusal_with(ErrorId::MalformedRequest, detail), None);
        }
    };
    call.notes.extend(request.ignored.iter().map(|pointer| {
        Text::new(format!("知らない要素 {pointer} を無視しました。"), format!("The unknown element {pointer} was passed over."))
    }));
    match identify(&mut call, Some((&request.institution, None)), TokenRule::StrictlyNeeded) {
        Err(refusal) => refused(call, Some(&request), &refusal, None),
        Ok(who) => {
            let app = Arc::clone(&call.app);
            let code = who.institution.clone();
            call.institution = Some(code.clone());
            let decided = app.institutions.with(&code, |tenant, moment| {
                let admitted = who.admit(&mut call, tenant, moment);
                let found = admitted.and_then(|terminal| check(&app, tenant, &terminal, &request, moment));
                (found, moment.now)
            });
            match decided {
                None => refused(call, Some(&request), &unknown_institution(&code), None),
                Some((Err(refusal), now)) => refused(call, Some(&request), &refusal, Some(now)),
                Some((Ok(finding), now)) => answered(call, &app, &request, finding, now),
            }
        }
    }
}

/// The terminal's refusals, then the inquiry.
fn check<'a>(
    app: &'a App,
    tenant: &Tenant,
    terminal: &crate::domain::ids::TerminalId,
    request: &SearchRequest,
    moment: Moment,
) -> Result<Finding<'a>, Refusal> {
    let institution = &tenant.institution;
    let terminal = institution.terminals.get(terminal).expect("admission found the terminal");
    if let Some(refusal) = refusal(institution, terminal, &app.fixtures.call_centre, moment.now) {
        return Err(refusal);
    }
    Ok(inquiry::find(&request.inquiry, &app.fixtures.persons, japan::civil(moment.now).date()))
}

fn answered(call: Call, app: &App, request: &SearchRequest, finding: Finding<'_>, now: Timestamp) -> Response {
    let side = side_note(app, request, &finding, now);
    let body = search::answer(request, &finding, side, now);
    let validity = finding.validity;
    let why = Text::new(
        format!("資格確認ができました。結果は {}（{}）です。", validity.code(), validity.ja()),
        format!("The check worked; its result is {} ({}).", validity.code(), validity.ja()),
    );
    let person = finding.matched.map(|(person, _)| person.id.clone());
    let outcome = Outcome::Checked { validity, person, near_miss: finding.near_miss };
    call.answer(outcome, why, json(StatusCode::OK, &body))
}

/// A card that expires soon: a success with a side note.
fn side_note(app: &App, request: &SearchRequest, finding: &Finding<'_>, now: Timestamp) -> Option<Side> {
    let today = japan::civil(now).date();
    let (_, held) = finding.matched.filter(|_| finding.validity == inquiry::Validity::Valid)?;
    let last = held.expires?.on(today);
    let days = request.inquiry.confirmation_date.duration_until(last).as_hours() / 24;
    if days > i64::from(app.fixtures.invented.check.card_expiry_notice_days) {
        return None;
    }
    let entry = app.fixtures.catalogue.entry(ErrorId::CardExpiresSoon);
    let message = entry.message.fill(&[("detail", &Text::same(last.to_string()))]);
    Some(Side { code: entry.code.clone(), message: message.ja })
}

/// A refusal in the profile `envelope`: HTTP 200 with a header-level error.
fn refused(call: Call, request: Option<&SearchRequest>, refusal: &Refusal, now: Option<Timestamp>) -> Response {
    let body = envelope(&call, request, refusal, now);
    call.refuse(refusal, json(StatusCode::OK, &body))
}

/// A request that could not be read at all: its HTTP status says so too, and the connection closes, since nothing that follows on it can be trusted.
fn unread(call: Call, refusal: &Refusal) -> Response {
    let body = envelope(&call, None, refusal, None);
    let status = StatusCode::from_u16(call.app.fixtures.catalogue.entry(refusal.error).status).unwrap_or(StatusCode::BAD_REQUEST);
    call.refuse(refusal, closing(json(status, &body)))
}

fn envelope(call: &Call, request: Option<&SearchRequest>, refusal: &Refusal, now: Option<Timestamp>) -> Group {
    let code = &call.app.fixtures.catalogue.entry(refusal.error).code;
    let now = now.unwrap_or_else(|| call.app.institutions.wall());
    let institution = request.map(|request| &request.institution).or(call.institution.as_ref());
    search::refusal(request, institution, code, &call.wire_message(refusal), now)
}
