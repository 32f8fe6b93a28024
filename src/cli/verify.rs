//! `onshi-mock verdict --verify`: compares a verdict in a file with what its evidence gives,
//! and prints the differences.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, anyhow};
use serde_json::Value;

use crate::json::{JsonError, parse_json, parse_value};
use crate::verdict::{Verdict, judge};

/// The maximum number of differences printed.
const MAX_DIFFERENCES: usize = 20;

/// The maximum length of a printed value.
const MAX_VALUE_LENGTH: usize = 120;

/// Judges again from the evidence in a verdict's file. Returns `None` if the result differs
/// from the file, after printing the differences.
///
/// # Errors
/// The file cannot be read, or holds no verdict with its evidence.
pub(super) fn verify(file: &Path) -> anyhow::Result<Option<Verdict>> {
    let name = file.display();
    let bytes = std::fs::read(file).with_context(|| format!("{name} を読めません / {name} cannot be read"))?;
    let text = String::from_utf8(bytes).with_context(|| {
        format!("{name} は UTF-8 ではありません（PowerShell では > の代わりに --out を使ってください） / {name} is not UTF-8 (in PowerShell use --out instead of >)")
    })?;
    let unreadable =
        |error: JsonError| anyhow!("{name} は証跡の入った判定ではありません / {name} is no verdict with its evidence\n{error}");
    let recorded: Value = parse_json(text.as_bytes()).map_err(unreadable)?;
    let verdict: Verdict = parse_value(recorded.clone(), "").map_err(unreadable)?;
    let rejudged = judge(&verdict.evidence);
    let recomputed = serde_json::to_value(&rejudged)?;
    if recomputed == recorded {
        errln!("証跡から再計算した結果と一致しました。証跡そのものが書き換えられていないことの証明ではありません。");
        errln!("The evidence gives this very verdict. That does not prove that nobody altered the evidence.");
        return Ok(Some(rejudged));
    }
    errln!("証跡から再計算した結果と一致しません。ほかのバージョンの判定も一致しないことがあります：{name}");
    errln!("The evidence does not give this verdict. One of another version may differ, too: {name}");
    let mut found = Vec::new();
    compare(String::new(), Some(&recorded), Some(&recomputed), &mut found);
    found.iter().take(MAX_DIFFERENCES).for_each(|difference| errln!("  {}", difference.line(&rejudged)));
    if found.len() > MAX_DIFFERENCES {
        errln!("  ほか {0} か所 / and {0} more", found.len() - MAX_DIFFERENCES);
    }
    Ok(None)
}

/// A difference between the file and the recomputed verdict; a side is `None` if it lacks the
/// value.
struct Difference<'a> {
    pointer: String,
    recorded: Option<&'a Value>,
    recomputed: Option<&'a Value>,
}

impl Difference<'_> {
    fn line(&self, rejudged: &Verdict) -> String {
        let index = self.pointer.strip_prefix("/rules/").and_then(|rest| rest.split('/').next()?.parse().ok());
        let rule =
            index.and_then(|index: usize| rejudged.rules.get(index)).map_or_else(String::new, |ruling| format!(" ({})", ruling.rule));
        let (recorded, recomputed) = (format_value(self.recorded), format_value(self.recomputed));
        format!("{}{rule}  ファイル file: {recorded}  再計算 recomputed: {recomputed}", self.pointer.escape_debug())
    }
}

fn compare<'a>(pointer: String, recorded: Option<&'a Value>, recomputed: Option<&'a Value>, found: &mut Vec<Difference<'a>>) {
    match (recorded, recomputed) {
        _ if recorded == recomputed => {}
        (Some(Value::Object(recorded)), Some(Value::Object(recomputed))) => {
            let names: BTreeSet<&String> = recorded.keys().chain(recomputed.keys()).collect();
            for name in names {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                compare(format!("{pointer}/{escaped}"), recorded.get(name), recomputed.get(name), found);
            }
        }
        (Some(Value::Array(recorded)), Some(Value::Array(recomputed))) => {
            for index in 0..recorded.len().max(recomputed.len()) {
                compare(format!("{pointer}/{index}"), recorded.get(index), recomputed.get(index), found);
            }
        }
        _ => found.push(Difference { pointer, recorded, recomputed }),
    }
}

fn format_value(value: Option<&Value>) -> String {
    let Some(value) = value else { return "なし absent".to_owned() };
    let text = value.to_string();
    match text.char_indices().nth(MAX_VALUE_LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
