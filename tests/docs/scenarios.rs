//! The tables of docs/scenario-list.md are what the scenario files say: `UPDATE_DOCS=1 cargo test
//! --test docs scenarios` rewrites them.

use std::path::PathBuf;

use onshi_mock::fixtures::Fixtures;

fn fixtures() -> Fixtures {
    Fixtures::compiled_in(jiff::civil::date(2026, 11, 22)).0.unwrap()
}

/// A check that is wanted: from when on, and in which phase.
fn check(wanted: onshi_mock::domain::scenario::WantedCheck) -> String {
    let from = wanted.from.map(|from| format!(" ≥ {}", onshi_mock::domain::japan::civil(from).strftime("%m-%d %H:%M")));
    let phase = wanted.phase.map(|phase| format!(" @ `{}`", phase.name()));
    ["`check`".to_owned()].into_iter().chain(from).chain(phase).collect()
}

/// The table of a page, in one of its languages.
fn table(columns: &str, text: fn(&onshi_mock::domain::text::Text) -> &str) -> String {
    let mut table = format!("{columns}\n|---|---|---|---|---|\n");
    for scenario in fixtures().scenarios.iter() {
        let about = &scenario.about;
        let rules = about.wants.rules.iter().map(|rule| format!("`{rule}`"));
        let wanted: Vec<String> = rules.chain(about.wants.check.map(check)).collect();
        let steps = scenario.setup.timeline.iter().map(|step| {
            let at = onshi_mock::domain::japan::civil(step.at).strftime("%m-%d %H:%M").to_string();
            let action = serde_json::to_value(step.action).unwrap();
            let terminal = step.terminal.as_ref().map_or(String::new(), |id| format!(" {id}"));
            format!("{at} {}{terminal}", action.as_str().unwrap())
        });
        let steps: Vec<String> = steps.collect();
        let (title, teaches) = (text(&about.title), text(&about.teaches));
        let what = format!("**{title}**<br>{teaches}");
        let columns = [format!("`{}`", scenario.id), what, steps.join("<br>"), wanted.join("<br>"), about.source.clone()];
        table.push_str(&format!("| {} |\n", columns.join(" | ")));
    }
    table
}

#[test]
fn the_table_of_scenarios_is_what_the_files_say() {
    let english = ("docs/scenario-list.md", table("| id | what it teaches | timeline | what it wants | source |", |text| &text.en));
    let japanese = ("docs/scenario-list.ja.md", table("| id | 学べること | 手順 | 求めるもの | 出典 |", |text| &text.ja));
    for (page, table) in [english, japanese] {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(page);
        let text = std::fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        let (before, rest) = text.split_once("<!-- scenarios -->\n").unwrap();
        let (_, after) = rest.split_once("<!-- /scenarios -->").unwrap();
        let made = format!("{before}<!-- scenarios -->\n{table}<!-- /scenarios -->{after}");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(&path, made).unwrap();
        } else {
            assert!(text == made, "{page} is out of date: UPDATE_DOCS=1 cargo test --test docs scenarios");
        }
    }
}
