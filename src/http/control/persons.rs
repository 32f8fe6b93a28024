//! The institution's own persons, which replace those of the fixtures.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::input::{Input, InstitutionPath, no_institution};
use crate::domain::ids::InstitutionCode;
use crate::domain::person::{MAX_PERSONS, Person, validate_persons};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::json::parse_value;

/// `{"persons": […]}`, or null to restore the fixtures' persons.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({"persons": null}))]
pub struct PersonsInput {
    /// The persons; null restores those of the fixtures.
    #[schemars(with = "Option<Vec<Person>>")]
    persons: Value,
}

/// The persons that checks look up. This value can be used in a PUT.
#[derive(Serialize, JsonSchema)]
pub struct PersonsView {
    #[schemars(with = "Vec<Person>")]
    persons: Arc<[Person]>,
}

/// `GET …/persons`: returns the institution's own persons, or those of the fixtures.
///
/// # Errors
/// No such institution.
pub async fn read_persons(State(app): State<Arc<App>>, InstitutionPath(code): InstitutionPath) -> Result<Json<PersonsView>, Problem> {
    let own = app.institutions.read(&code, |tenant, _| tenant.institution.persons.clone());
    Ok(Json(view(&app, own.await?.ok_or_else(|| no_institution(&code))?)))
}

/// `PUT …/persons`.
///
/// # Errors
/// No such institution, or an invalid person. Only the first fault is reported.
pub async fn set_persons(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Input(PersonsInput { persons }): Input<PersonsInput>,
) -> Result<Json<PersonsView>, Problem> {
    let persons = checked_persons(persons, "/persons")?;
    put_persons(&app, &code, &persons).await?;
    Ok(Json(view(&app, persons)))
}

/// `DELETE …/persons`: restores the persons of the fixtures.
///
/// # Errors
/// No such institution.
pub async fn delete_persons(State(app): State<Arc<App>>, InstitutionPath(code): InstitutionPath) -> Result<NoContent, Problem> {
    put_persons(&app, &code, &None).await?;
    Ok(NoContent)
}

async fn put_persons(app: &App, code: &InstitutionCode, persons: &Option<Arc<[Person]>>) -> Result<(), Problem> {
    let changed = app.institutions.update(code, |tenant, _| tenant.institution.persons.clone_from(persons));
    changed.await?.ok_or_else(|| no_institution(code))
}

/// Returns the institution's own persons, or those of the fixtures.
fn view(app: &App, own: Option<Arc<[Person]>>) -> PersonsView {
    PersonsView { persons: own.unwrap_or_else(|| Arc::clone(&app.fixtures().persons)) }
}

/// Returns valid persons, or the problem for the first invalid field. `null` means no persons of
/// its own. `at` is the JSON pointer of the list.
pub(super) fn checked_persons(persons: Value, at: &str) -> Result<Option<Arc<[Person]>>, Problem> {
    let Some(persons): Option<Vec<Person>> = parse_value(persons, at)? else {
        return Ok(None);
    };
    if persons.len() > MAX_PERSONS {
        let detail =
            Text::new(format!("{MAX_PERSONS} 人までです。"), format!("An institution has at most {MAX_PERSONS} persons of its own."));
        return Err(Problem::field(at, detail));
    }
    match validate_persons(&persons).into_iter().next() {
        None => Ok(Some(persons.into())),
        Some((pointer, fault)) => Err(Problem::field(&format!("{at}{pointer}"), fault)),
    }
}
