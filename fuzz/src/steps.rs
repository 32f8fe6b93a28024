//! Requests as lines of text, `METHOD path body`, and their mutation: the JSON in a line changes as
//! a tree.

use fastrand::Rng;
use serde_json::Value;

use crate::json;

/// One request.
pub struct Step<'a> {
    /// The method.
    pub method: &'a str,
    /// The path.
    pub path: &'a str,
    /// The body; empty if there is none.
    pub body: &'a str,
}

/// Reads the lines that are requests.
pub fn read(input: &[u8]) -> impl Iterator<Item = Step<'_>> {
    let text = std::str::from_utf8(input).unwrap_or_default();
    text.lines().filter_map(|line| {
        let (method, rest) = line.split_once(' ')?;
        let (path, body) = rest.split_once(' ').unwrap_or((rest, ""));
        Some(Step { method, path, body })
    })
}

/// Mutates a buffer that holds `size` bytes of lines; returns the new size. Every other time, one
/// line is mutated as a tree; else `mutate_bytes` does what it does.
pub fn mutate(buffer: &mut [u8], size: usize, max: usize, seed: u32, mutate_bytes: impl FnOnce(&mut [u8], usize, usize) -> usize) -> usize {
    let mut rng = Rng::with_seed(u64::from(seed));
    let as_tree = if rng.bool() { mutated(&buffer[..size], &mut rng) } else { None };
    match as_tree.filter(|text| text.len() <= max) {
        Some(text) => {
            buffer[..text.len()].copy_from_slice(text.as_bytes());
            text.len()
        }
        None => mutate_bytes(buffer, size, max),
    }
}

fn mutated(input: &[u8], rng: &mut Rng) -> Option<String> {
    let text = std::str::from_utf8(input).ok()?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = rng.usize(..lines.len().max(1));
    let line = lines.get(at)?;
    let start = line.find('{')?;
    let mut body: Value = serde_json::from_str(&line[start..]).ok()?;
    json::mutate(&mut body, rng);
    lines[at] = format!("{}{body}", &line[..start]);
    if rng.u8(..8) == 0 {
        let moved = lines.remove(at);
        lines.insert(rng.usize(..=lines.len()), moved);
    }
    Some(lines.join("\n"))
}
