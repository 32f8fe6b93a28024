//! The handling of a request file: its name, its character set, its message, and the form of
//! the answer's file.

use super::faults;
use super::folder::{HandlerReply, OutputFile};
use super::request::FileRequest;
use crate::answers::{self, Answer, AnswerContext};
use crate::app::access::{Access, AdmittedRequest, RequestOutcome};
use crate::app::check::{AnsweredCheck, Target, answer_check};
use crate::domain::check::Refusal;
use crate::domain::element_order::ElementOrder;
use crate::domain::encoding::Encoding;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::error_presentation::ErrorPresentation;
use crate::domain::ids::TerminalId;
use crate::domain::inquiry::PatientKey;
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::linkage::{FileKind, ResultForm};
use crate::domain::operation::Surface;
use crate::domain::person::Person;
use crate::domain::terminal::{Settings, Terminal};
use crate::domain::text::Text;
use crate::domain::troubleshooting::Heading;
use crate::fixtures::Fixtures;
use crate::institutions::{Institutions, Moment};
use crate::journal::{JournalError, Note, Outcome};
use crate::wire::document::Document;
use crate::wire::file_name::{FileName, NameError, err_name};
use crate::wire::message::MessageKind;
use crate::wire::request::{self, Sender, note_of_ignored};
use crate::wire::tree::Group;
use crate::wire::{charset, xml, zip};

/// The result of a request file, for the folder and for the journal.
#[derive(Debug)]
pub struct HandledFile {
    /// What the folder does.
    pub reply: HandlerReply,
    /// How it ended.
    pub outcome: Outcome,
    /// What decided it.
    pub why: Text,
    /// Notes for the journal.
    pub notes: Vec<Note>,
    /// The person that a check asked for.
    pub patient: Option<PatientKey>,
}

/// A request file that could be parsed.
struct ReadableFile<'a> {
    fixtures: &'a Fixtures,
    file: &'a FileName,
    sender: &'a Sender,
    /// Pointers of elements that were ignored.
    ignored: &'a [String],
}

/// The result of a request: the answer, and the PDF if one was requested.
struct FileContent {
    answer: Answer,
    pdf: Option<Vec<u8>>,
    notes: Vec<Note>,
}

impl From<Answer> for FileContent {
    fn from(answer: Answer) -> Self {
        Self { answer, pdf: None, notes: Vec::new() }
    }
}

/// Handles a request file that a terminal's linkage application has claimed. The result is a
/// refusal if the terminal does not exist or is not running, or if the store does not work.
pub async fn handle(institutions: &Institutions, access: &Access<'_>, (name, bytes): (&str, &[u8])) -> RequestOutcome<HandledFile> {
    let mut handled = match read(name, bytes) {
        Ok((file, document)) => answer(institutions, access, &file, &document).await,
        Err((error, detail)) => malformed_file(institutions, access, (name, error, &detail)).await,
    };
    // Over HTTP, a fault is applied to the whole response instead.
    if let (Surface::Folder, Ok(HandledFile { reply, .. }), Some(triggered_fault)) =
        (access.surface, &mut handled.result, &handled.request_context.fault)
    {
        faults::apply_fault(triggered_fault, reply);
    }
    handled
}

/// Creates the `.err` for a file that cannot be parsed.
pub(super) async fn malformed_file(
    institutions: &Institutions,
    access: &Access<'_>,
    (name, error, detail): (&str, ErrorId, &Text),
) -> RequestOutcome<HandledFile> {
    let fixtures = institutions.fixtures();
    let refused = access.read(institutions, |admitted| {
        let presentation = &admitted.institution().presentation;
        Ok(malformed(&fixtures, presentation, admitted.terminal, name, &Refusal::quoting(error, detail.clone())))
    });
    refused.await
}

/// Parses a request's name and content; otherwise returns the error and the detail for its
/// `.err`.
fn read(name: &str, bytes: &[u8]) -> Result<(FileName, Document<'static>), (ErrorId, Text)> {
    let file = FileName::parse(name).map_err(|error| match error {
        NameError::NotPublic(detail) => (ErrorId::KindNotPublic, detail),
        NameError::Unknown(detail) => (ErrorId::MalformedRequest, detail),
    })?;
    let document = charset::decode(bytes, None).and_then(|text| Document::xml(&text)).and_then(|document| {
        let fault = request::frame_error(&document);
        fault.map_or(Ok(document), Err)
    });
    document.map(|document| (file, document)).map_err(|detail| (ErrorId::MalformedRequest, detail))
}

