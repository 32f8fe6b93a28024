//! The terminals of an institution: lists, adds, reads, changes and deletes them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::NoContent;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::input::{ControlQuery, Input, InstitutionPath, TerminalPath, no_institution, no_terminal};
use super::output::Created;
use super::patch::{Patch, merged};
use super::view::TerminalView;
use crate::domain::event::Change;
use crate::domain::ids::{TerminalAddress, TerminalId};
use crate::domain::institution::MAX_TERMINALS;
use crate::domain::period::Period;
use crate::domain::terminal::{Settings, Terminal};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::json::parse_value;

/// All terminals of an institution.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "TerminalListing")]
pub struct TerminalList {
    terminals: BTreeMap<TerminalId, TerminalView>,
}

/// `?silent_for=P1D`: only terminals that have not contacted the delivery server for this period.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    silent_for: Option<Period>,
}

/// The name and settings of a new terminal.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "NewTerminal", example = json!({"id": "T2", "starts": "pending", "automatic_restart": "07:00"}))]
pub struct AddInput {
    /// The name.
    #[schemars(with = "TerminalId")]
    id: Option<Value>,
    #[serde(flatten)]
    settings: Patch<Settings>,
}

/// `GET …/terminals`.
///
/// # Errors
/// No such institution, or an invalid period.
pub async fn list_terminals(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    ControlQuery(query): ControlQuery<ListQuery>,
) -> Result<Json<TerminalList>, Problem> {
    let listing = app.institutions.read(&code, |tenant, moment| {
        let silent = |terminal: &&Terminal| query.silent_for.is_none_or(|period| terminal.is_silent(period, moment.now));
        let terminals = tenant.institution.terminals.values().filter(silent);
        let views = terminals.map(|terminal| (terminal.id.clone(), TerminalView::new(&tenant.institution, terminal, moment)));
        Json(TerminalList { terminals: views.collect() })
    });
    listing.await?.ok_or_else(|| no_institution(&code))
}

/// `POST …/terminals`: `{"id": "T2", …settings}`.
///
/// # Errors
/// No such institution, an ID that is in use, too many terminals, or an invalid setting.
pub async fn add_terminal(
    State(app): State<Arc<App>>,
    InstitutionPath(code): InstitutionPath,
    Input(input): Input<AddInput>,
) -> Result<Created<TerminalView>, Problem> {
    let id = input.id.ok_or_else(|| {
        Problem::field("/id", Text::new("端末の名前が必要です。", "The terminal's name is needed."))
            .expected("1 to 16 ASCII letters or digits, such as T2")
    })?;
    let id: TerminalId = parse_value(id, "/id")?;
    let settings = checked_settings(merged(&Settings::default(), input.settings, "")?, "")?;
    let base = app.fixtures().campaign.clone();
    let address = TerminalAddress { institution: code.clone(), terminal: id.clone() };
    let added = app.institutions.update(&code, |tenant, moment| {
        let institution = &mut tenant.institution;
        if institution.terminals.contains_key(&id) {
            return Err(Problem::conflict(Text::new(format!("端末 {id} はすでにあります。"), format!("Terminal {id} exists already.")))
                .with_pointer("/id"));
        }
        if institution.terminals.len() >= MAX_TERMINALS {
            return Err(Problem::conflict(Text::new(
                format!("端末は {MAX_TERMINALS} 台までです。"),
                format!("An institution has at most {MAX_TERMINALS} terminals."),
            )));
        }
        let terminal = Terminal::new(id.clone(), settings.clone(), &institution.campaign, &base, moment.now);
        let view = TerminalView::new(institution, &terminal, moment);
        institution.terminals.insert(id.clone(), terminal);
        Ok(Created { location: Some(format!("/v1/institutions/{code}/terminals/{id}")), view })
    });
    let added = added.await?.ok_or_else(|| no_institution(&code))??;
    app.linkage.prepare(vec![address]).await;
    Ok(added)
}

/// `GET …/terminals/{terminal}`.
///
/// # Errors
/// No such institution or terminal.
pub async fn read_terminal(State(app): State<Arc<App>>, TerminalPath(code, id): TerminalPath) -> Result<Json<TerminalView>, Problem> {
    let view = app.institutions.read(&code, |tenant, moment| {
        let terminal = tenant.institution.terminals.get(&id).ok_or_else(|| no_terminal(&code, &id))?;
        Ok(Json(TerminalView::new(&tenant.institution, terminal, moment)))
    });
    view.await?.ok_or_else(|| no_institution(&code))?
}

/// `PATCH …/terminals/{terminal}`: changes settings; `null` resets a setting to its default.
///
/// # Errors
/// No such institution or terminal, or an invalid setting.
pub async fn patch_terminal(
    State(app): State<Arc<App>>,
    TerminalPath(code, id): TerminalPath,
    Input(patch): Input<Patch<Settings>>,
) -> Result<Json<TerminalView>, Problem> {
    if patch.is_given("starts") {
        let detail = Text::new("starts は端末を作るときにだけ使えます。", "`starts` counts only when a terminal is made.");
        return Err(Problem::field("/starts", detail));
    }
    let patched = app.institutions.update(&code, |tenant, moment| {
        let institution = &mut tenant.institution;
        let before = institution.terminals.get(&id).ok_or_else(|| no_terminal(&code, &id))?;
        let settings = checked_settings(merged(&before.settings, patch.clone(), "")?, "")?;
        institution.act(&id, moment.now, |terminal, around| Ok::<Vec<Change>, Problem>(terminal.set(settings.clone(), moment.now, around)));
        Ok(Json(TerminalView::new(institution, institution.terminals.get(&id).ok_or_else(|| no_terminal(&code, &id))?, moment)))
    });
    patched.await?.ok_or_else(|| no_institution(&code))?
}

/// `DELETE …/terminals/{terminal}`.
///
/// # Errors
/// No such institution or terminal, or the default terminal.
pub async fn delete_terminal(State(app): State<Arc<App>>, TerminalPath(code, id): TerminalPath) -> Result<NoContent, Problem> {
    let deleted = app.institutions.update(&code, |tenant, _| {
        let institution = &mut tenant.institution;
        if institution.default_terminal == id {
            return Err(Problem::conflict(Text::new(
                format!("端末 {id} は default_terminal です。"),
                format!("Terminal {id} is the default_terminal."),
            ))
            .remedy(Text::new("先に default_terminal を変更してください", "Change default_terminal first")));
        }
        institution.terminals.remove(&id).map(|_| NoContent).ok_or_else(|| no_terminal(&code, &id))
    });
    deleted.await?.ok_or_else(|| no_institution(&code))?
}

/// Returns valid settings, or the problem for the first invalid one.
pub(super) fn checked_settings(settings: Settings, at: &str) -> Result<Settings, Problem> {
    match settings.validate() {
        None => Ok(settings),
        Some((pointer, expected)) => {
            let detail = Text::new("値が範囲外です。", "The value is out of range.");
            Err(Problem::field(&format!("{at}{pointer}"), detail).expected(expected))
        }
    }
}
