//! The data about the product under test, which the institution's report shows.

use super::patch::{Patch, merged};
use crate::domain::rehearsal::Rehearsal;
use crate::http::problem::Problem;

/// Returns the data with the patch applied.
pub(super) fn merge(before: &Rehearsal, patch: Patch<Rehearsal>) -> Result<Rehearsal, Problem> {
    let rehearsal = merged(before, patch, "/rehearsal")?;
    match rehearsal.validate() {
        None => Ok(rehearsal),
        Some((field, expected)) => Err(Problem::field(&format!("/rehearsal/{field}"), expected)),
    }
}
