//! `POST /delivery/v1/terminals/{id}/reports`: an external terminal tells what it did.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::call::{Call, UNREADABLE, refusal_with, unreadable};
use super::delivery::{change_at_delivery, describe_delivery, terminal_of};
use super::url::InPath;
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::ids::TerminalAddress;
use crate::domain::operation::Operation;
use crate::domain::terminal::{Phase, Report};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body::closing;
use crate::http::openapi;
use crate::wire::document;
use crate::wire::said::in_japanese;

/// The report was taken.
#[derive(Serialize, JsonSchema)]
struct Accepted {
    accepted: bool,
    /// Whether it said anything new.
    changed: bool,
    phase: Phase,
}

/// What its signature does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    operation.takes::<Report>();
    operation.answers::<Accepted>(200);
    describe_delivery(operation);
    operation.refuses_with(UNREADABLE);
    operation.refuses_with(&[ErrorId::ReportRefused]);
}

/// `POST /delivery/v1/terminals/{id}/reports`.
pub async fn reports(State(app): State<Arc<App>>, InPath(id): InPath<String>, request: Request) -> Response {
    let (mut call, body) = Call::begin(app, Operation::Reports, request);
    call.institution = TerminalAddress::parse(&id).ok().map(|address| address.institution);
    let report = match call.read(body).await.map_err(unreadable).and_then(|bytes| json_of(&bytes)) {
        Ok(object) => read_report(object),
        // Nothing that follows on the connection can be trusted.
        Err(refusal) => return closing(call.refuse_as_problem(&refusal).await),
    };
    let taken = match report {
        Err(refusal) => Err(refusal),
        Ok(report) => {
            change_at_delivery(&mut call, &id, |tenant, address, moment| {
                let institution = &mut tenant.institution;
                let before = institution.events.last();
                let reported =
                    institution.act(&address.terminal, moment.now, |terminal, around| terminal.report(report.clone(), moment.now, around));
                if let Some(Err(error)) = reported {
                    return Err(refusal_with(ErrorId::ReportRefused, error.0));
                }
                let changed = institution.events.last() > before;
                let phase = terminal_of(institution, &address.terminal).phase(&institution.campaign, moment.now);
                Ok(Accepted { accepted: true, changed, phase })
            })
            .await
        }
    };
    match taken {
        Ok(accepted) => call.answer_json(&accepted, Text::new("報告を受け付けました。", "The report was taken.")),
        Err(refusal) => call.refuse_as_problem(&refusal).await,
    }
}

fn json_of(bytes: &[u8]) -> Result<Value, Refusal> {
    document::json(bytes).map_err(|detail| refusal_with(ErrorId::MalformedRequest, detail))
}

fn read_report(value: Value) -> Result<Report, Refusal> {
    if !value.is_object() {
        let detail = Text::new("JSON オブジェクトが必要です。", "A JSON object was expected.");
        return Err(refusal_with(ErrorId::MalformedRequest, detail));
    }
    serde_json::from_value(value).map_err(|error| {
        let said = error.to_string();
        refusal_with(ErrorId::MalformedRequest, Text::new(in_japanese(&said), format!("The report: {said}.")))
    })
}
