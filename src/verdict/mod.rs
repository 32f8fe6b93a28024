//! The verdict on a client: rules are plain functions over plain evidence. The same evidence gives
//! the same verdict, byte for byte.

mod case;
mod course;
mod coverage;
mod evidence;
mod exchange;
mod junit;
mod page;
mod rule;
mod rules;
mod strictness;
#[cfg(test)]
mod tests;
mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::text::Text;
use case::Case;
pub use coverage::{Coverage, CoverageSplit};
pub use evidence::{Event, Evidence, EvidenceSource, Observation, Scenario};
pub use exchange::{Exchange, File, NoKind, Package, Report, RequestKind};
pub use junit::junit;
pub use page::{page, report};
pub use rule::{Finding, Grade, Recovery, Rule};
pub use rules::RULES;
pub use strictness::{LIMITS, Limit, RULE_SET, Set, limit};
pub use words::meaning as source_meaning;

/// The disclaimer in every form of the verdict.
pub const DISCLAIMER: (&str, &str) = ("テストの証跡であり、認証ではありません", "Test evidence, not a certification");

/// The verdict on the clients of one institution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The statement that the verdict is not a certification.
    pub disclaimer: Text,
    /// The institution's code.
    pub institution: String,
    /// The result of all rules together.
    pub overall: Overall,
    /// The reason for the result.
    pub why: Text,
    /// The rule set that was applied.
    pub rule_set: RuleSet,
    /// The scenario by which the clients were judged. If absent, all rules were judged, and the
    /// verdict is never PASS.
    pub scenario: Option<String>,
    /// The result of each rule, in the order of the rules.
    pub rules: Vec<Ruling>,
    /// The coverage by the institution's clients.
    pub coverage: Coverage,
    /// The evidence of the verdict. Judging it again gives the same verdict.
    pub evidence: Evidence,
}

/// The result of all rules together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Overall {
    /// All rules of the scenario were exercised, none failed, and all other requirements of the
    /// scenario were met.
    Pass,
    /// A rule failed.
    Fail,
    /// No rule failed, but not everything required was exercised.
    Incomplete,
}

/// A rule set and its date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuleSet {
    /// The name of the rule set, such as `strict-2026-11`.
    pub name: String,
    /// The date from which it applies.
    pub date: String,
}

/// The result of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ruling {
    /// The rule.
    pub rule: String,
    /// The source: a row of the notice, or the documented rule that this rule follows.
    pub source: String,
    /// The requirement of the rule.
    pub sentence: Text,
    /// The kind of evidence by which the rule was judged.
    #[serde(rename = "sight")]
    pub evidence_source: EvidenceSource,
    /// The limits that were applied.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub limits: Vec<AppliedLimit>,
    /// The result.
    pub result: Grade,
    /// The reason for the result.
    pub why: Text,
    /// The journal entries that are the evidence: at most 20.
    pub entries: Vec<String>,
    /// The numbers of the observations that are the evidence: at most 20.
    pub observations: Vec<u64>,
    /// The numbers of the events that are the evidence: at most 20.
    pub events: Vec<u64>,
}

/// An applied limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Applied")]
pub struct AppliedLimit {
    /// The name.
    pub limit: String,
    /// The value.
    pub value: u64,
}

impl Ruling {
    /// Returns what to do if the rule was not exercised yet, in Japanese and English; `None` if it
    /// was, or if this program does not know the rule.
    pub fn next(&self) -> Option<(&'static str, &'static str)> {
        let rule = RULES.iter().find(|rule| rule.id == self.rule)?;
        (!self.result.is_shown()).then_some(rule.next)
    }

    /// Whether it failed for now only: a check that was not made yet may still fulfil the rule.
    /// `is_any_pending` says whether a terminal of the institution waits for its restart.
    pub fn may_still_pass(&self, is_any_pending: bool) -> bool {
        let rule = RULES.iter().find(|rule| rule.id == self.rule);
        self.result == Grade::Fail
            && match rule.map(|rule| rule.recovery) {
                Some(Recovery::ByALaterCheck) => true,
                Some(Recovery::WhileATerminalWaits) => is_any_pending,
                Some(Recovery::Never) | None => false,
            }
    }

