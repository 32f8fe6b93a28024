//! `onshi-mock verdict`: fetches the verdict on an institution's clients, or judges anew from the evidence in a file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use reqwest::{Certificate, Client};
use serde_json::Value;

use super::health::addresses;
use crate::config::{Config, Options};
use crate::terminal::install_provider;
use crate::verdict::{Grade, Overall, Verdict, judge, junit, page};

/// Options of `verdict`: those of `serve` say where it listens, and where its CA and its token are.
#[derive(clap::Args)]
#[command(after_help = "\
終了コード: 0 違反なし、1 違反あり（--verify: 一致しない）、3 --require-green で合格でない、4 判定できなかった\n\
Exit code: 0 nothing failed, 1 a rule failed (--verify: it differs), 3 not green under --require-green, 4 could not be judged")]
pub struct VerdictArgs {
    /// The institution's code
    #[arg(required_unless_present = "verify", conflicts_with = "verify")]
    institution: Option<String>,
    /// json, junit or html
    #[arg(long, value_enum, default_value = "json")]
    format: Format,
    /// Where to write it [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Exit with 3 unless the overall result is PASS
    #[arg(long)]
    require_green: bool,
    /// Judge anew from the evidence in this verdict (JSON), and compare
    #[arg(long, value_name = "FILE")]
    verify: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
    /// Configuration file [default: onshi-mock.toml, where it exists]
    #[arg(long, env = "ONSHI_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Junit,
    Html,
}

/// A rule failed, or a verdict is not what its evidence says.
const FAILED: u8 = 1;
/// Nothing failed, but it is not green.
const NOT_GREEN: u8 = 3;
/// There is no verdict.
const NOT_JUDGED: u8 = 4;

/// Fetches or verifies; the exit code tells how it ended.
#[expect(clippy::print_stderr, reason = "an error is the program's last word")]
pub async fn run(args: VerdictArgs) -> ExitCode {
    let code = match &args.verify {
        Some(file) => verify(file),
        None => fetch_and_show(&args).await,
    };
    match code {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("エラー error: {error:#}");
            ExitCode::from(NOT_JUDGED)
        }
    }
}

async fn fetch_and_show(args: &VerdictArgs) -> anyhow::Result<u8> {
    let config = args.options.clone().complete(args.config.as_deref())?;
    let institution = args.institution.as_deref().unwrap_or_default();
    let json = fetch(&config, institution).await?;
    let verdict: Verdict = serde_json::from_str(&json).context("応答が判定ではありません / the answer is no verdict")?;
    let shown = match args.format {
        Format::Json => json,
        Format::Junit => junit(&verdict),
        Format::Html => page(&verdict),
    };
    show(&shown, args.out.as_deref())?;
    summarize(&verdict);
    Ok(match verdict.overall {
        Overall::Fail => FAILED,
        Overall::Incomplete if args.require_green => NOT_GREEN,
        Overall::Incomplete | Overall::Pass => 0,
    })
}

/// The verdict as the server writes it.
async fn fetch(config: &Config, institution: &str) -> anyhow::Result<String> {
    install_provider();
    let ca = config.certs.join("ca.pem");
    let pem = std::fs::read(&ca).with_context(|| format!("{0} を読めません / {0} cannot be read", ca.display()))?;
    let token = token(config)?;
    let client = Client::builder().tls_certs_only([Certificate::from_pem(&pem)?]).no_proxy().timeout(Duration::from_secs(30)).build()?;
    let mut unreached = None;
    for addr in addresses(config) {
        let url = format!("https://{addr}/v1/institutions/{institution}/verdict");
        let answer = match client.get(&url).bearer_auth(&token).header("accept", "application/json").send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() => {
                unreached = Some(error);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let (status, body) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "{url}: {status}\n{}", said(&body));
        return Ok(body);
    }
    match unreached {
        Some(error) => Err(error).context("サーバーに接続できません / the server cannot be reached"),
        None => bail!("サーバーに接続できません / the server cannot be reached"),
    }
}

