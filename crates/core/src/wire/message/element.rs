//! A row of the element table: an element's name, the source of its value, and how certain its form
//! is.

use super::kind::MessageKind;
use super::scope::Scope;
use crate::wire::tree::{Group, ListStyle, Node, Verbatim};

/// One element.
pub struct Element {
    /// The name.
    pub name: &'static str,
    /// Whether every message of its kind has it.
    pub required: bool,
    /// How certain name and form are.
    pub certainty: Certainty,
    /// The number of its code table.
    pub codes: Option<u16>,
    /// The source of its value: a fixture's field, `request`, `clock`, `check` …
    pub from: &'static str,
    /// The kinds of messages in which it can occur; empty for all.
    pub only_in: &'static [MessageKind],
    /// The content.
    pub content: Content,
}

/// The content of an element.
pub enum Content {
    /// A text; the element is absent if there is none.
    Text(fn(&Scope<'_>) -> Option<Verbatim>),
    /// A group of elements; it is absent if all of them are, unless it is kept.
    Group {
        /// The elements.
        elements: &'static [Element],
        /// Whether it is written even if it is empty.
        kept: fn(&Scope<'_>) -> bool,
    },
    /// A list of groups, one for each scope.
    List {
        /// How it is written.
        style: ListStyle,
        /// The name of one group in it.
        item: &'static str,
        /// Returns one scope per group.
        each: for<'a> fn(&Scope<'a>) -> Vec<Scope<'a>>,
        /// The elements of each group.
        elements: &'static [Element],
    },
}

/// How certain a fact about the real system is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Captured: it occurs in real output that was published anonymised.
    Captured,
    /// In use: clients that work with the real system read or write it.
    InUse,
    /// From the notes or code of a single author.
    OneAuthor,
    /// Invented by this mock, because it is not public.
    Invented,
}

impl Element {
    const fn new(name: &'static str, from: &'static str, content: Content) -> Self {
        Self { name, required: false, certainty: Certainty::InUse, codes: None, from, only_in: &[], content }
    }

    pub(super) const fn text(name: &'static str, from: &'static str, value: fn(&Scope<'_>) -> Option<Verbatim>) -> Self {
        Self::new(name, from, Content::Text(value))
    }

    pub(super) const fn group(name: &'static str, elements: &'static [Element]) -> Self {
        Self::new(name, "", Content::Group { elements, kept: |_| false })
    }

    /// Creates a group that is written even if it is empty.
    pub(super) const fn kept_group(name: &'static str, kept: fn(&Scope<'_>) -> bool, elements: &'static [Element]) -> Self {
        Self::new(name, "", Content::Group { elements, kept })
    }

    pub(super) const fn list(
        name: &'static str,
        style: ListStyle,
        item: &'static str,
        each: for<'a> fn(&Scope<'a>) -> Vec<Scope<'a>>,
        elements: &'static [Element],
    ) -> Self {
        Self::new(name, "", Content::List { style, item, each, elements })
    }

    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(super) const fn codes(mut self, table: u16) -> Self {
        self.codes = Some(table);
        self
    }

    pub(super) const fn with_certainty(mut self, mark: Certainty) -> Self {
        self.certainty = mark;
        self
    }

    pub(super) const fn only_in(mut self, kinds: &'static [MessageKind]) -> Self {
        self.only_in = kinds;
        self
    }

    fn occurs_in(&self, kind: MessageKind) -> bool {
        self.only_in.is_empty() || self.only_in.contains(&kind)
    }
}

/// The capacity reserved for elements. The longest table has more, but no message has all of them.
const MAX_CAPACITY: usize = 32;

/// Renders the elements that have a value in this scope, in the table's order.
pub fn render(elements: &[Element], scope: &Scope<'_>) -> Group {
    let mut group = Group::with_room(elements.len().min(MAX_CAPACITY));
    for element in elements.iter().filter(|element| element.occurs_in(scope.header.kind)) {
        group.names += 1;
        match &element.content {
            Content::Text(value) => group.push_text(element.name, value(scope)),
            Content::Group { elements, kept } => {
                let inner = render(elements, scope);
                if !inner.is_empty() || kept(scope) {
                    group.push(element.name, Node::Group(inner));
                }
            }
            Content::List { style, item, each, elements } => {
                let items: Vec<Group> = each(scope).iter().map(|scope| render(elements, scope)).collect();
                if !items.is_empty() {
                    group.push(element.name, Node::List { style: *style, item, items });
                }
            }
        }
    }
    group
}
