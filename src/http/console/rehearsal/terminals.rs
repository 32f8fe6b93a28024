//! The part `terminals` of a rehearsal's page.

use super::state::RehearsalState;

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    format!("<section id=\"terminals\"><h2>terminals</h2>{}</section>", state.code())
}
