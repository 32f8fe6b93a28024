//! Pages for people: the console, in which testers run a rehearsal in the browser; and single pages
//! of the control API, in Japanese, such as staff of an institution would see.

mod access;
mod assets;
mod connect;
mod delivered;
mod docs;
mod explanation;
mod landing;
mod language;
mod layout;
mod list;
mod live;
mod operations;
mod page;
mod rehearsal;
mod report;
mod results;
mod schemas;
mod screen;
mod start;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::app::App;

pub use docs::docs;
pub use explanation::{describe_explanation, explanation};
pub use landing::landing;
pub use live::LiveViews;
pub use results::delivery_results;
pub use screen::screen;

/// Returns the router of the console.
pub fn router(_app: &Arc<App>) -> Router<Arc<App>> {
    pages()
        .merge(live::routes())
        .merge(rehearsal::routes())
        .nest("/console/api", operations::operations())
        .route("/console/assets/{name}", get(assets::asset))
}

fn pages() -> Router<Arc<App>> {
    Router::new()
        .route("/console/start", get(start::start))
        .route("/console/connect/{code}", get(connect::connect))
        .route("/console/institutions", get(list::list))
        .route("/console/institutions/{code}/report", get(report::report))
}
