//! `POST …/terminals/{terminal}/card`: a patient presents a card at the reader, and the terminal puts the face result into the linkage folder.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use super::input::{Address, Input, no_institution, no_terminal};
use crate::answers::{self, Desk, Place, Presented};
use crate::domain::card::{Card, CardOutcome};
use crate::domain::consent::Consents;
use crate::domain::encoding::Encoding;
use crate::domain::event::Change;
use crate::domain::ids::TerminalAddress;
use crate::domain::japan;
use crate::domain::person::Person;
use crate::domain::readings::CardWhilePending;
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::institutions::{Moment, Tenant};
use crate::journal::{Exchange, Outcome};
use crate::linkage::{face_file, written};
use crate::wire::request::Sender;

/// Code table 002: a My Number card.
const MY_NUMBER_CARD: Option<&str> = Some("1");

/// Whose card, what they consent to, and whether it is the right card.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardInput {
    person: String,
    #[serde(default)]
    consents: Consents,
    #[serde(default)]
    card: Card,
}

/// What came of it.
#[derive(Serialize)]
pub struct CardView {
    outcome: CardOutcome,
    /// What the reader or the terminal shows.
    shown: Text,
    /// The face result file, where one was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FileView>,
}

#[derive(Serialize)]
struct FileView {
    name: String,
    /// Whether it lies in a linkage folder of this server (`--linkage`).
    in_folder: bool,
    /// Its text; the file itself is in the terminal's character set.
    text: String,
}

/// A face result file that is to be written.
struct Face {
    name: String,
    bytes: Vec<u8>,
    text: String,
}

/// Presents a card.
///
/// # Errors
/// No such terminal, no such person, or a linkage folder that cannot be written.
pub async fn card(
    State(app): State<Arc<App>>,
    Address(code, id): Address,
    Input(input): Input<CardInput>,
) -> Result<Json<CardView>, Problem> {
    let persons = &app.fixtures.persons;
    let person = persons.iter().find(|person| person.id == input.person).ok_or_else(|| unknown_person(persons, &input.person))?;
    let address = TerminalAddress { institution: code.clone(), terminal: id.clone() };
    let presented = app.institutions.with(&code, |tenant, moment| present(&app, tenant, moment, &address, person, &input));
    let (mut view, face) = presented.ok_or_else(|| no_institution(&code))?.ok_or_else(|| no_terminal(&code, &id))?;
    if let Some(face) = face {
        view.file = Some(delivered(&app, address, face).await?);
    }
    Ok(Json(view))
}

fn present(
    app: &App,
    tenant: &mut Tenant,
    moment: Moment,
    address: &TerminalAddress,
    person: &Person,
    input: &CardInput,
) -> Option<(CardView, Option<Face>)> {
    let institution = &mut tenant.institution;
    let terminal = institution.terminals.get(&address.terminal)?.clone();
    let mut consents = person.consents.clone();
    consents.extend(&input.consents);
    let sender = Sender { institution: Some(institution.code.clone()), ..Sender::default() };
    let surfacing = institution.surfacing.clone();
    let encoding = terminal.settings.encoding;
    let desk =
        Desk { fixtures: &app.fixtures, surfacing: &surfacing, sender: &sender, encoding, now: moment.now, reference: MY_NUMBER_CARD };
    let (outcome, answer) = match terminal.reads_card(input.card, moment.now) {
        Err(outcome) => (outcome, None),
        Ok(()) => match answers::face(&desk, Place { institution, terminal: &terminal }, person, &consents) {
            Presented::Told(answer) => (CardOutcome::FaceResult, Some(answer)),
            Presented::Refused(refusal, answer) => {
                let kept = institution.readings.card_while_pending == CardWhilePending::ErrorFile;
                let shown = refusal.message(&surfacing.entry(&app.fixtures.catalogue, refusal.error));
                (CardOutcome::Refused { error: refusal.error, shown, error_file: kept }, Some(answer))
            }
        },
    };
    if outcome != CardOutcome::Nothing {
        let shown = Change::CardPresented { person: person.id.clone(), outcome: outcome.clone() };
        institution
            .act(&address.terminal, moment.now, |terminal, _| Ok::<_, ()>(terminal.card_presented(outcome.clone(), moment.now, shown)));
    }
    let shown = outcome.shown();
    let (mut notes, mut face) = (Vec::new(), None);
    let (journalled, why) = match answer {
        None => (Outcome::Answered, shown.clone()),
        Some(answer) => {
            let writes = !matches!(outcome, CardOutcome::Refused { error_file: false, .. });
            if let Some(message) = answer.message.filter(|_| writes) {
                let (bytes, note) = written(&app.fixtures, &message, encoding);
                notes.extend(note);
                let (text, _) = written(&app.fixtures, &message, Encoding::Utf8);
                face = Some((bytes, String::from_utf8_lossy(&text).into_owned()));
            }
            (answer.outcome, answer.why)
        }
    };
    let face = face.map(|(bytes, text)| {
        let number = institution.events.last();
        let file = face_file(institution, number, japan::civil(moment.now), bytes, &terminal.settings.linkage);
        Face { name: file.name, bytes: file.bytes, text }
    });
    let exchange = Exchange {
        operation: "card",
        method: "POST".to_owned(),
        path: face.as_ref().map_or_else(String::new, |face| face.name.clone()),
        terminal: Some(address.terminal.clone()),
        status: None,
        outcome: journalled,
        why,
        notes,
    };
    tenant.record(moment, exchange);
    Some((CardView { outcome, shown, file: None }, face))
}

async fn delivered(app: &Arc<App>, address: TerminalAddress, face: Face) -> Result<FileView, Problem> {
    let Face { name, bytes, text } = face;
    let (shared, file) = (Arc::clone(app), name.clone());
    let delivering = tokio::task::spawn_blocking(move || match &shared.linkage {
        Some(folders) => folders.deliver_face(&address, &file, &bytes),
        None => Ok(false),
    });
    let delivered = delivering.await.map_err(|error| unwritten(&error.to_string()))?;
    let in_folder = delivered.map_err(|error| unwritten(&error.to_string()))?;
    Ok(FileView { name, in_folder, text })
}

fn unwritten(error: &str) -> Problem {
    Problem::new(
        axum::http::StatusCode::SERVICE_UNAVAILABLE,
        "linkage-folder",
        Text::new("連携フォルダーに書けません", "The linkage folder cannot be written"),
        Text::same(error),
    )
}

fn unknown_person(persons: &[Person], id: &str) -> Problem {
    let known: Vec<&str> = persons.iter().map(|person| person.id.as_str()).collect();
    let id: String = id.chars().take(64).collect();
    Problem::field("/person", Text::new(format!("フィクスチャに {id} という人はいません。"), format!("The fixtures have no person {id}.")))
        .expected(known.join(", "))
}
