//! Where labels stand: beside what they name, without covering each other. A label without room is
//! left out; what it names still has its title.

use super::axis::{Axis, NAMES};

/// The width of a character of the Latin alphabet, and of a wide one.
const NARROW: f64 = 6.6;
const WIDE: f64 = 12.0;
/// The distance between two labels.
const SPACE: f64 = 8.0;
/// How far a label may stand from what it names.
const MAX_SHIFT: f64 = 110.0;

/// A line of labels.
#[derive(Default)]
pub(super) struct LabelLine(Vec<(f64, f64)>);

/// Returns the approximate width of a text.
pub(super) fn width(text: &str) -> f64 {
    text.chars().map(|letter| if letter.is_ascii() { NARROW } else { WIDE }).sum()
}

impl LabelLine {
    /// Returns where the label of something at `x` begins, and takes the place; `None` if there is
    /// no room.
    pub(super) fn place(&mut self, x: f64, text: &str) -> Option<f64> {
        let width = width(text);
        let last = Axis::end() - width;
        let mut start = x.min(last).max(NAMES);
        // Each other label can push it once.
        for _ in 0..=self.0.len() {
            let in_the_way = self.0.iter().find(|(from, to)| start < to + SPACE && *from < start + width + SPACE);
            match in_the_way {
                None => {
                    self.0.push((start, start + width));
                    return Some(start);
                }
                Some((_, to)) => start = to + SPACE,
            }
            if start > last || start - x > MAX_SHIFT {
                return None;
            }
        }
        None
    }
}
