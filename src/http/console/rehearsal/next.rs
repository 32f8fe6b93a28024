//! The part `next` of a rehearsal's page: one line that says what to do next.

use askama::Template;

use super::next_step::{Facts, NextStep, PendingTerminal};
use super::questions::{Observed, open_questions};
use super::state::RehearsalState;
use crate::http::console::language::Language;

#[derive(Template)]
#[template(path = "console/rehearsal/next.html")]
struct NextPart {
    lang: Language,
    text: String,
    /// A link with its words.
    link: Option<(String, &'static str)>,
    /// The class of the line.
    class: &'static str,
}

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    let (lang, code) = (state.lang, state.code());
    let next = NextStep::of(&Facts::of(state));
    let link = match next {
        NextStep::SaveReport => Some((format!("/console/institutions/{code}/report"), lang.say("報告書へ", "To the report"))),
        NextStep::Connect => Some((format!("/console/connect/{code}"), lang.say("接続の確認へ", "To the connection"))),
        NextStep::RecordScreen => Some((question(state), lang.say("記録する場所へ", "To where it is recorded"))),
        NextStep::SwitchOn(ref id) | NextStep::Restart { terminal: PendingTerminal { ref id, is_external: false, .. }, .. } => {
            Some((format!("#terminal-{id}"), lang.say("端末の操作へ", "To the terminal's buttons")))
        }
        NextStep::ChooseScenario => Some(("/console/start".to_owned(), lang.say("はじめるへ", "To the start"))),
        _ => None,
    };
    let class = match next {
        NextStep::SaveReport => "good",
        NextStep::MendClient => "bad",
        _ => "wait",
    };
    let part = NextPart { lang, text: next.text(lang), link, class };
    part.render().expect("the template formats texts into a String")
}

/// Returns the place of the newest question about the screen.
fn question(state: &RehearsalState) -> String {
    let entries = &state.journal.entries;
    let open = open_questions(entries, &Observed::new(entries, state.institution().observations.iter()));
    open.last_key_value().map_or_else(|| "#requests".to_owned(), |(_, name)| format!("#ask-{name}"))
}
