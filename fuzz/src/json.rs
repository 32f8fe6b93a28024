//! Mutates JSON as a tree: members and items are removed, repeated, renamed and replaced.

use std::sync::LazyLock;

use fastrand::Rng;
use serde_json::{Value, json};

/// Every name of a member in the program's interface.
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let interface = serde_json::from_str(include_str!("../../docs/openapi.json")).expect("a test reads it");
    let mut names = Vec::new();
    collect_names(&interface, &mut names);
    names.sort_unstable();
    names.dedup();
    names
});

fn collect_names(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let properties = members.get("properties").and_then(Value::as_object);
            names.extend(properties.into_iter().flatten().map(|(name, _)| name.clone()));
            members.values().for_each(|member| collect_names(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_names(item, names)),
        _ => {}
    }
}

/// Values at the edges of what the program accepts.
const VALUES: [&str; 44] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "65",
    "400",
    "1000000",
    "4294967296",
    "18446744073709551615",
    "-9223372036854775808",
    "1e308",
    "0.5",
    "\"\"",
    "\"T1\"",
    "\"T2\"",
    "\"9910000018\"",
    "\"9910000026\"",
    "\"2026-01-20\"",
    "\"0000-01-01\"",
    "\"9999-12-31\"",
    "\"2026-02-30\"",
    "\"2026-01-19T20:00:00+09:00\"",
    "\"-009999-01-02T01:59:59Z\"",
    "\"9999-12-30T22:00:00Z\"",
    "\"9999-12-31T23:59:59+09:00\"",
    "\"1970-01-01T00:00:00Z\"",
    "\"PT0S\"",
    "\"PT1S\"",
    "\"PT13H\"",
    "\"P400D\"",
    "\"P3650D\"",
    "\"PT9223372036854775807S\"",
    "\"-PT1H\"",
    "\"20:00\"",
    "\"24:00\"",
    "\"5.2.0\"",
    "\"99999999999.0.0\"",
    "\"模擬\"",
    "\"\\u0000\"",
    "[]",
    "{}",
    "[[[[]]]]",
];

/// Changes one to three places of a value.
pub fn mutate(value: &mut Value, rng: &mut Rng) {
    for _ in 0..rng.usize(1..=3) {
        let mut pointers = Vec::new();
        collect_pointers(value, String::new(), &mut pointers);
        let [target, source] = [0, 1].map(|_| pointers[rng.usize(..pointers.len())].clone());
        let source = value.pointer(&source).cloned().unwrap_or_default();
        if let Some(target) = value.pointer_mut(&target) {
            change(target, source, rng);
        }
    }
}

/// Collects the JSON pointers of a value and of all that it contains.
pub fn collect_pointers(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, member)| collect_pointers(member, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), pointers)),
        Value::Array(items) => items.iter().enumerate().for_each(|(i, item)| collect_pointers(item, format!("{at}/{i}"), pointers)),
        _ => {}
    }
    pointers.push(at);
}

/// Changes one value, perhaps to one from another place.
fn change(target: &mut Value, source: Value, rng: &mut Rng) {
    match target {
        Value::Object(members) if rng.bool() => {
            let known: Vec<String> = members.keys().cloned().collect();
            let any = NAMES[rng.usize(..NAMES.len())].clone();
            let one = known.get(rng.usize(..known.len().max(1))).cloned().unwrap_or_default();
            match rng.u8(..4) {
                0 => drop(members.remove(&one)),
                1 => {
                    if let Some(member) = members.remove(&one) {
                        members.insert(any, member);
                    }
                }
                2 => drop(members.insert(any, edge(rng))),
                _ => drop(members.insert(any, source)),
            }
        }
        Value::Array(items) if rng.bool() => match rng.u8(..3) {
            0 if !items.is_empty() => drop(items.remove(rng.usize(..items.len()))),
            1 if !items.is_empty() => items.push(items[rng.usize(..items.len())].clone()),
            _ => items.push(source),
        },
        Value::String(text) if rng.bool() => {
            let mut chars: Vec<char> = text.chars().collect();
            let at = rng.usize(..=chars.len());
            let c = [rng.digit(10), rng.alphabetic(), 'あ', ' ', '-', '"', '{', '\n'][rng.usize(..8)];
            match chars.get_mut(at) {
                Some(old) if rng.bool() => *old = c,
                Some(_) if rng.bool() => drop(chars.remove(at)),
                _ => chars.insert(at, c),
            }
            *text = chars.into_iter().collect();
        }
        Value::Number(number) if rng.bool() => {
            let number = number.as_i64().unwrap_or_default();
            *target = json!(number.saturating_add(rng.i64(-2..=2)).saturating_mul([1, 1, 10, -1][rng.usize(..4)]));
        }
        target => *target = if rng.bool() { edge(rng) } else { source },
    }
}

fn edge(rng: &mut Rng) -> Value {
    serde_json::from_str(VALUES[rng.usize(..VALUES.len())]).expect("the values are JSON")
}
