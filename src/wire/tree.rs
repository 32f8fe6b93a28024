//! An ordered tree of elements, as the real messages are: every value is a text, what is absent is left out.

use serde::ser::{Serialize, SerializeMap, Serializer};

/// Elements in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group(Vec<(&'static str, Node)>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    Text(String),
    Group(Group),
    List(Vec<Group>),
}

impl Group {
    /// No elements yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an element with a text; an empty one is left out.
    pub fn text(self, name: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { self } else { self.with(name, Node::Text(text)) }
    }

    /// Adds an element with a text where there is one.
    pub fn optional(self, name: &'static str, text: Option<impl Into<String>>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// Adds an element with elements of its own.
    pub fn group(self, name: &'static str, group: Group) -> Self {
        self.with(name, Node::Group(group))
    }

    /// Adds an element with elements of its own where there is one.
    pub fn optional_group(self, name: &'static str, group: Option<Group>) -> Self {
        match group {
            Some(group) => self.group(name, group),
            None => self,
        }
    }

    /// Adds a list; an empty one is left out.
    pub fn list(self, name: &'static str, list: Vec<Group>) -> Self {
        if list.is_empty() { self } else { self.with(name, Node::List(list)) }
    }

    /// As a JSON document in UTF-8.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("texts, groups and lists are always JSON")
    }

    fn with(mut self, name: &'static str, node: Node) -> Self {
        self.0.push((name, node));
        self
    }
}

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, node) in &self.0 {
            map.serialize_entry(name, node)?;
        }
        map.end()
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Group(group) => group.serialize(serializer),
            Self::List(list) => list.serialize(serializer),
        }
    }
}
