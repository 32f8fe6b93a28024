//! Snapshots of an institution, and going back to one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use serde_json::{Map, Value};

use super::actions::Nothing;
use super::input::{Code, Input, no_institution};
use super::institutions::shown;
use super::view::InstitutionView;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body;
use crate::http::openapi::{Operation, Takes};
use crate::http::problem::Problem;
use crate::institutions::Snapshot;
use crate::json::parse_json;
use crate::listener::BodyLimits;

/// The most bytes of a snapshot; `--max-body` where that is more.
const MAX_SNAPSHOT: usize = 16 * 1024 * 1024;

/// A snapshot as the body of a request: larger than others.
pub struct Document(Value);

impl Takes for Document {
    fn describe(operation: &mut Operation<'_>) {
        operation.takes::<Map<String, Value>>();
        [400, 408, 413, 415, 422].into_iter().for_each(|status| operation.refuses(status));
    }
}

impl FromRequest<Arc<App>> for Document {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let limits = BodyLimits { max: app.body.max.max(MAX_SNAPSHOT), ..app.body };
        let bytes = body::read(body, &parts.headers, limits).await?;
        Ok(Self(parse_json(&bytes)?))
    }
}

/// `POST …/snapshot`: answers the document.
///
/// # Errors
/// No such institution.
pub async fn take_snapshot(
    State(app): State<Arc<App>>,
    Code(code): Code,
    Input(Nothing {}): Input<Nothing>,
) -> Result<Json<Value>, Problem> {
    let taken = app.institutions.look(&code, |tenant, moment| Snapshot::take(tenant, moment.now));
    Ok(Json(taken.await?.ok_or_else(|| no_institution(&code))?.document()))
}

/// `POST …/restore`: the institution becomes what the document has, under its own code.
///
/// # Errors
/// No such institution, or a document that is no snapshot or was changed; nothing has changed then.
pub async fn restore_snapshot(
    State(app): State<Arc<App>>,
    Code(code): Code,
    Document(document): Document,
) -> Result<Json<InstitutionView>, Problem> {
    let snapshot = Snapshot::read(document).map_err(|error| Problem::field(error.pointer, error.text))?;
    let restored = app.institutions.restore(&code, &snapshot, |tenant, moment| shown(&app, tenant, moment)).await?;
    let view = restored.ok_or_else(|| {
        no_institution(&code).remedy(Text::new(
            "先に POST /v1/institutions で医療機関を作成してください",
            "Create the institution first with POST /v1/institutions",
        ))
    })?;
    app.linkage.prepare(view.addresses()).await;
    Ok(Json(view))
}
