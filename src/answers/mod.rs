//! The answers to requests: the refusals of the terminal, the results of the inquiry, and errors in
//! the form that the institution is configured for. HTTP and the linkage folder both use this
//! module, so their answers agree.

mod bulk;
mod check;
mod face;
mod medical;
mod registration;

pub use bulk::{fetch, submit};
pub use check::{check, note_of_day, processing};
pub use face::{CardPresentation, face, patient_key_of};
pub use medical::{medical, refused_medical};
pub use registration::register;

use jiff::Timestamp;

use crate::domain::check::Refusal;
use crate::domain::element_order::ElementOrder;
use crate::domain::encoding::Encoding;
use crate::domain::error_catalogue::{Catalogue, Entry, ErrorId, Layer};
use crate::domain::error_presentation::{ErrorPresentation, ErrorProfile};
use crate::domain::inquiry::{Inquiry, Register};
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::terminal::Terminal;
use crate::domain::text::Text;
use crate::fixtures::Fixtures;
use crate::journal::{JournalError, Outcome};
use crate::wire::element_order::ordered;
use crate::wire::message::{Body, Header, MESSAGE, MessageKind, Note, Scope, Segment, Unit, render};
use crate::wire::quirks;
use crate::wire::request::Sender;
use crate::wire::tree::Group;

/// The answer to a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The message; `None` for an error under the profile `silent`.
    pub message: Option<Group>,
    /// The HTTP status, if the transport is HTTP.
    pub status: u16,
    /// The outcome for the journal.
    pub outcome: Outcome,
    /// The reason for the outcome, for the journal.
    pub why: Text,
}

/// The data about the request that every answer needs.
#[derive(Clone, Copy)]
pub struct AnswerContext<'a> {
    /// The active fixtures: the catalogue of errors, the call centre, and invented values.
    pub fixtures: &'a Fixtures,
    /// The institution's persons.
    pub register: Register<'a>,
    /// The settings of the institution for its answers.
    pub presentation: &'a ErrorPresentation,
    /// The data in the header of the request.
    pub sender: &'a Sender,
    /// The kind of message of the answer.
    pub kind: MessageKind,
    /// The character set that the answer names.
    pub encoding: Encoding,
    /// The order of its elements.
    pub order: ElementOrder,
    /// `QualificationConfirmationKey` of a face result; `None` if the terminal is not set to have
    /// it.
    pub confirmation_key: Option<&'a str>,
    /// The time by the institution's clock, or by the machine's clock if the institution is not
    /// known.
    pub now: Timestamp,
}

/// The terminal of a request, and its institution.
#[derive(Clone, Copy)]
pub struct TerminalContext<'a> {
    /// The institution, with everything that was due already done.
    pub institution: &'a Institution,
    /// One of its terminals.
    pub terminal: &'a Terminal,
}

impl AnswerContext<'_> {
    /// Creates the header of an answer.
    fn header(&self, segment: Segment) -> Header {
        Header {
            kind: self.kind,
            at: japan::civil(self.now),
            confirmation_date: self.sender.confirmation_date,
            institution: self.sender.institution.clone(),
            file_identifier: self.sender.file_identifier.clone(),
            segment,
            error: None,
            encoding: self.encoding,
            reception: None,
            confirmation_key: self.confirmation_key.map(str::to_owned),
            counts: None,
        }
    }

    fn message(&self, header: &Header, body: Option<&Body<'_>>) -> Group {
        self.apply_settings(render(MESSAGE, &Scope::message(header, body)))
    }

    /// Applies the settings of the institution and the terminal to a rendered message: quirks and
    /// order of elements.
    fn apply_settings(&self, message: Group) -> Group {
        ordered(quirks::apply(message, &self.presentation.wire), self.order, self.presentation.seed)
    }

    fn entry(&self, id: ErrorId) -> Entry {
        self.presentation.entry(&self.fixtures.catalogue, id)
    }

    fn note(&self, refusal: &Refusal) -> Note {
        let entry = self.entry(refusal.error);
        Note { message: refusal.on_the_wire(&entry), code: entry.code }
    }

    /// Creates an answer that is not an error.
    fn success_answer(&self, header: &Header, body: &Body<'_>, outcome: Outcome, why: Text) -> Answer {
        Answer { message: Some(self.message(header, Some(body))), status: 200, outcome, why }
    }

    /// Creates an error answer, in the layer of its catalogue entry and the error profile of the
    /// institution. A person-level error repeats `inquiry`.
    pub fn refused(&self, refusal: &Refusal, inquiry: Option<&Inquiry>) -> Answer {
        let entry = self.entry(refusal.error);
        let note = self.note(refusal);
        let of_person = refusal.error.is_of_person();
        let profile = profile(self.presentation, refusal.error);
        let mut header = self.header(Segment::Failed);
        let mut unit = Unit { succeeded: Some(false), info: inquiry.filter(|_| of_person), ..Unit::default() };
        match entry.layer {
            Layer::Header => header.error = Some(note),
            Layer::Body => {
                header.segment = Segment::Done;
                unit.note = Some(note);
            }
        }
        let body = Body { unit, units: Vec::new() };
        let bare = profile == ErrorProfile::Bare && entry.layer == Layer::Header;
        Answer {
            message: (profile != ErrorProfile::Silent).then(|| self.message(&header, Some(&body).filter(|_| !bare))),
            status: if profile == ErrorProfile::Http { entry.status } else { 200 },
            outcome: refused_outcome(&self.fixtures.catalogue, self.presentation, refusal),
            why: refusal.why(&entry),
        }
    }
}

/// Returns the profile of an error. A person-level error is always in the envelope.
fn profile(presentation: &ErrorPresentation, error: ErrorId) -> ErrorProfile {
    if error.is_of_person() { ErrorProfile::Envelope } else { presentation.error_profile }
}

/// Returns the outcome of a refused check for the journal.
pub fn refused_outcome(catalogue: &Catalogue, presentation: &ErrorPresentation, refusal: &Refusal) -> Outcome {
    let entry = presentation.entry(catalogue, refusal.error);
    let error_profile = Some(profile(presentation, refusal.error));
    Outcome::refused(JournalError::new(&entry, refusal.message(&entry)), error_profile)
}
