//! The part `faults` of a rehearsal's page.

use super::state::RehearsalState;

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    format!("<section id=\"faults\"><h2>faults</h2>{}</section>", state.code())
}
