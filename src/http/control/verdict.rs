//! `GET …/verdict`: the judgement on the institution's clients, as JSON, JUnit XML or a page, by `format` or `Accept`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::input::{Asked, Code, no_institution};
use crate::domain::ids::InstitutionCode;
use crate::http::app::App;
use crate::http::negotiation::{APPLICATION_XML, JSON, TEXT_HTML, TEXT_XML, preferred};
use crate::http::openapi::{self, Operation, XML};
use crate::http::problem::Problem;
use crate::institutions::Tenant;
use crate::journal::KEPT_ENTRIES;
use crate::store::StoreError;
use crate::verdict::{Event, Evidence, Listed, Observation, Scenario, Verdict, exchanges, judge, junit, page};

/// The fields of the verdict's URL.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerdictQuery {
    /// `json`, `junit` or `html`, whatever `Accept` names.
    format: Option<Form>,
}

/// A form of the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "VerdictForm")]
enum Form {
    Json,
    Junit,
    Html,
}

/// What its signature does not say.
pub fn describe_verdict(operation: &mut Operation<'_>) {
    let verdict = operation.schema::<Verdict>();
    let text = json!({ "schema": { "type": "string" } });
    let forms = json!({ openapi::JSON: { "schema": verdict }, XML: text, "text/html": text });
    operation.answers_content(
        200,
        "判定（format か Accept で JSON・JUnit XML・ページ）。 The verdict as JSON, JUnit XML or a page, as `format` or Accept names.",
        forms,
    );
}

/// `GET …/verdict`.
///
/// # Errors
/// No such institution, no such format, or a store that does not work.
pub async fn verdict(
    State(app): State<Arc<App>>,
    Code(code): Code,
    Asked(query): Asked<VerdictQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let evidence = evidence(&app, &code).await?.ok_or_else(|| no_institution(&code))?;
    let verdict = judge(&evidence);
    let (content_type, body) = match query.format.unwrap_or_else(|| Form::wanted(&headers)) {
        Form::Json => ("application/json", verdict.json()),
        Form::Junit => ("application/xml;charset=UTF-8", junit(&verdict)),
        Form::Html => ("text/html;charset=UTF-8", page(&verdict)),
    };
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    Ok(([(CONTENT_TYPE, content_type), (VARY, "Accept"), (CONTENT_SECURITY_POLICY, policy)], body).into_response())
}

/// What is known of an institution's clients; none if there is no such institution. What happened is read before the requests, so that no event is
/// there without the requests that came before it.
async fn evidence(app: &App, code: &InstitutionCode) -> Result<Option<Evidence>, StoreError> {
    let Some(stage) = stage(app, code).await? else {
        return Ok(None);
    };
    let Some(page) = app.institutions.entries(code, KEPT_ENTRIES).await? else {
        return Ok(None);
    };
    let listed = page.entries.iter().map(|kept| {
        let listed = crate::journal::Listed::new(kept, false);
        listed.and_then(|listed| Listed::deserialize(listed.value()).ok()).ok_or_else(|| unreadable(code, &kept.body))
    });
    let journal = exchanges(listed.collect::<Result<Vec<_>, _>>()?);
    Ok(Some(Evidence { evicted: page.evicted, incomplete: !page.complete, journal, ..stage }))
}

/// The evidence without requests.
async fn stage(app: &App, code: &InstitutionCode) -> Result<Option<Evidence>, StoreError> {
    let fixtures = app.fixtures();
    let seen = app.institutions.look(code, |tenant, _| {
        let institution = &tenant.institution;
        let events = institution.events.kept().map(|event| read(code, event));
        let observations = institution.observations.kept().map(|observation| read(code, observation));
        Ok::<_, StoreError>(Evidence {
            institution: code.to_string(),
            strictness: app.strictness,
            scenario: scenario(app, tenant),
            scenarios: fixtures.scenarios.iter().map(|scenario| (scenario.id.to_string(), tenant.met.contains(&scenario.id))).collect(),
            evicted: 0,
            evicted_events: institution.events.evicted(),
            evicted_observations: institution.observations.evicted(),
            incomplete: false,
            journal: Vec::new(),
            events: events.collect::<Result<Vec<Event>, _>>()?,
            observations: observations.collect::<Result<Vec<Observation>, _>>()?,
        })
    });
    seen.await?.transpose()
}

/// What the judge takes of something that is written as JSON.
fn read<T: DeserializeOwned>(code: &InstitutionCode, written: &impl Serialize) -> Result<T, StoreError> {
    let written = serde_json::to_value(written).unwrap_or_default();
    T::deserialize(&written).map_err(|_| unreadable(code, &written.to_string()))
}

fn unreadable(code: &InstitutionCode, written: &str) -> StoreError {
    StoreError::unreadable(&format!("{code} evidence"), written)
}

/// What the scenario that the institution is in wants of a client.
fn scenario(app: &App, tenant: &Tenant) -> Option<Scenario> {
    let timeline = tenant.institution.scenario.as_ref()?;
    let fixtures = app.fixtures();
    let wants = &fixtures.scenarios.find(&timeline.id)?.about.wants;
    let profiles = wants.profiles.iter().filter_map(|profile| Some(serde_json::to_value(profile).ok()?.as_str()?.to_owned()));
    Some(Scenario {
        id: timeline.id.to_string(),
        rules: wants.rules.clone(),
        limits: wants.limits.clone(),
        profiles: profiles.collect(),
        check: wants.check,
    })
}

impl Form {
    /// The one that `Accept` prefers; JSON where it names none.
    fn wanted(headers: &HeaderMap) -> Self {
        let forms = [(JSON, Self::Json), (APPLICATION_XML, Self::Junit), (TEXT_XML, Self::Junit), (TEXT_HTML, Self::Html)];
        preferred(headers, &forms)
    }
}
