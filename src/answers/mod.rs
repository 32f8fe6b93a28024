//! From what was asked to the message that answers it: the terminal's refusals, the inquiry, and the form in which the institution has errors
//! surface. The web API and the linkage folder say the same because both come here.

mod bulk;
mod check;
mod face;
mod medical;
mod registration;

pub use bulk::{fetch, submit};
pub use check::{check, note_of_day, processing};
pub use face::{CardPresentation, face, sought};
pub use medical::{medical, refused_medical};
pub use registration::register;

use jiff::Timestamp;

use crate::domain::catalogue::{Catalogue, Entry, ErrorId, Layer};
use crate::domain::check::Refusal;
use crate::domain::element_order::ElementOrder;
use crate::domain::encoding::Encoding;
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

/// What came of a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The message; none where the profile is `silent`.
    pub message: Option<Group>,
    /// The HTTP status, where there is HTTP.
    pub status: u16,
    /// How it ended, for the journal.
    pub outcome: Outcome,
    /// What decided it, for the journal.
    pub why: Text,
}

/// What every answer needs to know of who asked, and where.
#[derive(Clone, Copy)]
pub struct AnswerContext<'a> {
    /// Errors, the call centre, what is invented.
    pub fixtures: &'a Fixtures,
    /// The institution's persons.
    pub register: Register<'a>,
    /// How the institution's answers look.
    pub presentation: &'a ErrorPresentation,
    /// What the request's header says.
    pub sender: &'a Sender,
    /// The kind of message that the answer is.
    pub kind: MessageKind,
    /// The character set that the answer names.
    pub encoding: Encoding,
    /// The order of its elements.
    pub order: ElementOrder,
    /// `QualificationConfirmationKey` of a face result, where the terminal's setting has one.
    pub confirmation_key: Option<&'a str>,
    /// By the institution's clock; by the machine's where none is known.
    pub now: Timestamp,
}

/// The terminal at which something is asked, and its institution.
#[derive(Clone, Copy)]
pub struct TerminalContext<'a> {
    /// The institution, settled.
    pub institution: &'a Institution,
    /// One of its terminals.
    pub terminal: &'a Terminal,
}

impl AnswerContext<'_> {
    /// The header of an answer.
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
        self.arranged(render(MESSAGE, &Scope::message(header, body)))
    }

    /// A rendered message as the institution and the terminal have it look.
    fn arranged(&self, message: Group) -> Group {
        ordered(quirks::taken(message, &self.presentation.wire), self.order, self.presentation.seed)
    }

    fn entry(&self, id: ErrorId) -> Entry {
        self.presentation.entry(&self.fixtures.catalogue, id)
    }

    fn note(&self, refusal: &Refusal) -> Note {
        let entry = self.entry(refusal.error);
        Note { message: refusal.on_the_wire(&entry), code: entry.code }
    }

    /// A message that is no error.
    fn answered(&self, header: &Header, body: &Body<'_>, outcome: Outcome, why: Text) -> Answer {
        Answer { message: Some(self.message(header, Some(body))), status: 200, outcome, why }
    }

    /// An error, in the layer that its catalogue entry names and in the institution's profile. `inquiry` is echoed beside a person's error.
    pub fn refused(&self, refusal: &Refusal, inquiry: Option<&Inquiry>) -> Answer {
        let entry = self.entry(refusal.error);
        let note = self.note(refusal);
        let of_person = refusal.error.is_of_person();
        let profile = profile(self.presentation, refusal.error);
        let mut header = self.header(Segment::Failed);
        let mut unit = Unit { worked: Some(false), info: inquiry.filter(|_| of_person), ..Unit::default() };
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

/// The profile in which an error surfaces: one of a person, always in the envelope.
fn profile(presentation: &ErrorPresentation, error: ErrorId) -> ErrorProfile {
    if error.is_of_person() { ErrorProfile::Envelope } else { presentation.error_profile }
}

/// How the journal has the refusal of a check.
pub fn refused_outcome(catalogue: &Catalogue, presentation: &ErrorPresentation, refusal: &Refusal) -> Outcome {
    let entry = presentation.entry(catalogue, refusal.error);
    let error_profile = Some(profile(presentation, refusal.error));
    Outcome::refused(JournalError::new(&entry, refusal.message(&entry)), error_profile)
}
