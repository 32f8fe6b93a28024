//! The active fixtures: shows them, and replaces them. They are sent as content, since the server
//! reads no path that a client names.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::NoContent;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::input::Input;
use crate::app::PutFixturesError;
use crate::domain::japan;
use crate::domain::text::Text;
use crate::fixtures::{Finding, Findings, Fixtures, Origin, Texts};
use crate::http::app::App;
use crate::http::problem::Problem;

/// The maximum number of findings in a response.
const MAX_LISTED_ERRORS: usize = 100;

/// The file contents by file name. For an omitted file, the compiled-in one is used.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({"files": {}}), example = json!({"files": {"scenarios/our-own.toml": EXAMPLE_SCENARIO}}))]
pub struct FixturesInput {
    /// File names: `campaign.toml`, `institutions.toml`, `persons.toml`, `errors.toml`,
    /// `call-centre.toml`, `invented.toml`, `chaos.toml`, `scenarios/NAME.toml`.
    files: Texts,
}

/// A minimal scenario, as an example.
const EXAMPLE_SCENARIO: &str = r#"title = { ja = "自院のリハーサル", en = "A rehearsal of our own" }
teaches = { ja = "再起動前の資格確認は失敗します。", en = "Before the restart the check fails." }
source = "N5"
clock = { mode = "frozen", now = "2026-01-20T09:00:00+09:00" }
terminals.T1 = { starts = "pending", polling = false }
"#;

/// The fixtures in use.
#[derive(Serialize, JsonSchema)]
pub struct FixturesView {
    /// The origin of the fixtures that are not compiled in.
    origin: OriginName,
    /// The time at which the fixtures were replaced.
    #[serde(serialize_with = "japan::serialize_option")]
    put: Option<Timestamp>,
    /// Warnings about data that could be real. Only in the response to a replacement.
    warnings: Vec<Finding>,
    /// The content of every file. This value can be used in a PUT.
    files: Texts,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "FixturesOrigin")]
enum OriginName {
    /// Compiled into the program.
    CompiledIn,
    /// The directory of `--fixtures DIR`, as it was at the start.
    Directory,
    /// Set by `PUT /v1/fixtures`.
    Put,
}

/// `GET /v1/fixtures`.
pub async fn read_fixtures(State(app): State<Arc<App>>) -> Json<FixturesView> {
    fixtures_view(&app.fixtures(), Vec::new())
}

/// `PUT /v1/fixtures`: replaces all fixtures, or none if anything is wrong.
///
/// # Errors
/// The fixtures are wrong; each finding names file and line. Or the store does not work.
pub async fn put_fixtures(
    State(app): State<Arc<App>>,
    Input(FixturesInput { files }): Input<FixturesInput>,
) -> Result<Json<FixturesView>, Problem> {
    let put = app.put_fixtures(files).await;
    let (fixtures, Findings { warnings, .. }) = put.map_err(|error| match error {
        PutFixturesError::Wrong(findings) => invalid_fixtures(findings.errors),
        PutFixturesError::Store(error) => error.into(),
        PutFixturesError::Clock(error) => error.into(),
    })?;
    Ok(fixtures_view(&fixtures, warnings))
}

/// `DELETE /v1/fixtures`: restores the initial fixtures.
///
/// # Errors
/// The store does not work.
pub async fn delete_fixtures(State(app): State<Arc<App>>) -> Result<NoContent, Problem> {
    app.reset_fixtures().await?;
    Ok(NoContent)
}

fn fixtures_view(fixtures: &Fixtures, warnings: Vec<Finding>) -> Json<FixturesView> {
    let (origin, put) = match &fixtures.origin {
        Origin::CompiledIn => (OriginName::CompiledIn, None),
        Origin::Directory => (OriginName::Directory, None),
        Origin::Put { at, .. } => (OriginName::Put, Some(*at)),
    };
    Json(FixturesView { origin, put, warnings, files: fixtures.files.clone() })
}

fn invalid_fixtures(mut errors: Vec<Finding>) -> Problem {
    let count = errors.len();
    errors.truncate(MAX_LISTED_ERRORS);
    let title = Text::new("フィクスチャが正しくありません", "The fixtures are wrong");
    let first = errors.first().map(ToString::to_string).unwrap_or_default();
    let detail = Text::new(
        format!("{count} 件の誤りがあり、何も変更していません。最初の誤り：{first}"),
        format!("Errors: {count}; nothing has changed. The first: {first}"),
    );
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "fixtures", title, detail).with_pointer("/files").findings(errors).remedy(Text::new(
        "findings のファイルと行を直して、もう一度送ってください。手元では onshi-mock check-fixtures DIR で同じ確認ができます",
        "Correct what findings name by file and line, and put them again; onshi-mock check-fixtures DIR says the same of a directory",
    ))
}
