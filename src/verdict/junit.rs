//! The verdict as JUnit XML for CI servers such as Jenkins: one test suite, a test case for each
//! rule, and one for the coverage.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::{Grade, Overall, Ruling, Verdict};
use crate::domain::text::Text;

/// Returns the document, in UTF-8. With `require_green`, what keeps the overall result from PASS is
/// a failure, which CI servers show with its reason; without, it is skipped.
pub fn junit(verdict: &Verdict, require_green: bool) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    write(&mut writer, verdict, require_green).expect("a Vec takes whatever is written");
    let mut xml = String::from_utf8(writer.into_inner()).expect("texts are UTF-8");
    xml.push('\n');
    xml
}

/// One test case of the report.
struct Case {
    /// The name in Japanese, with the id.
    name: String,
    /// The element for the result; `None` if it passed.
    ended: Option<(&'static str, &'static str)>,
    /// The reason in one line, in Japanese.
    message: String,
    words: String,
}

impl Case {
    fn of(ruling: &Ruling, open: &'static str) -> Self {
        let ended = match ruling.result {
            Grade::Pass | Grade::Warn => None,
            Grade::Fail => Some(("failure", "FAIL")),
            Grade::Inconclusive => Some((open, "INCONCLUSIVE")),
            Grade::NotExercised => Some((open, "NOT_EXERCISED")),
        };
        let mut words = format!(
            "{} {}\n{}\n{}\n{}\n{}\n{}",
            ruling.result.name(),
            ruling.result.ja(),
            ruling.sentence.ja,
            ruling.sentence.en,
            ruling.why.ja,
            ruling.why.en,
            ruling.meaning().map_or_else(|| ruling.source.clone(), |(ja, en)| format!("{} {ja} / {en}", ruling.source))
        );
        let links =
            [("journal", ruling.entries.join(" ")), ("observations", numbers(&ruling.observations)), ("events", numbers(&ruling.events))];
        let mut message = ruling.why.ja.clone();
        if let Some((ja, en)) = ruling.next() {
            words.push_str(&format!("\n次にすること：{ja}\nNext: {en}"));
            message.push_str(&format!(" 次にすること：{ja}"));
        }
        for (name, links) in links.into_iter().filter(|(_, links)| !links.is_empty()) {
            words.push_str(&format!("\n{name}: {links}"));
        }
        Self { name: format!("{}（{}）", ruling.sentence.ja, ruling.rule), ended, message, words }
    }

    fn coverage(verdict: &Verdict, open: &'static str) -> Self {
        let missing = verdict.coverage.rules.missing.join(", ");
        // Under FAIL the verdict's reason tells what failed, not what is missing.
        let Text { ja, en } = match (verdict.overall, verdict.coverage.complete) {
            (Overall::Fail, true) => Text::new("シナリオの全項目を確認しました。", "All that the scenario wants was shown."),
            (Overall::Fail, false) => Text::new("まだ確認されていないものがあります。", "Not everything was shown yet."),
            (Overall::Pass | Overall::Incomplete, _) => verdict.why.clone(),
        };
        let mut words = format!("{ja}\n{en}");
        if !missing.is_empty() {
            words.push_str(&format!("\nまだ確認されていないルール rules not shown yet: {missing}"));
        }
        let ended = (verdict.overall == Overall::Incomplete || !verdict.coverage.complete).then_some((open, "INCOMPLETE"));
        Self { name: "シナリオの全項目を確認した（coverage）".to_owned(), ended, message: ja, words }
    }
}

fn numbers(numbers: &[u64]) -> String {
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(" ")
}

fn write(writer: &mut Writer<Vec<u8>>, verdict: &Verdict, require_green: bool) -> std::io::Result<()> {
    let open = if require_green { "failure" } else { "skipped" };
    let cases: Vec<Case> = verdict.rules.iter().map(|ruling| Case::of(ruling, open)).chain([Case::coverage(verdict, open)]).collect();
    let ended = |how: &str| cases.iter().filter(|case| case.ended.is_some_and(|(element, _)| element == how)).count().to_string();
    let (tests, failures, skipped) = (cases.len().to_string(), ended("failure"), ended("skipped"));
    let name = format!("onshi-mock {}", verdict.institution);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suite = BytesStart::new("testsuite").with_attributes([
        ("name", name.as_str()),
        ("tests", &tests),
        ("failures", &failures),
        ("errors", "0"),
        ("skipped", &skipped),
    ]);
    writer.write_event(Event::Start(suite))?;
    writer.write_event(Event::Start(BytesStart::new("properties")))?;
    let overall = format!("{:?}", verdict.overall).to_uppercase();
    let disclaimer = format!("{} / {}", verdict.disclaimer.ja, verdict.disclaimer.en);
    let rehearsal = &verdict.evidence.rehearsal;
    let properties = [
        ("disclaimer", disclaimer.as_str()),
        ("institution", &verdict.institution),
        ("overall", &overall),
        ("rule_set", &verdict.rule_set.name),
        ("rule_set_date", &verdict.rule_set.date),
        ("scenario", verdict.scenario.as_deref().unwrap_or("-")),
        ("scenario_title", verdict.scenario_title().unwrap_or("-")),
        ("product", rehearsal.product.as_deref().unwrap_or("-")),
        ("version", rehearsal.version.as_deref().unwrap_or("-")),
        ("tester", rehearsal.tester.as_deref().unwrap_or("-")),
    ];
    for (name, value) in properties {
        writer.write_event(Event::Empty(BytesStart::new("property").with_attributes([("name", name), ("value", value)])))?;
    }
    writer.write_event(Event::End(BytesEnd::new("properties")))?;
    let class = format!("onshi-mock.{}.{}", verdict.scenario.as_deref().unwrap_or("no-scenario"), verdict.institution);
    for case in &cases {
        write_case(writer, &class, case)?;
    }
    writer.write_event(Event::End(BytesEnd::new("testsuite")))
}

fn write_case(writer: &mut Writer<Vec<u8>>, class: &str, case: &Case) -> std::io::Result<()> {
    let start = BytesStart::new("testcase").with_attributes([("classname", class), ("name", &case.name), ("time", "0")]);
    writer.write_event(Event::Start(start))?;
    let (element, kind) = case.ended.unwrap_or(("system-out", ""));
    let start = match case.ended {
        Some(_) => BytesStart::new(element).with_attributes([("type", kind), ("message", &case.message)]),
        None => BytesStart::new(element),
    };
    writer.write_event(Event::Start(start))?;
    writer.write_event(Event::Text(BytesText::new(&case.words)))?;
    writer.write_event(Event::End(BytesEnd::new(element)))?;
    writer.write_event(Event::End(BytesEnd::new("testcase")))
}
