//! The page はじめる: the scenarios by what they are about, each with a form that makes an
//! institution.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Html;
use jiff::Timestamp;
use serde::Deserialize;

use super::language::Language;
use super::layout::{Layout, Place};
use super::page::console_page;
use super::words::time_of;
use crate::domain::ids::InstitutionCode;
use crate::domain::japan;
use crate::domain::period::in_words;
use crate::domain::rehearsal::Rehearsal;
use crate::domain::scenario::Scenario;
use crate::fixtures::Scenarios;
use crate::http::app::App;
use crate::http::problem::Problem;
use crate::verdict::{RULES, source_meaning};

/// The institution of the fixtures that is copied: a clinic with a terminal and a reader.
const TEMPLATE: &str = "9910000018";
/// The scenario to begin with.
const FIRST: &str = "installed-not-restarted";

/// What scenarios are about, in Japanese and English, and their ids.
const GROUPS: [(&str, &str, &[&str]); 6] = [
    (
        "朝のエラーと再起動",
        "The error in the morning, and the restart",
        &[
            FIRST,
            "fast-startup-shutdown",
            "linkage-application-restarted",
            "pharmacy-one-pending",
            "second-campaign-while-pending",
            "token-expires-during-error",
        ],
    ),
    (
        "夜の配信",
        "The distribution at night",
        &[
            "happy-morning",
            "automatic-restart",
            "powered-off-at-night",
            "update-in-consultation-hours",
            "download-cut-every-night",
            "delivery-down",
            "broken-downloads",
        ],
    ),
    (
        "再起動しても直らないとき、コールセンター",
        "When a restart does not help, and the call centre",
        &["stuck-call-centre-open", "stuck-call-centre-closed", "stuck-public-holiday"],
    ),
    ("顔認証付きカードリーダー", "The card reader with face authentication", &["card-while-pending"]),
    ("回線・サーバー", "The line and the server", &["line-down", "slow-answers", "processing-answers", "busy-server"]),
    (
        "応答の形",
        "The form of answers",
        &["error-profile-envelope", "error-profile-bare", "error-profile-http", "error-profile-silent", "unknown-elements"],
    ),
];

#[derive(Template)]
#[template(path = "console/start.html")]
struct StartPage<'a> {
    lang: Language,
    layout: Layout,
    rehearsal: Rehearsal,
    first: Option<Card<'a>>,
    groups: Vec<Group<'a>>,
}

/// Scenarios about the same.
struct Group<'a> {
    title: &'a str,
    cards: Vec<Card<'a>>,
}

/// A scenario.
struct Card<'a> {
    id: &'a str,
    title: &'a str,
    teaches: &'a str,
    length: String,
    /// What the client has to do.
    judged: Vec<String>,
    sources: Vec<Source<'a>>,
    /// Whether a terminal restarts without anybody's action.
    restarts_by_itself: bool,
    /// The request that makes the institution.
    body: String,
}

/// What a scenario is based on.
struct Source<'a> {
    name: &'a str,
    meaning: &'a str,
    is_invented: bool,
}

/// The fields of the page's URL.
#[derive(Deserialize)]
pub(super) struct StartQuery {
    /// The institution from which product, version and tester are taken.
    from: Option<String>,
}

/// `GET /console/start`: shows the scenarios.
///
/// # Errors
/// The store does not work.
pub(super) async fn start(State(app): State<Arc<App>>, Query(query): Query<StartQuery>, lang: Language) -> Result<Html<String>, Problem> {
    let rehearsal = match query.from.as_deref().map(InstitutionCode::parse) {
        Some(Ok(code)) => app.institutions.read(&code, |tenant, _| tenant.spec.rehearsal.clone()).await?,
        Some(Err(_)) | None => None,
    };
    let fixtures = app.fixtures();
    let first = fixtures.scenarios.iter().find(|scenario| scenario.id.as_str() == FIRST);
    let page = StartPage {
        lang,
        layout: Layout::new(lang, Place::Start, None),
        rehearsal: rehearsal.unwrap_or_default(),
        first: first.map(|scenario| Card::new(lang, scenario)),
        groups: groups(lang, &fixtures.scenarios),
    };
    Ok(console_page(&page))
}

/// Returns all scenarios but the first one. Those that this page does not know come last.
fn groups(lang: Language, scenarios: &Scenarios) -> Vec<Group<'_>> {
    let others = || scenarios.iter().filter(|scenario| scenario.id.as_str() != FIRST);
    let known = GROUPS.iter().map(|(ja, en, ids)| {
        let cards = ids.iter().filter_map(|id| others().find(|scenario| scenario.id.as_str() == *id));
        Group { title: lang.say(ja, en), cards: cards.map(|scenario| Card::new(lang, scenario)).collect() }
    });
    let is_known = |scenario: &Scenario| GROUPS.iter().any(|(.., ids)| ids.contains(&scenario.id.as_str()));
    let unknown = others().filter(|scenario| !is_known(scenario)).map(|scenario| Card::new(lang, scenario));
    let unknown = Group {
        title: lang.say("そのほか（フィクスチャに追加されたもの）", "Others, from your fixtures"),
        cards: unknown.collect(),
    };
    known.chain([unknown]).filter(|group| !group.cards.is_empty()).collect()
}

