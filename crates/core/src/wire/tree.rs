//! An ordered tree of elements, like the real messages: every value is a text, absent values are
//! left out. It is written as JSON or XML.

pub use crate::domain::verbatim::Verbatim;

/// The capacity in bytes reserved for a message. Most are shorter.
const INITIAL_CAPACITY: usize = 2048;

/// Elements in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub(super) elements: Vec<(&'static str, Node)>,
    /// How many names are possible in it, in messages of its kind. The order of real messages
    /// depends on this number.
    pub(super) names: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Text(Verbatim),
    Group(Group),
    List { style: ListStyle, item: &'static str, items: Vec<Group> },
}

/// How a list is written. The styles differ between JSON and XML, and between the lists of one
/// message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListStyle {
    /// JSON: an array of objects that each contain one `item`; XML: one element that contains
    /// `item` repeatedly.
    Wrapped,
    /// JSON: an array of the items themselves; XML as for `Wrapped`.
    Bare,
    /// JSON: an array of the items themselves; XML: the items repeated, without an enclosing
    /// element. The list's name is the item's.
    Repeated,
}

impl Group {
    /// Creates an empty group.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty group with this capacity.
    pub(super) fn with_room(room: usize) -> Self {
        Self { elements: Vec::with_capacity(room), names: 0 }
    }

    /// Adds an element.
    pub(super) fn push(&mut self, name: &'static str, node: Node) {
        self.elements.push((name, node));
    }

    /// Adds an element with a text, unless the text is missing or empty.
    pub(super) fn push_text(&mut self, name: &'static str, text: Option<Verbatim>) {
        if let Some(text) = text.filter(|text| !text.text.is_empty()) {
            self.push(name, Node::Text(text));
        }
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// Adds an element with a text, unless the text is empty.
    pub fn text(self, name: &'static str, text: impl Into<Verbatim>) -> Self {
        let text = text.into();
        if text.text.is_empty() { self } else { self.with(name, Node::Text(text)) }
    }

    /// Adds an element that contains elements.
    pub fn group(self, name: &'static str, group: Group) -> Self {
        self.with(name, Node::Group(group))
    }

    /// Returns a JSON document in UTF-8.
    pub fn to_json(&self) -> Vec<u8> {
        let mut json = Vec::with_capacity(INITIAL_CAPACITY);
        self.write_json(&mut json);
        json
    }

    /// Applies `change` to each group directly in it.
    pub(super) fn map_inner(self, change: &impl Fn(Group) -> Group) -> Self {
        let inner = |node| match node {
            Node::Text(text) => Node::Text(text),
            Node::Group(group) => Node::Group(change(group)),
            Node::List { style, item, items } => Node::List { style, item, items: items.into_iter().map(change).collect() },
        };
        Self { elements: self.elements.into_iter().map(|(name, node)| (name, inner(node))).collect(), names: self.names }
    }

    /// Applies `change` to header and body of a message. Their frame, header before body, is
    /// unchanged.
    pub(super) fn map_parts(self, change: &impl Fn(Group) -> Group) -> Self {
        self.map_inner(&|frame| frame.map_inner(change))
    }

    fn with(mut self, name: &'static str, node: Node) -> Self {
        self.push(name, node);
        self
    }
}

impl Group {
    fn write_json(&self, json: &mut Vec<u8>) {
        json.push(b'{');
        for (i, (name, node)) in self.elements.iter().enumerate() {
            if i > 0 {
                json.push(b',');
            }
            write_name(json, name);
            match node {
                Node::Text(text) => write_string(json, &text.text),
                Node::Group(group) => group.write_json(json),
                Node::List { style, item, items } => write_list(json, *style, item, items),
            }
        }
        json.push(b'}');
    }
}

fn write_list(json: &mut Vec<u8>, style: ListStyle, item: &'static str, items: &[Group]) {
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
        write_name(json, item);
        one.write_json(json);
        json.push(b'}');
    }
    json.push(b']');
}

/// Writes the name of a member: an identifier from this program's tables, which JSON need not
/// escape.
fn write_name(json: &mut Vec<u8>, name: &str) {
    write_plain(json, name);
    json.push(b':');
}

/// Writes a string without characters that JSON escapes.
fn write_plain(json: &mut Vec<u8>, text: &str) {
    json.reserve(text.len() + 3);
    json.push(b'"');
    json.extend_from_slice(text.as_bytes());
    json.push(b'"');
}

/// Writes a string. Almost none has a character that JSON escapes.
fn write_string(json: &mut Vec<u8>, text: &str) {
    // Without an early exit, so that the compiler can process many bytes at once.
    let escapes = |found, byte: u8| found | (byte < 0x20) | (byte == b'"') | (byte == b'\\');
    if text.bytes().fold(false, escapes) {
        serde_json::to_writer(json, text).expect("a string is always JSON, and a vector takes every byte");
    } else {
        write_plain(json, text);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const NAMES: [&str; 4] = ["Name", "NameKana", "Address", "InsurerName"];

    fn group(texts: &[String]) -> Group {
        NAMES.iter().zip(texts).fold(Group::new(), |group, (name, text)| group.text(name, text.as_str()))
    }

    proptest! {
        #[test]
        fn what_is_written_is_json_that_reads_back(texts in prop::collection::vec("\\PC{1,20}|[\u{0}-\u{7f}]{1,20}", 4)) {
            let expected: Value = NAMES.iter().zip(&texts).map(|(name, text)| ((*name).to_owned(), Value::from(text.as_str()))).collect();
            let (items, once) = (vec![group(&texts); 2], group(&texts));
            let list = |style| Node::List { style, item: "item", items: items.clone() };
            let mut message = Group::new().group("group", once);
            message.push("wrapped", list(ListStyle::Wrapped));
            message.push("bare", list(ListStyle::Bare));
            let read: Value = serde_json::from_slice(&message.to_json()).unwrap();
            let item = json!({ "item": expected });
            prop_assert_eq!(read, json!({ "group": expected, "wrapped": [item, item], "bare": [expected, expected] }));
        }
    }
}
