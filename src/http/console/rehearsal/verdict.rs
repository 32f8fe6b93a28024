//! The part `verdict` of a rehearsal's page: the verdict as a checklist, each item with its
//! evidence and with what to do next.

use std::collections::BTreeSet;

use askama::Template;

use super::requests;
use super::state::RehearsalState;
use crate::domain::text::Text;
use crate::http::console::language::Language;
use crate::verdict::{Grade, Overall, Ruling, Verdict};

/// The maximum number of links of an item to its evidence, of each kind.
const MAX_LINKS: usize = 6;

#[derive(Template)]
#[template(path = "console/rehearsal/verdict.html")]
struct Checklist<'a> {
    lang: Language,
    api: String,
    code: &'a str,
    overall: Badge,
    passed: usize,
    warned: usize,
    total: usize,
    why: &'a str,
    items: Vec<Item>,
    has_scenario: bool,
    report: String,
}

/// A sign and a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Badge {
    class: &'static str,
    words: (&'static str, &'static str),
}

/// Something that the scenario requires.
#[derive(Debug)]
struct Item {
    badge: Badge,
    sentence: Text,
    why: Option<Text>,
    next: Option<Text>,
    evidence: Vec<LinkGroup>,
    /// How much further evidence there is.
    further: usize,
}

/// Links to evidence of one kind: the path and the number of each.
#[derive(Debug, PartialEq, Eq)]
struct LinkGroup {
    kind: &'static str,
    links: Vec<(String, u64)>,
}

impl Badge {
    const PASSED: Self = Self { class: "good", words: ("合格", "passed") };
    const FAILED: Self = Self { class: "bad", words: ("不合格", "failed") };
    const OPEN: Self = Self { class: "wait", words: ("まだ", "open") };
    const WARNED: Self = Self { class: "wait", words: ("警告", "warning") };

    fn of(grade: Grade) -> Self {
        match grade {
            Grade::Pass => Self::PASSED,
            Grade::Fail => Self::FAILED,
            Grade::Warn => Self::WARNED,
            Grade::Inconclusive | Grade::NotExercised => Self::OPEN,
        }
    }

    fn of_all(overall: Overall) -> Self {
        match overall {
            Overall::Pass => Self::PASSED,
            Overall::Fail => Self::FAILED,
            Overall::Incomplete => Self::OPEN,
        }
    }

    fn of_met(met: bool) -> Self {
        if met { Self::PASSED } else { Self::OPEN }
    }
}

/// Renders the part.
pub(super) fn render(state: &RehearsalState) -> String {
    let (lang, verdict) = (state.lang, &state.verdict);
    let page = format!("/console/institutions/{}", state.code());
    let open = verdict.rules.iter().filter(|ruling| state.may_still_pass(ruling)).map(|ruling| &*ruling.rule).collect();
    let links = Links { lang, page: &page, verdict, open, shown: requests::shown(state) };
    let items = items(verdict, &links);
    let count = |badge: Badge| items.iter().filter(|item| item.badge == badge).count();
    let part = Checklist {
        lang,
        api: state.api(),
        code: state.code().as_str(),
        overall: if verdict.overall == Overall::Fail && !state.has_failed() { Badge::OPEN } else { Badge::of_all(verdict.overall) },
        passed: count(Badge::PASSED),
        warned: count(Badge::WARNED),
        total: items.len(),
        why: if verdict.overall == Overall::Fail && !state.has_failed() {
            lang.say("まだ合格していません。「まだ」の項目を続けてください。", "Not passed yet: go on with what is open.")
        } else {
            lang.of(&verdict.why)
        },
        has_scenario: verdict.scenario.is_some(),
        items,
        report: format!("{page}/report"),
    };
    part.render().expect("the template formats texts into a String")
}

/// Returns what is required: the rules, the check and the error profiles of the scenario. Without
/// a scenario, those rules of all that were exercised.
fn items(verdict: &Verdict, links: &Links<'_>) -> Vec<Item> {
    let scenario = verdict.evidence.scenario.as_ref();
    let rules = verdict.rules.iter().filter(|ruling| scenario.is_some() || ruling.result.is_shown());
    let mut items: Vec<Item> = rules.map(|ruling| links.item(ruling)).collect();
    let Some(scenario) = scenario else {
        return items;
    };
    items.extend(scenario.check.map(|wanted| {
        let Text { ja, en } = wanted.named();
        let met = verdict.coverage.check == Some(true);
        let sentence = Text::new(format!("資格確認（{ja}）が成功した"), format!("A check ({en}) succeeded"));
        let next =
            Text::new(format!("レセコンから資格確認を行ってください（{ja}）。"), format!("Make a check from the receipt computer ({en})."));
        Item::met_or_open(met, sentence, next)
    }));
    items.extend(scenario.profiles.iter().map(|profile| {
        let met = verdict.coverage.error_profiles.met.iter().any(|name| name == profile.name());
        let Text { ja, en } = profile.title();
        let sentence = Text::new(format!("エラーの形「{ja}」を受け取った"), format!("An error came in the form \"{en}\""));
        let next = Text::new(
            format!("障害の「エラーの形」が「{ja}」のときに、エラーになる資格確認を行ってください。"),
            format!("Make a check that is refused while the form of errors (under Faults) is \"{en}\"."),
        );
        Item::met_or_open(met, sentence, next)
    }));
    items
}

