//! What a terminal's screen shows, for the page of its own and for the console: the template
//! `terminal_screen.html`.

use jiff::Timestamp;

use super::delivered::DeliveryComparison;
use super::language::Language;
use super::words::time_of;
use crate::domain::card::CardOutcome;
use crate::domain::check::{Refusal, shown_error};
use crate::domain::error_catalogue::{Entry, ErrorId, Mark};
use crate::domain::institution::Institution;
use crate::domain::terminal::{Power, Terminal};
use crate::fixtures::Fixtures;

/// What the screen shows.
pub(super) struct ScreenView {
    pub(super) off: bool,
    pub(super) error: Option<ErrorView>,
    pub(super) card: Option<CardView>,
    pub(super) delivered: DeliveryComparison,
}

/// The error that staff see, marked where it is invented.
pub(super) struct ErrorView {
    pub(super) message: String,
    pub(super) remedy: String,
    pub(super) code: String,
    /// Where the situation comes from, if the code is invented.
    pub(super) invented: Option<String>,
    pub(super) call_centre: Option<CallCentreView>,
}

/// Whom to call, and what to do meanwhile.
pub(super) struct CallCentreView {
    pub(super) name: String,
    pub(super) phone: String,
    pub(super) answers: String,
    pub(super) article: String,
    pub(super) ways: Vec<String>,
}

/// The last card at the reader.
pub(super) struct CardView {
    pub(super) time: String,
    pub(super) shown: String,
    pub(super) refused: bool,
}

impl ScreenView {
    /// Returns what the screen of a terminal shows at `now`.
    pub(super) fn of(lang: Language, fixtures: &Fixtures, institution: &Institution, terminal: &Terminal, now: Timestamp) -> Self {
        let off = terminal.power != Power::On;
        let refusal = shown_error(institution, terminal, &fixtures.call_centre, now).filter(|_| !off);
        Self {
            off,
            error: refusal.map(|refusal| ErrorView::of(lang, fixtures, institution, &refusal, now)),
            card: terminal.last_card.as_ref().map(|card| CardView {
                time: time_of(lang, card.at),
                shown: lang.of(&card.shown).to_owned(),
                refused: card.outcome != CardOutcome::FaceResult,
            }),
            delivered: DeliveryComparison::of(institution, terminal),
        }
    }
}

impl ErrorView {
    fn of(lang: Language, fixtures: &Fixtures, institution: &Institution, refusal: &Refusal, now: Timestamp) -> Self {
        let entry = institution.presentation.entry(&fixtures.catalogue, refusal.error);
        let call_centre = &fixtures.call_centre;
        let shows_call_centre = refusal.error == ErrorId::RestartDidNotHelp;
        Self {
            message: lang.of(&refusal.message(&entry)).to_owned(),
            remedy: lang.of(&entry.remedy).to_owned(),
            code: entry.code.clone(),
            invented: (entry.provenance.code == Mark::Invented).then(|| source(lang, &entry)),
            call_centre: shows_call_centre.then(|| CallCentreView {
                name: lang.of(&call_centre.name).to_owned(),
                phone: call_centre.phone.clone(),
                answers: lang.of(&call_centre.opening_status(now).text()).to_owned(),
                article: call_centre.fallback.article.clone(),
                ways: call_centre.fallback.ways.iter().map(|way| lang.of(way).to_owned()).collect(),
            }),
        }
    }
}

fn source(lang: Language, entry: &Entry) -> String {
    let source = &entry.provenance.source;
    let notice = source.starts_with('N').then(|| format!("{}{source}", lang.say("お知らせ ", "notice ")));
    notice.unwrap_or_else(|| lang.say("onshi-mock", "this test double").to_owned())
}
