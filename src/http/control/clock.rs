//! The clock of an institution: reads, sets and advances it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::runtime::Handle;

use super::input::{Input, InstitutionPath, no_institution};
use crate::domain::clock::ClockSetting;
use crate::domain::event::Event;
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::period::Period;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::institutions::Moment;
use crate::tasks::blocking;

/// Advances the clock by a period or to a point in time. Exactly one of the two must be given.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({"by": "PT13H"}), example = json!({"to": "2027-01-20T08:55:00+09:00"}))]
pub struct AdvanceInput {
    by: Option<Period>,
    to: Option<Timestamp>,
}

/// The current time of the clock, and what happened until then.
#[derive(Serialize, JsonSchema)]
pub struct Advanced {
    #[serde(serialize_with = "japan::serialize")]
    now: Timestamp,
    clock: ClockSetting,
    events: Vec<Event>,
    /// The number of events that happened; `events` contains the newest 1000.
    happened: u64,
}

/// `GET …/clock`.
///
/// # Errors
/// No such institution.
pub async fn read_clock(State(app): State<Arc<App>>, InstitutionPath(code): InstitutionPath) -> Result<Json<ClockSetting>, Problem> {
    let setting = app.institutions.read(&code, |tenant, moment| Json(tenant.institution.clock.setting(moment.wall)));
    setting.await?.ok_or_else(|| no_institution(&code))
}

/// `PUT …/clock`: sets the clock. Activities in progress keep their remaining time, and nothing
/// happens that would have been due in between.
///
/// # Errors
/// No such institution, or an invalid setting.
pub async fn set_clock(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Input(setting): Input<ClockSetting>,
) -> Result<Json<ClockSetting>, Problem> {
    let set = app.institutions.update(&code, |tenant, moment| {
        tenant.institution.set_clock(setting, moment.wall)?;
        Ok(Json(tenant.institution.clock.setting(moment.wall)))
    });
    set.await?.ok_or_else(|| no_institution(&code))?
}

/// `POST …/clock/advance`: moves the clock forward. Responds when everything that is due in between
/// has happened.
///
/// # Errors
/// No such institution, both or neither of `by` and `to`, or a target in the past, too far away or
/// out of range.
pub async fn advance_clock(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Input(input): Input<AdvanceInput>,
) -> Result<Json<Advanced>, Problem> {
    // To advance many terminals by a year takes long, so it does not run on the threads that serve
    // requests.
    let advanced = blocking(move || {
        let advanced = app.institutions.update(&code, |tenant, moment| advance(&mut tenant.institution, &input, moment));
        Handle::current().block_on(advanced)?.ok_or_else(|| no_institution(&code))?
    });
    advanced.await
}

fn advance(institution: &mut Institution, input: &AdvanceInput, moment: Moment) -> Result<Json<Advanced>, Problem> {
    let (target, field) = match (input.by, input.to) {
        (Some(by), None) => (moment.now + by.duration(), "/by"),
        (None, Some(to)) => (to, "/to"),
        _ => {
            let detail = Text::new("by か to のどちらか一方を指定してください。", "Give either `by` or `to`.");
            return Err(Problem::field("", detail).expected("{\"by\": \"PT13H\"} or {\"to\": \"2026-01-20T08:55:00+09:00\"}"));
        }
    };
    let before = institution.events.last();
    institution.advance(target, moment.wall).map_err(|error| Problem::from(error).with_pointer(field))?;
    Ok(Json(Advanced {
        now: institution.now(moment.wall),
        clock: institution.clock.setting(moment.wall),
        events: institution.events.iter().filter(|event| event.number > before).cloned().collect(),
        happened: institution.events.last() - before,
    }))
}
