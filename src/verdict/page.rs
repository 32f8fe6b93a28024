//! The report of a rehearsal: the verdict for people, Japanese first, printable, without external
//! resources.

use askama::Template;
use jiff::Timestamp;

use super::course::{Step, StepKind, course};
use super::{CoverageSplit, Evidence, Exchange, Grade, Overall, Ruling, Verdict, words};
use crate::domain::error_catalogue::ErrorId;
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::japan;
use crate::domain::rehearsal::Rehearsal;
use crate::domain::terminal::Phase;

/// The report as a document of its own.
#[derive(Template)]
#[template(path = "verdict.html")]
struct Document<'a> {
    verdict: &'a Verdict,
    overall: (&'static str, &'static str),
    /// The report, as HTML.
    report: String,
}

#[derive(Template)]
#[template(path = "report.html")]
struct Report<'a> {
    verdict: &'a Verdict,
    rehearsal: &'a Rehearsal,
    overall: (&'static str, &'static str),
    class: &'static str,
    coverage: Vec<CoverageRow>,
    /// The first and last request, in Japan time, by both clocks.
    from_to: Option<[String; 4]>,
    /// What to do to reach a PASS.
    next: Vec<(&'static str, &'static str)>,
    /// What happened, as SVG.
    drawing: Option<&'a str>,
    /// What happened, in order.
    course: Vec<Step<'a>>,
    /// The rows of the notice that the rules follow, with their meanings.
    notice: Vec<(&'a str, (&'static str, &'static str))>,
}

/// The names of one kind that were met, and those that were not.
struct CoverageRow {
    name: (&'static str, &'static str),
    met: String,
    missing: String,
}

/// Returns the report as one HTML document without external resources. `drawing` is an SVG of what
/// happened, if there is one.
pub fn page(verdict: &Verdict, drawing: Option<&str>) -> String {
    let document = Document { verdict, overall: overall(verdict).0, report: report(verdict, drawing) };
    document.render().expect("the template formats texts into a String")
}

/// Returns the report as one HTML element, `<article class="report">`.
pub fn report(verdict: &Verdict, drawing: Option<&str>) -> String {
    let (overall, class) = overall(verdict);
    let report = Report {
        verdict,
        rehearsal: &verdict.evidence.rehearsal,
        overall,
        class,
        coverage: coverage(verdict),
        from_to: from_to(&verdict.evidence),
        next: next(verdict),
        drawing,
        course: course(&verdict.evidence),
        notice: notice(verdict),
    };
    report.render().expect("the template formats texts into a String")
}

/// Returns the result in Japanese and English, and its CSS class.
fn overall(verdict: &Verdict) -> ((&'static str, &'static str), &'static str) {
    match verdict.overall {
        Overall::Pass => (("合格", "PASS"), "pass"),
        Overall::Fail => (("不合格", "FAIL"), "fail"),
        Overall::Incomplete => (("未完了", "INCOMPLETE"), "incomplete"),
    }
}

fn coverage(verdict: &Verdict) -> Vec<CoverageRow> {
    let coverage = &verdict.coverage;
    let mut rows = vec![
        row(("ルール", "rules"), &coverage.rules, |id| sentence(&verdict.rules, id).map(str::to_owned)),
        row(("端末の状態", "phases"), &coverage.phases, |name| {
            Phase::ALL.into_iter().find(|phase| phase.name() == name).map(|phase| phase.ja().to_owned())
        }),
        row(("エラー", "errors"), &coverage.errors, |name| {
            ErrorId::ALL.into_iter().find(|error| error.name() == name)?.title().map(|title| title.ja)
        }),
        row(("エラーの形", "error profiles"), &coverage.error_profiles, |name| {
            ErrorProfile::ALL.into_iter().find(|profile| profile.name() == name).map(|profile| profile.title().ja)
        }),
    ];
    // After a PASS in one scenario, the other scenarios are not listed as missing.
    if verdict.overall != Overall::Pass {
        let title = |id: &str| Some(verdict.evidence.scenario_titles.get(id)?.ja.clone());
        rows.push(row(("シナリオ", "scenarios"), &coverage.scenarios, title));
    }
    rows
}