fn token(config: &Config) -> anyhow::Result<String> {
    if let Some(token) = &config.control_token {
        return Ok(token.clone());
    }
    let path = config.certs.join("control-token");
    let token = std::fs::read_to_string(&path).with_context(|| {
        format!("{0} を読めません（--control-token でも指定できます） / {0} cannot be read (or give --control-token)", path.display())
    })?;
    Ok(token.trim().to_owned())
}

/// A problem document's own words.
fn said(body: &str) -> String {
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    match (problem["detail"].as_str(), problem["detail_en"].as_str()) {
        (Some(ja), Some(en)) => format!("{ja}\n{en}"),
        _ => body.chars().take(500).collect(),
    }
}

#[expect(clippy::print_stdout, reason = "the verdict is the command's output")]
fn show(verdict: &str, out: Option<&Path>) -> anyhow::Result<()> {
    match out {
        Some(file) => std::fs::write(file, verdict).with_context(|| format!("{0} に書けません / {0} cannot be written", file.display())),
        None => {
            print!("{verdict}");
            Ok(())
        }
    }
}

/// What people want to know at once, in both languages.
#[expect(clippy::print_stderr, reason = "the summary stands beside the command's output")]
fn summarize(verdict: &Verdict) {
    let overall = match verdict.overall {
        Overall::Pass => "合格 PASS",
        Overall::Fail => "不合格 FAIL",
        Overall::Incomplete => "未完了 INCOMPLETE",
    };
    let scenario = verdict.scenario.as_deref().unwrap_or("-");
    eprintln!("{overall}  {}  scenario {scenario}  {} ({})", verdict.institution, verdict.rule_set.name, verdict.rule_set.date);
    eprintln!("  {}\n  {}", verdict.why.ja, verdict.why.en);
    let told = verdict.rules.iter().filter(|ruling| !matches!(ruling.result, Grade::Pass | Grade::NotExercised));
    for ruling in told {
        eprintln!("{:<13} {}\n  {}\n  {}", ruling.result.name(), ruling.rule, ruling.why.ja, ruling.why.en);
    }
    let rules = |grade: Grade| verdict.rules.iter().filter(move |ruling| ruling.result == grade).map(|ruling| ruling.rule.as_str());
    for grade in [Grade::Pass, Grade::NotExercised] {
        let names: Vec<&str> = rules(grade).collect();
        if !names.is_empty() {
            eprintln!("{:<13} {}", grade.name(), names.join(", "));
        }
    }
    eprintln!("{} / {}", verdict.disclaimer.ja, verdict.disclaimer.en);
}

/// Judges anew from the evidence inside, and compares.
#[expect(clippy::print_stderr, reason = "what came of it is the command's output")]
fn verify(file: &Path) -> anyhow::Result<u8> {
    let name = file.display();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} を読めません / {name} cannot be read"))?;
    let said: Value = serde_json::from_str(&text).with_context(|| format!("{name} は JSON ではありません / {name} is no JSON"))?;
    let verdict: Verdict = serde_json::from_value(said.clone())
        .with_context(|| format!("{name} は証跡の入った判定ではありません / {name} is no verdict with its evidence"))?;
    let anew = judge(&verdict.evidence);
    let recomputed = serde_json::to_value(&anew)?;
    if recomputed == said {
        summarize(&anew);
        eprintln!("証跡から再計算した結果と一致しました / The evidence gives this very verdict");
        return Ok(0);
    }
    eprintln!("証跡から再計算した結果と一致しません / The evidence does not give this verdict: {name}");
    for (field, value) in recomputed.as_object().into_iter().flatten().filter(|(field, value)| said.get(*field) != Some(*value)) {
        match field.as_str() {
            "rules" => anew.rules.iter().filter(|ruling| !verdict.rules.contains(ruling)).for_each(|ruling| {
                eprintln!("  {}: {} ({})", ruling.rule, ruling.result.name(), ruling.why.en);
            }),
            "evidence" => eprintln!("  evidence: 知らない項目があります / it has fields that are not known"),
            _ => eprintln!("  {field}: {value}"),
        }
    }
    Ok(FAILED)
}
