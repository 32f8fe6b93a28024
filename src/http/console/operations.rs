//! The operations that pages of the console perform: the handlers of the control API under
//! `/console/api`, for a session instead of the control token.

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, patch, post, put};

use crate::http::app::App;
use crate::http::control;

/// Returns the operations, by the paths that the control API has below `/v1`.
pub(super) fn operations() -> Router<Arc<App>> {
    let institution = Router::new()
        .route("/", patch(control::patch_institution).delete(control::delete_institution))
        .route("/reset", post(control::reset_institution))
        .route("/clock", put(control::set_clock))
        .route("/clock/advance", post(control::advance_clock))
        .route("/scenario", put(control::set_scenario))
        .route("/snapshot", post(control::take_snapshot))
        .route("/restore", post(control::restore_snapshot))
        .route("/faults", post(control::add_fault).delete(control::delete_faults))
        .route("/faults/{fault}", delete(control::delete_fault))
        .route("/observations", post(control::observe))
        .route("/terminals/{terminal}", patch(control::patch_terminal))
        .route("/terminals/{terminal}/power", post(control::power))
        .route("/terminals/{terminal}/shutdown", post(control::shutdown))
        .route("/terminals/{terminal}/restart", post(control::restart))
        .route("/terminals/{terminal}/restart-linkage", post(control::restart_linkage))
        .route("/terminals/{terminal}/reader-power", post(control::reader_power))
        .route("/terminals/{terminal}/download", post(control::download))
        .route("/terminals/{terminal}/install", post(control::install))
        .route("/terminals/{terminal}/card", post(control::present_card));
    Router::new().route("/institutions", post(control::create_institution)).nest("/institutions/{code}", institution)
}
