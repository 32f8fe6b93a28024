//! The bytes that a `Range` header requests (RFC 9110, section 14.2). Ranges that overlap or nearly
//! touch are merged. A header with too many ranges is ignored.

use std::num::NonZeroUsize;
use std::ops::Range;

use http_range_header::{SyntacticallyCorrectRange, parse_range_header_with_max_ranges};

/// The maximum number of ranges in a header; a header with more is ignored.
const MAX_RANGES: NonZeroUsize = NonZeroUsize::new(64).expect("not zero");

/// The maximum number of parts in a response. If there were more, the whole package is sent.
const MAX_PARTS: usize = 16;

/// The maximum gap between ranges that are merged, in bytes. A part's own header costs more.
const MAX_GAP: u64 = 128;

/// The result of a `Range` header.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RangeChoice {
    /// The header is ignored.
    Whole,
    /// These parts, at least one, in the order of the header.
    Parts(Vec<Range<u64>>),
    /// No byte of the package is in the ranges.
    Nothing,
}

/// Reads a `Range` header for a package of `size` bytes.
pub(super) fn choose(text: &str, size: u64) -> RangeChoice {
    let Ok(parsed) = parse_range_header_with_max_ranges(text, MAX_RANGES) else {
        return RangeChoice::Whole;
    };
    let mut parts: Vec<Range<u64>> = Vec::new();
    for range in parsed.into_ranges().into_iter().filter_map(|range| within(range, size)) {
        add(&mut parts, range);
    }
    match parts.len() {
        0 => RangeChoice::Nothing,
        1..=MAX_PARTS => RangeChoice::Parts(parts),
        _ => RangeChoice::Whole,
    }
}

/// Returns the bytes of the package that are in one range.
fn within(range: SyntacticallyCorrectRange, size: u64) -> Option<Range<u64>> {
    let bytes = match range {
        SyntacticallyCorrectRange::FromStart(first) => first..size,
        SyntacticallyCorrectRange::FromLast(last) => size.saturating_sub(last)..size,
        SyntacticallyCorrectRange::Indexed(first, last) => first..last.saturating_add(1).min(size),
    };
    (!bytes.is_empty()).then_some(bytes)
}

/// Adds a range. Merges it with those that it overlaps or nearly touches; the result takes the
/// position of the first of them.
fn add(parts: &mut Vec<Range<u64>>, mut range: Range<u64>) {
    let near = |a: &Range<u64>, b: &Range<u64>| a.start <= b.end.saturating_add(MAX_GAP) && b.start <= a.end.saturating_add(MAX_GAP);
    let mut place = None;
    while let Some(at) = parts.iter().position(|part| near(part, &range)) {
        let part = parts.remove(at);
        range = part.start.min(range.start)..part.end.max(range.end);
        place = Some(place.map_or(at, |place: usize| place.min(at)));
    }
    parts.insert(place.unwrap_or(parts.len()), range);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_put_together_and_bounded() {
        let one = |part: Range<u64>| RangeChoice::Parts(Vec::from([part]));
        let many = |n: u64, apart: u64| (0..n).map(|i| format!("{0}-{0}", i * apart)).collect::<Vec<_>>().join(",");
        for (text, chosen) in [
            ("bytes=0-0, 500-600, -1".to_owned(), RangeChoice::Parts(vec![0..1, 500..601, 99_999..100_000])),
            ("bytes=500-600, 0-0".to_owned(), RangeChoice::Parts(vec![500..601, 0..1])),
            ("bytes=5000-5999, 0-9, 5500-7000".to_owned(), RangeChoice::Parts(vec![5000..7001, 0..10])),
            ("bytes=0-9, 9000-9009, 5-9004".to_owned(), one(0..9010)),
            ("bytes=0-9, 100-109".to_owned(), one(0..110)),
            ("bytes=0-9, 100000-".to_owned(), one(0..10)),
            ("bytes=100000-, -0".to_owned(), RangeChoice::Nothing),
            (format!("bytes={}", many(64, 10)), one(0..631)),
            (format!("bytes={}", many(16, 1000)), RangeChoice::Parts((0..16).map(|i| i * 1000..i * 1000 + 1).collect())),
            (format!("bytes={}", many(17, 1000)), RangeChoice::Whole),
            (format!("bytes={}", many(65, 10)), RangeChoice::Whole),
            ("bytes=0-18446744073709551615".to_owned(), one(0..100_000)),
        ] {
            assert_eq!(choose(&text, 100_000), chosen, "{text}");
        }
    }
}
