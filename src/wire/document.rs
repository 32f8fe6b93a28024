//! A client's document, JSON or XML, read into the same values, so that one reader serves both. What is wrong with it is said with its place.

use std::collections::BTreeMap;

use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};
use serde_json::{Map, Value};

use super::charset::carries;
use super::tree::Verbatim;
use super::xml::usual;
use crate::domain::encoding::Encoding;
use crate::domain::text::Text;

/// Elements within elements that are read; real messages have six levels.
const DEEPEST: usize = 32;
/// Elements of one XML document: what bounds the memory that a bulk request can take.
const MOST_ELEMENTS: usize = 100_000;
/// The elements that go back byte for byte: clients search an answer's text for the whole element.
const VERBATIM: [&str; 2] = ["ArbitraryFileIdentifier", "ReceptionNumber"];

/// A document that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Objects, arrays (in XML: elements of one name side by side) and, in XML, strings only.
    pub value: Value,
    /// How the elements that go back byte for byte were written in XML, by name, where that is not the usual way.
    verbatim: BTreeMap<&'static str, Verbatim>,
}

impl Document {
    /// Reads JSON as clients send it: with or without a byte order mark.
    ///
    /// # Errors
    /// Says what was wrong with the bytes.
    pub fn json(bytes: &[u8]) -> Result<Self, Text> {
        json(bytes).map(|value| Self { value, verbatim: BTreeMap::new() })
    }

    /// Reads XML. Attributes and comments are passed over.
    ///
    /// # Errors
    /// What is wrong, with line and column: not well-formed, a DTD, an entity that is not built in, too deep, too many elements.
    pub fn xml(text: &str) -> Result<Self, Text> {
        if let Some((at, c)) = text.char_indices().find(|(_, c)| !is_xml(*c)) {
            return Err(placed(text, at, &forbidden(c)));
        }
        let mut reader = Reader::from_str(text);
        let mut parser = Parser { text, open: Vec::new(), elements: 0, root: None, verbatim: BTreeMap::new() };
        loop {
            let at = offset(reader.buffer_position());
            let event = reader.read_event();
            let after = offset(reader.buffer_position());
            let event = event.map_err(|error| not_well_formed(text, offset(reader.error_position()), &error.to_string()))?;
            if event == Event::Eof {
                break;
            }
            parser.take(event, at, after).map_err(|wrong| placed(text, at, &wrong))?;
        }
        parser.document()
    }

    /// The text of an element that was read as `text`, as the client wrote it.
    pub fn verbatim(&self, name: &str, text: &str) -> Verbatim {
        self.verbatim.get(name).filter(|verbatim| verbatim.text == text).cloned().unwrap_or_else(|| text.into())
    }
}

/// Reads JSON as clients send it: with or without a byte order mark.
///
/// # Errors
/// Says what was wrong with the bytes.
pub fn json(bytes: &[u8]) -> Result<Value, Text> {
    let length = bytes.len();
    let text = std::str::from_utf8(bytes).map_err(|error| match error.error_len() {
        None => cut_short(length, "文字の途中", "in the middle of a character"),
        Some(_) => {
            let at = error.valid_up_to();
            Text::new(
                format!("本文の {at} バイト目が UTF-8 ではありません。Content-Type: application/json;charset=UTF-8 で送ってください。"),
                format!("Byte {at} of the body is not UTF-8; send application/json;charset=UTF-8."),
            )
        }
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(Text::new("本文が空です。JSON オブジェクトが必要です。", "The body is empty; a JSON object was expected."));
    }
    if text.trim_start().starts_with('<') {
        return Err(Text::new(
            "本文が XML または HTML です。JSON は Content-Type: application/json;charset=UTF-8、照会の XML は application/xml で送ってください。",
            "The body is XML or HTML; send JSON as application/json;charset=UTF-8, and a check in XML as application/xml.",
        ));
    }
    serde_json::from_str(text).map_err(|error| {
        if error.is_eof() {
            return cut_short(length, "JSON の途中", "in the middle of the JSON");
        }
        Text::new(format!("JSON として読めません（{}行{}列）。", error.line(), error.column()), format!("The body is not JSON: {error}."))
    })
}

/// Some clients count Content-Length in characters: with full-width text the body then ends early and its tail comes as a bogus next request.
fn cut_short(length: usize, ja: &str, en: &str) -> Text {
    Text::new(
        format!("本文が {ja}で終わっています（{length} バイト）。Content-Length は文字数ではなく UTF-8 のバイト数で送ってください。"),
        format!("The body ends {en} (after {length} bytes); Content-Length is the number of UTF-8 bytes, not of characters."),
    )
}

/// Puts the events of a document together.
struct Parser<'a> {
    text: &'a str,
    open: Vec<Open>,
    elements: usize,
    root: Option<(String, Value)>,
    verbatim: BTreeMap<&'static str, Verbatim>,
}

