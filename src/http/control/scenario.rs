//! Scenarios: lists them, and applies one to an institution.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::input::{Input, InstitutionPath, no_institution, scenario_of};
use super::view::InstitutionView;
use crate::domain::ids::ScenarioId;
use crate::domain::japan;
use crate::domain::scenario::{About, Restarts, Scenario};
use crate::domain::text::Text;
use crate::domain::timeline::ScheduledStep;
use crate::http::app::App;
use crate::http::problem::Problem;

/// `{"id": …}`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({"id": "happy-morning"}), example = json!({"id": "installed-not-restarted", "restarts": "manual"}))]
pub struct ScenarioInput {
    id: ScenarioId,
    /// What restarts the terminals of the scenario.
    #[serde(default)]
    restarts: Restarts,
}

/// All scenarios.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ScenarioListing")]
pub struct ScenarioList {
    scenarios: Vec<ScenarioSummary>,
}

/// A scenario, without its setup.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ToldScenario")]
struct ScenarioSummary {
    id: ScenarioId,
    #[serde(flatten)]
    about: About,
}

/// The progress of an institution in its scenario.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Standing")]
pub struct ScenarioStatus {
    id: ScenarioId,
    /// None where the fixtures have it no longer.
    #[serde(flatten)]
    about: Option<About>,
    /// The time of the next step.
    #[serde(serialize_with = "japan::serialize_option")]
    next: Option<Timestamp>,
    timeline: Vec<ScheduledStep>,
}

/// `GET /v1/scenarios`.
pub async fn list_scenarios(State(app): State<Arc<App>>) -> Json<ScenarioList> {
    let summary = |scenario: &Scenario| ScenarioSummary { id: scenario.id.clone(), about: scenario.about.clone() };
    Json(ScenarioList { scenarios: app.fixtures().scenarios.iter().map(summary).collect() })
}

/// `GET …/scenario`.
///
/// # Errors
/// No such institution, or no scenario was applied to it.
pub async fn read_scenario(State(app): State<Arc<App>>, InstitutionPath(code): InstitutionPath) -> Result<Json<ScenarioStatus>, Problem> {
    let timeline = app.institutions.read(&code, |tenant, _| tenant.institution.scenario.clone());
    let timeline = timeline.await?.ok_or_else(|| no_institution(&code))?.ok_or_else(|| {
        let detail = Text::new("シナリオは設定されていません。", "The institution is set to no scenario.");
        Problem::not_found(detail).remedy(Text::new("PUT …/scenario で設定してください", "Set one with PUT …/scenario"))
    })?;
    let about = app.fixtures().scenarios.find(&timeline.id).map(|scenario| scenario.about.clone());
    let next = timeline.next().map(|(_, step)| step.at);
    Ok(Json(ScenarioStatus { id: timeline.id.clone(), about, next, timeline: timeline.steps().to_vec() }))
}

/// `PUT …/scenario`: recreates the institution in the initial state of the scenario, with an empty
/// journal. A reset returns it to that state.
///
/// # Errors
/// No such institution or scenario.
pub async fn set_scenario(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Input(input): Input<ScenarioInput>,
) -> Result<Json<InstitutionView>, Problem> {
    let fixtures = app.fixtures();
    let scenario = scenario_of(&fixtures.scenarios, &input.id, "/id")?.with_restarts(input.restarts);
    let staged =
        app.institutions.apply_scenario(&code, |spec| scenario.apply_to(spec), |tenant, moment| InstitutionView::new(&app, tenant, moment));
    let view = staged.await?.ok_or_else(|| no_institution(&code))??;
    app.linkage.prepare(view.addresses()).await;
    Ok(Json(view))
}
