//! The faults of an institution: lists them with their counters, adds one or those of a profile,
//! and deletes them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::header::LOCATION;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, NoContent, Response};
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::input::{Input, InstitutionPath, no_institution, path_parameter};
use crate::domain::fault::{CountedFault, FaultDefinition, FaultError, Faults};
use crate::domain::ids::{FaultId, InstitutionCode, TerminalId};
use crate::domain::japan;
use crate::domain::text::Text;
use crate::fixtures::Profile;
use crate::http::app::App;
use crate::http::openapi::{DescribedInput, JSON, Operation, content};
use crate::http::problem::Problem;
use crate::json::parse_value;

/// A fault in responses: its definition, and its effect so far.
#[derive(Serialize, JsonSchema)]
pub struct FaultView {
    #[serde(flatten)]
    given: FaultDefinition,
    /// The number of requests counted since the fault was added.
    counted: u64,
    /// The number of times that the fault has fired.
    fired: u64,
    /// Whether the fault cannot fire any more, because `nth` or `times` is used up.
    spent: bool,
}

/// All faults of an institution, in the order in which they were added.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FaultListing")]
pub struct FaultList {
    /// The seed of random choices, which is combined with the institution's code.
    seed: u64,
    faults: Vec<FaultView>,
}

/// The result of applying a profile.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unleashed")]
struct AppliedProfile {
    profile: FaultId,
    title: Text,
    institution: InstitutionCode,
    seed: u64,
    faults: Vec<FaultView>,
}

/// `{"profile": "chaos"}`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ByName {
    profile: String,
}

/// A fault, or the name of a profile.
#[derive(Deserialize)]
#[serde(transparent)]
pub struct FaultInput(Map<String, Value>);

impl JsonSchema for FaultInput {
    fn schema_name() -> Cow<'static, str> {
        "FaultInput".into()
    }

    fn json_schema(schemas: &mut SchemaGenerator) -> Schema {
        let (fault, by_name) = (schemas.subschema_for::<FaultDefinition>(), schemas.subschema_for::<ByName>());
        json_schema!({
            "description": "A fault, or the name of a profile.",
            "anyOf": [fault, by_name],
            "examples": [{ "kind": "delay", "delay": "PT3S", "operation": "search", "nth": 1 }, { "profile": "chaos" }],
        })
    }
}

/// Adds what the signature of [`add_fault`] does not say.
pub fn describe_added_fault(operation: &mut Operation<'_>) {
    let (one, several) = (operation.schema::<FaultView>(), operation.schema::<AppliedProfile>());
    operation.response_content(201, "The fault, or the faults of the profile.", content(JSON, json!({ "anyOf": [one, several] })));
    operation.response_header(201, "Location", "The path of the created resource.");
}

/// The institution and the fault in the path. They may not exist.
pub struct FaultAddress(InstitutionCode, FaultId);

impl<S: Send + Sync> FromRequestParts<S> for FaultAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let InstitutionPath(code) = InstitutionPath::from_request_parts(parts, state).await?;
        path_parameter(parts, state, "fault", FaultId::parse).await.map(|fault| Self(code, fault))
    }
}

impl DescribedInput for FaultAddress {
    fn describe(operation: &mut Operation<'_>) {
        InstitutionPath::describe(operation);
    }
}

/// `GET …/faults`.
///
/// # Errors
/// No such institution.
pub async fn list_faults(State(app): State<Arc<App>>, InstitutionPath(code): InstitutionPath) -> Result<Json<FaultList>, Problem> {
    let listing = app.institutions.read(&code, |tenant, _| {
        let institution = &tenant.institution;
        Json(FaultList { seed: institution.presentation.seed, faults: views(&institution.faults) })
    });
    listing.await?.ok_or_else(|| no_institution(&code))
}

/// `POST …/faults`: adds one fault, or those of a profile; 201.
///
/// # Errors
/// No such institution, an ID that is in use, too many faults, or an invalid fault.
pub async fn add_fault(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Input(FaultInput(input)): Input<FaultInput>,
) -> Result<Response, Problem> {
    if input.contains_key("profile") {
        let ByName { profile } = parse_value(Value::Object(input), "")?;
        return apply_profile(&app, code, &profile).await;
    }
    let given: FaultDefinition = parse_value(Value::Object(input), "")?;
    let added = app.institutions.update(&code, |tenant, moment| {
        let institution = &mut tenant.institution;
        check_fits(&given, &institution.terminals.keys().collect(), moment.now)?;
        institution.faults.add(given.clone()).map(FaultView::of).map_err(Problem::from)
    });
    let view = added.await?.ok_or_else(|| no_institution(&code))??;
    let id = view.given.id.as_ref().map_or("", FaultId::as_str);
    let location = format!("/v1/institutions/{code}/faults/{id}");
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(view)).into_response())
}

/// Adds the faults of a profile.
async fn apply_profile(app: &App, code: InstitutionCode, name: &str) -> Result<Response, Problem> {
    let fixtures = app.fixtures();
    let profile = fixtures.chaos.iter().find(|profile| profile.name.as_str() == name).ok_or_else(|| unknown_profile(app, name))?;
    let added = app.institutions.update(&code, |tenant, _| {
        let institution = &mut tenant.institution;
        let before = institution.faults.iter().count();
        add_profile(&mut institution.faults, profile)?;
        let faults = institution.faults.iter().skip(before).map(FaultView::of).collect();
        Ok::<_, Problem>((institution.presentation.seed, faults))
    });
    let (seed, faults) = added.await?.ok_or_else(|| no_institution(&code))??;
    tracing::info!(institution = code.as_str(), profile = name, seed, "障害のプロファイルを設定しました / a profile of faults was set");
    let location = HeaderValue::from_str(&format!("/v1/institutions/{code}/faults")).expect("a code is digits");
    let answer = AppliedProfile { profile: profile.name.clone(), title: profile.title.clone(), institution: code, seed, faults };
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(answer)).into_response())
}