/// An element whose end has not come yet.
struct Open {
    name: String,
    children: Map<String, Value>,
    text: String,
    /// Where its content begins.
    from: usize,
}

impl<'a> Parser<'a> {
    fn take(&mut self, event: Event<'a>, at: usize, after: usize) -> Result<(), Text> {
        match event {
            Event::Start(start) => self.open(start.local_name().into_inner(), after)?,
            Event::Empty(empty) => {
                self.open(empty.local_name().into_inner(), after)?;
                self.close(after)?;
            }
            Event::End(_) => self.close(at)?,
            Event::Text(content) => self.append(&content.xml10_content())?,
            Event::CData(content) => self.append(&content.xml10_content())?,
            Event::GeneralRef(reference) => self.append(character(&reference)?.encode_utf8(&mut [0; 4]))?,
            Event::DocType(_) => return Err(Text::new("DTD（DOCTYPE）は使えません", "a DTD (DOCTYPE) is refused")),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => {}
        }
        Ok(())
    }

    fn open(&mut self, name: &str, from: usize) -> Result<(), Text> {
        self.elements += 1;
        if self.open.len() == DEEPEST {
            return Err(Text::new(
                format!("要素の入れ子が深すぎます（{DEEPEST} 段まで）"),
                format!("elements lie too deep (at most {DEEPEST} levels)"),
            ));
        }
        if self.elements > MOST_ELEMENTS {
            return Err(Text::new(
                format!("要素が多すぎます（{MOST_ELEMENTS} 個まで）"),
                format!("too many elements (at most {MOST_ELEMENTS})"),
            ));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(Text::new("最上位の要素は1つだけです", "there is one outermost element only"));
        }
        self.open.push(Open { name: name.to_owned(), children: Map::new(), text: String::new(), from });
        Ok(())
    }

    fn append(&mut self, text: &str) -> Result<(), Text> {
        match self.open.last_mut() {
            Some(open) => open.text.push_str(text),
            None if text.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n']).is_empty() => {}
            None => return Err(Text::new("要素の外に文字があります", "there is text outside the outermost element")),
        }
        Ok(())
    }

    fn close(&mut self, to: usize) -> Result<(), Text> {
        let Open { name, children, text, from } = self.open.pop().expect("the reader checks that each end has its start");
        let value = if children.is_empty() {
            self.keep_verbatim(&name, &text, self.text.get(from..to).unwrap_or_default());
            Value::String(text)
        } else if text.trim().is_empty() {
            Value::Object(children)
        } else {
            let name: String = name.chars().take(40).collect();
            return Err(Text::new(format!("{name} に文字と要素が混在しています"), format!("{name} has both text and elements")));
        };
        match self.open.last_mut() {
            None => self.root = Some((name, value)),
            Some(parent) => add(&mut parent.children, name, value),
        }
        Ok(())
    }

    fn keep_verbatim(&mut self, name: &str, text: &str, written: &str) {
        let Some(known) = VERBATIM.into_iter().find(|known| *known == name) else {
            return;
        };
        if usual(text) != written && !written.contains("<!--") && !written.contains("<?") {
            self.verbatim.entry(known).or_insert_with(|| Verbatim { text: text.into(), xml: Some(written.into()) });
        }
    }

