//! The part `requests` of a rehearsal's page.

use super::state::RehearsalState;

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    format!("<section id=\"requests\"><h2>requests</h2>{}</section>", state.code())
}