impl Item {
    fn met_or_open(met: bool, sentence: Text, next: Text) -> Self {
        Self { badge: Badge::of_met(met), sentence, why: None, next: (!met).then_some(next), evidence: Vec::new(), further: 0 }
    }
}

/// What leads from an item to its evidence.
struct Links<'a> {
    lang: Language,
    page: &'a str,
    verdict: &'a Verdict,
    /// The rules that fail so far and may still be met.
    open: Vec<&'a str>,
    /// The requests in the part `requests`; others have a page of their own.
    shown: &'a BTreeSet<u64>,
}

impl Links<'_> {
    fn item(&self, ruling: &Ruling) -> Item {
        let entries: Vec<u64> = ruling.entries.iter().filter_map(|id| self.number_of(id)).collect();
        let groups = [
            (self.lang.say("画面の記録", "screen"), self.paths(&ruling.observations, |number| format!("#observation-{number}"))),
            (self.lang.say("要求", "request"), self.paths(&entries, |number| self.entry(number))),
            (self.lang.say("出来事", "event"), self.paths(&ruling.events, |number| format!("#event-{number}"))),
        ];
        let further = groups.iter().map(|(_, links)| links.len().saturating_sub(MAX_LINKS)).sum();
        let groups = groups.into_iter().filter(|(_, links)| !links.is_empty());
        Item {
            badge: if self.open.contains(&&*ruling.rule) { Badge::OPEN } else { Badge::of(ruling.result) },
            sentence: ruling.sentence.clone(),
            why: Some(ruling.why.clone()),
            next: ruling.next().map(|(ja, en)| Text::new(ja, en)),
            evidence: groups.map(|(kind, links)| LinkGroup { kind, links: links.into_iter().take(MAX_LINKS).collect() }).collect(),
            further,
        }
    }

    fn paths(&self, numbers: &[u64], path: impl Fn(u64) -> String) -> Vec<(String, u64)> {
        numbers.iter().map(|number| (path(*number), *number)).collect()
    }

    fn number_of(&self, id: &str) -> Option<u64> {
        self.verdict.evidence.journal.iter().find(|entry| entry.id == id).map(|entry| entry.number)
    }

    fn entry(&self, number: u64) -> String {
        if self.shown.contains(&number) { format!("#entry-{number}") } else { format!("{}/entries/{number}", self.page) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::error_presentation::ErrorProfile;
    use crate::domain::scenario::WantedCheck;
    use crate::verdict::{Evidence, Scenario, judge};

    fn verdict(scenario: Option<Scenario>) -> Verdict {
        judge(&Evidence {
            institution: "9911000017".to_owned(),
            rehearsal: Default::default(),
            strictness: date(2026, 11, 25),
            scenario,
            scenarios: Default::default(),
            scenario_titles: Default::default(),
            evicted: 0,
            evicted_events: 0,
            evicted_observations: 0,
            incomplete: false,
            journal: Vec::new(),
            events: Vec::new(),
            observations: Vec::new(),
        })
    }

    fn items_of(verdict: &Verdict) -> Vec<Item> {
        let links =
            Links { lang: Language::Japanese, page: "/console/institutions/9911000017", verdict, open: Vec::new(), shown: &[3].into() };
        items(verdict, &links)
    }

    #[test]
    fn what_a_scenario_requires_is_listed_with_what_to_do_next() {
        let scenario = Scenario {
            id: "story".to_owned(),
            rules: vec!["restart_message_shown".to_owned(), "not_hammered".to_owned()],
            profiles: vec![ErrorProfile::Bare],
            check: Some(WantedCheck::default()),
            ..Scenario::default()
        };
        let items = items_of(&verdict(Some(scenario)));
        assert_eq!(items.len(), 4, "two rules, the check, the form");
        assert!(items.iter().all(|item| item.badge == Badge::OPEN && item.next.is_some()), "{items:?}");
    }

    #[test]
    fn without_a_scenario_only_what_was_exercised_is_listed() {
        assert_eq!(items_of(&verdict(None)).len(), 0);
    }

    #[test]
    fn each_grade_has_a_badge() {
        let badges = Grade::ALL.map(|grade| Badge::of(grade).words.0);
        assert_eq!(badges, ["合格", "不合格", "警告", "まだ", "まだ"]);
    }
}
