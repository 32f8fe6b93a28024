//! `POST /linkage/v1/terminals/{id}/files/{name}`: takes a request file of the linkage folder, and
//! responds with the result file or the `.err` file. The route is the mock's own; the linkage
//! application of a remote terminal uses it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::CONTENT_DISPOSITION;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::delivery::{self, access, identify_at};
use super::finish::{Completion, finish, refuse};
use super::incoming_request::{IncomingRequest, UNREADABLE};
use super::reply::Content;
use super::url::BackendPath;
use crate::app::access::{Access, RequestContext, RequestOutcome};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::operation::Operation;
use crate::http::app::App;
use crate::http::body::with_connection_close;
use crate::http::openapi;
use crate::linkage::folder::{HandlerReply, OutputFile};
use crate::linkage::{HandledFile, handle};

/// The header that says whether the body is a result file, or the `.err` file of a request that
/// could not be read.
const KIND: HeaderName = HeaderName::from_static("x-onshi-file");

/// The header that says how the file is to be written, according to the terminal's settings.
const RESULT_FILES: HeaderName = HeaderName::from_static("x-onshi-result-files");

/// Adds what the signature of the request handler does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    let bytes = || json!({ "schema": { "type": "string", "contentMediaType": "application/octet-stream" } });
    // Client generators support bytes, but few of them XML. The server uses the file's name, not
    // the `Content-Type`.
    let binary = json!({ "schema": { "type": "string", "format": "binary" } });
    operation.request_body_content(json!({ "application/xml": bytes(), "application/octet-stream": binary }));
    delivery::describe(operation);
    operation.catalogue_problems(UNREADABLE);
    operation.catalogue_problems(&[ErrorId::TerminalOff, ErrorId::TerminalStarting]);
    let result = json!({ "application/xml": bytes(), "application/pdf": bytes(), "application/zip": bytes(), "text/plain": bytes() });
    operation.response_content(200, "結果ファイル。 The result file.", result);
    operation.response_header(200, KIND.as_str(), "`result`");
    operation.response_header(
        200,
        RESULT_FILES.as_str(),
        "`in_place`、`atomic`。端末の設定 `result_files`。 The terminal's setting `result_files`.",
    );
    operation.no_content(204, "このファイルには応答がありません。 There is no response to this file.");
    operation.response_media_type(
        400,
        "text/plain",
        "`x-onshi-file: err` の場合、`.err` ファイル。 With `x-onshi-file: err`, the `.err` file.",
    );
}

/// Handles one request file.
pub async fn file(State(app): State<Arc<App>>, BackendPath((id, name)): BackendPath<(String, String)>, request: Request) -> Response {
    let (incoming, read) = IncomingRequest::with_body(&app, Operation::Linkage, request).await;
    if let Err(refusal) = read {
        return with_connection_close(refuse(&app, incoming, RequestContext::default(), &refusal).await);
    }
    let RequestOutcome { result, request_context } = answer(&app, &incoming, &id, &name).await;
    match result {
        Err(refusal) => refuse(&app, incoming, request_context, &refusal).await,
        Ok(HandledFile { reply, outcome, why, notes, patient }) => {
            let result_files = reply.file().map(|file| file.result_files);
            let completion = Completion { reply: content(reply).into(), outcome, why, notes, patient, result_files };
            finish(&app, incoming, request_context, completion)
        }
    }
}

/// Identifies the caller first: certificate or token must match the path. Then waits for the
/// terminal's latency, and answers the file.
async fn answer(app: &App, incoming: &IncomingRequest, id: &str, name: &str) -> RequestOutcome<HandledFile> {
    let (caller, _) = match identify_at(app, incoming, id) {
        Ok(identified) => identified,
        Err(unidentified) => return unidentified.into_outcome(),
    };
    let access = access(incoming, &caller);
    let taken = access.read(&app.institutions, |admitted| Ok(admitted.terminal.settings.linkage.latency.duration().unsigned_abs())).await;
    let latency = match taken.result {
        Ok(latency) => latency,
        Err(refusal) => return RequestOutcome { result: Err(refusal), request_context: taken.request_context },
    };
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let access = Access { counted: false, ..access };
    let RequestOutcome { result, request_context } = handle(&app.institutions, &access, (name, &incoming.body)).await;
    RequestOutcome { result, request_context: RequestContext { fault: taken.request_context.fault, ..request_context } }
}

fn content(reply: HandlerReply) -> Content {
    match reply {
        HandlerReply::Answer(file) => of_file(StatusCode::OK, "result", file),
        HandlerReply::Refused(file) => of_file(StatusCode::BAD_REQUEST, "err", file),
        HandlerReply::Silent | HandlerReply::NotTaken => Content::empty(StatusCode::NO_CONTENT),
    }
}

fn of_file(status: StatusCode, kind: &'static str, OutputFile { name, bytes, result_files }: OutputFile) -> Content {
    let media_type = match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "xml" => "application/xml",
        _ => "text/plain",
    };
    let disposition =
        format!("attachment; filename=\"{}\"", name.replace(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_'), "_"));
    let disposition = HeaderValue::from_str(&disposition).expect("only letters, digits and three signs are left of the name");
    let mut content = Content::new(status, HeaderValue::from_static(media_type), bytes);
    content.headers.insert(CONTENT_DISPOSITION, disposition);
    content.headers.insert(KIND, HeaderValue::from_static(kind));
    content.headers.insert(RESULT_FILES, HeaderValue::from_static(result_files.name()));
    content
}
