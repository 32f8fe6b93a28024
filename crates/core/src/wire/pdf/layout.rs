//! The layout of a document: lines are wrapped by columns. Half-width characters take one column,
//! all others two.

use pdf_writer::Rect;

use super::NOTICE;

/// A4 in points.
pub(super) const PAGE: Rect = Rect { x1: 0.0, y1: 0.0, x2: 595.0, y2: 842.0 };
/// The frame around the notice.
pub(super) const FRAME: Rect = Rect { x1: LEFT, y1: HEAD - 8.0, x2: RIGHT, y2: HEAD + 15.0 };

/// The margins, with 96 columns of body text between them.
const LEFT: f32 = 57.5;
const RIGHT: f32 = PAGE.x2 - LEFT;
/// The baseline of the notice, the upper and lower limits of title and lines, and the baseline of
/// the page number.
const HEAD: f32 = 788.0;
const TOP: f32 = 764.0;
const BOTTOM: f32 = 60.0;
const FOOT: f32 = 36.0;

/// A font size, and the distance between baselines.
#[derive(Clone, Copy)]
struct Style {
    size: f32,
    pitch: f32,
}

const BODY: Style = Style { size: 10.0, pitch: 14.0 };
const TITLE: Style = Style { size: 14.0, pitch: 28.0 };
const NOTICE_SIZE: f32 = 11.0;

/// One line of text and the start of its baseline, in points from the page's lower left corner.
pub(super) struct TextLine {
    pub(super) text: String,
    pub(super) size: f32,
    pub(super) x: f32,
    pub(super) y: f32,
}

/// Returns the lines of each page; there is at least one page. The notice comes first, the page
/// number last. A block that fits on one page is not split.
pub(super) fn pages(title: &str, blocks: &[Vec<String>]) -> Vec<Vec<TextLine>> {
    let rows = |line: &str, style: Style| wrap(line, style.size).into_iter().map(move |row| (row, style)).collect::<Vec<_>>();
    let titled = std::iter::once(rows(title, TITLE));
    let blocks = titled.chain(blocks.iter().map(|block| block.iter().flat_map(|line| rows(line, BODY)).collect()));

    let mut bodies = vec![Vec::new()];
    let mut y = TOP;
    for block in blocks {
        let height: f32 = block.iter().map(|(_, style)| style.pitch).sum();
        let is_split = y - height < BOTTOM && height <= TOP - BOTTOM;
        if is_split {
            bodies.push(Vec::new());
            y = TOP;
        }
        for (text, style) in block {
            let is_gap_at_the_top = y == TOP && text.is_empty();
            if is_gap_at_the_top {
                continue;
            }
            if y - style.pitch < BOTTOM {
                bodies.push(Vec::new());
                y = TOP;
            }
            y -= style.pitch;
            if let Some(body) = bodies.last_mut() {
                body.push(TextLine { text, size: style.size, x: LEFT, y });
            }
        }
    }

    let count = bodies.len();
    let numbered = (1..).zip(bodies);
    let page = |(number, body): (usize, Vec<TextLine>)| {
        let head = centred(NOTICE.to_owned(), NOTICE_SIZE, HEAD);
        let foot = centred(format!("{number} / {count}"), BODY.size, FOOT);
        std::iter::once(head).chain(body).chain([foot]).collect()
    };
    numbered.map(page).collect()
}

/// Whether a character takes one column: ASCII, the yen sign and half-width katakana.
fn is_half(c: char) -> bool {
    matches!(c, ' '..='~' | '¥' | '｡'..='ﾟ')
}

fn columns(c: char) -> f32 {
    if is_half(c) { 1.0 } else { 2.0 }
}

/// Returns the width of a text in points, at this font size.
pub(super) fn width(text: &str, size: f32) -> f32 {
    text.chars().map(columns).sum::<f32>() * size / 2.0
}

