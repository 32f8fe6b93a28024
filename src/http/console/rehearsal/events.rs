//! The part `events` of a rehearsal's page.

use super::state::RehearsalState;

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    format!("<section id=\"events\"><h2>events</h2>{}</section>", state.code())
}
