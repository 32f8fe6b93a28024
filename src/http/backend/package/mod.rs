//! `GET, HEAD /delivery/v1/packages/{campaign}/{component}/{version}`: sends a package, whole or in
//! ranges (RFC 9110, RFC 9530).

mod body;
mod conditions;
mod monitor;
mod permission;
mod ranges;

use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderValue};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::delivery::{access, describe_delivery, read_terminal};
use super::finish::{Completion, TransferRecord, catalogue_entry, finish, refuse};
use super::identity::{TokenRule, certificate_if_required, identify};
use super::incoming_request::IncomingRequest;
use super::reply::{Content, Payload, problem};
use super::url::{BackendPath, BackendQuery};
use crate::app::access::{RequestContext, RequestOutcome};
use crate::domain::campaign::Package;
use crate::domain::check::Refusal;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::ids::CampaignId;
use crate::domain::operation::Operation;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::openapi::{self, content};
use crate::package::{Hash, Reader};
use body::{Transfer, layout};
use conditions::{ConditionResult, evaluate};
use monitor::TransferMonitor;
use permission::RequestedPackage;
pub(super) use permission::unavailable_refusal;
use ranges::{RangeChoice, choose};

/// `?terminal=`: the terminal whose campaign contains the package; the URLs in poll responses
/// include it. If omitted, the campaign of the certificate's or token's institution is used,
/// otherwise the notice's.
#[derive(Deserialize, JsonSchema)]
pub struct PackageQuery {
    terminal: Option<String>,
}

/// A package that can be sent: its metadata, its hash, and a reader of its bytes.
struct ServablePackage {
    package: Package,
    sha256: String,
    reader: Reader,
}

/// Adds what the signature of the request handler does not say.
pub fn describe(operation: &mut openapi::Operation<'_>) {
    let bytes = json!({ "type": "string", "contentMediaType": body::OCTET_STREAM });
    describe_delivery(operation);
    operation.catalogue_problems(&[
        ErrorId::UnknownPackage,
        ErrorId::WindowClosed,
        ErrorId::DistributionSuspended,
        ErrorId::PackagePreparing,
        ErrorId::PackageUnavailable,
        ErrorId::PreconditionFailed,
        ErrorId::RangeNotSatisfiable,
    ]);
    operation.response_content(200, "パッケージ全体。 The whole package.", content(body::OCTET_STREAM, bytes.clone()));
    let parts = json!({ body::OCTET_STREAM: { "schema": bytes.clone() }, "multipart/byteranges": { "schema": bytes } });
    operation.response_content(206, "指定された範囲。 The requested ranges.", parts);
    operation.no_content(304, "変更はありません。 Not modified.");
    for (name, about) in [
        ("ETag", "The SHA-256 of the whole package."),
        ("Accept-Ranges", "`bytes`"),
        ("Repr-Digest", "The SHA-256, if `Want-Repr-Digest` requests it."),
    ] {
        operation.response_header(200, name, about);
        operation.response_header(206, name, about);
    }
    for (name, about) in [
        ("Range", "One or several byte ranges: `bytes=0-1023`."),
        ("If-Range", "The ETag of the package to which the range applies."),
        ("If-None-Match", "The ETag of a copy that the client already has."),
        ("If-Match", "The expected ETag."),
        ("Want-Repr-Digest", "`sha-256=10`"),
    ] {
        operation.header(name, about);
    }
    operation.note("HEAD も使えます。 HEAD is also supported.");
}

/// Handles one request for a package.
pub async fn package(
    State(app): State<Arc<App>>,
    BackendPath((campaign, component, version)): BackendPath<(String, String, String)>,
    BackendQuery(query): BackendQuery<PackageQuery>,
    request: Request,
) -> Response {
    let incoming = IncomingRequest::without_body(&app, Operation::Package, request);
    let requested = RequestedPackage { campaign, component, version };
    let RequestOutcome { result, request_context } = find_package(&app, &incoming, query.terminal.as_deref(), &requested).await;
    let ready = match result {
        Ok((campaign, package)) => open_package(&app, &campaign, package).await,
        Err(refusal) => Err(refusal),
    };
    match ready {
        Ok(ready) => send_package(app, incoming, request_context, requested, ready).await,
        Err(refusal) => refuse(&app, incoming, request_context, &refusal).await,
    }
}

/// Returns the requested package if the caller may fetch it.
async fn find_package(
    app: &App,
    incoming: &IncomingRequest,
    terminal: Option<&str>,
    requested: &RequestedPackage,
) -> RequestOutcome<(CampaignId, Package)> {
    let shape = app.fixtures().invented.delivery.clone();
    if let Some(terminal) = terminal {
        // The caller need not be the terminal in the URL, but belongs to the same institution.
        return read_terminal(app, incoming, terminal, |admitted| {
            requested.find_permitted(admitted.institution(), admitted.terminal, admitted.moment.now, &shape)
        })
        .await;
    }
    match identify(app, incoming, None, TokenRule::Optional) {
        Err(unidentified) if unidentified.refusal.error != ErrorId::IdentityMissing => unidentified.into_outcome(),
        Err(_) => {
            let distributed = || requested.find_distributed(&app.fixtures().campaign, &shape);
            let result = certificate_if_required(app, incoming).and_then(|()| distributed());
            RequestOutcome { result, request_context: RequestContext::default() }
        }
        Ok(caller) => {
            let access = access(incoming, &caller);
            access
                .read(&app.institutions, |admitted| {
                    requested.find_permitted(admitted.institution(), admitted.terminal, admitted.moment.now, &shape)
                })
                .await
        }
    }
}

