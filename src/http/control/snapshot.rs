//! Snapshots of an institution, and their restoration.

use std::borrow::Cow;
use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest, Request, State};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::Value;

use super::actions::Nothing;
use super::input::{Input, InstitutionPath, no_institution};
use super::view::InstitutionView;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::body;
use crate::http::openapi::{DescribedInput, Operation};
use crate::http::problem::Problem;
use crate::institutions::Snapshot;
use crate::json::parse_json;
use crate::listener::BodyLimits;

/// The maximum size of a snapshot in bytes; a larger `--max-body` takes precedence.
const MAX_SNAPSHOT_SIZE: usize = 16 * 1024 * 1024;

/// A snapshot as a document, which clients return unchanged.
#[derive(Serialize)]
pub struct SnapshotDocument(Value);

impl JsonSchema for SnapshotDocument {
    fn schema_name() -> Cow<'static, str> {
        "Snapshot".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "スナップショット。保存して、変更せずに送ってください。 A snapshot. Store it, and send it back unchanged.",
            "type": "object",
            "properties": {
                "snapshot": { "description": "何のスナップショットか。 The kind of object in the snapshot.", "type": "string" },
                "format": { "description": "形式の番号。 The number of the format.", "type": "integer", "minimum": 1 },
                "version": { "description": "取得したプログラムのバージョン。 The version of the program that took the snapshot.", "type": "string" },
                "code": { "description": "医療機関コード。 The code of the institution.", "type": "string" },
                "taken": { "description": "取得した時刻（医療機関の時計）。 The time of the snapshot, by the institution's clock.", "type": "string", "format": "date-time" },
                "state": { "description": "医療機関の状態（形式は公開していません）。 The state of the institution, in a format that is not public.", "type": "object" },
                "sha256": { "description": "改変を検出するための値。 The hash that detects changes.", "type": "string" },
            },
            "required": ["snapshot", "format", "version", "code", "taken", "state", "sha256"],
        })
    }
}

/// A snapshot as a request body. It may be larger than other bodies.
pub struct SnapshotInput(Value);

impl DescribedInput for SnapshotInput {
    fn describe(operation: &mut Operation<'_>) {
        operation.request_body::<SnapshotDocument>();
        [400, 408, 413, 415, 422].into_iter().for_each(|status| operation.problem(status));
    }
}

impl FromRequest<Arc<App>> for SnapshotInput {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let limits = BodyLimits { max: app.body.max.max(MAX_SNAPSHOT_SIZE), ..app.body };
        let bytes = body::read(body, &parts.headers, limits).await?;
        Ok(Self(parse_json(&bytes)?))
    }
}

/// `POST …/snapshot`: returns the snapshot.
///
/// # Errors
/// No such institution.
pub async fn take_snapshot(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Input(Nothing {}): Input<Nothing>,
) -> Result<Json<SnapshotDocument>, Problem> {
    let taken = app.institutions.read(&code, |tenant, moment| Snapshot::take(tenant, moment.now));
    Ok(Json(SnapshotDocument(taken.await?.ok_or_else(|| no_institution(&code))?.document())))
}

/// `POST …/restore`: restores the institution from the snapshot. It keeps its own code.
///
/// # Errors
/// No such institution, or a document that is not a snapshot or was modified. The institution is
/// then unchanged.
pub async fn restore_snapshot(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    SnapshotInput(document): SnapshotInput,
) -> Result<Json<InstitutionView>, Problem> {
    let snapshot = Snapshot::read(document).map_err(|error| Problem::field(error.pointer, error.text))?;
    let restored = app.institutions.restore(&code, &snapshot, |tenant, moment| InstitutionView::new(&app, tenant, moment)).await?;
    let view = restored.ok_or_else(|| {
        no_institution(&code).remedy(Text::new(
            "先に POST /v1/institutions で医療機関を作成してください",
            "Create the institution first with POST /v1/institutions",
        ))
    })?;
    app.linkage.prepare(view.addresses()).await;
    Ok(Json(view))
}
