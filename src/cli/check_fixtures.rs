//! `onshi-mock check-fixtures DIR`.

use std::path::PathBuf;

use anyhow::bail;
use jiff::Timestamp;

use crate::domain::japan;
use crate::domain::scenario::Scenario;
use crate::fixtures::{Finding, Fixtures};
use crate::verdict::{LIMITS, RULES};

/// Options of `check-fixtures`.
#[derive(clap::Args)]
pub struct CheckFixturesArgs {
    /// Directory with the fixture files
    dir: PathBuf,
}

/// Prints what it found; `now` anchors relative dates.
///
/// # Errors
/// Something in the files stops them from being used.
#[expect(clippy::print_stdout, reason = "what it found is the command's output")]
pub fn run(args: &CheckFixturesArgs, now: Timestamp) -> anyhow::Result<()> {
    let (fixtures, mut findings) = Fixtures::from_dir(&args.dir, japan::civil(now).date());
    findings.errors.extend(fixtures.iter().flat_map(|fixtures| fixtures.scenarios.iter()).flat_map(unknown_wants));
    for warning in &findings.warnings {
        println!("警告 warning: {warning}");
    }
    for error in &findings.errors {
        println!("エラー error: {error}");
    }
    let (errors, warnings) = (findings.errors.len(), findings.warnings.len());
    if errors > 0 {
        bail!("{errors} 件のエラー / errors: {errors}, warnings: {warnings}");
    }
    println!("問題ありません（警告 {warnings} 件） / fine, with {warnings} warning(s)");
    Ok(())
}

/// The rules and limits that a scenario wants and that there are not.
fn unknown_wants(scenario: &Scenario) -> impl Iterator<Item = Finding> {
    let (rules, limits): (Vec<_>, Vec<_>) = (RULES.iter().map(|rule| rule.id).collect(), LIMITS.iter().map(|limit| limit.name).collect());
    let wants = &scenario.about.wants;
    let named = wants.rules.iter().map(|name| ("rules", name)).chain(wants.limits.keys().map(|name| ("limits", name)));
    named.filter_map(move |(field, name)| {
        let known = if field == "rules" { &rules } else { &limits };
        let names = known.join(", ");
        (!known.contains(&name.as_str())).then(|| Finding {
            file: format!("scenarios/{}.toml", scenario.id),
            line: None,
            message: format!(
                "/wants/{field}: \"{name}\" はありません。次のいずれか: {names} / there is no \"{name}\"; expected one of: {names}"
            ),
        })
    })
}
