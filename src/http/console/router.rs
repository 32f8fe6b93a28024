//! The routes of the console. They are no part of the API's description.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};

use super::access::{add_page_headers, check_request, require_session};
use super::assets::asset;
use super::connect::connect;
use super::list::list;
use super::operations::operations;
use super::report::report;
use super::sign_in::{sign_in, sign_in_page, sign_out};
use super::start::start;
use super::{exchange, live, rehearsal};
use crate::http::app::App;

/// Returns the router of the console.
pub fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let open = Router::new().route("/signin", get(sign_in_page).post(sign_in)).route("/console/assets/{name}", get(asset));
    let guarded = Router::new()
        .route("/console/start", get(start))
        .route("/console/connect/{code}", get(connect))
        .route("/console/institutions", get(list))
        .route("/console/institutions/{code}/report", get(report))
        .route("/console/sign-out", post(sign_out))
        .merge(rehearsal::routes())
        .merge(exchange::routes())
        .merge(live::routes())
        .nest("/console/api", operations(app));
    let guarded = guarded.layer(from_fn_with_state(Arc::clone(app), require_session));
    let checked = open.merge(guarded).layer(from_fn_with_state(Arc::clone(app), check_request));
    checked.layer(from_fn(add_page_headers))
}
