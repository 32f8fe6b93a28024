//! `onshi-mock verdict`: fetches the verdict on an institution's clients, or judges again from
//! the evidence in a file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::ValueEnum;
use reqwest::Method;

use super::control_api::ControlApi;
use super::output::{print_error, write_out};
use super::verify::verify;
use crate::config::{CommandLine, Options};
use crate::domain::rehearsal::{Rehearsal, name_error};
use crate::domain::text::Text;
use crate::json::parse_json;
use crate::verdict::{Evidence, Grade, Overall, Ruling, Verdict, judge, junit, page};

/// Options of `verdict`: those of `serve` say where it listens, and where its CA and its token are.
#[derive(clap::Args)]
#[command(after_help = "\
終了コード：0 違反なし、1 違反あり（--verify: 証跡と一致しないときも）、3 --require-green で合格でない、4 判定できなかった\n\
Exit code: 0 nothing failed, 1 a rule failed (--verify: also where it differs), 3 not green under --require-green, 4 could not be judged")]
pub struct VerdictArgs {
    /// 医療機関コード / The institution's code
    #[arg(required_unless_present = "verify", conflicts_with = "verify")]
    institution: Option<String>,
    /// 出力の形式：json、junit、html / json, junit or html
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// 出力先のファイル / Where to write it [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 全体の結果が合格でなければ終了コード 3 / Exit with 3 unless the overall result is PASS
    #[arg(long)]
    require_green: bool,
    /// 報告書に載せる製品名（医療機関の設定より優先） / What the report calls the product under test, whatever the institution says
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    product: Option<String>,
    /// 報告書に載せる製品のバージョン / The product's version, for the report
    #[arg(long, value_name = "VERSION", value_parser = parse_name)]
    product_version: Option<String>,
    /// 報告書に載せる担当者 / Who tested it, for the report
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    tester: Option<String>,
    /// この判定（JSON）の中の証跡から判定し直し、比べる / Judge anew from the evidence in this verdict (JSON), and compare
    #[arg(long, value_name = "FILE")]
    verify: Option<PathBuf>,
    #[command(flatten)]
    options: CommandLine<Options>,
    /// 設定ファイル / Configuration file [default: onshi-mock.toml, where it exists]
    #[arg(long, env = "ONSHI_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Json,
    Junit,
    Html,
}

/// A rule failed, or a verdict does not match its evidence.
const FAILED: u8 = 1;
/// No rule failed, but the overall result is not PASS.
const NOT_GREEN: u8 = 3;
/// There is no verdict.
const NOT_JUDGED: u8 = 4;

/// Fetches or verifies a verdict; the exit code is the result.
pub async fn run(args: VerdictArgs) -> ExitCode {
    match verdict(&args).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            print_error(error);
            ExitCode::from(NOT_JUDGED)
        }
    }
}

async fn verdict(args: &VerdictArgs) -> anyhow::Result<u8> {
    let (json, verdict) = match &args.verify {
        Some(file) => match verify(file)? {
            Some(verdict) => (verdict.json(), verdict),
            None => return Ok(FAILED),
        },
        None => fetch_verdict(args).await?,
    };
    let (json, verdict) = with_rehearsal(args, at_strictness(args, json, verdict));
    if args.verify.is_none() || args.format.is_some() || args.out.is_some() {
        let shown = match args.format.unwrap_or(Format::Json) {
            Format::Json => json,
            Format::Junit => junit(&verdict, args.require_green),
            Format::Html => page(&verdict, None),
        };
        print_verdict(&shown, args.out.as_deref())?;
    }
    summarize(&verdict);
    Ok(match verdict.overall {
        Overall::Fail => FAILED,
        Overall::Incomplete if args.require_green => NOT_GREEN,
        Overall::Incomplete | Overall::Pass => 0,
    })
}

/// Returns the server's verdict unchanged, unless another date is given: then judges its
/// evidence here.
fn at_strictness(args: &VerdictArgs, json: String, verdict: Verdict) -> (String, Verdict) {
    let before = verdict.evidence.strictness;
    let Some(strictness) = args.options.strictness().filter(|given| *given != before) else { return (json, verdict) };
    errln!("strictness {before} の判定を {strictness} で判定し直しました / Judged at strictness {before}, and anew at {strictness}");
    let verdict = judge(&Evidence { strictness, ..verdict.evidence });
    (verdict.json(), verdict)
}

