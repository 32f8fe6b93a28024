//! The table of contents of both surfaces: one line a route.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post, put};

use super::app::App;
use super::backend::{card, faults, linkage, login, notices, package, reports, results, search, unknown, updates};
use super::{console, control};

/// What imitates the real system.
pub fn backend(app: Arc<App>) -> Router {
    Router::new()
        .route("/oqs-api-pro/MSA12020/ILI12020SV01/auth", post(login::login))
        .route("/oqs-api-pro/MSA01030/ILI01030SV01/search", post(search::search))
        .route("/delivery/v1/terminals/{id}/updates", get(updates::updates))
        .route("/delivery/v1/terminals/{id}/reports", post(reports::reports))
        .route("/delivery/v1/terminals/{id}/results", get(results::results))
        .route("/delivery/v1/packages/{campaign}/{component}/{version}", get(package::package))
        .route("/linkage/v1/terminals/{id}/files/{name}", post(linkage::file))
        .route("/linkage/v1/terminals/{id}/cards", post(card::card))
        .route("/notices/v1", get(notices::notices))
        .fallback(unknown::route)
        .method_not_allowed_fallback(unknown::method)
        .layer(from_fn(faults::hold))
        .with_state(app)
}

/// What test authors drive.
pub fn control(app: Arc<App>) -> Router {
    let institution = Router::new()
        .route("/", get(control::institution).patch(control::patch_institution).delete(control::delete_institution))
        .route("/reset", post(control::reset_institution))
        .route("/clock", get(control::read_clock).put(control::set_clock))
        .route("/clock/advance", post(control::advance_clock))
        .route("/campaign", get(control::read_campaign).merge(put(control::set_campaign)))
        .route("/scenario", get(control::read_scenario).put(control::set_scenario))
        .route("/snapshot", post(control::take_snapshot))
        .route("/restore", post(control::restore_snapshot))
        .route("/persons", get(control::read_persons).put(control::set_persons).delete(control::delete_persons))
        .route("/events", get(control::events))
        .route("/faults", get(control::list_faults).post(control::add_fault).delete(control::delete_faults))
        .route("/faults/{fault}", get(control::fault).delete(control::delete_fault))
        .route("/observations", get(control::observations).post(control::observe))
        .route("/journal", get(control::institution_journal).delete(control::clear_journal))
        .route("/journal/{entry}", get(control::institution_entry))
        .route("/verdict", get(control::verdict))
        .route("/delivery-results", get(console::results))
        .route("/terminals", get(control::list_terminals).post(control::add_terminal));
    let terminal = Router::new()
        .route("/", get(control::terminal).patch(control::patch_terminal).delete(control::delete_terminal))
        .route("/power", post(control::power))
        .route("/shutdown", post(control::shutdown))
        .route("/restart", post(control::restart))
        .route("/restart-linkage", post(control::restart_linkage))
        .route("/reader-power", post(control::reader_power))
        .route("/download", post(control::download))
        .route("/install", post(control::install))
        .route("/certificate", post(control::certificate))
        .route("/card", post(control::card))
        .route("/screen", get(console::screen));
    let guarded = Router::new()
        .route("/v1/institutions", get(control::list_institutions).post(control::create_institution))
        .route("/v1/scenarios", get(control::list_scenarios))
        .route("/v1/journal", get(control::stray_journal).delete(control::clear_strays))
        .route("/v1/journal/{entry}", get(control::stray_entry))
        .nest("/v1/institutions/{code}", institution)
        .nest("/v1/institutions/{code}/terminals/{terminal}", terminal)
        .fallback(control::unknown_route)
        .method_not_allowed_fallback(control::method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(&app), control::require_token));
    let open = Router::new()
        .route("/healthz", get(control::healthz))
        .route("/readyz", get(control::readyz))
        .route("/ca.pem", get(control::ca_pem))
        .method_not_allowed_fallback(control::method_not_allowed);
    open.merge(guarded).with_state(app)
}
