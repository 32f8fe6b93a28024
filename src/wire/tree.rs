//! An ordered tree of elements, as the real messages are: every value is a text, what is absent is left out. Written as JSON or as XML.

use std::borrow::Cow;

pub use crate::domain::verbatim::Verbatim;

/// Bytes for which a message makes room at once: most have fewer.
const ROOM: usize = 2048;

/// Elements in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub(super) elements: Vec<(Cow<'static, str>, Node)>,
    /// How many names can occur in it, in messages of its kind: what the order of real messages depends on.
    pub(super) names: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Text(Verbatim),
    Group(Group),
    List { style: ListStyle, item: &'static str, items: Vec<Group> },
}

/// How a list is written. The styles differ between JSON and XML, and between the lists of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListStyle {
    /// JSON: an array of objects that each hold one `item`; XML: one element with `item` repeated in it.
    Wrapped,
    /// JSON: an array of the items themselves; XML as for `Wrapped`.
    Bare,
    /// JSON: an array of the items themselves; XML: the items side by side, without an element around them. The list's name is the item's.
    Repeated,
}

impl Group {
    /// No elements yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// No elements yet; `names` can occur in it, and there is room for `room` of them.
    pub(super) fn of_names(names: usize, room: usize) -> Self {
        Self { elements: Vec::with_capacity(room), names }
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Adds an element with a text; an empty one is left out.
    pub fn text(self, name: impl Into<Cow<'static, str>>, text: impl Into<Verbatim>) -> Self {
        let text = text.into();
        if text.text.is_empty() { self } else { self.with(name, Node::Text(text)) }
    }

    /// Adds an element with a text where there is one.
    pub fn optional(self, name: impl Into<Cow<'static, str>>, text: Option<impl Into<Verbatim>>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// Adds an element with elements of its own.
    pub fn group(self, name: impl Into<Cow<'static, str>>, group: Group) -> Self {
        self.with(name, Node::Group(group))
    }

    /// Adds a list; an empty one is left out.
    pub fn list(self, name: &'static str, style: ListStyle, item: &'static str, items: Vec<Group>) -> Self {
        if items.is_empty() { self } else { self.with(name, Node::List { style, item, items }) }
    }

    /// As a JSON document in UTF-8.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(ROOM);
        self.write_json(&mut json);
        json
    }

    /// The same with each group in it changed.
    pub(super) fn map_inner(self, change: &impl Fn(Group) -> Group) -> Self {
        let inner = |node| match node {
            Node::Text(text) => Node::Text(text),
            Node::Group(group) => Node::Group(change(group)),
            Node::List { style, item, items } => Node::List { style, item, items: items.into_iter().map(change).collect() },
        };
        Self { elements: self.elements.into_iter().map(|(name, node)| (name, inner(node))).collect(), names: self.names }
    }

    /// A message with header and body changed; the frame around them, header before body, stays as it is.
    pub(super) fn map_parts(self, change: &impl Fn(Group) -> Group) -> Self {
        self.map_inner(&|frame| frame.map_inner(change))
    }

    fn with(mut self, name: impl Into<Cow<'static, str>>, node: Node) -> Self {
        self.elements.push((name.into(), node));
        self
    }
}

impl Group {
    fn write_json(&self, json: &mut Vec<u8>) {
        json.push(b'{');
        for (i, (name, node)) in self.elements.iter().enumerate() {
            write_name(json, i, name);
            match node {
                Node::Text(text) => write_string(json, &text.text),
                Node::Group(group) => group.write_json(json),
                Node::List { style, item, items } => write_list(json, *style, item, items),
            }
        }
        json.push(b'}');
    }
}

fn write_list(json: &mut Vec<u8>, style: ListStyle, item: &str, items: &[Group]) {
    json.push(b'[');
    for (i, one) in items.iter().enumerate() {
        if i > 0 {
            json.push(b',');
        }
        if style != ListStyle::Wrapped {
            one.write_json(json);
            continue;
        }
        json.push(b'{');
        write_name(json, 0, item);
        one.write_json(json);
        json.push(b'}');
    }
    json.push(b']');
}

/// The name of a member, which is the one at this place.
fn write_name(json: &mut Vec<u8>, place: usize, name: &str) {
    if place > 0 {
        json.push(b',');
    }
    write_string(json, name);
    json.push(b':');
}

/// A string; nearly none has a character that JSON escapes.
fn write_string(json: &mut Vec<u8>, text: &str) {
    // Each byte is looked at, so that the compiler can look at many at once.
    let escapes = |found, byte: u8| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    if text.bytes().fold(false, escapes) {
        serde_json::to_writer(json, text).expect("a string is always JSON, and a vector takes every byte");
        return;
    }
    json.push(b'"');
    json.extend_from_slice(text.as_bytes());
    json.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn group(texts: &[String]) -> Group {
        texts.iter().fold(Group::new(), |group, text| group.text(text.clone(), text.as_str()))
    }

    proptest! {
        #[test]
        fn what_is_written_is_json_that_reads_back(texts in prop::collection::btree_set(any::<String>(), 1..6)) {
            let texts: Vec<String> = texts.into_iter().filter(|text| !text.is_empty()).collect();
            let expected: Value = texts.iter().map(|text| (text.clone(), Value::from(text.as_str()))).collect();
            let (items, once) = (vec![group(&texts); 2], group(&texts));
            let message = Group::new()
                .group("group", once)
                .list("wrapped", ListStyle::Wrapped, "item", items.clone())
                .list("bare", ListStyle::Bare, "item", items);
            let read: Value = serde_json::from_slice(&message.to_json()).unwrap();
            let item = json!({ "item": expected });
            prop_assert_eq!(read, json!({ "group": expected, "wrapped": [item, item], "bare": [expected, expected] }));
        }
    }
}