fn centred(text: String, size: f32, y: f32) -> TextLine {
    let x = (PAGE.x2 - width(&text, size)) / 2.0;
    TextLine { text, size, x, y }
}

/// Wraps a text into lines: a new one starts at a line break, or where the next character would
/// cross the margin; it then keeps the indent. An empty text gives one empty line.
fn wrap(text: &str, size: f32) -> Vec<String> {
    let room = RIGHT - LEFT;
    let mut rows = Vec::new();
    for line in text.split('\n') {
        let line = line.trim_end_matches('\r');
        let blanks = |c: &char| *c == ' ' || *c == '　';
        let indent: String = line.chars().take_while(blanks).collect();
        let indent = if width(&indent, size) < room / 2.0 { indent } else { String::new() };
        let mut row = String::new();
        for c in line.chars().map(|c| if c.is_control() { ' ' } else { c }) {
            if width(&row, size) + columns(c) * size / 2.0 > room {
                rows.push(std::mem::replace(&mut row, indent.clone()));
            }
            row.push(c);
        }
        rows.push(row);
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_takes_96_columns_whatever_their_width() {
        for (text, rows) in [
            ("a".repeat(96), vec![96]),
            ("a".repeat(97), vec![96, 1]),
            ("ｱ".repeat(97), vec![96, 1]),
            ("漢".repeat(100), vec![48, 48, 4]),
            (format!("a{}", "漢".repeat(48)), vec![48, 1]),
            (String::new(), vec![0]),
            ("a\r\nb\tc".to_owned(), vec![1, 3]),
            (format!("    {}", "a".repeat(100)), vec![96, 12]),
            (format!("{}{}", " ".repeat(60), "a".repeat(40)), vec![96, 4]),
        ] {
            let wrapped = wrap(&text, BODY.size);
            assert_eq!(wrapped.iter().map(|row| row.chars().count()).collect::<Vec<_>>(), rows, "{text}");
        }
    }

    #[test]
    fn nothing_falls_off_the_page_and_nothing_is_lost() {
        let title = "長い題名".repeat(30);
        let lines: Vec<String> = (0..300).map(|n| "漢字 kana ｶﾅ ".repeat(n % 20)).collect();
        let pages = pages(&title, std::slice::from_ref(&lines));
        assert!(pages.len() > 4);
        for row in pages.iter().flatten() {
            assert!(row.x >= LEFT && row.x + width(&row.text, row.size) <= RIGHT, "{} at {}", row.text, row.x);
            assert!(row.y >= FOOT && row.y + row.size < PAGE.y2, "{} at {}", row.text, row.y);
        }
        for page in &pages {
            assert!(page.windows(2).all(|two| two[0].y - two[1].y >= two[1].size), "no row stands on another");
        }
        let body: String = pages.iter().flat_map(|page| &page[1..page.len() - 1]).map(|row| row.text.as_str()).collect();
        assert_eq!(body, title + &lines.concat());
    }

    #[test]
    fn a_block_goes_to_the_next_page_as_a_whole_where_it_fits_there() {
        let block = |lines: usize| (0..lines).map(|n| n.to_string()).collect::<Vec<_>>();
        let rows = |blocks: &[usize]| {
            let blocks: Vec<_> = blocks.iter().map(|lines| block(*lines)).collect();
            pages("題名", &blocks).iter().map(|page| page.len() - 2).collect::<Vec<_>>()
        };
        assert_eq!(rows(&[48]), [49], "a page has room for so many beside the title");
        assert_eq!(rows(&[40, 9]), [41, 9]);
        assert_eq!(rows(&[40, 8]), [49]);
        assert_eq!(rows(&[40, 60]), [49, 50, 2], "one that fits on no page is split");
        let gap = vec![String::new(), "a".to_owned()];
        let after_a_full_page = pages("題名", &[block(48), gap]);
        assert_eq!(after_a_full_page[1].len() - 2, 1, "a page does not begin with a gap");
    }
}
