//! The last journal entries: of an institution, and of what fitted none.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::input::{Asked, Code, bad_query, no_institution};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::journal::{KEPT_ENTRIES, Listed};

/// `?limit=`: at most so many, the newest (default 50).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalQuery {
    limit: Option<String>,
}

/// Entries, oldest first.
#[derive(Serialize)]
pub struct Listing {
    entries: Vec<Listed>,
    /// How many older ones the journal's bound has taken away.
    evicted: u64,
}

/// `GET …/journal`.
///
/// # Errors
/// No such institution, or a limit that is no number.
pub async fn institution_journal(
    State(app): State<Arc<App>>,
    Code(code): Code,
    Asked(query): Asked<JournalQuery>,
) -> Result<Json<Listing>, Problem> {
    let limit = query.limit()?;
    let listed = app.institutions.entries(&code, limit).await?;
    let (entries, evicted) = listed.ok_or_else(|| no_institution(&code))?;
    Ok(Json(Listing { entries, evicted }))
}

/// `GET /v1/journal`.
///
/// # Errors
/// A limit that is no number.
pub async fn stray_journal(State(app): State<Arc<App>>, Asked(query): Asked<JournalQuery>) -> Result<Json<Listing>, Problem> {
    let (entries, evicted) = app.institutions.stray_entries(query.limit()?).await?;
    Ok(Json(Listing { entries, evicted }))
}

impl JournalQuery {
    fn limit(&self) -> Result<usize, Problem> {
        let Some(text) = &self.limit else {
            return Ok(50);
        };
        let limit = text.parse().ok().filter(|limit| (1..=KEPT_ENTRIES).contains(limit));
        limit.ok_or_else(|| {
            let detail = Text::new("limit の値が正しくありません。", "The value of `limit` is wrong.");
            bad_query(detail).expected(format!("limit=1 to {KEPT_ENTRIES}"))
        })
    }
}