/// Opens a package. Refuses it while its hash is being computed, or if it cannot be read.
async fn open_package(app: &Arc<App>, campaign: &CampaignId, package: Package) -> Result<ServablePackage, Refusal> {
    let sha256 = match app.packages.hash(campaign, &package) {
        Hash::Known(sha256) => sha256,
        Hash::Computing => return Err(permission::preparing_refusal(&package, &app.fixtures().invented.delivery)),
        Hash::Failed(error) => return Err(unavailable_refusal(&package, &error)),
    };
    let content = app.packages.content(campaign, &package);
    let opened = tokio::task::spawn_blocking(move || content.open()).await.unwrap_or_else(|error| Err(error.into()));
    match opened {
        Ok(reader) => Ok(ServablePackage { package, sha256, reader }),
        Err(error) => Err(unavailable_refusal(&package, &error.to_string())),
    }
}

async fn send_package(
    app: Arc<App>,
    incoming: IncomingRequest,
    request_context: RequestContext,
    requested: RequestedPackage,
    ready: ServablePackage,
) -> Response {
    let size = ready.package.size;
    let etag = format!("\"{}\"", ready.sha256);
    let range = match evaluate(&incoming.method, &incoming.headers, &etag) {
        ConditionResult::Proceed { range } => range,
        ConditionResult::NotModified => {
            let content = with_common(Content::empty(StatusCode::NOT_MODIFIED), &etag);
            let why = Text::new("変更はありません（304）。", "Not modified (304).");
            return finish(&app, incoming, request_context, Completion::answered(content, why));
        }
        ConditionResult::Failed => {
            let detail = Text::new(format!("現在のタグは {etag} です。"), format!("The present tag is {etag}."));
            return refuse(&app, incoming, request_context, &Refusal::quoting(ErrorId::PreconditionFailed, detail)).await;
        }
    };
    let parts = match range.map_or(RangeChoice::Whole, |text| choose(&text, size)) {
        RangeChoice::Whole => Vec::new(),
        RangeChoice::Parts(parts) => parts,
        RangeChoice::Nothing => return unsatisfiable(&app, incoming, request_context, size).await,
    };
    let status = if parts.is_empty() { StatusCode::OK } else { StatusCode::PARTIAL_CONTENT };
    let boundary = format!("onshi-mock-{}", ready.sha256.chars().take(24).collect::<String>());
    let (pieces, length) = layout(&parts, size, &boundary);
    let mut content = with_common(Content::empty(status), &etag);
    describe_body(&mut content.headers, &parts, length, size, &boundary);
    if conditions::wants_digest(&incoming.headers) {
        digest(&mut content.headers, &ready.sha256);
    }
    if incoming.method != Method::HEAD {
        let monitor = TransferMonitor::new(TransferRecord::new(Arc::clone(&app), &incoming, &request_context), requested);
        content.body = Payload::Stream(Body::from_stream(Transfer::new(ready.reader, pieces, monitor).stream()));
    }
    let why = Text::new(format!("{length} バイトを送ります。"), format!("{length} bytes are sent."));
    finish(&app, incoming, request_context, Completion::answered(content, why))
}

/// Sets the headers that describe the body: the whole package, one range, or several.
fn describe_body(headers: &mut HeaderMap, parts: &[Range<u64>], length: u64, size: u64, boundary: &str) {
    let content_type = match parts {
        [] | [_] => HeaderValue::from_static(body::OCTET_STREAM),
        _ => ascii(&format!("multipart/byteranges; boundary={boundary}")),
    };
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    if let [part] = parts {
        headers.insert(CONTENT_RANGE, ascii(&body::content_range(part, size)));
    }
}

/// Sets the digest. It covers the whole package, even if only a range is sent (RFC 9530).
fn digest(headers: &mut HeaderMap, sha256: &str) {
    let byte = |at: usize| sha256.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let bytes: Option<Vec<u8>> = (0..sha256.len()).step_by(2).map(byte).collect();
    if let Some(bytes) = bytes {
        headers.insert("repr-digest", ascii(&format!("sha-256=:{}:", BASE64_STANDARD.encode(bytes))));
    }
}

async fn unsatisfiable(app: &App, incoming: IncomingRequest, request_context: RequestContext, size: u64) -> Response {
    let detail = Text::new(format!("サイズは {size} バイトです。"), format!("It has {size} bytes."));
    let refusal = Refusal::quoting(ErrorId::RangeNotSatisfiable, detail);
    let entry = catalogue_entry(app, request_context.institution.as_ref(), refusal.error).await;
    let mut content = problem(&incoming, &refusal, &entry);
    content.headers.insert(CONTENT_RANGE, ascii(&format!("bytes */{size}")));
    finish(app, incoming, request_context, Completion::refused(content, &refusal, &entry))
}

fn with_common(mut content: Content, etag: &str) -> Content {
    content.headers.insert(ETAG, ascii(etag));
    content.headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    content
}

fn ascii(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("hashes, numbers and units are visible ASCII")
}
