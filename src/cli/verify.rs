//! `onshi-mock verdict --verify`: compares a verdict in a file with what its evidence gives,
//! and prints the differences.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, anyhow};
use serde_json::Value;

use crate::json::{JsonError, parse_json, parse_value};
use crate::verdict::{Verdict, judge};

/// The maximum number of differences printed.
const LISTED: usize = 20;

/// The maximum length of a printed value.
const SHOWN: usize = 120;

/// Judges again from the evidence in a verdict's file. Returns `None` if the result differs
/// from the file, after printing the differences.
///
/// # Errors
/// The file cannot be read, or holds no verdict with its evidence.
#[expect(clippy::print_stderr, reason = "what came of it is the command's output")]
pub(super) fn verified(file: &Path) -> anyhow::Result<Option<Verdict>> {
    let name = file.display();
    let bytes = std::fs::read(file).with_context(|| format!("{name} を読めません / {name} cannot be read"))?;
    let text = String::from_utf8(bytes).with_context(|| {
        format!("{name} は UTF-8 ではありません（PowerShell では > の代わりに --out を使ってください） / {name} is not UTF-8 (in PowerShell use --out instead of >)")
    })?;
    let unreadable =
        |error: JsonError| anyhow!("{name} は証跡の入った判定ではありません / {name} is no verdict with its evidence\n{error}");
    let said: Value = parse_json(text.as_bytes()).map_err(unreadable)?;
    let verdict: Verdict = parse_value(said.clone(), "").map_err(unreadable)?;
    let anew = judge(&verdict.evidence);
    let recomputed = serde_json::to_value(&anew)?;
    if recomputed == said {
        eprintln!("証跡から再計算した結果と一致しました。証跡そのものが書き換えられていないことの証明ではありません。");
        eprintln!("The evidence gives this very verdict. That does not prove that nobody altered the evidence.");
        return Ok(Some(anew));
    }
    eprintln!("証跡から再計算した結果と一致しません。ほかのバージョンの判定も一致しないことがあります: {name}");
    eprintln!("The evidence does not give this verdict. One of another version may differ, too: {name}");
    let mut found = Vec::new();
    compare(String::new(), Some(&said), Some(&recomputed), &mut found);
    found.iter().take(LISTED).for_each(|difference| eprintln!("  {}", difference.line(&anew)));
    if found.len() > LISTED {
        eprintln!("  ほか {0} か所 / and {0} more", found.len() - LISTED);
    }
    Ok(None)
}

/// A difference between the file and the recomputed verdict; a side is `None` if it lacks the
/// value.
struct Difference<'a> {
    pointer: String,
    said: Option<&'a Value>,
    recomputed: Option<&'a Value>,
}

impl Difference<'_> {
    fn line(&self, anew: &Verdict) -> String {
        let index = self.pointer.strip_prefix("/rules/").and_then(|rest| rest.split('/').next()?.parse().ok());
        let rule = index.and_then(|index: usize| anew.rules.get(index)).map_or_else(String::new, |ruling| format!(" ({})", ruling.rule));
        let (said, recomputed) = (shown(self.said), shown(self.recomputed));
        format!("{}{rule}  ファイル file: {said}  再計算 recomputed: {recomputed}", self.pointer.escape_debug())
    }
}

fn compare<'a>(pointer: String, said: Option<&'a Value>, recomputed: Option<&'a Value>, found: &mut Vec<Difference<'a>>) {
    match (said, recomputed) {
        _ if said == recomputed => {}
        (Some(Value::Object(said)), Some(Value::Object(recomputed))) => {
            let names: BTreeSet<&String> = said.keys().chain(recomputed.keys()).collect();
            for name in names {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                compare(format!("{pointer}/{escaped}"), said.get(name), recomputed.get(name), found);
            }
        }
        (Some(Value::Array(said)), Some(Value::Array(recomputed))) => {
            for index in 0..said.len().max(recomputed.len()) {
                compare(format!("{pointer}/{index}"), said.get(index), recomputed.get(index), found);
            }
        }
        _ => found.push(Difference { pointer, said, recomputed }),
    }
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "なし absent".to_owned() };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
