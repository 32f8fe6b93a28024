//! Texts of clients as they are shown: characters that nobody sees, but that change how the others
//! look, are spelled out.

/// Spells out control characters and marks of the writing direction, such as `⟦U+202E⟧`. Line ends
/// and tabs stay.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) { shown.push_str(&format!("⟦U+{:04X}⟧", u32::from(c))) } else { shown.push(c) }
    }
    shown
}

/// Returns at most this number of characters, spelled out as by [`visible`].
pub(super) fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => visible(text),
        Some((end, _)) => format!("{}…", visible(&text[..end])),
    }
}

fn is_invisible(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    turns || (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_direction_and_control_characters_are_spelled_out() {
        assert_eq!(visible("a\u{202e}b\u{7}c"), "a⟦U+202E⟧b⟦U+0007⟧c");
        assert_eq!(visible("模擬　太郎\n\t<b>"), "模擬　太郎\n\t<b>");
    }

    #[test]
    fn a_long_text_is_shortened() {
        assert_eq!(shortened("模擬太郎", 2), "模擬…");
        assert_eq!(shortened("模擬", 2), "模擬");
    }
}
