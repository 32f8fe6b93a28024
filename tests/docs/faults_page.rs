//! The pages on faults keep their word: the example runs as it stands, each fault they show can be
//! set, and both tell of the same.

use onshi_mock::domain::fault::{FaultDefinition, Requests};
use onshi_mock::fixtures::Fixtures;
use reqwest::StatusCode;
use serde_json::Value;

use crate::program::{Program, blocks};
use crate::support::Mock;

const PAGES: [&str; 2] = ["docs/faults.md", "docs/faults.ja.md"];

fn page(name: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The faults that a page shows, one a line.
fn shown(page: &str) -> Vec<Value> {
    let blocks = page.split("```json\n").skip(1).map(|block| block.split_once("\n```").unwrap().0);
    blocks.flat_map(str::lines).map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"))).collect()
}

#[cfg_attr(windows, ignore = "it needs bash and its tools")]
#[test]
fn the_example_comes_to_what_the_pages_say() {
    let program = Program::start();
    let [english, japanese] = PAGES.map(|page| blocks(page, "faults"));
    let output = program.run(&english[0]);
    for name in PAGES {
        assert!(page(name).contains(&format!("```\n{output}\n```")), "{name} shows another output than {output}");
    }
    let commands = |block: &str| block.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(commands(&english[0]), commands(&japanese[0]));
}

#[tokio::test]
async fn every_fault_that_the_pages_show_can_be_set() {
    let mock = Mock::start().await;
    let [english, japanese] = PAGES.map(page);
    assert_eq!(shown(&english), shown(&japanese));
    let clinic = mock.clinic("9910000018", "2026-01-20T09:00:00+09:00").await;
    for fault in shown(&english) {
        clinic.add_fault(fault).expect_status(StatusCode::CREATED).await;
    }
}

#[test]
fn both_pages_name_every_kind_operation_and_profile() {
    let chaos = Fixtures::compiled_in(jiff::civil::date(2026, 1, 20)).0.unwrap().chaos;
    let refused = serde_json::from_str::<FaultDefinition>("{\"kind\":\"none\"}").unwrap_err().to_string();
    let kinds: Vec<&str> = refused.split('`').skip(3).step_by(2).collect();
    assert_eq!(kinds.len(), 15, "{refused}");
    for name in PAGES {
        let page = page(name);
        kinds.iter().for_each(|kind| assert!(page.contains(&format!("\n| `{kind}` |")), "{name} lacks {kind}"));
        let mut words: Vec<&str> = Requests::ALL.into_iter().map(Requests::name).collect();
        words.extend(chaos.iter().map(|profile| profile.name.as_str()));
        words.into_iter().for_each(|word| assert!(page.contains(&format!("`{word}`")), "{name} lacks {word}"));
    }
}
