//! An ordered tree of elements, as the real messages are: every value is a text, what is absent is left out. Written as JSON or as XML.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

pub use crate::domain::verbatim::Verbatim;

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
        serde_json::to_vec(self).expect("texts, groups and lists are always JSON")
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

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.elements.len()))?;
        for (name, node) in &self.elements {
            match node {
                Node::Text(text) => map.serialize_entry(name, text.text.as_str())?,
                Node::Group(group) => map.serialize_entry(name, group)?,
                Node::List { style: ListStyle::Wrapped, item, items } => {
                    map.serialize_entry(name, &items.iter().map(|one| Wrapped { item, one }).collect::<Vec<_>>())?;
                }
                Node::List { items, .. } => map.serialize_entry(name, items)?,
            }
        }
        map.end()
    }
}

struct Wrapped<'a> {
    item: &'static str,
    one: &'a Group,
}

impl Serialize for Wrapped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.item, self.one)?;
        map.end()
    }
}
