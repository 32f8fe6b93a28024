//! The part `next` of a rehearsal's page.

use super::state::RehearsalState;

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    format!("<section id=\"next\"><h2>next</h2>{}</section>", state.code())
}
