//! The part `terminals` of a rehearsal's page: a card for each terminal, with what it waits for,
//! its versions, its screen, and the buttons of a person who stands before it.

use askama::Template;
use jiff::Timestamp;

use super::state::RehearsalState;
use super::waiting::waits_for;
use crate::domain::campaign::Component;
use crate::domain::operation::Operation;
use crate::domain::terminal::{Driver, Power, Software, Terminal};
use crate::http::console::language::Language;
use crate::http::console::terminal_screen::ScreenView;
use crate::http::console::words::{phase_of, time_of};

/// The kinds of consent, in Japanese and English.
const CONSENTS: [(&str, &str, &str); 12] = [
    ("limit_certificate", "限度額適用認定証", "limit certificate"),
    ("specific_diseases", "特定疾病療養受療証", "specific diseases"),
    ("specific_health_checkups", "特定健診情報", "health check-ups"),
    ("pharmacists", "薬剤情報", "drugs"),
    ("diagnosis", "診療情報", "treatment"),
    ("operation", "手術情報", "operations"),
    ("diagnosis_name", "傷病名", "names of diagnoses"),
    ("infectious", "感染症", "infectious diseases"),
    ("allergy", "アレルギー", "allergies"),
    ("contraindication", "薬剤禁忌", "contraindications"),
    ("test", "検査", "tests"),
    ("prescription", "処方", "prescriptions"),
];

#[derive(Template)]
#[template(path = "console/rehearsal/terminals.html")]
struct Terminals<'a> {
    lang: Language,
    api: String,
    cards: Vec<TerminalCard>,
    /// The persons whose card can be presented: id and name.
    persons: Vec<(&'a str, &'a str)>,
    consents: Vec<(&'static str, &'static str)>,
}

/// What a card shows.
struct TerminalCard {
    id: String,
    phase: &'static str,
    /// The class of the phase, and its sign.
    class: &'static str,
    sign: &'static str,
    line_down: bool,
    waits_for: String,
    boot: String,
    last_contact: String,
    is_external: bool,
    is_on: bool,
    is_pending: bool,
    /// Whether its card reader is on; `None` without a reader.
    reader: Option<bool>,
    components: Vec<ComponentView>,
    screen: ScreenView,
    /// The file of the last card.
    face_file: Option<String>,
}

struct ComponentView {
    title: String,
    installed: String,
    running: String,
    pending: bool,
}

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    let (lang, institution) = (state.lang, state.institution());
    let persons = institution.persons.as_deref().unwrap_or(&state.fixtures.persons);
    let part = Terminals {
        lang,
        api: state.api(),
        cards: institution.terminals.values().map(|terminal| TerminalCard::of(state, terminal)).collect(),
        persons: persons.iter().map(|person| (person.id.as_str(), person.name.as_str())).collect(),
        consents: CONSENTS.iter().map(|(name, ja, en)| (*name, lang.say(ja, en))).collect(),
    };
    part.render().expect("the template formats texts into a String")
}

impl TerminalCard {
    fn of(state: &RehearsalState, terminal: &Terminal) -> Self {
        let (lang, institution, now) = (state.lang, state.institution(), state.moment.now);
        let (class, sign, phase) = phase_of(lang, terminal.phase(&institution.campaign, now));
        let component = |(component, software): (Component, &Software)| ComponentView {
            title: lang.of(&component.title()).to_owned(),
            installed: software.installed.to_string(),
            running: software.running.to_string(),
            pending: software.is_pending(),
        };
        let contact = terminal.last_contact(now);
        Self {
            id: terminal.id.to_string(),
            phase,
            class,
            sign,
            line_down: terminal.settings.line_down,
            waits_for: waits_for(lang, institution, terminal, now),
            boot: boot_of(lang, terminal),
            last_contact: contact.map_or_else(|| lang.say("なし", "none").to_owned(), |contact| time_of(lang, contact)),
            is_external: terminal.settings.driver == Driver::External,
            is_on: terminal.power == Power::On,
            is_pending: terminal.is_pending(),
            reader: terminal.settings.reader.attached.then_some(terminal.reader.powered),
            components: terminal.components().map(component).collect(),
            screen: ScreenView::of(lang, &state.fixtures, institution, terminal, now),
            face_file: terminal.last_card.as_ref().and_then(|card| face_file(state, terminal, card.at)),
        }
    }

    /// Whether what needs a terminal that is on can be done.
    fn can_act(&self) -> bool {
        !self.is_external && self.is_on
    }
}

fn boot_of(lang: Language, terminal: &Terminal) -> String {
    let (open, close) = (lang.say("（", " ("), lang.say("）", ")"));
    format!("{}{open}{}{close}", time_of(lang, terminal.boot.at), terminal.boot.id)
}

/// Returns the name of the face result file of the card presented at `at`.
fn face_file(state: &RehearsalState, terminal: &Terminal, at: Timestamp) -> Option<String> {
    let of_card = state.journal.entries.iter().rev().map(|listed| &listed.entry).find(|entry| {
        entry.operation == Operation::Card && entry.terminal() == Some(&terminal.id) && entry.at == at && !entry.path.is_empty()
    });
    of_card.map(|entry| entry.path.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::consent::ConsentKind;

    #[test]
    fn each_consent_that_can_be_chosen_exists() {
        for (name, ..) in CONSENTS {
            serde_json::from_value::<ConsentKind>(name.into()).unwrap();
        }
    }
}
