//! Start tags: their attributes, and the namespaces that they declare and use (Namespaces in XML
//! 1.0).

use std::collections::{BTreeMap, BTreeSet};

use super::cursor::{Cursor, is_name_start, truncated_name};
use super::misc::equals;
use super::uri::is_uri_reference;
use crate::domain::text::Text;

/// The maximum number of attributes of one element, to limit the comparisons per tag. Real messages
/// have none.
const MAX_ATTRIBUTES: usize = 256;
const XML: &str = "http://www.w3.org/XML/1998/namespace";
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

pub(super) struct Tag<'a> {
    /// The name with its prefix.
    pub(super) name: &'a str,
    pub(super) local: &'a str,
    pub(super) is_empty: bool,
    /// The prefixes that it declares.
    declared: Vec<&'a str>,
}

struct Attribute<'a> {
    at: usize,
    prefix: &'a str,
    local: &'a str,
    value: String,
}

/// The namespaces in scope.
#[derive(Default)]
pub(super) struct Namespaces<'a> {
    /// The namespaces of each prefix, innermost last.
    bound: BTreeMap<&'a str, Vec<usize>>,
    /// Each declared namespace, with a number for comparisons.
    numbers: BTreeMap<String, usize>,
}

/// The number of the namespace `xml`, which needs no declaration.
const NUMBER_OF_XML: usize = usize::MAX;
/// The number of the namespace of declarations.
const NUMBER_OF_XMLNS: usize = usize::MAX - 1;

impl<'a> Namespaces<'a> {
    /// Reads a start tag. Its declarations are in scope until [`leave`](Self::leave).
    pub(super) fn enter(&mut self, cursor: &mut Cursor<'a>) -> Result<Tag<'a>, Text> {
        cursor.expect("<")?;
        let at = cursor.at();
        let name = cursor.name()?;
        let (prefix, local) = qualified(cursor, at, name)?;
        let (attributes, is_empty) = attributes(cursor)?;
        let mut declared = Vec::new();
        for attribute in &attributes {
            if let Some(prefix) = attribute.declares() {
                check_declaration(prefix, &attribute.value).map_err(|wrong| cursor.wrong(attribute.at, wrong.ja, wrong.en))?;
                let number = self.number(&attribute.value);
                self.bound.entry(prefix).or_default().push(number);
                declared.push(prefix);
            }
        }
        if !prefix.is_empty() {
            self.bound(cursor, at, prefix)?;
        }
        self.check_unique(cursor, &attributes)?;
        Ok(Tag { name, local, is_empty, declared })
    }

    /// Ends the scope of a tag's declarations.
    pub(super) fn leave(&mut self, tag: &Tag<'a>) {
        for prefix in &tag.declared {
            self.bound.entry(prefix).and_modify(|bound| {
                bound.pop();
            });
        }
    }

    fn number(&mut self, namespace: &str) -> usize {
        if namespace == XML {
            return NUMBER_OF_XML;
        }
        let next = self.numbers.len();
        *self.numbers.entry(namespace.to_owned()).or_insert(next)
    }

    /// Returns the number of a prefix's namespace.
    fn bound(&self, cursor: &Cursor<'a>, at: usize, prefix: &str) -> Result<usize, Text> {
        let declared = || self.bound.get(prefix).and_then(|bound| bound.last()).copied();
        let innermost = if prefix == "xml" { Some(NUMBER_OF_XML) } else { declared() };
        innermost.ok_or_else(|| {
            let prefix = truncated_name(prefix);
            cursor.wrong(
                at,
                format!("接頭辞 {prefix} の名前空間が宣言されていません"),
                format!("no namespace is declared for the prefix {prefix}"),
            )
        })
    }

    /// Checks that no two attributes have the same name, or the same name in the same namespace
    /// under two prefixes.
    fn check_unique(&self, cursor: &Cursor<'a>, attributes: &[Attribute<'a>]) -> Result<(), Text> {
        let mut names = BTreeSet::new();
        for Attribute { at, prefix, local, .. } in attributes {
            let namespace = match *prefix {
                "" => None,
                "xmlns" => Some(NUMBER_OF_XMLNS),
                prefix => Some(self.bound(cursor, *at, prefix)?),
            };
            if !names.insert((namespace, *local)) {
                let local = truncated_name(local);
                return Err(cursor.wrong(*at, format!("属性 {local} が2つあります"), format!("there are two attributes {local}")));
            }
        }
        Ok(())
    }
}

impl<'a> Attribute<'a> {
    /// Returns the prefix that it declares; empty for the default namespace.
    fn declares(&self) -> Option<&'a str> {
        match (self.prefix, self.local) {
            ("", "xmlns") => Some(""),
            ("xmlns", declared) => Some(declared),
            _ => None,
        }
    }
}

/// Reads the attributes of a tag. The second value is whether the element is empty.
fn attributes<'a>(cursor: &mut Cursor<'a>) -> Result<(Vec<Attribute<'a>>, bool), Text> {
    let mut attributes = Vec::new();
    loop {
        let is_apart = cursor.space();
        if cursor.skip_if(">") {
            return Ok((attributes, false));
        }
        if cursor.skip_if("/>") {
            return Ok((attributes, true));
        }
        if !is_apart {
            return Err(cursor.expected(&Text::new("空白か「>」", "white space or `>`")));
        }
        let at = cursor.at();
        if attributes.len() == MAX_ATTRIBUTES {
            return Err(cursor.wrong(
                at,
                format!("属性が多すぎます（{MAX_ATTRIBUTES} 個まで）"),
                format!("too many attributes (at most {MAX_ATTRIBUTES})"),
            ));
        }
        let name = cursor.name()?;
        let (prefix, local) = qualified(cursor, at, name)?;
        equals(cursor)?;
        attributes.push(Attribute { at, prefix, local, value: cursor.value()? });
    }
}

/// Splits a name into prefix (empty if there is none) and local part: QName, production 7 of
/// Namespaces in XML 1.0.
fn qualified<'a>(cursor: &Cursor<'a>, at: usize, name: &'a str) -> Result<(&'a str, &'a str), Text> {
    let (prefix, local) = match name.split_once(':') {
        None => return Ok(("", name)),
        Some(parts) => parts,
    };
    if prefix.is_empty() || local.contains(':') || !local.starts_with(is_name_start) {
        let name = truncated_name(name);
        return Err(cursor.wrong(
            at,
            format!("名前 {name} の「:」の使い方が正しくありません（接頭辞:名前）"),
            format!("the name {name} has a `:` in a wrong place (prefix:name)"),
        ));
    }
    Ok((prefix, local))
}

/// Checks a declaration against sections 2 and 3 of Namespaces in XML 1.0.
fn check_declaration(prefix: &str, namespace: &str) -> Result<(), Text> {
    let is_wrong = prefix == "xmlns" || namespace == XMLNS || (prefix == "xml") != (namespace == XML);
    if is_wrong {
        return Err(Text::new(
            "接頭辞 xml と xmlns、およびそれらの名前空間は、ほかのものに結び付けられません",
            "the prefixes xml and xmlns and their namespaces cannot be bound to others",
        ));
    }
    if namespace.is_empty() && !prefix.is_empty() {
        let prefix = truncated_name(prefix);
        return Err(Text::new(format!("接頭辞 {prefix} の名前空間が空です"), format!("the namespace of the prefix {prefix} is empty")));
    }
    if !is_uri_reference(namespace) {
        let namespace = truncated_name(namespace);
        return Err(Text::new(
            format!("名前空間「{namespace}」が URI ではありません"),
            format!("the namespace `{namespace}` is not a URI"),
        ));
    }
    Ok(())
}