/// Creates a row. Names have their Japanese texts if there are any.
fn row(name: (&'static str, &'static str), met: &CoverageSplit, title: impl Fn(&str) -> Option<String>) -> CoverageRow {
    let with_words = |names: &[String]| {
        let named = names.iter().map(|name| title(name).map_or_else(|| name.clone(), |words| format!("{words}（{name}）")));
        named.collect::<Vec<_>>().join("、")
    };
    CoverageRow { name, met: with_words(&met.met), missing: with_words(&met.missing) }
}

fn sentence<'a>(rulings: &'a [Ruling], id: &str) -> Option<&'a str> {
    rulings.iter().find(|ruling| ruling.rule == id).map(|ruling| ruling.sentence.ja.as_str())
}

fn from_to(evidence: &Evidence) -> Option<[String; 4]> {
    let (first, last) = (evidence.journal.first()?, evidence.journal.last()?);
    Some([first.at, last.at, first.wall, last.wall].map(japan::format_japanese))
}

/// Returns what to do, without repetition.
fn next(verdict: &Verdict) -> Vec<(&'static str, &'static str)> {
    let mut next: Vec<(&str, &str)> = Vec::new();
    if verdict.overall == Overall::Fail {
        next.push((
            "不合格になったルールについてレセコンを修正し、シナリオを設定し直して、最初からもう一度試してください。",
            "Mend the client where a rule failed, set the scenario again, and try once more from the beginning.",
        ));
    }
    let open = verdict.rules.iter().filter_map(Ruling::next).filter(|_| verdict.overall != Overall::Pass && verdict.scenario.is_some());
    for title in open {
        if !next.contains(&title) {
            next.push(title);
        }
    }
    next
}

/// Returns the rows of the notice that the rules follow, each once, with their meanings.
fn notice(verdict: &Verdict) -> Vec<(&str, (&'static str, &'static str))> {
    let mut rows: Vec<(&str, _)> = Vec::new();
    for ruling in &verdict.rules {
        let source = ruling.source.as_str();
        if Origin::of(source) == Origin::Notice && rows.iter().all(|(known, _)| *known != source) {
            rows.extend(ruling.meaning().map(|meaning| (source, meaning)));
        }
    }
    rows
}

/// Where a rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// The notice.
    Notice,
    /// A public standard.
    Standard,
    /// This project.
    Invented,
}

impl Origin {
    /// Returns the origin of a rule with this source.
    fn of(source: &str) -> Self {
        match source.as_bytes() {
            [b'N', b'0'..=b'9', ..] => Self::Notice,
            [b'R', b'F', b'C', ..] => Self::Standard,
            _ => Self::Invented,
        }
    }

    /// Returns its CSS class and its name in Japanese.
    fn mark(self) -> (&'static str, &'static str) {
        match self {
            Self::Notice => ("fact", "お知らせ"),
            Self::Standard => ("fact", "公開規格"),
            Self::Invented => ("invented", "仮"),
        }
    }
}

impl Report<'_> {
    /// Returns a journal entry, whose number is shorter to read than its id.
    fn entry(&self, id: &str) -> Option<&Exchange> {
        self.verdict.evidence.journal.iter().find(|entry| entry.id == id)
    }

    /// Whether a ruling refers to this entry.
    fn is_proof(&self, id: &str) -> bool {
        self.verdict.rules.iter().any(|ruling| ruling.entries.iter().any(|entry| entry == id))
    }

    /// Whether the evidence still has an event.
    fn is_listed(&self, number: &u64) -> bool {
        self.verdict.evidence.events.iter().any(|event| event.number == *number)
    }

    /// Returns the sign of a rule's result, which says without colours what it is.
    fn sign(grade: &Grade) -> &'static str {
        match grade {
            Grade::Pass => "✓",
            Grade::Fail => "✕",
            Grade::Warn => "！",
            Grade::Inconclusive | Grade::NotExercised => "―",
        }
    }

    fn mark(source: &str) -> (&'static str, &'static str) {
        Origin::of(source).mark()
    }

    fn has_screenshots(&self) -> bool {
        self.verdict.evidence.observations.iter().any(|observation| observation.screenshot.is_some())
    }

    fn time(at: &Timestamp) -> String {
        japan::format_japanese(*at)
    }
}
