//! What an institution's report says of the product under test.

use super::patch::{Patch, merged};
use crate::domain::rehearsal::Rehearsal;
use crate::http::problem::Problem;

/// What is said with some fields given anew.
pub(super) fn over(before: &Rehearsal, patch: Patch<Rehearsal>) -> Result<Rehearsal, Problem> {
    let rehearsal = merged(before, patch, "/rehearsal")?;
    match rehearsal.validate() {
        None => Ok(rehearsal),
        Some((field, expected)) => Err(Problem::field(&format!("/rehearsal/{field}"), expected)),
    }
}
