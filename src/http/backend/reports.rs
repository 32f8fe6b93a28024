//! `POST /delivery/v1/terminals/{id}/reports`: an external terminal reports what it did.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use super::delivery::{describe_delivery, terminal_of, update_delivery};
use super::finish::{finish_json, refuse};
use super::incoming_request::{IncomingRequest, UNREADABLE, from_object};
use super::url::BackendPath;
use crate::app::access::{RequestContext, RequestOutcome};
use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::ids::TerminalAddress;
use crate::domain::operation::Operation;
use crate::domain::terminal::{Phase, Report};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body::with_connection_close;
use crate::http::openapi;
use crate::institutions::{Moment, Tenant};

/// The report was accepted.
#[derive(Serialize, JsonSchema)]
struct Accepted {
    accepted: bool,
    /// Whether the report contained anything new.
    changed: bool,
    phase: Phase,
}

/// Adds what the signature of the request handler does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    operation.request_body::<Report>();
    operation.response::<Accepted>(200);
    describe_delivery(operation);
    operation.catalogue_problems(UNREADABLE);
    operation.catalogue_problems(&[ErrorId::ReportRefused]);
}

/// `POST /delivery/v1/terminals/{id}/reports`.
pub async fn reports(State(app): State<Arc<App>>, BackendPath(id): BackendPath<String>, request: Request) -> Response {
    let (incoming, read) = IncomingRequest::with_body(&app, Operation::Reports, request).await;
    let named = TerminalAddress::parse(&id).ok().map(|address| address.institution);
    let value = match read.and_then(|()| incoming.json()) {
        Ok(value) => value,
        // After an unreadable body, the rest of the connection cannot be trusted, so it is closed.
        Err(refusal) => return with_connection_close(refuse(&app, incoming, RequestContext::of(named), &refusal).await),
    };
    let taken = match from_object(value) {
        Err(refusal) => RequestOutcome::refused(named, refusal),
        Ok(report) => update_delivery(&app, &incoming, &id, |tenant, address, moment| apply_report(tenant, address, moment, &report)).await,
    };
    finish_json(&app, incoming, taken, |_| Text::new("報告を受け付けました。", "The report was taken.")).await
}

fn apply_report(tenant: &mut Tenant, address: &TerminalAddress, moment: Moment, report: &Report) -> Result<Accepted, Refusal> {
    let institution = &mut tenant.institution;
    let before = institution.events.last();
    let reported = institution.act(&address.terminal, moment.now, |terminal, around| terminal.report(report.clone(), moment.now, around));
    if let Some(Err(error)) = reported {
        return Err(Refusal::quoting(ErrorId::ReportRefused, error.0));
    }
    let changed = institution.events.last() > before;
    let phase = terminal_of(institution, &address.terminal).phase(&institution.campaign, moment.now);
    Ok(Accepted { accepted: true, changed, phase })
}
