//! One request file and what answers it: the name, the character set, the message, and the form of the answer's file.

use super::faults;
use super::folder::{Outgoing, Reply};
use crate::answers::{self, Answer, Desk, Place};
use crate::domain::catalogue::ErrorId;
use crate::domain::check::Refusal;
use crate::domain::element_order::ElementOrder;
use crate::domain::encoding::Encoding;
use crate::domain::fault::{Fired, Kind};
use crate::domain::found::Found;
use crate::domain::ids::{InstitutionCode, TerminalAddress};
use crate::domain::inquiry::Sought;
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::linkage::{FileKind, ResultForm};
use crate::domain::operation::Surface;
use crate::domain::reception::Asked;
use crate::domain::surfacing::Surfacing;
use crate::domain::terminal::{Settings, Terminal};
use crate::domain::text::Text;
use crate::fixtures::Fixtures;
use crate::institutions::{Institutions, Moment};
use crate::journal::{JournalError, Outcome};
use crate::store::StoreError;
use crate::wire::document::Document;
use crate::wire::file_name::{FileName, NameError, err_name};
use crate::wire::message::MessageKind;
use crate::wire::request::{self, Read, Sender};
use crate::wire::tree::Group;
use crate::wire::{charset, xml, zip};

/// What became of a request file, for the folder and for the journal.
pub struct Handled {
    /// What is put out.
    pub reply: Reply,
    /// How it ended.
    pub outcome: Outcome,
    /// What decided it.
    pub why: Text,
    /// What else is worth knowing.
    pub notes: Vec<Text>,
    /// How it found the terminal.
    pub found: Option<Found>,
    /// Whom a check asked for.
    pub sought: Option<Sought>,
    /// The fault that fired at it.
    pub fault: Option<Fired>,
}

/// What came of a message: the answer, and the PDF where one was asked for.
struct Decided {
    answer: Answer,
    pdf: Option<Vec<u8>>,
    notes: Vec<Text>,
    ignored: Vec<String>,
    sought: Option<Sought>,
}

/// Handles a request file that a terminal's linkage application has taken; none if there is no such terminal, or it is not running.
///
/// # Errors
/// The store does not work, and the request was not handled.
pub async fn handle(
    institutions: &Institutions,
    fixtures: &Fixtures,
    address: &TerminalAddress,
    surface: Surface,
    (name, bytes): (&str, &[u8]),
) -> Result<Option<Handled>, StoreError> {
    let read = read(name, bytes);
    let handled = institutions.change(&address.institution, |tenant, moment| {
        let institution = &mut tenant.institution;
        let terminal = institution.terminals.get(&address.terminal)?.clone();
        if !terminal.answers(moment.now) {
            return None;
        }
        let found = Some(Found::at(institution, &terminal, moment.now));
        let fault = faults::met(surface, institution, &address.terminal, moment);
        let handled = match &read {
            Err((error, detail)) => malformed(fixtures, &institution.surfacing, &terminal, name, *error, detail),
            Ok((file, document)) => {
                let is_processed = fault.as_ref().is_some_and(|fired| fired.kind == Kind::Processing);
                answered(fixtures, institution, &terminal, (file, document), moment, is_processed)
            }
        };
        let handled = Handled { found, ..handled };
        Some(match fault {
            Some(fired) => handled.met(fired),
            None => handled,
        })
    });
    Ok(handled.await?.flatten())
}

/// The `.err` for a file that is too large to be read.
///
/// # Errors
/// The store does not work.
pub(super) async fn too_large(
    institutions: &Institutions,
    fixtures: &Fixtures,
    address: &TerminalAddress,
    name: &str,
    max: u64,
) -> Result<Option<Handled>, StoreError> {
    let detail = Text::new(format!("上限は {max} バイトです。"), format!("At most {max} bytes are read."));
    let handled = institutions.look(&address.institution, |tenant, _| {
        let terminal = tenant.institution.terminals.get(&address.terminal)?;
        Some(malformed(fixtures, &tenant.institution.surfacing, terminal, name, ErrorId::BodyTooLarge, &detail))
    });
    Ok(handled.await?.flatten())
}

impl Handled {
    /// With what a fault makes of it; the fault's note comes last.
    fn met(mut self, fired: Fired) -> Self {
        self.reply = faults::spoil(&fired, self.reply);
        self.notes.push(fired.note());
        self.fault = Some(fired);
        self
    }
}

/// A request's name and content, or which error its `.err` tells, and the detail.
fn read(name: &str, bytes: &[u8]) -> Result<(FileName, Document), (ErrorId, Text)> {
    let file = FileName::parse(name).map_err(|error| match error {
        NameError::NotPublic(detail) => (ErrorId::KindNotPublic, detail),
        NameError::Unknown(detail) => (ErrorId::MalformedRequest, detail),
    })?;
    let document = charset::decode(bytes, None).and_then(|text| Document::xml(&text)).and_then(|document| {
        let fault = request::fault_of_frame(&document);
        fault.map_or(Ok(document), Err)
    });
    document.map(|document| (file, document)).map_err(|detail| (ErrorId::MalformedRequest, detail))
}

