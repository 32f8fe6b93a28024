//! The liberties that a message takes where an institution sets them: unknown elements, other padding.

use super::tree::{Group, Node};
use crate::domain::error_presentation::{Padding, WireQuirks};

/// The element that no client knows.
const UNKNOWN: &str = "OnshiMockUnknownElement";

/// The message with these liberties taken.
pub fn taken(message: Group, quirks: &WireQuirks) -> Group {
    let padded = if quirks.insurer_number_padding == Padding::Zeros { zeros(message, false) } else { message };
    if quirks.unknown_elements { padded.map_parts(&unknown) } else { padded }
}

/// Only in results: what a request said goes back as it came.
fn zeros(group: Group, in_result: bool) -> Group {
    let change = |(name, node): (&'static str, Node)| match node {
        Node::Text(mut text) => {
            if in_result && name == "InsurerNumber" {
                text.text = text.text.replace(' ', "0").into();
            }
            (name, Node::Text(text))
        }
        Node::Group(group) => (name, Node::Group(zeros(group, in_result))),
        Node::List { style, item, items } => {
            let result = in_result || item == "ResultOfQualificationConfirmation";
            (name, Node::List { style, item, items: items.into_iter().map(|one| zeros(one, result)).collect() })
        }
    };
    Group { elements: group.elements.into_iter().map(change).collect(), names: group.names }
}

/// A group, and each in it, with an element more.
fn unknown(group: Group) -> Group {
    group.map_inner(&unknown).text(UNKNOWN, "onshi-mock")
}
