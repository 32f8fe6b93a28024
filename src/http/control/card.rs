//! `POST …/terminals/{terminal}/card`: presents a patient's card at the reader. The terminal writes
//! the face result into the linkage folder.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::input::{Input, TerminalPath, no_institution, no_terminal};
use crate::domain::card::{Card, CardOutcome};
use crate::domain::consent::Consents;
use crate::domain::ids::TerminalAddress;
use crate::domain::person::{AmbiguousPerson, find_person};
use crate::domain::text::Text;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::linkage::{self, CardResult, FaceFile};

/// The person whose card is presented, their consents, and the kind of card.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = json!({"person": "valid", "consents": {"limit_certificate": "given"}}), example = json!({"person": "模擬　太郎"}))]
pub struct CardInput {
    /// The person's id, name (in kanji or kana) or card number (番号). A name or number must be
    /// unique.
    person: String,
    #[serde(default)]
    consents: Consents,
    #[serde(default)]
    card: Card,
}

/// The result.
#[derive(Serialize, JsonSchema)]
pub struct CardView {
    outcome: CardOutcome,
    /// What the reader or the terminal shows.
    shown: Text,
    /// The face result file, if one was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FileView>,
}

#[derive(Serialize, JsonSchema)]
struct FileView {
    name: String,
    /// Whether the file is in a linkage folder of this server (`--linkage`).
    in_folder: bool,
    /// The content as text. The file itself is in the terminal's character set.
    text: String,
}

/// Presents a card.
///
/// # Errors
/// No such terminal, no such person, or a linkage folder that cannot be written.
pub async fn present_card(
    State(app): State<Arc<App>>,
    TerminalPath(code, id): TerminalPath,
    Input(input): Input<CardInput>,
) -> Result<Json<CardView>, Problem> {
    let address = TerminalAddress { institution: code.clone(), terminal: id.clone() };
    let presented = app.institutions.update(&code, |tenant, moment| {
        let own = tenant.institution.persons.clone();
        let fixtures = app.fixtures();
        let register = fixtures.register(own.as_deref());
        let person = find_person(register.persons, &input.person).map_err(|error| ambiguous_person_problem(&error))?;
        let seen = linkage::present_card(&fixtures, &mut tenant.institution, &id, moment, person, &input.consents, input.card);
        seen.ok_or_else(|| no_terminal(&code, &id))
    });
    let CardResult { outcome, shown, face, exchange } = presented.await?.ok_or_else(|| no_institution(&code))??;
    app.institutions.record(Some(&code), exchange);
    let file = match face {
        None => None,
        Some(face) => Some(deliver_face_file(&app, address, face).await?),
    };
    Ok(Json(CardView { outcome, shown, file }))
}

async fn deliver_face_file(app: &App, address: TerminalAddress, FaceFile { file, text }: FaceFile) -> Result<FileView, Problem> {
    let name = file.name.clone();
    let in_folder = app.linkage.deliver_face(address, file).await.map_err(|error| unwritten_problem(&error.to_string()))?;
    Ok(FileView { name, in_folder, text })
}

fn unwritten_problem(error: &str) -> Problem {
    Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "linkage-folder",
        Text::new("連携フォルダーに書けません", "The linkage folder cannot be written"),
        Text::same(error),
    )
}

fn ambiguous_person_problem(AmbiguousPerson { text, candidates }: &AmbiguousPerson<'_>) -> Problem {
    let names: Vec<String> = candidates.iter().map(|person| format!("{} ({})", person.id, person.name)).collect();
    Problem::field("/person", text.clone()).expected(names.join(", "))
}
