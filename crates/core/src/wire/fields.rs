//! Reader for the elements of a request, one object at a time. Errors have the JSON pointer;
//! elements that were not read are listed.

use std::cell::RefCell;
use std::fmt;

use jiff::civil::Date;
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::digits;
use super::document::{Object, Value};
use crate::domain::text::Text;

/// The maximum length of an element, in characters.
const MAX_LENGTH: usize = 200;
/// The maximum number of pointers to unknown elements stored for one object.
const MAX_IGNORED: usize = 8;

/// The maximum depth of objects in a request.
const MAX_DEPTH: usize = 8;

/// An object of a request.
pub(super) struct Fields<'a> {
    object: &'a Object<'a>,
    path: Path,
    requested_names: RefCell<SmallVec<[&'static str; 16]>>,
}

/// The position of an object in its document. The JSON pointer is formatted only when it is shown.
#[derive(Clone, Copy, Default)]
struct Path {
    steps: [Option<PointerToken>; MAX_DEPTH],
}

/// One token of a JSON pointer.
#[derive(Clone, Copy)]
enum PointerToken {
    Member(&'static str),
    Item(usize),
}

impl Path {
    fn then(mut self, step: PointerToken) -> Self {
        let free = self.steps.iter_mut().find(|step| step.is_none());
        *free.expect("requests are read no deeper than that") = Some(step);
        self
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().flatten().try_for_each(|step| match step {
            PointerToken::Member(name) => write!(f, "/{name}"),
            PointerToken::Item(number) => write!(f, "/{number}"),
        })
    }
}

impl<'a> Fields<'a> {
    /// Creates the reader of a document.
    pub(super) fn root(value: &'a Value<'a>) -> Result<Self, Text> {
        Self::new(Some(value), Path::default())
    }

    fn new(value: Option<&'a Value<'a>>, path: Path) -> Result<Self, Text> {
        match value {
            Some(Value::Object(object)) => Ok(Self { object, path, requested_names: RefCell::default() }),
            found => Err(wrong(
                &path.to_string(),
                found,
                "子要素のある要素（JSON ではオブジェクト）",
                "an object: an element with elements of its own",
            )),
        }
    }

    fn find(&self, name: &'static str) -> Option<&'a Value<'a>> {
        self.requested_names.borrow_mut().push(name);
        self.object.get(name)
    }

    fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.path)
    }

    fn inner(&self, name: &'static str) -> Path {
        self.path.then(PointerToken::Member(name))
    }

    /// Returns an object within it.
    pub(super) fn object(&self, name: &'static str) -> Result<Fields<'a>, Text> {
        Fields::new(self.find(name), self.inner(name))
    }

    /// Returns an object within it that may be absent.
    pub(super) fn optional_object(&self, name: &'static str) -> Result<Option<Fields<'a>>, Text> {
        self.find(name).map(|found| Fields::new(Some(found), self.inner(name))).transpose()
    }

    /// Returns its own JSON pointer.
    pub(super) fn at(&self) -> String {
        self.path.to_string()
    }

    /// Returns the objects with one name: a single one or several.
    pub(super) fn objects(&self, name: &'static str) -> Result<Vec<Fields<'a>>, Text> {
        match self.find(name) {
            Some(Value::Array(list)) => {
                list.iter().enumerate().map(|(i, one)| Fields::new(Some(one), self.inner(name).then(PointerToken::Item(i)))).collect()
            }
            found => Ok(vec![Fields::new(found, self.inner(name))?]),
        }
    }

    /// Returns an element's text. An empty text counts as absent. Every value of the real message
    /// is a string.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<SmolStr>, Text> {
        match self.find(name) {
            None => Ok(None),
            Some(Value::Text(text)) if text.is_empty() => Ok(None),
            Some(Value::Text(text)) if text.len() <= MAX_LENGTH || text.chars().count() <= MAX_LENGTH => Ok(Some((**text).into())),
            Some(Value::Text(_)) => {
                let pointer = self.pointer(name);
                Err(Text::new(
                    format!("{pointer} が長すぎます（{MAX_LENGTH} 文字まで）。"),
                    format!("{pointer} is too long (at most {MAX_LENGTH} characters)."),
                ))
            }
            found => Err(wrong(&self.pointer(name), found, "文字列（引用符で囲んだ値）", "a string (a value in quotation marks)")),
        }
    }

    /// Returns an element's text, which is required.
    pub(super) fn required(&self, name: &'static str) -> Result<SmolStr, Text> {
        self.text(name)?.ok_or_else(|| {
            let pointer = self.pointer(name);
            Text::new(format!("{pointer} がありません（必須です）。"), format!("{pointer} is missing; it is required."))
        })
    }

    /// Returns an element's text, which must be one of `allowed`.
    pub(super) fn one_of(&self, name: &'static str, allowed: &[&str]) -> Result<Option<SmolStr>, Text> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        if allowed.contains(&text.as_str()) {
            return Ok(Some(text));
        }
        let (ja, en) = alternatives(allowed);
        Err(self.wrong(name, &text, &ja, &en))
    }

    /// Returns an element's text, which is required and must be one of `allowed`.
    pub(super) fn required_one_of(&self, name: &'static str, allowed: &[&'static str]) -> Result<&'static str, Text> {
        let found = self.one_of(name, allowed)?;
        let is_it = |text: &&&str| found.as_deref() == Some(**text);
        allowed.iter().find(is_it).copied().ok_or_else(|| {
            let (ja, en) = alternatives(allowed);
            wrong(&self.pointer(name), None, &ja, &en)
        })
    }

    /// Returns a date, `YYYYMMDD`, from 1800 to 2200.
    pub(super) fn date(&self, name: &'static str) -> Result<Option<Date>, Text> {
        self.text(name)?.map(|text| self.day(name, &text)).transpose()
    }

    /// Returns a date, which is required.
    pub(super) fn required_date(&self, name: &'static str) -> Result<Date, Text> {
        self.day(name, &self.required(name)?)
    }

    /// Parses a month, `YYYYMM`, from 1800 to 2200, as its first day. `text` is its value.
    pub(super) fn month(&self, name: &str, text: &str) -> Result<Date, Text> {
        let six_digits = text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit());
        let first = six_digits.then(|| digits::read_day(&format!("{text}01"))).flatten();
        let first = first.filter(|date| (1800..=2200).contains(&date.year()));
        first.ok_or_else(|| self.wrong(name, text, "実在する年月（1800〜2200年、YYYYMM）", "a month that exists, as YYYYMM"))
    }

    fn day(&self, name: &str, text: &str) -> Result<Date, Text> {
        let eight_digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
        let date = digits::read_day(text);
        let (ja, en) = if eight_digits {
            ("実在する日付（1800〜2200年）", "a date that exists, from 1800 to 2200")
        } else {
            ("YYYYMMDD の日付", "a date as YYYYMMDD")
        };
        date.filter(|date| (1800..=2200).contains(&date.year())).ok_or_else(|| self.wrong(name, text, ja, en))
    }

    /// Returns the error for an invalid text of an element.
    pub(super) fn wrong(&self, name: &str, got: &str, expected_ja: &str, expected_en: &str) -> Text {
        wrong(&self.pointer(name), Some(&Value::Text(got.into())), expected_ja, expected_en)
    }

    /// Returns the pointers of the elements that were not read.
    pub(super) fn ignored(&self) -> Vec<String> {
        let asked = self.requested_names.borrow();
        let unknown = self.object.keys().filter(|name| !asked.contains(&name.as_ref()));
        unknown.take(MAX_IGNORED).map(|name| self.pointer(&name.chars().take(64).collect::<String>())).collect()
    }
}

/// Returns the allowed texts as a phrase, in both languages.
fn alternatives(allowed: &[&str]) -> (String, String) {
    let quoted: Vec<String> = allowed.iter().map(|text| format!("\"{text}\"")).collect();
    (format!("{} のいずれか", quoted.join("、")), quoted.join(" or "))
}

fn wrong(pointer: &str, found: Option<&Value<'_>>, expected_ja: &str, expected_en: &str) -> Text {
    let pointer = if pointer.is_empty() { "/" } else { pointer };
    let (ja, en) = match found {
        None => ("がありません".to_owned(), "is missing".to_owned()),
        Some(Value::Array(several)) if several.len() > 1 => {
            let count = several.len();
            return Text::new(
                format!("{pointer} が {count} つあります。1つだけにしてください。"),
                format!("There are {count} of {pointer}; just one was expected."),
            );
        }
        Some(value) => {
            let shown: String = serde_json::to_string(value).unwrap_or_default().chars().take(40).collect();
            (format!("は {shown} です"), format!("is {shown}"))
        }
    };
    Text::new(format!("{pointer} {ja}。{expected_ja}が必要です。"), format!("{pointer} {en}; expected {expected_en}."))
}
