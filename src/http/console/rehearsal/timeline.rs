//! The part `timeline` of a rehearsal's page.

use super::state::RehearsalState;

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    format!("<section id=\"timeline\"><h2>timeline</h2>{}</section>", state.code())
}
