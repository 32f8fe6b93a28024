//! `POST /linkage/v1/terminals/{id}/files/{name}`: one request file of the linkage folder, answered with the result file or the `.err`. The route
//! is the mock's own: it is what the linkage application of a terminal elsewhere asks.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::call::{Call, closing, unreadable};
use super::delivery::at_terminal;
use super::url::InPath;
use crate::domain::check::{Refusal, unavailable};
use crate::domain::ids::TerminalAddress;
use crate::http::app::App;
use crate::linkage::folder::{Outgoing, Reply};
use crate::linkage::{Handled, handle};

/// Whether the body is a result, or the `.err` of a request that could not be read.
const KIND: HeaderName = HeaderName::from_static("x-onshi-file");

/// Handles one request file.
pub async fn file(State(app): State<Arc<App>>, InPath((id, name)): InPath<(String, String)>, request: Request) -> Response {
    let (mut call, body) = Call::begin(app, "linkage", request);
    let bytes = match call.read(body).await {
        Ok(bytes) => bytes,
        Err(fault) => return closing(call.refuse_as_problem(&unreadable(fault)).await),
    };
    match answer(&mut call, &id, &name, &bytes).await {
        Err(refusal) => call.refuse_as_problem(&refusal).await,
        Ok(Handled { reply, outcome, why, notes }) => {
            call.notes.extend(notes);
            call.answer(outcome, why, response(reply))
        }
    }
}

/// Who asks is settled first: certificate or token have to agree with the path.
async fn answer(call: &mut Call, id: &str, name: &str, bytes: &Bytes) -> Result<Handled, Refusal> {
    let address = at_terminal(call, id, |tenant, address: &TerminalAddress, moment| {
        let terminal = tenant.institution.terminals.get(&address.terminal).expect("admission found the terminal");
        unavailable(terminal, moment.now).map_or_else(|| Ok(address.clone()), Err)
    })
    .await?;
    let app = &call.app;
    let handled = handle(&app.institutions, &app.fixtures, &address, name, bytes).await;
    handled.map_err(|error| super::identity::unstored(&error))?.ok_or_else(|| super::identity::unknown_institution(&address.institution))
}

fn response(reply: Reply) -> Response {
    match reply {
        Reply::Answer(file) => with_file(StatusCode::OK, "result", file),
        Reply::Malformed(file) => with_file(StatusCode::BAD_REQUEST, "err", file),
        Reply::Silent | Reply::NotTaken => StatusCode::NO_CONTENT.into_response(),
    }
}

fn with_file(status: StatusCode, kind: &'static str, Outgoing { name, bytes }: Outgoing) -> Response {
    let media_type = match name.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "xml" => "application/xml",
        _ => "text/plain",
    };
    let disposition =
        format!("attachment; filename=\"{}\"", name.replace(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_'), "_"));
    let disposition = HeaderValue::from_str(&disposition).expect("only letters, digits and three signs are left of the name");
    let headers =
        [(CONTENT_TYPE, HeaderValue::from_static(media_type)), (CONTENT_DISPOSITION, disposition), (KIND, HeaderValue::from_static(kind))];
    (status, headers, bytes).into_response()
}