    /// Returns what its source is about, in Japanese and English.
    pub fn meaning(&self) -> Option<(&'static str, &'static str)> {
        words::meaning(&self.source)
    }
}

impl Verdict {
    /// Returns the scenario's title in Japanese; its id if it has no title.
    pub fn scenario_title(&self) -> Option<&str> {
        self.scenario.as_deref().map(|id| self.title_of(id))
    }

    fn title_of<'a>(&'a self, scenario: &'a str) -> &'a str {
        self.evidence.scenario_titles.get(scenario).map_or(scenario, |title| title.ja.as_str())
    }

    /// Returns indented JSON with a final line break.
    pub fn json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("a verdict is plain data");
        json.push('\n');
        json
    }
}

/// Judges the evidence. Pure: the verdict depends on nothing else.
pub fn judge(evidence: &Evidence) -> Verdict {
    judge_by(RULES, evidence)
}

fn judge_by(rules: &[Rule], evidence: &Evidence) -> Verdict {
    let case = Case::new(evidence);
    // Rules that apply only from a later date are left out, so that a newer program reproduces an
    // older verdict.
    let counts = |rule: &&Rule| rule.since <= evidence.strictness.max(RULE_SET.date);
    let wanted = |rule: &&Rule| evidence.scenario.as_ref().is_none_or(|scenario| scenario.rules.iter().any(|id| id == rule.id));
    let rulings: Vec<Ruling> = rules.iter().filter(counts).filter(wanted).map(|rule| rule.evaluate(&case)).collect();
    let coverage = Coverage::of(evidence, rules, &rulings);
    let (overall, why) = overall_result(evidence, &rulings, &coverage);
    Verdict {
        disclaimer: Text::new(DISCLAIMER.0, DISCLAIMER.1),
        institution: evidence.institution.clone(),
        overall,
        why,
        rule_set: RuleSet { name: RULE_SET.name.to_owned(), date: RULE_SET.date.to_string() },
        scenario: evidence.scenario.as_ref().map(|scenario| scenario.id.clone()),
        rules: rulings,
        coverage,
        evidence: evidence.clone(),
    }
}

fn overall_result(evidence: &Evidence, rulings: &[Ruling], coverage: &Coverage) -> (Overall, Text) {
    let count = |grade: Grade| rulings.iter().filter(|ruling| ruling.result == grade).count();
    let (failed, warned) = (count(Grade::Fail), count(Grade::Warn));
    if failed > 0 {
        let why = Text::new(format!("{failed} 件のルールに違反しました。"), format!("Rules that failed: {failed}."));
        return (Overall::Fail, why);
    }
    if evidence.scenario.is_none() {
        let why = Text::new(
            "違反は見つかっていません。シナリオが設定されていないため、合格にはなりません。合格にするには、シナリオを選んで設定し、レセコンをもう一度動かしてください。",
            "Nothing failed. Without a scenario there is no PASS: choose and set one, and have the client do its work again.",
        );
        return (Overall::Incomplete, why);
    }
    if !coverage.complete {
        let wanted = evidence.scenario.as_ref().and_then(|scenario| scenario.check).filter(|_| coverage.check == Some(false));
        let why = if let Some(wanted) = wanted {
            let Text { ja, en } = wanted.named();
            Text::new(
                format!("違反は見つかっていませんが、シナリオが求める資格確認（{ja}）がまだ成功していません。"),
                format!("Nothing failed, but the check that the scenario wants ({en}) has not worked yet."),
            )
        } else if rulings.is_empty() {
            Text::new(
                "違反は見つかっていませんが、シナリオに判定するもの（ルールか資格確認）がありません。",
                "Nothing failed, but the scenario has nothing to be judged by: no rule and no check.",
            )
        } else {
            Text::new(
                "違反は見つかっていませんが、シナリオの一部がまだ確認されていません。",
                "Nothing failed, but a part of the scenario was not shown yet.",
            )
        };
        return (Overall::Incomplete, why);
    }
    let warnings = (warned > 0).then(|| Text::new(format!("（警告 {warned} 件）"), format!(" (warnings: {warned})")));
    let Text { ja, en } = warnings.unwrap_or_else(|| Text::same(""));
    let why = Text::new(format!("シナリオの条件をすべて満たしました{ja}。"), format!("All that the scenario wants was met{en}."));
    (Overall::Pass, why)
}
