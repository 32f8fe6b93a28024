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
pub fn run(args: &CheckFixturesArgs, now: Timestamp) -> anyhow::Result<()> {
    let (_, findings) = check_fixtures(Fixtures::from_dir(&args.dir, japan::civil(now).date()));
    for warning in &findings.warnings {
        outln!("警告 warning: {warning}");
    }
    for error in &findings.errors {
        outln!("エラー error: {error}");
    }
    let (errors, warnings) = (findings.errors.len(), findings.warnings.len());
    if errors > 0 {
        bail!("{errors} 件のエラー / errors: {errors}, warnings: {warnings}");
    }
    outln!("問題ありません（警告 {warnings} 件） / fine, with {warnings} warning(s)");
    Ok(())
}
