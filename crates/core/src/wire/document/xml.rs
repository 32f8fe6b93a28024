//! Parser for XML 1.0 (5th edition) with Namespaces in XML 1.0, without DTD. It refuses what either
//! specification forbids.
//!
//! It was written here because no crate was found that is safe for untrusted input. Of the
//! strictest crates, each either accepts some forbidden documents without notice (two declarations
//! of one namespace, `</` in the value of an attribute), or needs minutes for a tag with many
//! attributes or namespaces.

mod cursor;
mod misc;
mod tag;
#[cfg(test)]
#[allow(clippy::print_stdout, reason = "the figures of the comparisons")]
mod tests;
mod uri;

use std::borrow::Cow;
use std::collections::BTreeMap;

use self::cursor::{Cursor, truncated_name};
use self::tag::{Namespaces, Tag};
use super::{Document, Object, Value};
use crate::domain::text::Text;
use crate::wire::tree::Verbatim;
use crate::wire::xml::escape_text;

/// The maximum depth of elements. Real messages have six levels.
const MAX_DEPTH: usize = 32;
/// The maximum number of elements, to limit the memory of a bulk request.
const MAX_ELEMENTS: usize = 100_000;
/// The elements that are returned byte for byte: clients search the response for the whole element.
const VERBATIM: [&str; 2] = ["ArbitraryFileIdentifier", "ReceptionNumber"];
/// The maximum length in bytes of the stored spelling of such an element. An identifier has at most
/// 200 characters; a longer spelling is returned in the usual form.
const MAX_VERBATIM: usize = 4_000;

/// Parses a document.
///
/// # Errors
/// The error with line and column.
pub(super) fn read(text: &str) -> Result<Document<'static>, Text> {
    let mut cursor = Cursor::new(text)?;
    misc::declaration(&mut cursor)?;
    let mut reader =
        Reader { cursor, namespaces: Namespaces::default(), open: Vec::new(), elements: 0, root: None, verbatim: BTreeMap::new() };
    while !reader.cursor.rest().is_empty() {
        reader.read_next()?;
    }
    reader.document()
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    namespaces: Namespaces<'a>,
    open: Vec<Open<'a>>,
    elements: usize,
    root: Option<(String, Value<'static>)>,
    verbatim: BTreeMap<&'static str, Verbatim>,
}

/// An element whose end tag has not been read yet.
struct Open<'a> {
    tag: Tag<'a>,
    children: Object<'static>,
    text: String,
    /// The start of its content.
    from: usize,
}

impl<'a> Reader<'a> {
    fn read_next(&mut self) -> Result<(), Text> {
        let at = self.cursor.at();
        if self.cursor.starts_with("<!--") {
            misc::comment(&mut self.cursor)
        } else if self.cursor.starts_with("<?") {
            misc::instruction(&mut self.cursor)
        } else if self.cursor.starts_with("<!DOCTYPE") {
            Err(self.cursor.wrong(at, "DTD（DOCTYPE）は使えません", "a DTD (DOCTYPE) is refused"))
        } else if self.cursor.skip_if("<![CDATA[") {
            let text = self.cursor.until("]]>", at, &Text::new("CDATA セクション", "CDATA section"))?;
            self.append(at, &line_ends(text))
        } else if self.cursor.starts_with("</") {
            self.read_end()
        } else if self.cursor.starts_with("<") {
            self.read_start()
        } else if self.cursor.starts_with("&") {
            let c = self.cursor.reference()?;
            self.append(at, c.encode_utf8(&mut [0; 4]))
        } else {
            self.read_text()
        }
    }

    fn read_text(&mut self) -> Result<(), Text> {
        if self.open.is_empty() {
            self.cursor.space();
        }
        let at = self.cursor.at();
        let text = self.cursor.run(|c| c != '<' && c != '&');
        if let Some(end) = text.find("]]>") {
            return Err(self.cursor.wrong(
                at + end,
                "「]]>」は CDATA セクションの外では使えません（]]&gt; と書いてください）",
                "`]]>` is not allowed outside a CDATA section (write `]]&gt;`)",
            ));
        }
        if text.is_empty() { Ok(()) } else { self.append(at, &line_ends(text)) }
    }

