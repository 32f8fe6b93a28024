//! The operations that pages of the console perform: the handlers of the control API under
//! `/console/api`, for a session instead of the control token. Each is recorded with the name of
//! its session.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use crate::app::Session;
use crate::domain::console_action::{ConsoleAction, PerformedAction};
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::http::app::App;
use crate::http::control;

/// Returns the operations, by the paths that the control API has below `/v1`.
#[rustfmt::skip]
pub(super) fn operations(app: &Arc<App>) -> Router<Arc<App>> {
    use ConsoleAction::*;
    let recorded = |action: ConsoleAction, handler: MethodRouter<Arc<App>>| {
        handler.layer(from_fn_with_state((Arc::clone(app), action), record))
    };
    let institution = Router::new()
        .route("/", recorded(SettingsChanged, patch(control::patch_institution)).delete(control::delete_institution))
        .route("/reset", recorded(Reset, post(control::reset_institution)))
        .route("/clock", recorded(ClockSet, put(control::set_clock)))
        .route("/clock/advance", recorded(ClockAdvanced, post(control::advance_clock)))
        .route("/snapshot", post(control::take_snapshot))
        .route("/restore", recorded(Restored, post(control::restore_snapshot)))
        .route("/faults", recorded(FaultAdded, post(control::add_fault)))
        .route("/faults", recorded(FaultsRemoved, delete(control::delete_faults)))
        .route("/faults/{fault}", recorded(FaultRemoved, delete(control::delete_fault)))
        .route("/observations", recorded(Observed, post(control::observe)))
        .route("/observations/{number}/screenshot", get(control::read_screenshot))
        .route("/observations/{number}/screenshot", recorded(ScreenshotAttached, put(control::attach_screenshot)))
        .route("/observations/{number}/screenshot", recorded(ScreenshotRemoved, delete(control::delete_screenshot)))
        .route("/terminals/{terminal}", recorded(TerminalChanged, patch(control::patch_terminal)))
        .route("/terminals/{terminal}/power", recorded(Power, post(control::power)))
        .route("/terminals/{terminal}/shutdown", recorded(Shutdown, post(control::shutdown)))
        .route("/terminals/{terminal}/restart", recorded(Restart, post(control::restart)))
        .route("/terminals/{terminal}/restart-linkage", recorded(RestartLinkage, post(control::restart_linkage)))
        .route("/terminals/{terminal}/reader-power", recorded(ReaderPower, post(control::reader_power)))
        .route("/terminals/{terminal}/download", recorded(Download, post(control::download)))
        .route("/terminals/{terminal}/card", recorded(Card, post(control::present_card)));
    Router::new().route("/institutions", post(control::create_institution)).nest("/institutions/{code}", institution)
}

/// The middleware that records a performed action.
async fn record(
    State((app, action)): State<(Arc<App>, ConsoleAction)>,
    Path(path): Path<BTreeMap<String, String>>,
    session: Session,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let code = path.get("code").and_then(|code| InstitutionCode::parse(code).ok());
    if let Some(code) = code.filter(|_| response.status().is_success()) {
        let terminal = path.get("terminal").and_then(|terminal| TerminalId::parse(terminal).ok());
        let recorded = app.institutions.update(&code, |tenant, moment| {
            let (by, terminal) = (session.name.clone(), terminal.clone());
            let last_event = tenant.institution.events.last();
            let performed = PerformedAction { at: moment.now, wall: moment.wall, last_event, by, action, terminal };
            tenant.institution.console_actions.add(performed);
        });
        // The store logs its own failures; the action itself was performed.
        let _ = recorded.await;
    }
    response
}
