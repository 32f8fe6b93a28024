//! The verdict as one page for people: Japanese first, printable, without external resources.

use askama::Template;
use jiff::Timestamp;

use super::{AFTER_A_FAIL, CoverageSplit, Event, Evidence, Exchange, Overall, Ruling, Verdict, words};
use crate::domain::campaign::Component;
use crate::domain::error_catalogue::ErrorId;
use crate::domain::error_presentation::ErrorProfile;
use crate::domain::event::ChangeName;
use crate::domain::japan;
use crate::domain::rehearsal::Rehearsal;
use crate::domain::terminal::Phase;

#[derive(Template)]
#[template(path = "verdict.html")]
struct VerdictPage<'a> {
    verdict: &'a Verdict,
    rehearsal: &'a Rehearsal,
    overall: (&'static str, &'static str),
    class: &'static str,
    coverage: Vec<CoverageRow>,
    /// The first and last request, in Japan time, by both clocks.
    from_to: Option<[String; 4]>,
    /// What to do to reach a PASS.
    next: Vec<(&'static str, &'static str)>,
    /// The events that prove something, and all restarts.
    events: Vec<&'a Event>,
}

/// The names of one kind that were met, and those that were not.
struct CoverageRow {
    name: (&'static str, &'static str),
    met: String,
    missing: String,
}

/// Returns the page.
pub fn page(verdict: &Verdict) -> String {
    let (overall, class) = match verdict.overall {
        Overall::Pass => (("合格", "PASS"), "pass"),
        Overall::Fail => (("不合格", "FAIL"), "fail"),
        Overall::Incomplete => (("未完了", "INCOMPLETE"), "incomplete"),
    };
    let page = VerdictPage {
        verdict,
        rehearsal: &verdict.evidence.rehearsal,
        overall,
        class,
        coverage: coverage(verdict),
        from_to: from_to(&verdict.evidence),
        next: next(verdict),
        events: events(verdict),
    };
    page.render().expect("the template formats texts into a String")
}

fn coverage(verdict: &Verdict) -> Vec<CoverageRow> {
    let coverage = &verdict.coverage;
    let mut rows = vec![
        row(("ルール", "rules"), &coverage.rules, |id| sentence(&verdict.rules, id)),
        row(("端末の状態", "phases"), &coverage.phases, |name| {
            Phase::ALL.into_iter().find(|phase| phase.name() == name).map(Phase::ja)
        }),
        row(("エラー", "errors"), &coverage.errors, |name| {
            ErrorId::ALL.into_iter().find(|error| error.name() == name).and_then(words::error_title)
        }),
        row(("エラーの形", "error profiles"), &coverage.error_profiles, |name| {
            ErrorProfile::ALL.into_iter().find(|profile| profile.name() == name).map(words::error_profile)
        }),
    ];
    // After a PASS in one scenario, the other scenarios are not listed as missing.
    if verdict.overall != Overall::Pass {
        let title = |id: &str| Some(verdict.evidence.scenario_titles.get(id)?.ja.as_str());
        rows.push(row(("シナリオ", "scenarios"), &coverage.scenarios, title));
    }
    rows
}

/// Creates a row. Names have their Japanese texts if there are any.
fn row<'a>(name: (&'static str, &'static str), met: &CoverageSplit, title: impl Fn(&str) -> Option<&'a str>) -> CoverageRow {
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
        next.push(AFTER_A_FAIL);
    }
    let open = verdict.rules.iter().filter_map(Ruling::next).filter(|_| verdict.overall != Overall::Pass && verdict.scenario.is_some());
    for title in open {
        if !next.contains(&title) {
            next.push(title);
        }
    }
    next
}

fn events(verdict: &Verdict) -> Vec<&Event> {
    let is_proof = |event: &Event| verdict.rules.iter().any(|ruling| ruling.events.contains(&event.number));
    verdict.evidence.events.iter().filter(|event| event.event == ChangeName::Booted || is_proof(event)).collect()
}

impl VerdictPage<'_> {
    /// Returns a journal entry, whose number is shorter to read than its id.
    fn entry(&self, id: &str) -> Option<&Exchange> {
        self.verdict.evidence.journal.iter().find(|entry| entry.id == id)
    }

    /// Whether a ruling refers to this entry.
    fn is_proof(&self, id: &str) -> bool {
        self.verdict.rules.iter().any(|ruling| ruling.entries.iter().any(|entry| entry == id))
    }

    /// Whether an event is on the page.
    fn is_listed(&self, number: &u64) -> bool {
        self.events.iter().any(|event| event.number == *number)
    }

    fn time(at: &Timestamp) -> String {
        japan::format_japanese(*at)
    }

    /// Returns the components whose running version an event changed.
    fn applied_components(event: &Event) -> String {
        event.applied.iter().map(|component: &Component| component.title().ja).collect::<Vec<_>>().join("、")
    }
}
