//! The part `connection` of a rehearsal's page: where the receipt computer connects to.

use askama::Template;

use super::state::RehearsalState;
use crate::http::console::language::Language;

#[derive(Template)]
#[template(path = "console/rehearsal/connection.html")]
struct Connection<'a> {
    lang: Language,
    code: &'a str,
    backend: &'a str,
    linkage: Vec<String>,
}

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    let part = Connection {
        lang: state.lang,
        code: state.code().as_str(),
        backend: &state.addresses.backend,
        linkage: state.linkage.iter().map(|folder| folder.display().to_string()).collect(),
    };
    part.render().expect("the template formats texts into a String")
}