fn add_profile(faults: &mut Faults, profile: &Profile) -> Result<(), Problem> {
    let mut with_profile = faults.clone();
    for given in &profile.faults {
        with_profile.add_as(profile.name.as_str(), given.clone())?;
    }
    *faults = with_profile;
    Ok(())
}

/// `DELETE …/faults`: deletes all faults; 204.
///
/// # Errors
/// No such institution.
pub async fn delete_faults(State(app): State<Arc<App>>, InstitutionPath(code): InstitutionPath) -> Result<NoContent, Problem> {
    let deleted = app.institutions.update(&code, |tenant, _| tenant.institution.faults = Faults::default());
    deleted.await?.map(|()| NoContent).ok_or_else(|| no_institution(&code))
}

/// `GET …/faults/{id}`.
///
/// # Errors
/// No such institution or fault.
pub async fn read_fault(State(app): State<Arc<App>>, FaultAddress(code, id): FaultAddress) -> Result<Json<FaultView>, Problem> {
    let found = app.institutions.read(&code, |tenant, _| tenant.institution.faults.find(&id).map(FaultView::of));
    let view = found.await?.ok_or_else(|| no_institution(&code))?.ok_or_else(|| no_fault(&code, &id))?;
    Ok(Json(view))
}

/// `DELETE …/faults/{id}`; 204.
///
/// # Errors
/// No such institution or fault.
pub async fn delete_fault(State(app): State<Arc<App>>, FaultAddress(code, id): FaultAddress) -> Result<NoContent, Problem> {
    let deleted = app.institutions.update(&code, |tenant, _| tenant.institution.faults.remove(&id));
    let existed = deleted.await?.ok_or_else(|| no_institution(&code))?;
    if existed { Ok(NoContent) } else { Err(no_fault(&code, &id)) }
}

/// Returns the faults of a list, which replace all previous ones; `now` is the time by the
/// institution's clock.
pub(super) fn faults_of(list: Vec<FaultDefinition>, terminals: &BTreeSet<&TerminalId>, now: Timestamp) -> Result<Faults, Problem> {
    let mut faults = Faults::default();
    for (i, given) in list.into_iter().enumerate() {
        let added = check_fits(&given, terminals, now).and_then(|()| faults.add(given).map(drop).map_err(Problem::from));
        added.map_err(|problem| problem.with_pointer_prefix(&format!("/faults/{i}")))?;
    }
    Ok(faults)
}

/// Converts the faults for the response.
pub(super) fn views(faults: &Faults) -> Vec<FaultView> {
    faults.iter().map(FaultView::of).collect()
}

impl FaultView {
    fn of(set: &CountedFault) -> Self {
        Self { given: set.fault.clone().into(), counted: set.counted, fired: set.fired, spent: set.is_exhausted() }
    }
}

impl From<FaultError> for Problem {
    fn from(FaultError { pointer, text }: FaultError) -> Self {
        Self::field(pointer, text)
    }
}

fn check_fits(given: &FaultDefinition, terminals: &BTreeSet<&TerminalId>, now: Timestamp) -> Result<(), Problem> {
    check_terminal_exists(given, terminals)?;
    check_not_past(given, now)
}

fn check_terminal_exists(given: &FaultDefinition, terminals: &BTreeSet<&TerminalId>) -> Result<(), Problem> {
    let Some(terminal) = given.terminal.as_ref().filter(|terminal| !terminals.contains(terminal)) else {
        return Ok(());
    };
    let known: Vec<&str> = terminals.iter().map(|terminal| terminal.as_str()).collect();
    let detail = Text::new(format!("端末 {terminal} はありません。"), format!("There is no terminal {terminal}."));
    Err(Problem::field("/terminal", detail).expected(known.join(", ")))
}

fn check_not_past(given: &FaultDefinition, now: Timestamp) -> Result<(), Problem> {
    let Some(expires) = given.expires.filter(|expires| *expires <= now) else {
        return Ok(());
    };
    let (expires, now) = (japan::to_the_second(expires), japan::to_the_second(now));
    let detail = Text::new(
        format!("医療機関の時計は {now} で、期限 {expires} を過ぎているため、この障害は一度も発生しません。"),
        format!("The institution's clock shows {now}, and the fault is over at {expires}: it would never fire."),
    );
    Err(Problem::field("/expires", detail).expected(format!("later than {now}")).remedy(Text::new(
        "時計より後の時刻を指定してください。時計を戻す場合は、先に PUT …/clock で設定してください",
        "Give a later time; if the clock is to be set back, set it first (PUT …/clock)",
    )))
}

fn unknown_profile(app: &App, name: &str) -> Problem {
    let fixtures = app.fixtures();
    let known: Vec<&str> = fixtures.chaos.iter().map(|profile| profile.name.as_str()).collect();
    let name: String = name.chars().take(40).collect();
    let detail = Text::new(format!("プロファイル「{name}」はありません。"), format!("There is no profile `{name}`."));
    Problem::field("/profile", detail).expected(known.join(", "))
}

fn no_fault(code: &InstitutionCode, id: &FaultId) -> Problem {
    Problem::not_found(Text::new(format!("医療機関 {code} に障害 {id} はありません。"), format!("Institution {code} has no fault {id}.")))
        .remedy(Text::new("GET …/faults で一覧を確認してください", "See GET …/faults"))
}
