//! The tables of docs/verdict-rules.md are what the code says: `UPDATE_DOCS=1 cargo test --test
//! docs verdict_docs` rewrites them.

use std::fmt::Write;
use std::path::PathBuf;

use jiff::civil::date;
use onshi_mock::fixtures::Fixtures;
use onshi_mock::verdict::{EvidenceSource, LIMITS, RULE_SET, RULES};

/// A page, whether it is in Japanese, the heads of its tables, and its words for wire, observation
/// and both.
struct Words {
    file: &'static str,
    japanese: bool,
    heads: [&'static str; 3],
    sights: [&'static str; 3],
    default: &'static str,
}

const PAGES: [Words; 2] = [
    Words {
        file: "docs/verdict-rules.md",
        japanese: false,
        heads: ["| rule | source | what it wants | judged by | limits | since |", "| limit | value | since | |", "| set | date | |"],
        sights: ["wire", "observation", "both"],
        default: "default",
    },
    Words {
        file: "docs/verdict-rules.ja.md",
        japanese: true,
        heads: ["| ルール | 根拠 | 内容 | 判定 | 上限 | 有効日 |", "| 上限 | 値 | 有効日 | |", "| ルールセット | 日付 | |"],
        sights: ["通信", "観察", "両方"],
        default: "既定",
    },
];

fn in_language(words: &Words, (ja, en): (&'static str, &'static str)) -> &'static str {
    if words.japanese { ja } else { en }
}

fn tables(words: &Words) -> [(&'static str, String); 3] {
    let [mut rules, mut limits, mut sets] = words.heads.map(|head| format!("{head}\n|{}\n", "---|".repeat(head.matches('|').count() - 1)));
    for rule in RULES {
        let sight = words.sights[[EvidenceSource::Wire, EvidenceSource::Observation, EvidenceSource::Both]
            .iter()
            .position(|sight| *sight == rule.evidence_source)
            .unwrap()];
        let names: Vec<_> = rule.limits.iter().map(|name| format!("`{name}`")).collect();
        let sentence = in_language(words, rule.sentence);
        let _ = writeln!(rules, "| `{}` | {} | {sentence} | {sight} | {} | {} |", rule.id, rule.source, names.join(", "), rule.since);
    }
    for limit in LIMITS {
        let _ = writeln!(limits, "| `{}` | {} | {} | {} |", limit.name, limit.value, RULE_SET.date, in_language(words, limit.meaning));
    }
    let _ = writeln!(sets, "| `{}` | {} | {} |", RULE_SET.name, RULE_SET.date, words.default);
    [("rules", rules), ("limits", limits), ("sets", sets)]
}

#[test]
fn the_tables_of_rules_are_what_the_code_says() {
    for words in &PAGES {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(words.file);
        let written = std::fs::read_to_string(&path).unwrap();
        let mut page = written.clone();
        for (name, table) in tables(words) {
            let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
            let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("{} has no {begin}", words.file));
            let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("{} has no {end}", words.file));
            page = format!("{before}{begin}{table}{end}{after}");
        }
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, &page).unwrap();
        } else {
            assert!(
                written == page,
                "{} is out of date: UPDATE_DOCS=1 cargo test --test docs verdict_docs rewrites its tables",
                words.file
            );
        }
    }
}

#[test]
fn every_scenario_wants_rules_and_limits_that_there_are() {
    let fixtures = Fixtures::compiled_in(date(2026, 1, 20)).0.expect("the compiled-in fixtures are right");
    for scenario in fixtures.scenarios.iter() {
        let wants = &scenario.about.wants;
        assert!(wants.rules.iter().all(|id| RULES.iter().any(|rule| rule.id == id)), "{}: {:?}", scenario.id, wants.rules);
        assert!(wants.limits.keys().all(|name| LIMITS.iter().any(|limit| limit.name == name)), "{}: {:?}", scenario.id, wants.limits);
    }
}
