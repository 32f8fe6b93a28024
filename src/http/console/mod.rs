//! Pages for people: the console, in which testers run a rehearsal in the browser; and single pages
//! of the control API, in Japanese, such as staff of an institution would see.

mod access;
mod assets;
mod body_text;
mod delivered;
mod docs;
mod entry_words;
mod exchange;
mod explanation;
mod landing;
mod language;
mod layout;
mod operations;
mod page;
mod patients;
mod rehearsal;
mod results;
mod schemas;
mod screen;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use super::app::App;

pub use docs::docs;
pub use explanation::{describe_explanation, explanation};
pub use landing::landing;
pub use rehearsal::LiveViews;
pub use results::delivery_results;
pub use screen::screen;

/// Returns the router of the console.
pub fn router(_app: &Arc<App>) -> Router<Arc<App>> {
    rehearsal::routes()
        .merge(exchange::routes())
        .nest("/console/api", operations::operations())
        .route("/console/assets/{name}", get(assets::asset))
}