fn malformed(fixtures: &Fixtures, surfacing: &Surfacing, terminal: &Terminal, name: &str, error: ErrorId, detail: &Text) -> Handled {
    let refusal = Refusal::detailed(error, detail.clone().clipped(600));
    let entry = surfacing.entry(&fixtures.catalogue, error);
    let Text { ja, en } = refusal.message(&entry);
    let shape = &fixtures.invented.linkage;
    let filled = Text::same(&*shape.err).fill(&[
        ("file", &Text::same(name)),
        ("code", &Text::same(&*entry.code)),
        ("ja", &Text::same(ja)),
        ("en", &Text::same(en)),
    ]);
    let text = filled.ja.replace("\r\n", "\n").replace('\n', "\r\n");
    let written = charset::encode(&text, terminal.settings.encoding, shape.replacement);
    let note = written.note(terminal.settings.encoding);
    Handled {
        reply: Reply::Malformed(Outgoing { name: err_name(name), bytes: written.bytes, result_files: terminal.settings.result_files }),
        outcome: Outcome::Refused { error: JournalError::new(&entry, refusal.message(&entry)), error_profile: None },
        why: refusal.why,
        notes: note.into_iter().collect(),
        found: None,
        sought: None,
        fault: None,
    }
}

fn answered(
    fixtures: &Fixtures,
    institution: &mut Institution,
    terminal: &Terminal,
    (file, document): (&FileName, &Document),
    moment: Moment,
    is_processed: bool,
) -> Handled {
    let (surfacing, persons) = (institution.surfacing.clone(), institution.persons.clone());
    let register = fixtures.register(persons.as_deref());
    let sender = Sender::of(document);
    let (kind, encoding, order) = (message_kind(file.kind), terminal.settings.encoding, order(terminal, file.kind));
    let desk =
        Desk { fixtures, register, surfacing: &surfacing, sender: &sender, kind, encoding, order, confirmation_key: None, now: moment.now };
    let Decided { answer, pdf, mut notes, ignored, sought } = decide(&desk, institution, terminal, (file.kind, document), is_processed);
    notes.extend(ignored.iter().map(|pointer| passed_over(pointer)));
    let reply = match (answer.message, pdf) {
        (None, _) => Reply::Silent,
        (Some(_), Some(bytes)) => Reply::Answer(packed(file, "pdf", bytes, &terminal.settings, moment)),
        (Some(message), None) => {
            let (bytes, note) = written(fixtures, &message, encoding);
            notes.extend(note);
            Reply::Answer(packed(file, "xml", bytes, &terminal.settings, moment))
        }
    };
    Handled { reply, outcome: answer.outcome, why: answer.why, notes, found: None, sought, fault: None }
}

/// What answers a file of a kind.
fn message_kind(kind: FileKind) -> MessageKind {
    match kind {
        FileKind::Check => MessageKind::Check,
        FileKind::Registration => MessageKind::Registration,
        FileKind::BulkCheck | FileKind::MedicalAid | FileKind::HomeVisits | FileKind::Online | FileKind::BulkRegistration => {
            MessageKind::BulkRequest
        }
        FileKind::BulkCheckResult
        | FileKind::MedicalAidResult
        | FileKind::HomeVisitsResult
        | FileKind::OnlineResult
        | FileKind::BulkRegistrationResult => MessageKind::BulkResult,
        FileKind::Drugs | FileKind::Checkups => MessageKind::Medical,
    }
}

/// The order of an answer's elements. That of drug information and check-ups is not known: they come as specified unless they are shuffled.
fn order(terminal: &Terminal, kind: FileKind) -> ElementOrder {
    let order = terminal.settings.order_in_files();
    let unknown = matches!(kind, FileKind::Drugs | FileKind::Checkups) && order == ElementOrder::Hash;
    if unknown { ElementOrder::Specification } else { order }
}

fn passed_over(pointer: &str) -> Text {
    Text::new(format!("知らない要素 {pointer} を無視しました。"), format!("The unknown element {pointer} was passed over."))
}

/// A message in a character set, and what the journal says of characters that were replaced.
pub(super) fn written(fixtures: &Fixtures, message: &Group, encoding: Encoding) -> (Vec<u8>, Option<Text>) {
    let written = xml::write(message, encoding, fixtures.invented.linkage.replacement);
    let note = written.note(encoding);
    (written.bytes, note)
}

