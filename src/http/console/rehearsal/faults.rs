//! The part `faults` of a rehearsal's page: the faults that are set and those that can be set, the
//! form of errors, and the lines of the terminals.

use askama::Template;
use serde_json::json;

use super::fault_words::{FAULT_FORMS, FaultForm, Parameter, choice_title, fires, requests_title};
use super::state::RehearsalState;
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::fault::{CountedFault, MAX_FAULTS, Requests};
use crate::domain::terminal::Terminal;
use crate::domain::text::Text;
use crate::http::console::entry_words::fault_title;
use crate::http::console::language::Language;

#[derive(Template)]
#[template(path = "console/rehearsal/faults.html")]
struct Faults<'a> {
    lang: Language,
    api: String,
    set: Vec<SetFault>,
    /// Whether there is room for another fault.
    has_room: bool,
    forms: Vec<Form>,
    profiles: Vec<Profile<'a>>,
    error_profiles: Vec<ErrorForm>,
    /// The terminals, if there are several to choose from.
    terminals: Vec<&'a str>,
    lines: Vec<Line<'a>>,
}

/// A fault that is set.
struct SetFault {
    id: String,
    title: &'static str,
    /// What it does, and when.
    sentence: String,
    /// How often it fired.
    effect: String,
    spent: bool,
}

/// What sets a fault of one kind.
struct Form {
    kind: &'static str,
    title: &'static str,
    sentence: &'static str,
    /// The parameters: the field's name, its label, and its choices.
    fields: Vec<Field>,
    /// The kinds of requests to which it applies.
    requests: Vec<(&'static str, &'static str)>,
    body: String,
}

/// A parameter.
struct Field {
    name: &'static str,
    label: &'static str,
    /// The choices: the value of each, and its words; none if it is a number.
    choices: Vec<(&'static str, String)>,
    /// The least and the greatest number.
    range: (u32, u32),
    value: &'static str,
}

/// A profile of the fixtures: several faults under one name.
struct Profile<'a> {
    title: &'a str,
    body: String,
}

/// A form in which errors reach the receipt computer.
struct ErrorForm {
    name: &'static str,
    title: String,
    meaning: &'static str,
    chosen: bool,
}

/// The line of a terminal.
struct Line<'a> {
    terminal: &'a str,
    down: bool,
    body: String,
}

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    let (lang, institution) = (state.lang, state.institution());
    let terminals: Vec<&str> = institution.terminals.keys().map(|id| id.as_str()).collect();
    let part = Faults {
        lang,
        api: state.api(),
        set: institution.faults.iter().map(|counted| set_fault(lang, counted)).collect(),
        has_room: institution.faults.iter().count() < MAX_FAULTS,
        forms: FAULT_FORMS.iter().map(|form| Form::new(lang, form)).collect(),
        profiles: state
            .fixtures
            .chaos
            .iter()
            .map(|profile| Profile { title: lang.of(&profile.title), body: json!({ "profile": profile.name.as_str() }).to_string() })
            .collect(),
        error_profiles: ErrorProfile::ALL.map(|profile| error_form(lang, profile, institution.presentation.error_profile)).into(),
        lines: institution.terminals.values().map(Line::of).collect(),
        terminals: if terminals.len() > 1 { terminals } else { Vec::new() },
    };
    part.render().expect("the template formats texts into a String")
}

fn set_fault(lang: Language, counted: &CountedFault) -> SetFault {
    let CountedFault { fault, counted: requests, fired, .. } = counted;
    let spent = counted.is_exhausted();
    let effect = match lang {
        Language::Japanese => format!("{fired}回発生（対象の要求 {requests}件）"),
        Language::English => format!("fired {fired}× ({requests} requests counted)"),
    };
    SetFault {
        id: fault.id.to_string(),
        title: fault_title(lang, fault.kind.name()),
        sentence: [lang.of(&fault.kind.description()), lang.of(&fires(fault))].join(lang.say("", " ")),
        effect,
        spent,
    }
}

impl<'a> Line<'a> {
    fn of(terminal: &'a Terminal) -> Self {
        let down = terminal.settings.line_down;
        Self { terminal: terminal.id.as_str(), down, body: json!({ "line_down": !down }).to_string() }
    }
}

impl Form {
    fn new(lang: Language, form: &FaultForm) -> Self {
        let field = |parameter: &Parameter| Field {
            name: parameter.name,
            label: lang.say(parameter.label.0, parameter.label.1),
            choices: parameter.choices.iter().map(|choice| (*choice, lang.of(&choice_title(choice)).to_owned())).collect(),
            range: parameter.range,
            value: parameter.value,
        };
        let requests = Requests::ALL.into_iter().filter(|requests| form.applies_to(*requests));
        Self {
            kind: form.kind.name(),
            title: fault_title(lang, form.kind),
            sentence: lang.say(form.sentence.0, form.sentence.1),
            fields: form.parameters.iter().map(field).collect(),
            requests: requests.map(|requests| (requests.name(), requests_title(lang, requests))).collect(),
            body: json!({ "kind": form.kind }).to_string(),
        }
    }
}

fn error_form(lang: Language, profile: ErrorProfile, chosen: ErrorProfile) -> ErrorForm {
    let Text { ja, en } = profile.title();
    let meaning = match profile {
        ErrorProfile::Envelope => lang.say(
            "HTTP 200。電文のヘッダーと本体（MessageBody）にエラーがあります。",
            "HTTP 200; the message has the error in header and body.",
        ),
        ErrorProfile::Bare => lang.say(
            "HTTP 200。電文のヘッダーにエラーがあり、本体（MessageBody）はありません。",
            "HTTP 200; the message has the error in its header, and no body.",
        ),
        ErrorProfile::Http => lang.say(
            "HTTP のエラーステータス（500 など）と、MessageBody のある電文です。連携フォルダーでは「MessageBody のある電文」と同じです。",
            "An HTTP error status with the message; in the linkage folder as a message with a body.",
        ),
        ErrorProfile::Silent => lang.say(
            "応答せずに接続を切ります。連携フォルダーには何も書きません。",
            "The connection closes without an answer; no file is written.",
        ),
    };
    ErrorForm { name: profile.name(), title: lang.say(&ja, &en).to_owned(), meaning, chosen: profile == chosen }
}
