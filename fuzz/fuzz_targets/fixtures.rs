//! Fixtures and scenarios from texts. The input is the name of a file, a line end, and its text:
//! errors have places in it, and what is accepted makes institutions that live and answer.

#![no_main]

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::{Corpus, fuzz_target};
use onshi_core::domain::check::refusal;
use onshi_core::domain::institution::{Institution, InstitutionSpec};
use onshi_core::domain::japan;
use onshi_mock::fixtures::{Fixtures, Origin, is_file_name};

const TODAY: Date = date(2026, 1, 20);
const WALL: Timestamp = Timestamp::constant(1_768_867_200, 0);

fuzz_target!(|input: &[u8]| -> Corpus {
    let Some((name, text)) = std::str::from_utf8(input).ok().and_then(|input| input.split_once('\n')) else { return Corpus::Reject };
    if !is_file_name(name) {
        return Corpus::Reject;
    }
    let text = without_hashes(text);
    let mut texts = BTreeMap::from([("campaign.toml".to_owned(), without_hashes(include_str!("../../fixtures/campaign.toml")))]);
    texts.insert(name.to_owned(), text.clone());
    let (fixtures, findings) = Fixtures::from_texts(&texts, Origin::Directory, TODAY);
    assert_eq!(fixtures.is_none(), !findings.errors.is_empty(), "{findings:?}");
    for finding in findings.errors.iter().chain(&findings.warnings) {
        assert!(!finding.message.is_empty());
        let lines = if finding.file == name { text.lines().count().max(1) } else { usize::MAX };
        assert!(finding.line.is_none_or(|line| (1..=lines).contains(&line)), "{finding:?} of {lines} lines");
    }
    if let Some(fixtures) = fixtures {
        let specs = fixtures.institutions.values();
        match name.strip_prefix("scenarios/").and_then(|name| name.strip_suffix(".toml")) {
            None => specs.for_each(|spec| live(&fixtures, spec)),
            Some(id) => {
                let scenario = fixtures.scenarios.iter().find(|scenario| scenario.id.as_str() == id);
                let scenario = scenario.expect("it was accepted");
                specs.take(1).for_each(|spec| live(&fixtures, &scenario.apply_to(spec)));
            }
        }
    }
    Corpus::Keep
});

/// Returns a text without the hashes of packages: to compute them takes longer than all else.
fn without_hashes(text: &str) -> String {
    text.lines().filter(|line| !line.contains("sha256")).map(|line| format!("{line}\n")).collect()
}

/// Lets an institution live for two weeks, in which every day a sample is asked.
fn live(fixtures: &Fixtures, spec: &InstitutionSpec) {
    let code = fixtures.institutions.keys().next().expect("there is one").clone();
    let made = Institution::new(code, "generation", spec, &fixtures.campaign, WALL);
    let mut institution = made.expect("the clock's setting was checked");
    let start = institution.now(WALL);
    for day in 0..14 {
        let now = start.checked_add(SignedDuration::from_hours(24 * day)).unwrap_or(Timestamp::MAX);
        institution.settle(now);
        for terminal in institution.terminals.values() {
            let _ = refusal(&institution, terminal, &fixtures.call_centre, now);
        }
        let today = japan::civil(now).date();
        for sample in fixtures.samples.iter().take(3) {
            let _ = fixtures.register(None).find(&sample.inquiry(today), today);
        }
    }
}
