//! `POST /v1/console-links`: a link by which a person signs in to the console.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::japan;
use crate::http::app::App;
use crate::http::problem::Problem;

const EXAMPLE: &str = "/signin#00112233445566778899aabbccddeeff";

/// A link for signing in to the console. It works once, within ten minutes.
#[derive(Serialize, JsonSchema)]
pub struct ConsoleLink {
    /// The one-time code.
    code: String,
    /// The path with the code, to be opened in a browser at this listener's address.
    #[schemars(example = EXAMPLE)]
    path: String,
    /// The time at which the code expires, by the machine's clock.
    #[serde(serialize_with = "japan::serialize")]
    expires: Timestamp,
}

/// Creates a link.
///
/// # Errors
/// The store does not work.
pub async fn create_console_link(State(app): State<Arc<App>>) -> Result<Json<ConsoleLink>, Problem> {
    let new = app.new_sign_in_code().await?;
    Ok(Json(ConsoleLink { path: format!("/signin#{}", new.code), code: new.code, expires: new.expires }))
}
