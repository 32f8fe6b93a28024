//! Cards at the reader: what the reader and the terminal show, and the face result file.

use super::face::FaceId;
use super::file::written;
use super::folder::OutputFile;
use crate::answers::{self, Answer, AnswerContext, CardPresentation, TerminalContext};
use crate::domain::card::{Card, CardOutcome, LastCard};
use crate::domain::consent::Consents;
use crate::domain::encoding::Encoding;
use crate::domain::event::Change;
use crate::domain::ids::TerminalId;
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::operation::Operation;
use crate::domain::person::Person;
use crate::domain::readings::CardWhilePending;
use crate::domain::terminal_condition::TerminalCondition;
use crate::domain::text::Text;
use crate::fixtures::Fixtures;
use crate::institutions::Moment;
use crate::journal::{Exchange, Message, Note, Outcome};
use crate::wire::message::MessageKind;
use crate::wire::request::Sender;

/// The result of a card.
pub struct CardResult {
    /// How it ended.
    pub outcome: CardOutcome,
    /// The text shown to staff and patient.
    pub shown: Text,
    /// The face result file to write, if any.
    pub face: Option<FaceFile>,
    /// The exchange for the journal.
    pub exchange: Exchange,
}

/// A face result file.
pub struct FaceFile {
    /// The file.
    pub file: OutputFile,
    /// Its text, independent of the file's character set and packing.
    pub text: String,
}

/// Presents a person's card at the reader of a terminal; `None` if there is no such terminal.
pub fn present_card(
    fixtures: &Fixtures,
    institution: &mut Institution,
    id: &TerminalId,
    moment: Moment,
    person: &Person,
    consents: &Consents,
    card: Card,
) -> Option<CardResult> {
    let terminal = institution.terminals.get(id)?.clone();
    let found = TerminalCondition::at(institution, &terminal, moment.now);
    let face_id = FaceId::next(institution);
    let (outcome, words, answer) = match terminal.reads_card(card, moment.now) {
        Err(outcome) => (outcome, None, None),
        Ok(()) => read(fixtures, TerminalContext { institution, terminal: &terminal }, &face_id, moment, person, consents),
    };
    let shown = words.unwrap_or_else(|| outcome.shown());
    if outcome != CardOutcome::Nothing {
        let change = Change::CardPresented { person: person.id.clone(), outcome: outcome.clone() };
        let last = LastCard { at: moment.now, outcome: outcome.clone(), shown: shown.clone() };
        institution.act(id, moment.now, |terminal, _| Ok::<_, ()>(terminal.card_presented(last, change)));
    }
    if outcome == CardOutcome::FaceResult {
        institution.reader_consents.record(&person.id, merge_consents(person, consents), moment.now);
    }
    let mut exchange = Exchange {
        terminal: Some(id.clone()),
        found: Some(found),
        ..Exchange::new(Operation::Card, "POST", String::new(), Outcome::Answered, shown.clone())
    };
    let mut face = None;
    if let Some(Answer { message, outcome: journalled, why, .. }) = answer {
        (exchange.outcome, exchange.why) = (journalled, why);
        exchange.inquiry = Some(Box::new(answers::patient_key_of(person, moment.now)));
        let writes = !matches!(outcome, CardOutcome::Refused { error_file: false, .. });
        if let Some(message) = message.filter(|_| writes) {
            let (bytes, note) = written(fixtures, &message, terminal.settings.encoding);
            let (text, _) = written(fixtures, &message, Encoding::Utf8);
            let file = face_id.file(institution, bytes, &terminal.settings, moment);
            exchange.path.clone_from(&file.name);
            exchange.result_files = Some(file.result_files);
            exchange.notes.extend(note.map(Note::from));
            exchange.answer = Some(Message::file(&text));
            face = Some(FaceFile { file, text: String::from_utf8_lossy(&text).into_owned() });
        }
    }
    Some(CardResult { outcome, shown, face, exchange })
}

/// Returns a person's answers at the reader: those given, else the person's defaults.
fn merge_consents(person: &Person, given: &Consents) -> Consents {
    let mut consents = person.consents.clone();
    consents.extend(given);
    consents
}

/// Checks a card that the reader could read. Returns the outcome, the text of a refusal, and
/// the answer.
fn read(
    fixtures: &Fixtures,
    terminal_context: TerminalContext<'_>,
    id: &FaceId,
    moment: Moment,
    person: &Person,
    given: &Consents,
) -> (CardOutcome, Option<Text>, Option<Answer>) {
    let TerminalContext { institution, terminal } = terminal_context;
    let consents = merge_consents(person, given);
    let presentation = &institution.presentation;
    let register = fixtures.register(institution.persons.as_deref());
    let sender = Sender {
        institution: Some(institution.code.clone()),
        file_identifier: Some(id.identifier().into()),
        confirmation_date: Some(japan::civil(moment.now).date()),
    };
    let confirmation_key = id.confirmation_key(&terminal.settings.linkage);
    let confirmation_key = confirmation_key.as_deref();
    let (kind, encoding, order) = (MessageKind::Face, terminal.settings.encoding, terminal.settings.order_in_files());
    let context =
        AnswerContext { fixtures, register, presentation, sender: &sender, kind, encoding, order, confirmation_key, now: moment.now };
    match answers::face(&context, terminal_context, person, &consents) {
        CardPresentation::Answered(answer) => (CardOutcome::FaceResult, None, Some(answer)),
        CardPresentation::Refused(refusal, answer) => {
            let words = refusal.message(&presentation.entry(&fixtures.catalogue, refusal.error));
            let error_file = institution.readings.card_while_pending == CardWhilePending::ErrorFile;
            (CardOutcome::Refused { error: refusal.error, error_file }, Some(words), Some(answer))
        }
    }
}
