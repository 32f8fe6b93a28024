//! Actions of a person at a virtual terminal, and certificates for any terminal.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::input::{Input, TerminalPath, no_institution, no_terminal};
use super::view::TerminalView;
use crate::domain::event::{Change, Event};
use crate::domain::ids::TerminalAddress;
use crate::domain::japan;
use crate::domain::terminal::{ActionError, Terminal, TerminalEnvironment};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;

/// `{"on": bool}`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({"on": false}))]
pub struct Switch {
    on: bool,
}

/// An empty request: `{}` or no body.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The result of an action.
#[derive(Serialize, JsonSchema)]
pub struct Done {
    events: Vec<Event>,
    terminal: TerminalView,
}

/// A terminal certificate and its private key, which is not stored anywhere else.
#[derive(Serialize, JsonSchema)]
pub struct Certificate {
    certificate_pem: String,
    private_key_pem: String,
    pkcs12_base64: String,
    pkcs12_password: String,
    #[serde(serialize_with = "japan::serialize")]
    not_after: Timestamp,
}

type Acted = Result<Json<Done>, Problem>;

/// `POST …/power`: connects or disconnects the power.
///
/// # Errors
/// No such terminal, or an external one.
pub async fn power(State(app): State<Arc<App>>, address: TerminalPath, Input(switch): Input<Switch>) -> Acted {
    perform(&app, address, |terminal, now, around| terminal.plug(switch.on, now, around)).await
}

/// `POST …/shutdown`: shuts the terminal down in the regular way. Under fast startup the session is
/// kept.
///
/// # Errors
/// No such terminal, an external one, or one that is off.
pub async fn shutdown(State(app): State<Arc<App>>, address: TerminalPath, Input(Nothing {}): Input<Nothing>) -> Acted {
    perform(&app, address, Terminal::shut_down).await
}

/// `POST …/restart`: restarts the terminal, which is a full boot.
///
/// # Errors
/// No such terminal, an external one, or one that is off.
pub async fn restart(State(app): State<Arc<App>>, address: TerminalPath, Input(Nothing {}): Input<Nothing>) -> Acted {
    perform(&app, address, Terminal::restart).await
}

/// `POST …/restart-linkage`: restarts only the linkage application, without a boot.
///
/// # Errors
/// No such terminal, an external one, or one that is off.
pub async fn restart_linkage(State(app): State<Arc<App>>, address: TerminalPath, Input(Nothing {}): Input<Nothing>) -> Acted {
    perform(&app, address, |terminal, _, _| terminal.restart_linkage()).await
}

/// `POST …/reader-power`: switches the card reader.
///
/// # Errors
/// No such terminal, an external one, or one without a reader.
pub async fn reader_power(State(app): State<Arc<App>>, address: TerminalPath, Input(switch): Input<Switch>) -> Acted {
    perform(&app, address, |terminal, now, _| terminal.switch_reader(switch.on, now)).await
}

/// `POST …/download`: starts a download manually, outside the windows (N8).
///
/// # Errors
/// No such terminal, an external one, one that is off, or nothing to download.
pub async fn download(State(app): State<Arc<App>>, address: TerminalPath, Input(Nothing {}): Input<Nothing>) -> Acted {
    perform(&app, address, Terminal::download).await
}

/// `POST …/install`: installs all offered packages immediately.
///
/// # Errors
/// No such terminal, an external one, one that is off, or nothing to install.
pub async fn install(State(app): State<Arc<App>>, address: TerminalPath, Input(Nothing {}): Input<Nothing>) -> Acted {
    perform(&app, address, Terminal::install_now).await
}

/// `POST …/certificate`: issues a client certificate.
///
/// # Errors
/// No such terminal.
pub async fn certificate(
    State(app): State<Arc<App>>,
    TerminalPath(code, id): TerminalPath,
    Input(Nothing {}): Input<Nothing>,
) -> Result<Json<Certificate>, Problem> {
    let exists = app.institutions.read(&code, |tenant, _| tenant.institution.terminals.contains_key(&id)).await?;
    if !exists.ok_or_else(|| no_institution(&code))? {
        return Err(no_terminal(&code, &id));
    }
    let issued = app.authority.issue_terminal(&TerminalAddress { institution: code, terminal: id }, app.institutions.wall());
    let issued = issued.map_err(|error| Problem::conflict(Text::same(error.to_string())))?;
    Ok(Json(Certificate {
        certificate_pem: issued.certificate_pem,
        private_key_pem: issued.private_key_pem,
        pkcs12_base64: STANDARD.encode(issued.pkcs12),
        pkcs12_password: issued.pkcs12_password,
        not_after: issued.not_after,
    }))
}

async fn perform(
    app: &App,
    TerminalPath(code, id): TerminalPath,
    action: impl Fn(&mut Terminal, Timestamp, TerminalEnvironment<'_>) -> Result<Vec<Change>, ActionError>,
) -> Acted {
    let done = app.institutions.update(&code, |tenant, moment| {
        let institution = &mut tenant.institution;
        let before = institution.events.last();
        let acted = institution.act(&id, moment.now, |terminal, around| action(terminal, moment.now, around));
        acted.ok_or_else(|| no_terminal(&code, &id))?.map_err(|error| Problem::conflict(error.0))?;
        let terminal = institution.terminals.get(&id).ok_or_else(|| no_terminal(&code, &id))?;
        let events = institution.events.iter().filter(|event| event.number > before).cloned().collect();
        Ok(Json(Done { events, terminal: TerminalView::new(institution, terminal, moment) }))
    });
    done.await?.ok_or_else(|| no_institution(&code))?
}