/// The answer's file: as it is, or in a zip.
fn packed(file: &FileName, extension: &str, bytes: Vec<u8>, settings: &Settings, moment: Moment) -> Outgoing {
    let (linkage, result_files) = (&settings.linkage, settings.result_files);
    let name = file.answer(extension);
    let encrypted = linkage.encrypt.contains(&file.kind);
    let zipped = encrypted || (linkage.bulk_result == ResultForm::Zip && file.kind.submitted_as().is_some());
    if !zipped {
        return Outgoing { name, bytes, result_files };
    }
    let password = encrypted.then_some(linkage.zip_password.as_str());
    Outgoing { bytes: zip::zip(&name, &bytes, japan::civil(moment.now), password), name: file.answer("zip"), result_files }
}

fn decide(
    desk: &Desk<'_>,
    institution: &mut Institution,
    terminal: &Terminal,
    (kind, document): (FileKind, &Document),
    is_processed: bool,
) -> Decided {
    match content(desk, institution, terminal, (kind, document), is_processed) {
        Ok(decided) => decided,
        Err(refusal) => {
            let answer = match kind {
                FileKind::Drugs | FileKind::Checkups => answers::refused_medical(desk, kind, &refusal),
                _ => desk.refused(&refusal, None),
            };
            Decided { answer, pdf: None, notes: Vec::new(), ignored: Vec::new(), sought: None }
        }
    }
}

/// Reads the request of a kind and has it answered; `is_processed`: a fault says so of a check.
fn content(
    desk: &Desk<'_>,
    institution: &mut Institution,
    terminal: &Terminal,
    (kind, document): (FileKind, &Document),
    is_processed: bool,
) -> Result<Decided, Refusal> {
    let code = institution.code.clone();
    let decided = |answer, ignored| Decided { answer, pdf: None, notes: Vec::new(), ignored, sought: None };
    let submit =
        |institution: &mut Institution, asked, ignored| decided(answers::submit(desk, institution, terminal, kind, asked), ignored);
    Ok(match kind {
        FileKind::Check => {
            let (inquiry, ignored) = own(&code, request::check(document))?;
            let answer = match is_processed {
                true => answers::processing(desk, &inquiry),
                false => answers::check(desk, Place { institution, terminal }, &inquiry),
            };
            let notes = answers::note_of_day(desk, &inquiry, &answer).into_iter().collect();
            Decided { notes, sought: Some(inquiry.sought()), ..decided(answer, ignored) }
        }
        FileKind::BulkCheck => {
            let (inquiries, ignored) = own(&code, request::persons(document))?;
            submit(institution, Asked::Persons(inquiries), ignored)
        }
        FileKind::MedicalAid => {
            let (month, ignored) = own(&code, request::month(document))?;
            submit(institution, Asked::MedicalAid(month), ignored)
        }
        FileKind::HomeVisits | FileKind::Online => {
            let (period, ignored) = own(&code, request::period(document))?;
            submit(institution, Asked::Consented(period.from, period.to), ignored)
        }
        FileKind::BulkRegistration => {
            let (registrations, ignored) = own(&code, request::registrations(document))?;
            submit(institution, Asked::Registrations(registrations), ignored)
        }
        FileKind::Registration => {
            let (registration, ignored) = own(&code, request::registration(document))?;
            decided(answers::register(desk, institution, terminal, &registration), ignored)
        }
        FileKind::Drugs | FileKind::Checkups => {
            let read = if kind == FileKind::Drugs { request::drugs(document) } else { request::checkups(document) };
            let (request, ignored) = own(&code, read)?;
            let (answer, pdf) = answers::medical(desk, Place { institution, terminal }, &request);
            Decided { pdf, notes: request.notes, ..decided(answer, ignored) }
        }
        FileKind::BulkCheckResult
        | FileKind::MedicalAidResult
        | FileKind::HomeVisitsResult
        | FileKind::OnlineResult
        | FileKind::BulkRegistrationResult => {
            let (number, ignored) = own(&code, request::fetch(document))?;
            let submitted_as = kind.submitted_as().expect("these kinds fetch what another handed in");
            decided(answers::fetch(desk, Place { institution, terminal }, submitted_as, &number), ignored)
        }
    })
}

/// The content of a request that names the terminal's own institution.
fn own<T>(code: &InstitutionCode, read: Result<Read<T>, Text>) -> Result<(T, Vec<String>), Refusal> {
    let with = |error, detail: Text| {
        let detail = detail.clipped(600);
        Refusal::detailed(error, detail)
    };
    let read = read.map_err(|detail| with(ErrorId::MalformedRequest, detail))?;
    if read.institution != *code {
        let other = &read.institution;
        let detail = Text::new(
            format!("要求は {other}、この端末は {code} のものです。"),
            format!("The request says {other}; this terminal belongs to {code}."),
        );
        return Err(with(ErrorId::IdentityContradiction, detail));
    }
    Ok((read.content, read.ignored))
}
