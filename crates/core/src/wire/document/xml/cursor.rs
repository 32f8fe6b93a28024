//! A position in an XML document, with readers for tokens, white space, names and references.
//! Errors have line and column.

use std::fmt::Display;

use crate::domain::encoding::Encoding;
use crate::domain::text::Text;
use crate::wire::charset::can_encode;

pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// Creates a cursor at the start of a document. Fails if XML does not allow one of its
    /// characters.
    pub(super) fn new(text: &'a str) -> Result<Self, Text> {
        let cursor = Self { text, at: 0 };
        match text.char_indices().find(|(_, c)| !is_char(*c)) {
            Some((at, c)) => Err(cursor.forbidden(at, c.into())),
            None => Ok(cursor),
        }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Returns the text between two positions.
    pub(super) fn between(&self, from: usize, to: usize) -> &'a str {
        &self.text[from..to]
    }

    pub(super) fn starts_with(&self, token: &str) -> bool {
        self.rest().starts_with(token)
    }

    pub(super) fn skip_if(&mut self, token: &str) -> bool {
        let is_there = self.starts_with(token);
        self.at += if is_there { token.len() } else { 0 };
        is_there
    }

    pub(super) fn expect(&mut self, token: &str) -> Result<(), Text> {
        if self.skip_if(token) { Ok(()) } else { Err(self.expected(&Text::new(format!("「{token}」"), format!("`{token}`")))) }
    }

    /// Reads the following characters of one kind.
    pub(super) fn run(&mut self, is_of_kind: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let run = &rest[..rest.find(|c| !is_of_kind(c)).unwrap_or(rest.len())];
        self.at += run.len();
        run
    }

    /// Skips white space. Returns whether there was any.
    pub(super) fn space(&mut self) -> bool {
        !self.run(is_space).is_empty()
    }

    /// Reads up to a required token, and skips the token. `what` began at `from`.
    pub(super) fn until(&mut self, token: &str, from: usize, what: &Text) -> Result<&'a str, Text> {
        let Some((passed, _)) = self.rest().split_once(token) else {
            return Err(self.wrong(from, format!("{}が閉じられていません", what.ja), format!("the {} is not closed", what.en)));
        };
        self.at += passed.len() + token.len();
        Ok(passed)
    }

    /// Reads a name, including colons.
    pub(super) fn name(&mut self) -> Result<&'a str, Text> {
        if !self.rest().starts_with(is_name_start) {
            return Err(self.expected(&Text::new("文字か「_」で始まる名前", "a name, which begins with a letter or `_`,")));
        }
        Ok(self.run(is_name))
    }

    /// Reads the quotation mark at the start of a value.
    pub(super) fn quote(&mut self) -> Result<char, Text> {
        let quote = self.rest().chars().next().filter(|c| matches!(c, '"' | '\''));
        self.at += usize::from(quote.is_some());
        quote.ok_or_else(|| self.expected(&Text::new("引用符（\" か '）", "a quotation mark (\" or ')")))
    }

    /// Reads the value of an attribute, with its references resolved.
    pub(super) fn value(&mut self) -> Result<String, Text> {
        let quote = self.quote()?;
        let mut value = String::new();
        loop {
            value.push_str(self.run(|c| c != quote && c != '<' && c != '&'));
            if self.starts_with("&") {
                value.push(self.reference()?);
            } else if self.starts_with("<") {
                return Err(self.wrong(
                    self.at,
                    "属性値に「<」は使えません（&lt; と書いてください）",
                    "`<` is not allowed in the value of an attribute (write `&lt;`)",
                ));
            } else {
                self.expect(quote.encode_utf8(&mut [0; 4]))?;
                return Ok(value);
            }
        }
    }

    /// Reads a reference and returns its character. Only XML's own references are resolved, so that
    /// nothing expands.
    pub(super) fn reference(&mut self) -> Result<char, Text> {
        let from = self.at;
        self.expect("&")?;
        let is_numeric = self.skip_if("#");
        let name = if is_numeric { self.run(|c| c.is_ascii_alphanumeric()) } else { self.run(is_name) };
        if name.is_empty() || !(is_numeric || name.starts_with(is_name_start)) || !self.skip_if(";") {
            return Err(self.wrong(
                from,
                "「&」の後が文字参照や実体参照ではありません（「&」そのものは &amp; と書いてください）",
                "`&` does not begin a reference (write `&amp;` for the character itself)",
            ));
        }
        match name {
            _ if is_numeric => self.character(from, name),
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "amp" => Ok('&'),
            "quot" => Ok('"'),
            "apos" => Ok('\''),
            _ => {
                let name = truncated_name(name);
                Err(self.wrong(from, format!("実体参照 &{name}; は使えません"), format!("the entity &{name}; is refused")))
            }
        }
    }

    fn character(&self, from: usize, number: &str) -> Result<char, Text> {
        let (digits, radix) = number.strip_prefix('x').map_or((number, 10), |hex| (hex, 16));
        match u32::from_str_radix(digits, radix) {
            Ok(code) => char::from_u32(code).filter(|c| is_char(*c)).ok_or_else(|| self.forbidden(from, code)),
            Err(_) => {
                let number = truncated_name(number);
                Err(self.wrong(
                    from,
                    format!("文字参照 &#{number}; が正しくありません"),
                    format!("&#{number}; does not refer to a character"),
                ))
            }
        }
    }

    /// Returns the error for an unexpected character here.
    pub(super) fn expected(&self, what: &Text) -> Text {
        let found = match self.rest().chars().next() {
            None => return self.cut_short(),
            Some(c) if is_space(c) => Text::new("空白", "white space"),
            Some(c) => Text::new(format!("「{c}」"), format!("`{c}`")),
        };
        self.wrong(
            self.at,
            format!("{}が必要ですが、{}があります", what.ja, found.ja),
            format!("{} was expected, {} was found", what.en, found.en),
        )
    }

    pub(super) fn cut_short(&self) -> Text {
        self.wrong(self.text.len(), "XML が途中で終わっています", "the XML ends before its outermost element does")
    }

    fn forbidden(&self, at: usize, code: u32) -> Text {
        self.wrong(at, format!("XML で使えない文字（U+{code:04X}）があります"), format!("XML forbids the character U+{code:04X}"))
    }

    /// Creates an error with line and column (in characters, from 1).
    pub(super) fn wrong(&self, at: usize, ja: impl Display, en: impl Display) -> Text {
        let before = &self.text[..at];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Text::new(format!("{line}行{column}列：{ja}。"), format!("Line {line}, column {column}: {en}."))
    }
}

/// Truncates a name for an error message.
pub(super) fn truncated_name(name: &str) -> String {
    name.chars().take(40).collect()
}

/// Char, production 2 of XML 1.0.
fn is_char(c: char) -> bool {
    can_encode(Encoding::Utf8, c)
}

/// S, production 3.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// NameStartChar, production 4.
pub(super) fn is_name_start(c: char) -> bool {
    matches!(c, ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// NameChar, production 4a.
fn is_name(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}
