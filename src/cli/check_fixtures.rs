//! `onshi-mock check-fixtures DIR`: checks fixture files.

use std::path::PathBuf;

use anyhow::bail;
use jiff::Timestamp;

use crate::app::check_fixtures;
use crate::domain::japan;
use crate::fixtures::Fixtures;

/// Options of `check-fixtures`.
#[derive(clap::Args)]
pub struct CheckFixturesArgs {
    /// フィクスチャのディレクトリ / Directory with the fixture files
    dir: PathBuf,
}

/// Prints the findings; `now` is the base of relative dates.
///
/// # Errors
/// The files cannot be used.
#[expect(clippy::print_stdout, reason = "what it found is the command's output")]
pub fn run(args: &CheckFixturesArgs, now: Timestamp) -> anyhow::Result<()> {
    let (_, findings) = check_fixtures(Fixtures::from_dir(&args.dir, japan::civil(now).date()));
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
