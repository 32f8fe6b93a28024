//! Institutions: creates them from a template, reads, changes, resets and deletes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::actions::Nothing;
use super::campaign::{CampaignInput, campaign_of};
use super::faults::faults_of;
use super::input::{Input, InstitutionPath, no_institution, scenario_of};
use super::output::Created;
use super::patch::{Patch, merged};
use super::persons::checked_persons;
use super::rehearsal;
use super::terminals::checked_settings;
use super::view::InstitutionView;
use crate::domain::clock::ClockSetting;
use crate::domain::error_catalogue::{Catalogue, ErrorId};
use crate::domain::error_presentation::{ErrorPresentation, ErrorProfile, Replacement, WireQuirks};
use crate::domain::fault::FaultDefinition;
use crate::domain::ids::{InstitutionCode, ScenarioId, TerminalId};
use crate::domain::institution::{InstitutionSpec, MAX_TERMINALS};
use crate::domain::period::Period;
use crate::domain::person::Person;
use crate::domain::readings::Readings;
use crate::domain::rehearsal::Rehearsal;
use crate::domain::scenario::Restarts;
use crate::domain::terminal::Settings;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::institutions::CreateError;

/// The definition of a new institution.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({"template": "9910000075", "clock": {"mode": "frozen", "now": "2026-01-19T19:00:00+09:00"}}), example = json!({"template": "9910000075", "name": {"ja": "試験クリニック", "en": "Test clinic"}, "campaign": {"starts": "tonight"}, "error_profile": "http", "errors": {"restart_required": {"code": "ABCD0123E"}}, "seed": 7, "terminals": {"T1": {"automatic_restart": "06:30"}, "T2": {"starts": "pending"}}, "expires_after": "PT1H"}))]
pub struct CreateInput {
    /// The institution of the fixtures that is copied.
    template: InstitutionCode,
    /// The scenario that is applied first; other fields override it.
    scenario: Option<ScenarioId>,
    /// What restarts the terminals of the scenario.
    #[serde(default)]
    restarts: Restarts,
    /// The institution's code. If omitted, an unused one is assigned.
    code: Option<InstitutionCode>,
    /// The name.
    name: Option<Text>,
    /// The clock.
    clock: Option<ClockSetting>,
    /// The terminal that is assumed if neither certificate nor token names one.
    default_terminal: Option<TerminalId>,
    /// The institution's interpretation of what the notice leaves open.
    #[serde(default)]
    readings: Patch<Readings>,
    /// The campaign. If omitted, it is the notice's campaign.
    campaign: Option<CampaignInput>,
    /// The institution's own persons, which replace those of the fixtures.
    #[serde(default)]
    #[schemars(with = "Option<Vec<Person>>")]
    persons: Value,
    /// The seed of random choices and of the element order `shuffled`.
    seed: Option<u64>,
    /// The form in which the errors of a check are returned.
    error_profile: Option<ErrorProfile>,
    /// Replacements of entries of the error catalogue.
    #[serde(default)]
    errors: BTreeMap<ErrorId, Option<Patch<Replacement>>>,
    /// Variations of the responses that a client must tolerate.
    #[serde(default)]
    wire: Patch<WireQuirks>,
    /// The terminals: they are added to the template's, or override their settings.
    #[serde(default)]
    terminals: BTreeMap<TerminalId, Patch<Settings>>,
    /// The faults.
    faults: Option<Vec<FaultDefinition>>,
    /// The product under test and its tester, for the report.
    #[serde(default)]
    rehearsal: Patch<Rehearsal>,
    /// The lifetime by the machine's clock, after which it is deleted: at least one second.
    expires_after: Option<Period>,
}

/// The settings of an institution that can be changed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({"error_profile": "http"}), example = json!({"rehearsal": {"product": "模擬レセコン", "version": "1.2.0", "tester": "品質保証部"}}), example = json!({"readings": {"card_while_pending": "error_file"}, "wire": {"unknown_elements": true}}))]
pub struct PatchInput {
    /// The name.
    name: Option<Text>,
    /// The terminal that is assumed if neither certificate nor token names one.
    default_terminal: Option<TerminalId>,
    /// The institution's interpretation of what the notice leaves open.
    #[serde(default)]
    readings: Patch<Readings>,
    /// The seed of random choices and of the element order `shuffled`.
    seed: Option<u64>,
    /// The form in which the errors of a check are returned.
    error_profile: Option<ErrorProfile>,
    /// Replacements of entries of the error catalogue; null restores an entry.
    #[serde(default)]
    errors: BTreeMap<ErrorId, Option<Patch<Replacement>>>,
    /// Variations of the responses that a client must tolerate.
    #[serde(default)]
    wire: Patch<WireQuirks>,
    /// The faults, which replace all current ones.
    faults: Option<Vec<FaultDefinition>>,
    /// The product under test, for the report. A reset or another scenario does not change it.
    #[serde(default)]
    rehearsal: Patch<Rehearsal>,
}