    fn document(self) -> Result<Document, Text> {
        let end = self.text.len();
        if !self.open.is_empty() {
            return Err(placed(self.text, end, &Text::new("XML が途中で終わっています", "the XML ends before its outermost element does")));
        }
        let root = self.root.ok_or_else(|| placed(self.text, end, &Text::new("XML の要素がありません", "there is no element")))?;
        Ok(Document { value: Value::Object(Map::from_iter([root])), verbatim: self.verbatim })
    }
}

/// Elements of one name side by side become an array.
fn add(children: &mut Map<String, Value>, name: String, value: Value) {
    match children.get_mut(&name) {
        None => {
            children.insert(name, value);
        }
        Some(Value::Array(list)) => list.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// The character that a reference stands for; only those that XML itself has are resolved, so that nothing expands.
fn character(reference: &BytesRef<'_>) -> Result<char, Text> {
    let built_in = match &**reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => reference.resolve_char_ref().ok().flatten(),
    };
    if let Some(c) = built_in.filter(|c| !is_xml(*c)) {
        return Err(forbidden(c));
    }
    built_in.ok_or_else(|| {
        let name: String = reference.chars().take(40).collect();
        Text::new(format!("実体参照 &{name}; は使えません"), format!("the entity &{name}; is refused"))
    })
}

fn is_xml(c: char) -> bool {
    carries(Encoding::Utf8, c)
}

fn forbidden(c: char) -> Text {
    let code = u32::from(c);
    Text::new(format!("XML で使えない文字（U+{code:04X}）があります"), format!("XML forbids the character U+{code:04X}"))
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn not_well_formed(text: &str, at: usize, said: &str) -> Text {
    let said: String = said.chars().take(200).collect();
    placed(text, at, &Text::new(format!("XML として読めません: {said}"), format!("the XML is not well-formed: {said}")))
}

/// Puts line and column (in characters, from 1) before what is wrong there.
fn placed(text: &str, at: usize, wrong: &Text) -> Text {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Text::new(format!("{line}行{column}列: {}。", wrong.ja), format!("Line {line}, column {column}: {}.", wrong.en))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn elements_become_objects_texts_and_arrays() {
        let text = "<?xml version='1.0'?>\r\n<!-- c --><a x='1'>\n <b>1 &lt; 2</b><b/><n:c xmlns:n='u'><![CDATA[<d>]]>&#x41;</n:c>\n</a>\n";
        assert_eq!(Document::xml(text).unwrap().value, json!({"a": {"b": ["1 < 2", ""], "c": "<d>A"}}));
    }

    #[test]
    fn what_goes_back_byte_for_byte_keeps_its_spelling() {
        let read = Document::xml("<a><ArbitraryFileIdentifier> &quot;x&#38;\r\n</ArbitraryFileIdentifier></a>").unwrap();
        let verbatim = read.verbatim("ArbitraryFileIdentifier", " \"x&\n");
        assert_eq!(verbatim.xml.as_deref(), Some(" &quot;x&#38;\r\n"));
        assert_eq!(read.verbatim("ArbitraryFileIdentifier", "other").xml, None);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let deep = "<a>".repeat(33);
        let many = format!("<a>{}</a>", "<b/>".repeat(100_000));
        for (text, line, expected) in [
            ("<a>\n <b></a>", "2行", "not well-formed"),
            ("<a>", "1行4列", "ends before"),
            ("", "1行1列", "no element"),
            ("x<a/>", "1行1列", "outside"),
            ("<a/><b/>", "1行5列", "one outermost"),
            ("<a>x<b/></a>", "1行9列", "both text and elements"),
            ("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "1行1列", "DTD"),
            ("<a>&e;</a>", "1行4列", "&e;"),
            ("<a>&#1;</a>", "1行4列", "U+0001"),
            ("<a>\n\u{1}</a>", "2行1列", "U+0001"),
            (&deep, "1行97列", "too deep"),
            (&many, "1行", "too many"),
        ] {
            let error = Document::xml(text).unwrap_err();
            assert!(error.ja.starts_with(line) && error.en.contains(expected), "{error:?}");
        }
    }
}
