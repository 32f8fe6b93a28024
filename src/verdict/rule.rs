//! A rule: what it requires of a client, its source, and its finding in a case.

use jiff::civil::Date;

use super::case::Case;
use super::evidence::{Event, Evidence, EvidenceSource, Observation};
use super::exchange::Exchange;
use super::{AppliedLimit, Ruling};
use crate::domain::named::named;
use crate::domain::text::Text;

/// The maximum number of references to evidence in a ruling, of each kind.
pub(super) const MAX_LINKS: usize = 20;

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The id. It never changes.
    pub id: &'static str,
    /// The date from which it applies.
    pub since: Date,
    /// A row of the notice such as N5, or the documented rule that it follows.
    pub source: &'static str,
    /// What it requires of a client, in Japanese and English.
    pub sentence: (&'static str, &'static str),
    /// What to do if it was not exercised yet, in Japanese and English.
    pub next: (&'static str, &'static str),
    /// The kind of evidence that it uses.
    pub evidence_source: EvidenceSource,
    /// Whether later requests can fulfil it after it failed.
    pub recovery: Recovery,
    /// The limits that it uses.
    pub limits: &'static [&'static str],
    /// Judges a case.
    pub(super) judge: fn(&Case<'_>) -> Finding,
}

/// Whether later requests can fulfil a rule that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// What the client did cannot be undone.
    Never,
    /// A check is missing, which can still be made.
    ByALaterCheck,
    /// A check is missing, which can be made as long as a terminal waits for its restart.
    WhileATerminalWaits,
}

named! {
    /// The result of a rule.
    pub enum Grade {
        /// The client behaved correctly.
        Pass = "PASS",
        /// The client behaved incorrectly.
        Fail = "FAIL",
        /// The behaviour looks incorrect, but this is not certain.
        Warn = "WARN",
        /// The evidence is not sufficient for a judgement.
        Inconclusive = "INCONCLUSIVE",
        /// The rule was not exercised.
        NotExercised = "NOT_EXERCISED",
    }
}

impl Grade {
    /// Returns the Japanese text.
    pub fn ja(self) -> &'static str {
        match self {
            Self::Pass => "合格",
            Self::Fail => "不合格",
            Self::Warn => "警告",
            Self::Inconclusive => "判定不能",
            Self::NotExercised => "未実施",
        }
    }

    /// Whether the client's behaviour was seen, right or wrong.
    pub fn is_shown(self) -> bool {
        matches!(self, Self::Pass | Self::Fail | Self::Warn)
    }
}

/// The finding of a rule, with its evidence.
#[derive(Clone, Debug)]
pub struct Finding {
    pub(super) grade: Grade,
    pub(super) why: Text,
    pub(super) entries: Vec<String>,
    pub(super) observations: Vec<u64>,
    pub(super) events: Vec<u64>,
}

impl Finding {
    pub(super) fn new(grade: Grade, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self { grade, why: Text::new(ja, en), entries: Vec::new(), observations: Vec::new(), events: Vec::new() }
    }

    /// Creates the finding that the situation did not occur.
    pub(super) fn not_exercised(ja: &str, en: &str) -> Self {
        Self::new(Grade::NotExercised, ja, en)
    }

    pub(super) fn with_entries<'a>(mut self, entries: impl IntoIterator<Item = &'a Exchange>) -> Self {
        extend_unique(&mut self.entries, entries.into_iter().map(|entry| entry.id.clone()));
        self
    }

    pub(super) fn with_events<'a>(mut self, events: impl IntoIterator<Item = &'a Event>) -> Self {
        extend_unique(&mut self.events, events.into_iter().map(|event| event.number));
        self
    }

    pub(super) fn with_observations<'a>(mut self, observations: impl IntoIterator<Item = &'a Observation>) -> Self {
        extend_unique(&mut self.observations, observations.into_iter().map(|observation| observation.number));
        self
    }

    /// Adjusts the finding for missing evidence, which could contain what the rule looks for. After
    /// an eviction, only a FAIL or WARN that the remaining evidence proves is kept. While entries
    /// are still to come, none is.
    fn adjusted_for_missing_evidence(mut self, evidence: &Evidence, source: EvidenceSource) -> Self {
        let proved = matches!(self.grade, Grade::Fail | Grade::Warn);
        let missing = if evidence.incomplete {
            Some(Text::new("ほかのサーバーの記録がまだそろっていないため", "Another server has not written its entries yet"))
        } else {
            evidence.missing_for(source).filter(|_| !proved)
        };
        let Some(missing) = missing.filter(|_| self.grade != Grade::Inconclusive) else {
            return self;
        };
        self.grade = Grade::Inconclusive;
        let Text { ja, en } = self.why;
        self.why = Text::new(
            format!("{}、判定できません。残っている範囲では：{ja}", missing.ja),
            format!("{}, so this cannot be told. As far as it is kept: {en}", missing.en),
        );
        self
    }
}

impl Rule {
    /// Returns the ruling on a case.
    pub(super) fn evaluate(&self, case: &Case<'_>) -> Ruling {
        let finding = (self.judge)(case).adjusted_for_missing_evidence(case.evidence, self.evidence_source);
        let Finding { grade, why, mut entries, mut observations, mut events } = finding;
        entries.truncate(MAX_LINKS);
        observations.truncate(MAX_LINKS);
        events.truncate(MAX_LINKS);
        Ruling {
            rule: self.id.to_owned(),
            source: self.source.to_owned(),
            sentence: Text::new(self.sentence.0, self.sentence.1),
            evidence_source: self.evidence_source,
            limits: self.limits.iter().map(|limit| AppliedLimit { limit: (*limit).to_owned(), value: case.limit(limit) }).collect(),
            result: grade,
            why,
            entries,
            observations,
            events,
        }
    }
}

/// Adds items that are not in the list yet: several observations may be about one request.
fn extend_unique<T: PartialEq>(list: &mut Vec<T>, added: impl Iterator<Item = T>) {
    for one in added {
        if !list.contains(&one) {
            list.push(one);
        }
    }
}