/// Changes of the error presentation. Fields that are absent stay unchanged.
#[derive(Clone)]
struct PresentationPatch {
    seed: Option<u64>,
    error_profile: Option<ErrorProfile>,
    /// By error; `null` restores the catalogue's entry.
    errors: BTreeMap<ErrorId, Option<Patch<Replacement>>>,
    wire: Patch<WireQuirks>,
}

impl PresentationPatch {
    fn merge(self, before: &ErrorPresentation, catalogue: &Catalogue) -> Result<ErrorPresentation, Problem> {
        let mut presentation = ErrorPresentation {
            seed: self.seed.unwrap_or(before.seed),
            error_profile: self.error_profile.unwrap_or(before.error_profile),
            wire: merged(&before.wire, self.wire, "/wire")?,
            errors: before.errors.clone(),
        };
        for (id, patch) in self.errors {
            let Some(patch) = patch else {
                presentation.errors.remove(&id);
                continue;
            };
            let replacement = before.errors.get(&id).cloned().unwrap_or_default();
            presentation.errors.insert(id, merged(&replacement, patch, &format!("/errors/{}", id.name()))?);
        }
        match presentation.validate(catalogue) {
            None => Ok(presentation),
            Some((pointer, expected)) => Err(Problem::field(&pointer, expected)),
        }
    }
}

/// `POST /v1/institutions`.
///
/// # Errors
/// An unknown template, a code that is in use, or an invalid setting. The problem names the field.
pub async fn create_institution(
    State(app): State<Arc<App>>,
    Input(input): Input<CreateInput>,
) -> Result<Created<InstitutionView>, Problem> {
    let fixtures = app.fixtures();
    let template = fixtures.institutions.get(&input.template).cloned();
    let mut spec = template.ok_or_else(|| unknown_template(&fixtures, &input.template))?;
    if let Some(id) = &input.scenario {
        spec = scenario_of(&fixtures.scenarios, id, "/scenario")?.with_restarts(input.restarts).apply_to(&spec);
    } else if input.restarts != Restarts::default() {
        let detail = Text::new("restarts は scenario と一緒に指定します。", "`restarts` goes with `scenario`.");
        return Err(Problem::field("/restarts", detail));
    }
    spec.name = input.name.unwrap_or(spec.name);
    spec.clock = input.clock.unwrap_or(spec.clock);
    spec.readings = merged(&spec.readings, input.readings, "/readings")?;
    let presentation = PresentationPatch { seed: input.seed, error_profile: input.error_profile, errors: input.errors, wire: input.wire };
    spec.presentation = presentation.merge(&spec.presentation, &fixtures.catalogue)?;
    spec.rehearsal = rehearsal::merge(&spec.rehearsal, input.rehearsal)?;
    spec.persons = checked_persons(input.persons, "/persons")?;
    let now = spec.clock.now.unwrap_or_else(|| app.institutions.wall());
    if let Some(campaign) = input.campaign {
        spec.campaign = Arc::new(campaign_of(&app, campaign, now, "/campaign").await?);
    }
    for (id, patch) in input.terminals {
        let at = format!("/terminals/{id}");
        let before = spec.terminals.get(&id).cloned().unwrap_or_default();
        spec.terminals.insert(id, checked_settings(merged(&before, patch, &at)?, &at)?);
    }
    spec.default_terminal = input.default_terminal.unwrap_or(spec.default_terminal);
    check_terminals(&spec)?;
    if let Some(list) = input.faults {
        spec.faults = faults_of(list, &spec.terminals.keys().collect(), now)?;
    }
    let expires = expiry(input.expires_after, app.institutions.wall())?;
    let (code, view) = create(&app, &input.template, input.code, spec, expires).await?;
    app.linkage.prepare(view.addresses()).await;
    Ok(Created { location: Some(format!("/v1/institutions/{code}")), view })
}

/// Returns when an institution with this lifetime expires, by the machine's clock.
fn expiry(after: Option<Period>, wall: Timestamp) -> Result<Option<Timestamp>, Problem> {
    if after.is_some_and(|after| after < Period::from_secs(1)) {
        return Err(Problem::field("/expires_after", Text::new("PT1S 以上が必要です。", "Expected at least PT1S.")));
    }
    Ok(after.map(|after| wall + after.duration()))
}

/// Creates it under the given code, or under an unused one that no other process took meanwhile.
async fn create(
    app: &App,
    template: &InstitutionCode,
    given: Option<InstitutionCode>,
    mut spec: InstitutionSpec,
    expires: Option<Timestamp>,
) -> Result<(InstitutionCode, InstitutionView), Problem> {
    loop {
        let code = match &given {
            Some(code) => code.clone(),
            None => app.institutions.unused_code(template).await?,
        };
        code.as_str().clone_into(&mut spec.login.user);
        match app.institutions.create(&code, spec.clone(), expires, |tenant, moment| InstitutionView::new(app, tenant, moment)).await {
            Ok(view) => return Ok((code, view)),
            Err(CreateError::Taken) if given.is_none() => {}
            Err(error) => return Err(not_created(error, &code)),
        }
    }
}

