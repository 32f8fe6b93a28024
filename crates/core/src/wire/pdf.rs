//! A small A4 document in Japanese: a title and blocks of lines, on as many pages as needed.

mod layout;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use layout::{PAGE, TextLine};

/// Printed in a frame at the top of every page, so that nobody takes a single page for a real
/// patient's document.
pub const NOTICE: &str = "onshi-mock が作成した架空の帳票です。実在の人物・医療機関のものではありません。";

const CATALOG: Ref = Ref::new(1);
const PAGES: Ref = Ref::new(2);
const INFO: Ref = Ref::new(3);
const TEXT: Ref = Ref::new(4);
const GLYPHS: Ref = Ref::new(5);
const DESCRIPTOR: Ref = Ref::new(6);
/// From here on, each page has two objects: the page and its content.
const FIRST_PAGE: i32 = 7;

/// The font's name in the pages' content.
const FONT: Name<'static> = Name(b"F");
/// Every Japanese Windows has this font, and its half-width letters are half an em. On other
/// systems a viewer substitutes its own Japanese font.
const FONT_NAME: Name<'static> = Name(b"MS-Gothic");

/// Creates a PDF from `title` and `blocks` of lines, with the [`NOTICE`] on each page. The same
/// input gives the same bytes. A block stays on one page if it fits. A long line is continued on
/// the next line with the same indent. A line break within a line starts a new one; any other
/// control character becomes a blank.
///
/// No font is embedded: the text refers to the glyphs of Adobe-Japan1, which a viewer has or
/// substitutes. A character outside that collection (an emoji) is shown as a blank or a box. So is
/// a character beyond the basic plane (𠮷) in PDFium (Chrome, Edge), though it can be copied.
pub fn pdf(title: &str, blocks: &[Vec<String>]) -> Vec<u8> {
    let pages = layout::pages(title, blocks);
    let ids = || (FIRST_PAGE..).step_by(2).map(Ref::new).zip(&pages);

    let mut pdf = Pdf::new();
    let mut catalog = pdf.catalog(CATALOG);
    catalog.pages(PAGES).lang(TextStr("ja-JP"));
    catalog.viewer_preferences().display_doc_title(true);
    catalog.finish();
    pdf.document_info(INFO).title(TextStr(title)).producer(TextStr("onshi-mock"));
    font(&mut pdf);

    pdf.pages(PAGES).kids(ids().map(|(id, _)| id)).count(i32::try_from(pages.len()).unwrap_or(i32::MAX));
    for (id, rows) in ids() {
        let mut page = pdf.page(id);
        page.parent(PAGES).media_box(PAGE).contents(id.next());
        page.resources().fonts().pair(FONT, TEXT);
        page.finish();
        pdf.stream(id.next(), &content(rows));
    }
    pdf.finish()
}

fn font(pdf: &mut Pdf) {
    pdf.type0_font(TEXT).base_font(FONT_NAME).encoding_predefined(Name(b"UniJIS-UTF16-H")).descendant_font(GLYPHS);
    let japan1 = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Japan1"), supplement: 6 };
    let mut glyphs = pdf.cid_font(GLYPHS);
    glyphs.subtype(CidFontType::Type2).base_font(FONT_NAME).system_info(japan1).font_descriptor(DESCRIPTOR).default_width(1000.0);
    // The widths of Adobe-Japan1's Latin letters and half-width characters: the layout counts them
    // as one column, which is half an em.
    glyphs.widths().same(1, 632, 500.0);
    glyphs.finish();
    pdf.font_descriptor(DESCRIPTOR)
        .name(FONT_NAME)
        .flags(FontFlags::FIXED_PITCH | FontFlags::SYMBOLIC)
        .bbox(Rect::new(0.0, -137.0, 1000.0, 859.0))
        .italic_angle(0.0)
        .ascent(859.0)
        .descent(-140.0)
        .cap_height(769.0)
        .stem_v(78.0);
}

fn content(rows: &[TextLine]) -> Vec<u8> {
    let mut content = Content::new();
    let frame = layout::FRAME;
    content.rect(frame.x1, frame.y1, frame.x2 - frame.x1, frame.y2 - frame.y1).stroke();
    content.begin_text();
    for row in rows {
        content.set_font(FONT, row.size);
        let characters: Vec<char> = row.text.chars().collect();
        let mut x = row.x;
        // Viewers treat unknown surrogate pairs differently. Each pair is therefore written
        // separately, and the following text has its own position.
        for piece in characters.chunk_by(|a, b| a.len_utf16() == 1 && b.len_utf16() == 1) {
            let piece: String = piece.iter().collect();
            let utf16: Vec<u8> = piece.encode_utf16().flat_map(u16::to_be_bytes).collect();
            content.set_text_matrix([1.0, 0.0, 0.0, 1.0, x, row.y]).show(Str(&utf16));
            x += layout::width(&piece, row.size);
        }
    }
    content.end_text();
    content.finish().into_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(bytes: &[u8], part: &str) -> bool {
        bytes.windows(part.len()).any(|window| window == part.as_bytes())
    }

    fn lines(count: usize) -> [Vec<String>; 1] {
        [(1..=count).map(|n| format!("{n:03} 被保険者証記号 ｶﾅ 𠮷田")).collect()]
    }

    #[test]
    fn it_is_a_pdf_and_the_same_one_for_the_same_input() {
        let document = pdf("薬剤情報", &lines(3));
        assert!(document.starts_with(b"%PDF-"));
        assert!(document.trim_ascii_end().ends_with(b"%%EOF"));
        assert_eq!(document, pdf("薬剤情報", &lines(3)));
        assert_ne!(document, pdf("薬剤情報", &lines(4)));
    }

    #[test]
    fn every_page_says_it_is_fiction() {
        // The form in a content stream: hexadecimal digits of UTF-16.
        let hex: String = NOTICE.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
        for (count, pages) in [(0, 1), (3, 1), (200, 5)] {
            let document = pdf("特定健診情報", &lines(count));
            assert!(contains(&document, &format!("/Count {pages}\n")), "{count} lines on {pages} pages");
            let occurrences = document.windows(hex.len()).filter(|window| *window == hex.as_bytes()).count();
            assert_eq!(occurrences, pages, "{count} lines");
        }
    }
}
