//! The verdict as one page for people: Japanese first, prints well, loads nothing.

use askama::Template;

use super::{Evidence, Exchange, Met, Overall, Verdict};
use crate::domain::japan;

#[derive(Template)]
#[template(path = "verdict.html")]
struct Page<'a> {
    verdict: &'a Verdict,
    overall: (&'static str, &'static str),
    class: &'static str,
    coverage: [(&'static str, &'static str, &'a Met); 5],
    /// First and last request, in Japan's time, by both clocks.
    from_to: Option<[String; 4]>,
}

/// The page.
pub fn page(verdict: &Verdict) -> String {
    let coverage = &verdict.coverage;
    let (overall, class) = match verdict.overall {
        Overall::Pass => (("合格", "PASS"), "pass"),
        Overall::Fail => (("不合格", "FAIL"), "fail"),
        Overall::Incomplete => (("未完了", "INCOMPLETE"), "incomplete"),
    };
    let page = Page {
        verdict,
        overall,
        class,
        coverage: [
            ("ルール", "rules", &coverage.rules),
            ("端末の状態", "phases", &coverage.phases),
            ("エラー", "errors", &coverage.errors),
            ("エラーの形", "error profiles", &coverage.error_profiles),
            ("シナリオ", "scenarios", &coverage.scenarios),
        ],
        from_to: from_to(&verdict.evidence),
    };
    page.render().expect("the template formats texts into a String")
}

fn from_to(evidence: &Evidence) -> Option<[String; 4]> {
    let (first, last) = (evidence.journal.first()?, evidence.journal.last()?);
    Some([first.at, last.at, first.wall, last.wall].map(|at| japan::civil(at).strftime("%Y-%m-%d %H:%M:%S").to_string()))
}

impl Page<'_> {
    /// The number of a journal entry, which is shorter to read than its id.
    fn entry(&self, id: &str) -> Option<&Exchange> {
        self.verdict.evidence.journal.iter().find(|entry| entry.id == id)
    }

    /// Whether a ruling points to it.
    fn is_proof(&self, id: &str) -> bool {
        self.verdict.rules.iter().any(|ruling| ruling.entries.iter().any(|entry| entry == id))
    }
}