/// `GET /v1/institutions/{code}`.
///
/// # Errors
/// No such institution.
pub async fn read_institution(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
) -> Result<Json<InstitutionView>, Problem> {
    let read = app.institutions.read(&code, |tenant, moment| Json(InstitutionView::new(&app, tenant, moment)));
    read.await?.ok_or_else(|| no_institution(&code))
}

/// `PATCH /v1/institutions/{code}`.
///
/// # Errors
/// No such institution, or an invalid field.
pub async fn patch_institution(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Input(input): Input<PatchInput>,
) -> Result<Json<InstitutionView>, Problem> {
    let presentation = PresentationPatch { seed: input.seed, error_profile: input.error_profile, errors: input.errors, wire: input.wire };
    let changed = app.institutions.update(&code, |tenant, moment| {
        let institution = &mut tenant.institution;
        if let Some(terminal) = &input.default_terminal
            && !institution.terminals.contains_key(terminal)
        {
            let detail = Text::new(format!("端末 {terminal} はありません。"), format!("There is no terminal {terminal}."));
            return Err(Problem::field("/default_terminal", detail));
        }
        let presentation = presentation.clone().merge(&institution.presentation, &app.fixtures().catalogue)?;
        let rehearsal = rehearsal::merge(&tenant.spec.rehearsal, input.rehearsal.clone())?;
        let terminals = institution.terminals.keys().collect();
        let faults = input.faults.clone().map(|list| faults_of(list, &terminals, moment.now)).transpose()?;
        institution.readings = merged(&institution.readings, input.readings.clone(), "/readings")?;
        institution.presentation = presentation;
        institution.faults = faults.unwrap_or_else(|| institution.faults.clone());
        institution.name = input.name.clone().unwrap_or_else(|| institution.name.clone());
        institution.default_terminal = input.default_terminal.clone().unwrap_or_else(|| institution.default_terminal.clone());
        institution.settle(moment.now);
        Arc::make_mut(&mut tenant.spec).rehearsal = rehearsal;
        Ok(Json(InstitutionView::new(&app, tenant, moment)))
    });
    changed.await?.ok_or_else(|| no_institution(&code))?
}

/// `DELETE /v1/institutions/{code}`.
///
/// # Errors
/// No such institution.
pub async fn delete_institution(State(app): State<Arc<App>>, InstitutionPath(code): InstitutionPath) -> Result<NoContent, Problem> {
    if app.institutions.delete(&code).await? { Ok(NoContent) } else { Err(no_institution(&code)) }
}

/// `POST /v1/institutions/{code}/reset`.
///
/// # Errors
/// No such institution.
pub async fn reset_institution(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Input(Nothing {}): Input<Nothing>,
) -> Result<Json<InstitutionView>, Problem> {
    let reset = app.institutions.reset(&code, |tenant, moment| Json(InstitutionView::new(&app, tenant, moment))).await?;
    Ok(reset.ok_or_else(|| no_institution(&code))??)
}

fn check_terminals(spec: &InstitutionSpec) -> Result<(), Problem> {
    if spec.terminals.len() > MAX_TERMINALS {
        let detail =
            Text::new(format!("端末は {MAX_TERMINALS} 台までです。"), format!("An institution has at most {MAX_TERMINALS} terminals."));
        return Err(Problem::field("/terminals", detail));
    }
    let default = &spec.default_terminal;
    if spec.terminals.contains_key(default) {
        return Ok(());
    }
    let detail =
        Text::new(format!("端末 {default} は terminals にありません。"), format!("Terminal {default} is not among the terminals."));
    Err(Problem::field("/default_terminal", detail))
}

fn unknown_template(fixtures: &crate::fixtures::Fixtures, template: &InstitutionCode) -> Problem {
    let known: Vec<_> = fixtures.institutions.keys().map(InstitutionCode::as_str).collect();
    let detail =
        Text::new(format!("フィクスチャに医療機関 {template} はありません。"), format!("The fixtures have no institution {template}."));
    Problem::field("/template", detail).expected(known.join(", "))
}

fn not_created(error: CreateError, code: &InstitutionCode) -> Problem {
    match error {
        CreateError::Clock(error) => Problem::from(error).with_pointer_prefix("/clock"),
        CreateError::Taken => {
            Problem::conflict(Text::new(format!("医療機関 {code} はすでにあります。"), format!("Institution {code} exists already.")))
                .with_pointer("/code")
                .remedy(Text::new(
                    "別のコードにするか、code を省略するか、先に削除してください",
                    "Choose another code, leave `code` out, or delete it first",
                ))
        }
        CreateError::Store(error) => Problem::from(error),
        CreateError::Full(most) => Problem::conflict(Text::new(
            format!("医療機関は {most} 件までです（--max-institutions）。"),
            format!("The server holds at most {most} institutions (--max-institutions)."),
        ))
        .remedy(Text::new("使い終わった医療機関を削除してください", "Delete those that are no longer used")),
    }
}
