//! `POST /linkage/v1/terminals/{id}/files/{name}`: one request file of the linkage folder, answered with the result file or the `.err`. The route
//! is the mock's own: it is what the linkage application of a terminal elsewhere asks.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::call::{Call, UNREADABLE, unreadable};
use super::delivery::{self, at_terminal, terminal_of};
use super::identity::{unknown_institution, unstored};
use super::url::InPath;
use crate::domain::catalogue::ErrorId;
use crate::domain::check::{Refusal, unavailable};
use crate::domain::ids::TerminalAddress;
use crate::domain::operation::{Operation, Surface};
use crate::http::app::App;
use crate::http::body::closing;
use crate::http::openapi;
use crate::linkage::folder::{Outgoing, Reply};
use crate::linkage::{Handled, handle};

/// Whether the body is a result, or the `.err` of a request that could not be read.
const KIND: HeaderName = HeaderName::from_static("x-onshi-file");

/// How the file is to come into being: the terminal's setting.
const RESULT_FILES: HeaderName = HeaderName::from_static("x-onshi-result-files");

/// What its signature does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    let bytes = || json!({ "schema": { "type": "string", "contentMediaType": "application/octet-stream" } });
    operation.takes_content(json!({ "application/xml": bytes() }));
    delivery::describe(operation);
    operation.refuses_with(UNREADABLE);
    operation.refuses_with(&[ErrorId::TerminalOff, ErrorId::TerminalStarting]);
    let result = json!({ "application/xml": bytes(), "application/pdf": bytes(), "application/zip": bytes(), "text/plain": bytes() });
    operation.answers_content(200, "結果ファイル。 The result file.", result);
    operation.answers_header(200, KIND.as_str(), "`result`");
    operation.answers_header(
        200,
        RESULT_FILES.as_str(),
        "`in_place`、`atomic`。端末の設定 `result_files`。 The terminal's setting `result_files`.",
    );
    operation.answers_nothing(204, "このファイルには応答がありません。 A file that is not answered.");
    operation.answers_also(400, "text/plain", "x-onshi-file: err は `.err` ファイル。 With `x-onshi-file: err`: the `.err` file.");
}

/// Handles one request file.
pub async fn file(State(app): State<Arc<App>>, InPath((id, name)): InPath<(String, String)>, request: Request) -> Response {
    let (mut call, body) = Call::begin(app, Operation::Linkage, request);
    let bytes = match call.read(body).await {
        Ok(bytes) => bytes,
        Err(fault) => return closing(call.refuse_as_problem(&unreadable(fault)).await),
    };
    match answer(&mut call, &id, &name, &bytes).await {
        Err(refusal) => call.refuse_as_problem(&refusal).await,
        Ok(Handled { reply, outcome, why, notes, found, sought, .. }) => {
            call.notes.extend(notes);
            (call.found, call.sought) = (found, sought);
            call.result_files = reply.file().map(|file| file.result_files);
            call.answer(outcome, why, response(reply))
        }
    }
}

/// Who asks is settled first: certificate or token have to agree with the path. Then the terminal takes its time.
async fn answer(call: &mut Call, id: &str, name: &str, bytes: &Bytes) -> Result<Handled, Refusal> {
    let (address, latency) = at_terminal(call, id, |tenant, address: &TerminalAddress, moment| {
        let terminal = terminal_of(&tenant.institution, &address.terminal);
        let latency = terminal.settings.linkage.latency.duration().unsigned_abs();
        unavailable(terminal, moment.now).map_or_else(|| Ok((address.clone(), latency)), Err)
    })
    .await?;
    let app = Arc::clone(&call.app);
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    match handle(&app.institutions, &app.fixtures(), &address, Surface::Http, (name, bytes)).await {
        Ok(Some(handled)) => Ok(handled),
        Ok(None) => Err(gone(&app, &address).await),
        Err(error) => Err(unstored(&error)),
    }
}

/// Why a terminal that was there does not answer any more.
async fn gone(app: &App, address: &TerminalAddress) -> Refusal {
    let unavailable = app.institutions.look(&address.institution, |tenant, moment| {
        let terminal = tenant.institution.terminals.get(&address.terminal)?;
        unavailable(terminal, moment.now)
    });
    match unavailable.await {
        Ok(unavailable) => unavailable.flatten().unwrap_or_else(|| unknown_institution(&address.institution)),
        Err(error) => unstored(&error),
    }
}

fn response(reply: Reply) -> Response {
    match reply {
        Reply::Answer(file) => with_file(StatusCode::OK, "result", file),
        Reply::Malformed(file) => with_file(StatusCode::BAD_REQUEST, "err", file),
        Reply::Silent | Reply::NotTaken => StatusCode::NO_CONTENT.into_response(),
    }
}

fn with_file(status: StatusCode, kind: &'static str, Outgoing { name, bytes, result_files }: Outgoing) -> Response {
    let media_type = match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "xml" => "application/xml",
        _ => "text/plain",
    };
    let disposition =
        format!("attachment; filename=\"{}\"", name.replace(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_'), "_"));
    let disposition = HeaderValue::from_str(&disposition).expect("only letters, digits and three signs are left of the name");
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (CONTENT_DISPOSITION, disposition),
        (KIND, HeaderValue::from_static(kind)),
        (RESULT_FILES, HeaderValue::from_static(result_files.name())),
    ];
    (status, headers, bytes).into_response()
}
