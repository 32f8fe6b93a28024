//! The check by card data, over HTTP and in the linkage folder.

use jiff::Timestamp;

use super::access::{Access, AdmittedRequest, RequestOutcome};
use crate::answers::{self, Answer, AnswerContext};
use crate::domain::check::Refusal;
use crate::domain::element_order::ElementOrder;
use crate::domain::encoding::Encoding;
use crate::domain::error_presentation::ErrorPresentation;
use crate::domain::fault::Kind;
use crate::domain::ids::{InstitutionCode, TerminalId};
use crate::domain::inquiry::{Inquiry, OtherDay};
use crate::domain::institution::Institution;
use crate::domain::terminal::Settings;
use crate::institutions::{Institutions, Moment};
use crate::wire::message::MessageKind;
use crate::wire::request::Sender;

/// The target that the answer to a check is written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// JSON over HTTP, always in UTF-8.
    Json,
    /// XML over HTTP.
    Xml,
    /// A file in the linkage folder.
    File,
}

/// The answer to a check.
#[derive(Debug)]
pub struct AnsweredCheck {
    /// The answer.
    pub answer: Answer,
    /// The character set that the answer names.
    pub encoding: Encoding,
    /// A further note for the journal.
    pub note: Option<OtherDay>,
}

impl Target {
    /// Returns the character set and the order of elements; the defaults if the terminal does not
    /// exist.
    fn answer_format(self, settings: Option<&Settings>) -> (Encoding, ElementOrder) {
        let order = if self == Self::File { Settings::order_in_files } else { Settings::order_over_web };
        let encoding = settings.filter(|_| self != Self::Json).map_or(Encoding::Utf8, |settings| settings.encoding);
        (encoding, settings.map_or(ElementOrder::Specification, order))
    }
}

/// Answers a check of an admitted caller. The refusals of the terminal come first, then the
/// inquiry. `finish` converts the answer for the transport.
pub async fn answer_check<T>(
    institutions: &Institutions,
    access: &Access<'_>,
    inquiry: &Inquiry,
    (sender, target): (&Sender, Target),
    finish: impl FnOnce(AnsweredCheck, AdmittedRequest<'_>) -> T,
) -> RequestOutcome<T> {
    let fixtures = institutions.fixtures();
    let answered = access.read(institutions, |admitted| {
        let Institution { presentation, persons, .. } = admitted.institution();
        let (encoding, order) = target.answer_format(Some(&admitted.terminal.settings));
        let (register, kind) = (fixtures.register(persons.as_deref()), MessageKind::Check);
        let context = AnswerContext {
            fixtures: &fixtures,
            register,
            presentation,
            sender,
            kind,
            encoding,
            order,
            confirmation_key: None,
            now: admitted.moment.now,
        };
        let is_processed = admitted.fault.is_some_and(|triggered_fault| triggered_fault.kind == Kind::Processing);
        let answer = if is_processed {
            answers::processing(&context, inquiry)
        } else {
            answers::check(&context, admitted.terminal_context(), inquiry)
        };
        let note = answers::note_of_day(&context, inquiry, &answer);
        Ok(finish(AnsweredCheck { answer, encoding, note }, admitted))
    });
    answered.await
}

/// Returns the message of a refusal that precedes the inquiry. Its format follows the settings of
/// the institution and the terminal, as far as they exist.
pub async fn refuse_check(
    institutions: &Institutions,
    named: (Option<&InstitutionCode>, Option<&TerminalId>),
    (sender, target): (&Sender, Target),
    refusal: &Refusal,
) -> AnsweredCheck {
    let fixtures = &institutions.fixtures();
    let (code, terminal) = named;
    let of_institution = match code {
        // If the store does not work, the answer has the format of an institution without settings.
        Some(code) => {
            let look = institutions.read(code, |tenant, moment| format_at(&tenant.institution, terminal, target, moment));
            look.await.ok().flatten()
        }
        None => None,
    };
    let (presentation, (encoding, order), now) =
        of_institution.unwrap_or_else(|| (ErrorPresentation::default(), target.answer_format(None), institutions.wall()));
    let (register, kind) = (fixtures.register(None), MessageKind::Check);
    let context =
        AnswerContext { fixtures, register, presentation: &presentation, sender, kind, encoding, order, confirmation_key: None, now };
    AnsweredCheck { answer: context.refused(refusal, None), encoding, note: None }
}

fn format_at(
    institution: &Institution,
    terminal: Option<&TerminalId>,
    target: Target,
    Moment { now, .. }: Moment,
) -> (ErrorPresentation, (Encoding, ElementOrder), Timestamp) {
    let id = terminal.unwrap_or(&institution.default_terminal);
    let settings = institution.terminals.get(id).map(|terminal| &terminal.settings);
    (institution.presentation.clone(), target.answer_format(settings), now)
}