/// Answers a parsed file. A request that only asks is a read; one that leaves something behind
/// is an update.
async fn answer(institutions: &Institutions, access: &Access<'_>, file: &FileName, document: &Document<'_>) -> RequestOutcome<HandledFile> {
    let (fixtures, sender) = (institutions.fixtures(), Sender::of(document));
    let (request, ignored) = match FileRequest::read(file.kind, document, &access.caller.institution) {
        Ok((request, ignored)) => (Ok(request), ignored),
        Err(refusal) => (Err(refusal), Vec::new()),
    };
    let readable = ReadableFile { fixtures: &fixtures, file, sender: &sender, ignored: &ignored };
    match request {
        Err(refusal) => {
            access
                .read(institutions, |admitted| Ok(readable.answer_by_reading(admitted, |context| refused(context, file.kind, &refusal))))
                .await
        }
        Ok(FileRequest::Check(inquiry)) => {
            let make_content = |AnsweredCheck { answer, note, .. }: AnsweredCheck, admitted: AdmittedRequest<'_>| {
                let made = FileContent { notes: note.map(Note::from).into_iter().collect(), ..answer.into() };
                readable.handled(made, &admitted.terminal.settings, admitted.moment)
            };
            let checked = answer_check(institutions, access, &inquiry, (&sender, Target::File), make_content).await;
            checked.map(|handled| HandledFile { patient: Some(inquiry.patient_key()), ..handled })
        }
        Ok(FileRequest::Fetch(submitted_as, number)) => {
            let fetch = |admitted: AdmittedRequest<'_>| {
                readable.answer_by_reading(admitted, |context| {
                    answers::fetch(context, admitted.terminal_context(), submitted_as, &number).into()
                })
            };
            access.read(institutions, |admitted| Ok(fetch(admitted))).await
        }
        Ok(FileRequest::Medical(request)) => {
            let handle_admitted = |admitted: AdmittedRequest<'_>| {
                readable.answer_by_reading(admitted, |context| {
                    let (answer, pdf) = answers::medical(context, admitted.terminal_context(), &request);
                    FileContent { answer, pdf, notes: request.notes.iter().cloned().map(Note::from).collect() }
                })
            };
            access.read(institutions, |admitted| Ok(handle_admitted(admitted))).await
        }
        Ok(FileRequest::Submit(content)) => {
            let submit = |context: &AnswerContext<'_>, institution: &mut Institution, terminal: &Terminal| {
                answers::submit(context, institution, terminal, file.kind, content.clone())
            };
            access
                .update(institutions, |tenant, id, moment| Ok(readable.answer_by_updating(&mut tenant.institution, id, moment, submit)))
                .await
        }
        Ok(FileRequest::Register(registration)) => {
            let register = |context: &AnswerContext<'_>, institution: &mut Institution, terminal: &Terminal| {
                answers::register(context, institution, terminal, &registration)
            };
            access
                .update(institutions, |tenant, id, moment| Ok(readable.answer_by_updating(&mut tenant.institution, id, moment, register)))
                .await
        }
    }
}

impl ReadableFile<'_> {
    /// Answers a request by reading the institution.
    fn answer_by_reading(&self, admitted: AdmittedRequest<'_>, make: impl FnOnce(&AnswerContext<'_>) -> FileContent) -> HandledFile {
        let Institution { presentation, persons, .. } = admitted.institution();
        let made = make(&self.context(presentation, persons.as_deref(), admitted.terminal, admitted.moment));
        self.handled(made, &admitted.terminal.settings, admitted.moment)
    }

    /// Answers a request by updating the institution.
    fn answer_by_updating(
        &self,
        institution: &mut Institution,
        id: &TerminalId,
        moment: Moment,
        make: impl FnOnce(&AnswerContext<'_>, &mut Institution, &Terminal) -> Answer,
    ) -> HandledFile {
        let (presentation, persons) = (institution.presentation.clone(), institution.persons.clone());
        let terminal = institution.terminals.get(id).expect("admission found the terminal").clone();
        let context = self.context(&presentation, persons.as_deref(), &terminal, moment);
        self.handled(make(&context, institution, &terminal).into(), &terminal.settings, moment)
    }

    fn context<'b>(
        &'b self,
        presentation: &'b ErrorPresentation,
        persons: Option<&'b [Person]>,
        terminal: &Terminal,
        moment: Moment,
    ) -> AnswerContext<'b> {
        AnswerContext {
            fixtures: self.fixtures,
            register: self.fixtures.register(persons),
            presentation,
            sender: self.sender,
            kind: message_kind(self.file.kind),
            encoding: terminal.settings.encoding,
            order: order(terminal, self.file.kind),
            confirmation_key: None,
            now: moment.now,
        }
    }

    /// Creates the answer's file.
    fn handled(&self, made: FileContent, settings: &Settings, moment: Moment) -> HandledFile {
        let FileContent { answer: Answer { message, outcome, why, .. }, pdf, mut notes } = made;
        notes.extend(self.ignored.iter().map(|pointer| Note::from(note_of_ignored(pointer))));
        let reply = match (message, pdf) {
            (None, _) => HandlerReply::Silent,
            (Some(_), Some(bytes)) => HandlerReply::Answer(packed(self.file, "pdf", bytes, settings, moment)),
            (Some(message), None) => {
                let (bytes, note) = written(self.fixtures, &message, settings.encoding);
                notes.extend(note.map(Note::from));
                HandlerReply::Answer(packed(self.file, "xml", bytes, settings, moment))
            }
        };
        HandledFile { reply, outcome, why, notes, patient: None }
    }
}