    fn append(&mut self, at: usize, text: &str) -> Result<(), Text> {
        let Some(open) = self.open.last_mut() else {
            return Err(self.cursor.wrong(at, "要素の外に文字があります", "there is text outside the outermost element"));
        };
        open.text.push_str(text);
        Ok(())
    }

    fn read_start(&mut self) -> Result<(), Text> {
        let at = self.cursor.at();
        self.elements += 1;
        if self.open.len() == MAX_DEPTH {
            return Err(self.cursor.wrong(
                at,
                format!("要素の入れ子が深すぎます（{MAX_DEPTH} 段まで）"),
                format!("elements lie too deep (at most {MAX_DEPTH} levels)"),
            ));
        }
        if self.elements > MAX_ELEMENTS {
            return Err(self.cursor.wrong(
                at,
                format!("要素が多すぎます（{MAX_ELEMENTS} 個まで）"),
                format!("too many elements (at most {MAX_ELEMENTS})"),
            ));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(self.cursor.wrong(at, "最上位の要素は1つだけです", "there is one outermost element only"));
        }
        let tag = self.namespaces.enter(&mut self.cursor)?;
        let (is_empty, from) = (tag.is_empty, self.cursor.at());
        let open = Open { tag, children: Object::new(), text: String::new(), from };
        if is_empty {
            self.close(open, from)
        } else {
            self.open.push(open);
            Ok(())
        }
    }

    fn read_end(&mut self) -> Result<(), Text> {
        let at = self.cursor.at();
        self.cursor.expect("</")?;
        let name = self.cursor.name()?;
        self.cursor.space();
        self.cursor.expect(">")?;
        match self.open.pop() {
            Some(open) if open.tag.name == name => self.close(open, at),
            Some(open) => {
                let (name, started) = (truncated_name(name), truncated_name(open.tag.name));
                Err(self.cursor.wrong(
                    at,
                    format!("開始タグ <{started}> に対して終了タグが </{name}> です"),
                    format!("the end tag </{name}> does not match the start tag <{started}>"),
                ))
            }
            None => {
                let name = truncated_name(name);
                Err(self.cursor.wrong(
                    at,
                    format!("終了タグ </{name}> に対応する開始タグがありません"),
                    format!("the end tag </{name}> has no start tag"),
                ))
            }
        }
    }

    /// Ends an element whose content ends at `to`.
    fn close(&mut self, open: Open<'a>, to: usize) -> Result<(), Text> {
        let Open { tag, children, text, from } = open;
        self.namespaces.leave(&tag);
        let value = if children.is_empty() {
            self.keep_verbatim(tag.local, &text, from, to);
            Value::Text(text.into())
        } else if text.trim().is_empty() {
            Value::Object(children)
        } else {
            let name = truncated_name(tag.local);
            return Err(self.cursor.wrong(
                to,
                format!("{name} に文字と要素が混在しています"),
                format!("{name} has both text and elements"),
            ));
        };
        match self.open.last_mut() {
            None => self.root = Some((tag.local.to_owned(), value)),
            Some(parent) => add(&mut parent.children, tag.local, value),
        }
        Ok(())
    }

    fn keep_verbatim(&mut self, name: &str, text: &str, from: usize, to: usize) {
        let Some(known) = VERBATIM.into_iter().find(|known| *known == name) else {
            return;
        };
        let written = self.cursor.between(from, to);
        if written.len() <= MAX_VERBATIM && escape_text(text) != written && !written.contains("<!--") && !written.contains("<?") {
            self.verbatim.entry(known).or_insert_with(|| Verbatim { text: text.into(), xml: Some(written.into()) });
        }
    }

    fn document(self) -> Result<Document<'static>, Text> {
        if !self.open.is_empty() {
            return Err(self.cursor.cut_short());
        }
        let (name, root) = self.root.ok_or_else(|| self.cursor.wrong(self.cursor.at(), "XML の要素がありません", "there is no element"))?;
        Ok(Document { value: Value::Object(Object::from([(name.into(), root)])), verbatim: self.verbatim })
    }
}

/// Adds a child. Repeated elements with the same name become an array.
fn add(children: &mut Object<'static>, name: &str, value: Value<'static>) {
    match children.get_mut(name) {
        None => {
            children.insert(name.to_owned().into(), value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(first) => *first = Value::Array(vec![std::mem::take(first), value]),
    }
}

/// Normalizes line ends as XML requires.
fn line_ends(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}