impl<'a> Card<'a> {
    fn new(lang: Language, scenario: &'a Scenario) -> Self {
        let about = &scenario.about;
        Self {
            id: scenario.id.as_str(),
            title: lang.of(&about.title),
            teaches: lang.of(&about.teaches),
            length: length(lang, scenario),
            judged: judged(lang, scenario),
            sources: about.source.split(", ").map(|source| Source::new(lang, source)).collect(),
            restarts_by_itself: scenario.restarts_by_itself(),
            body: serde_json::json!({ "template": TEMPLATE, "scenario": scenario.id }).to_string(),
        }
    }
}

impl<'a> Source<'a> {
    /// Creates a source from its name in a scenario file: a row of the notice, perhaps with a
    /// remark, or `mock`.
    fn new(lang: Language, source: &'a str) -> Self {
        let name = source.split_once(' ').map_or(source, |(name, _)| name);
        match source_meaning(name) {
            Some((ja, en)) => Self { name, meaning: lang.say(ja, en), is_invented: false },
            None => {
                Self { name: "onshi-mock", meaning: lang.say("本プロジェクトの想定", "this project's own"), is_invented: true }
            }
        }
    }
}

/// Returns what is judged, as sentences.
fn judged(lang: Language, scenario: &Scenario) -> Vec<String> {
    let wants = &scenario.about.wants;
    let rules = RULES.iter().filter(|rule| wants.rules.iter().any(|id| id == rule.id));
    let rules = rules.map(|rule| lang.say(rule.sentence.0, rule.sentence.1).to_owned());
    let check = wants.check.map(|check| {
        let named = check.named();
        format!("{}{}", lang.say("資格確認が1回成功した：", "A check succeeded: "), lang.of(&named))
    });
    rules.chain(check).collect()
}

/// Returns how long a scenario is, by the institution's clock.
fn length(lang: Language, scenario: &Scenario) -> String {
    let setup = &scenario.setup;
    let Some(begins) = setup.clock.now else {
        return String::new();
    };
    let automatic = setup.terminals.values().filter_map(|settings| settings.automatic_restart);
    let restarts = automatic.map(|time| japan::next_time_of_day(begins, time));
    let happens: Vec<Timestamp> = setup.timeline.iter().map(|step| step.at).chain(restarts).collect();
    let ends = happens.iter().copied().chain(scenario.about.wants.check.and_then(|check| check.from)).max();
    let begins_at = time_of(lang, begins);
    let begins_at = begins_at.strip_suffix(":00").unwrap_or(&begins_at);
    let Some(ends) = ends.filter(|ends| *ends > begins) else {
        return format!("{begins_at}{}", lang.say(" から。予定された出来事なし", " on; nothing is scheduled"));
    };
    let span = in_words(ends.duration_since(begins));
    let span = lang.of(&span);
    match happens.len() {
        0 => format!("{begins_at}{}{span}", lang.say(" から ", ", for ")),
        number => {
            let scheduled = [lang.say("、予定された出来事 ", "; scheduled events: "), lang.say("件", "")];
            format!("{begins_at}{}{span}{}{number}{}", lang.say(" から ", ", for "), scheduled[0], scheduled[1])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{Fixtures, SCENARIOS};

    #[test]
    fn each_compiled_in_scenario_is_in_one_group() {
        for (id, _) in SCENARIOS {
            let places = GROUPS.iter().filter(|(.., ids)| ids.contains(id)).count();
            assert_eq!(places, 1, "{id}");
        }
        assert_eq!(GROUPS.iter().map(|(.., ids)| ids.len()).sum::<usize>(), SCENARIOS.len());
    }

    #[test]
    fn each_scenario_says_how_long_it_is_and_what_is_judged() {
        let fixtures = Fixtures::compiled_in(jiff::civil::date(2026, 11, 22)).0.unwrap();
        for scenario in fixtures.scenarios.iter() {
            let card = Card::new(Language::Japanese, scenario);
            assert!(!card.judged.is_empty() && !card.sources.is_empty(), "{}", card.id);
        }
        let length_of = |id: &str, lang| length(lang, fixtures.scenarios.iter().find(|scenario| scenario.id.as_str() == id).unwrap());
        assert_eq!(length_of(FIRST, Language::Japanese), "01-20（火） 08:30 から 40分、予定された出来事 1件");
        assert_eq!(length_of("automatic-restart", Language::English), "01-19 (Mon) 19:00, for 12 h; scheduled events: 1");
        assert_eq!(length_of("busy-server", Language::Japanese), "01-20（火） 09:00 から。予定された出来事なし");
    }
}