fn refused(context: &AnswerContext<'_>, kind: FileKind, refusal: &Refusal) -> FileContent {
    let answer = match kind {
        FileKind::Drugs | FileKind::Checkups => answers::refused_medical(context, kind, refusal),
        _ => context.refused(refusal, None),
    };
    answer.into()
}

fn malformed(fixtures: &Fixtures, presentation: &ErrorPresentation, terminal: &Terminal, name: &str, refusal: &Refusal) -> HandledFile {
    let entry = presentation.entry(&fixtures.catalogue, refusal.error);
    let Text { ja, en } = refusal.message(&entry);
    let (shape, help) = (&fixtures.invented.linkage, Heading::ErrFile.reference());
    let filled = Text::same(&*shape.err).fill(&[
        ("file", &Text::same(name)),
        ("code", &Text::same(&*entry.code)),
        ("ja", &Text::same(ja)),
        ("en", &Text::same(en)),
        ("help_ja", &Text::same(help.ja)),
        ("help_en", &Text::same(help.en)),
    ]);
    let text = filled.ja.replace("\r\n", "\n").replace('\n', "\r\n");
    let written = charset::encode(&text, terminal.settings.encoding, shape.replacement);
    let note = written.note(terminal.settings.encoding);
    HandledFile {
        reply: HandlerReply::Refused(OutputFile {
            name: err_name(name),
            bytes: written.bytes,
            result_files: terminal.settings.result_files,
        }),
        outcome: Outcome::refused(JournalError::new(&entry, refusal.message(&entry)), None),
        why: refusal.why.clone(),
        notes: note.map(Note::from).into_iter().collect(),
        patient: None,
    }
}

/// Returns the kind of message that answers a kind of file.
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

/// Returns the order of an answer's elements. For drug information and check-ups the real order
/// is not known, so they follow the specification unless the elements are shuffled.
fn order(terminal: &Terminal, kind: FileKind) -> ElementOrder {
    let order = terminal.settings.order_in_files();
    let unknown = matches!(kind, FileKind::Drugs | FileKind::Checkups) && order == ElementOrder::Hash;
    if unknown { ElementOrder::Specification } else { order }
}

/// Encodes a message in a character set. Also returns a note for the journal on characters that
/// were replaced.
pub(super) fn written(fixtures: &Fixtures, message: &Group, encoding: Encoding) -> (Vec<u8>, Option<Text>) {
    let written = xml::write(message, encoding, fixtures.invented.linkage.replacement);
    let note = written.note(encoding);
    (written.bytes, note)
}

/// Creates the answer's file, plain or in a zip archive.
fn packed(file: &FileName, extension: &str, bytes: Vec<u8>, settings: &Settings, moment: Moment) -> OutputFile {
    let (linkage, result_files) = (&settings.linkage, settings.result_files);
    let name = file.answer(extension);
    let encrypted = linkage.encrypt.contains(&file.kind);
    let zipped = encrypted || (linkage.bulk_result == ResultForm::Zip && file.kind.submitted_as().is_some());
    if !zipped {
        return OutputFile { name, bytes, result_files };
    }
    let password = encrypted.then_some(linkage.zip_password.as_str());
    OutputFile { bytes: zip::zip(&name, &bytes, japan::civil(moment.now), password), name: file.answer("zip"), result_files }
}