/// Adds what the command line says of the product under test.
fn with_rehearsal(args: &VerdictArgs, (json, verdict): (String, Verdict)) -> (String, Verdict) {
    let given = Rehearsal { product: args.product.clone(), version: args.product_version.clone(), tester: args.tester.clone() };
    let rehearsal = given.or(&verdict.evidence.rehearsal);
    if rehearsal == verdict.evidence.rehearsal {
        return (json, verdict);
    }
    let verdict = Verdict { evidence: Evidence { rehearsal, ..verdict.evidence }, ..verdict };
    (verdict.json(), verdict)
}

/// Parses a name for the report.
fn parse_name(text: &str) -> Result<String, String> {
    match name_error(text) {
        None => Ok(text.to_owned()),
        Some(Text { ja, en }) => Err(format!("{ja} / {en}")),
    }
}

async fn fetch_verdict(args: &VerdictArgs) -> anyhow::Result<(String, Verdict)> {
    let config = args.options.complete(args.config.as_deref())?;
    let institution = args.institution.as_deref().unwrap_or_default();
    let server = ControlApi::connect(&args.options, &config).await?;
    let json = server.call(Method::GET, &format!("/v1/institutions/{institution}/verdict")).await?;
    errln!("問い合わせ先 asked: https://{}", server.addr());
    let verdict = parse_json(json.as_bytes()).map_err(|error| anyhow!("応答が判定ではありません / the answer is no verdict\n{error}"))?;
    Ok((json, verdict))
}

fn print_verdict(verdict: &str, out: Option<&Path>) -> anyhow::Result<()> {
    match out {
        Some(file) => std::fs::write(file, verdict).with_context(|| format!("{0} に書けません / {0} cannot be written", file.display())),
        None => Ok(write_out(format_args!("{verdict}"))?),
    }
}

/// Prints a summary in both languages.
fn summarize(verdict: &Verdict) {
    let overall = match verdict.overall {
        Overall::Pass => "合格 PASS",
        Overall::Fail => "不合格 FAIL",
        Overall::Incomplete => "未完了 INCOMPLETE",
    };
    let scenario = match (verdict.scenario_title(), verdict.scenario.as_deref()) {
        (Some(title), Some(id)) => format!("{title}（{id}）"),
        _ => "なし none".to_owned(),
    };
    let set = &verdict.rule_set;
    errln!("{overall}  {}  シナリオ scenario {scenario}  ルールセット rules {} ({})", verdict.institution, set.name, set.date);
    let Rehearsal { product, version, tester } = &verdict.evidence.rehearsal;
    for (name, value) in [("製品 product", product), ("製品のバージョン version", version), ("担当者 tester", tester)] {
        if let Some(said) = value {
            errln!("  {name}: {said}");
        }
    }
    errln!("  {}\n  {}", verdict.why.ja, verdict.why.en);
    let is_wanted = verdict.scenario.is_some();
    let is_short = |ruling: &&Ruling| ruling.result == Grade::Pass || (ruling.result == Grade::NotExercised && !is_wanted);
    let (short, long): (Vec<&Ruling>, Vec<&Ruling>) = verdict.rules.iter().partition(is_short);
    long.into_iter().for_each(|ruling| print_ruling(ruling, is_wanted));
    for grade in [Grade::Pass, Grade::NotExercised] {
        let rules: Vec<&str> = short.iter().filter(|ruling| ruling.result == grade).map(|ruling| ruling.rule.as_str()).collect();
        if !rules.is_empty() {
            errln!("{} {}: {}", grade.ja(), grade.name(), rules.join(", "));
        }
    }
    errln!("{} / {}", verdict.disclaimer.ja, verdict.disclaimer.en);
}

/// Prints the finding of a rule, and under a scenario the next step if it was not exercised
/// yet.
fn print_ruling(ruling: &Ruling, is_wanted: bool) {
    let Text { ja, en } = &ruling.why;
    errln!("{} {}: {}（{}）\n  {ja}\n  {en}", ruling.result.ja(), ruling.result.name(), ruling.sentence.ja, ruling.rule);
    if let Some((ja, en)) = ruling.next().filter(|_| is_wanted) {
        errln!("  次にすること：{ja}\n  Next: {en}");
    }
}
