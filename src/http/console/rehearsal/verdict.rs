//! The part `verdict` of a rehearsal's page.

use super::state::RehearsalState;

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    format!("<section id=\"verdict\"><h2>verdict</h2>{}</section>", state.code())
}
