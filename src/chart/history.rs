//! The drawing of what happened at an institution: the windows of distribution, each terminal with
//! its requests, and the steps of the scenario.

mod terminal;

use jiff::civil::time;
use jiff::{SignedDuration, Timestamp};

use terminal::terminal_row;

use super::{Band, Chart, Mark, MarkKind, Row};
use crate::domain::calendar::Window;
use crate::domain::ids::TerminalId;
use crate::domain::institution::Institution;
use crate::domain::japan;
use crate::domain::terminal::Terminal;
use crate::domain::text::Text;
use crate::domain::timeline::{ScheduledStep, StepProgress};

/// The language of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// Japanese.
    Japanese,
    /// English.
    English,
    /// Both, Japanese first.
    Both,
}

/// What happened at an institution.
pub struct History<'a> {
    /// The institution, settled up to the present.
    pub institution: &'a Institution,
    /// The terminals to draw.
    pub terminals: Vec<&'a Terminal>,
    /// The requests about patients, in order.
    pub requests: Vec<Request>,
    /// The present, by the institution's clock.
    pub now: Timestamp,
    /// The language.
    pub words: Words,
    /// The number of the first event that has a row to lead to: `#event-<number>`.
    pub first_linked_event: u64,
}

/// A request about a patient.
#[derive(Clone, Debug)]
pub struct Request {
    /// When it was, by the institution's clock.
    pub at: Timestamp,
    /// The terminal; the institution's default terminal if it is `None`.
    pub terminal: Option<TerminalId>,
    /// Whether it was refused.
    pub refused: bool,
    /// What was asked and answered, in words.
    pub title: String,
    /// Where it leads.
    pub link: Option<String>,
}

/// The part of time that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    /// All that happened and all that is planned.
    Whole,
    /// From noon to noon.
    Night,
    /// The hour around the present.
    Hour,
}

impl Words {
    /// Returns a text in this language.
    pub(super) fn say(self, ja: &str, en: &str) -> String {
        match self {
            Self::Japanese => ja.to_owned(),
            Self::English => en.to_owned(),
            Self::Both if ja == en => ja.to_owned(),
            Self::Both => format!("{ja} {en}"),
        }
    }

    pub(super) fn of(self, text: &Text) -> String {
        self.say(&text.ja, &text.en)
    }
}

impl History<'_> {
    /// Returns the drawing of a part of time.
    pub fn chart(&self, range: Range) -> Chart {
        let (from, to) = self.period(range);
        let now = format!("{} {}", self.words.say("現在", "now"), hour_and_minute(self.now));
        let of_terminal = |terminal: &&Terminal| [terminal_row(self, terminal, from), self.requests_row(&terminal.id)];
        let rows = self.terminals.iter().flat_map(of_terminal).chain([self.steps_row()]);
        let is_terminals = |row: &Row| self.terminals.iter().any(|terminal| terminal.id.as_str() == row.name);
        Chart {
            from,
            to,
            now: Some((self.now, now)),
            bands: self.windows().into_iter().map(|window| self.band(window)).collect(),
            rows: rows.filter(|row| !row.marks.is_empty() || is_terminals(row)).collect(),
        }
    }

    fn windows(&self) -> Vec<Window> {
        self.institution.campaign.windows(&self.institution.readings)
    }

    fn period(&self, range: Range) -> (Timestamp, Timestamp) {
        match range {
            Range::Whole => self.whole(),
            Range::Night => {
                let noon = earlier(japan::next_time_of_day(self.now, time(12, 0, 0, 0)), 24 * 60);
                (noon, later(noon, 24 * 60))
            }
            Range::Hour => (earlier(self.now, 45), later(self.now, 15)),
        }
    }

    /// Returns the period of all that happened and is planned, with the nights that it touches.
    fn whole(&self) -> (Timestamp, Timestamp) {
        let events = self.institution.events.iter().map(|event| event.at);
        let requests = self.requests.iter().map(|request| request.at);
        let times = events.chain(requests).chain(self.steps().iter().map(|step| step.step.at));
        let (mut from, mut to) = times.fold((self.now, self.now), |(from, to), at| (from.min(at), to.max(at)));
        for Window { start, end } in self.windows() {
            let Some(end) = end else { continue };
            if start <= from && from < end {
                from = start;
            }
            // A night that is about to begin belongs to it.
            if earlier(start, 120) <= to && to < end {
                to = end;
            }
        }
        let step = if to.duration_since(from) > SignedDuration::from_hours(8) { 60 } else { 30 };
        let full = |at: Timestamp| {
            let seconds = step * 60;
            Timestamp::from_second(at.as_second().div_euclid(seconds) * seconds).unwrap_or(at)
        };
        (full(earlier(from, step / 2)), later(full(later(to, step / 2)), step))
    }

    fn band(&self, Window { start, end }: Window) -> Band {
        let label = match end {
            Some(end) => format!("{} {}–{}", self.words.say("配信時間", "distribution"), hour_and_minute(start), hour_and_minute(end)),
            None => self.words.say("終日配信", "all-day distribution"),
        };
        Band { from: start, to: end, label }
    }

    fn requests_row(&self, terminal: &TerminalId) -> Row {
        let is_here = |request: &&Request| request.terminal.as_ref().unwrap_or(&self.institution.default_terminal) == terminal;
        let mark = |request: &Request| {
            let (kind, label) = if request.refused {
                (MarkKind::Refused, self.words.say("エラー", "error"))
            } else {
                (MarkKind::Answered, self.words.say("確認", "answer"))
            };
            Mark { kind, at: request.at, label, title: request.title.clone(), link: request.link.clone() }
        };
        let marks = self.requests.iter().filter(is_here).map(mark).collect();
        Row { name: self.words.say("　要求", "  requests"), spans: Vec::new(), marks }
    }

    fn steps(&self) -> &[ScheduledStep] {
        self.institution.scenario.as_ref().map_or(&[], |timeline| timeline.steps())
    }

    fn steps_row(&self) -> Row {
        let marks = self.steps().iter().map(|ScheduledStep { step, progress }| {
            let action = self.words.of(&step.action.title());
            let (kind, state) = match progress {
                StepProgress::Waiting => (MarkKind::StepWaiting, self.words.say("（予定）", " (planned)")),
                StepProgress::Done => (MarkKind::StepDone, String::new()),
                StepProgress::Refused { .. } => (MarkKind::StepRefused, self.words.say("（実行できず）", " (not possible)")),
                StepProgress::Skipped => (MarkKind::StepSkipped, self.words.say("（省略）", " (left out)")),
            };
            let label = format!("{} {action}{state}", hour_and_minute(step.at));
            let terminal = step.terminal.as_ref().map(|terminal| format!("{} {terminal} ", self.words.say("端末", "terminal")));
            let title = format!("{}{action}{state}", terminal.unwrap_or_default());
            Mark { kind, at: step.at, label, title, link: None }
        });
        Row { name: self.words.say("シナリオ", "scenario"), spans: Vec::new(), marks: marks.collect() }
    }
}

fn earlier(at: Timestamp, minutes: i64) -> Timestamp {
    at.checked_sub(SignedDuration::from_mins(minutes)).unwrap_or(at)
}

fn later(at: Timestamp, minutes: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_mins(minutes)).unwrap_or(at)
}

fn hour_and_minute(at: Timestamp) -> String {
    japan::civil(at).strftime("%H:%M").to_string()
}
