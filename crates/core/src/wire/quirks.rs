//! The quirks of a message that an institution can enable: unknown elements, other padding.

use super::tree::{Group, Node};
use crate::domain::error_presentation::{Padding, WireQuirks};

/// The element that no client knows.
const UNKNOWN: &str = "OnshiMockUnknownElement";

/// Applies the quirks to a message.
pub fn apply(message: Group, quirks: &WireQuirks) -> Group {
    let padded = if quirks.insurer_number_padding == Padding::Zeros { pad_insurer_numbers(message, false) } else { message };
    if quirks.unknown_elements { padded.map_parts(&add_unknown_elements) } else { padded }
}

/// Pads insurer numbers with zeros, only in results: the request data in a response stay as the
/// client sent them.
fn pad_insurer_numbers(group: Group, in_result: bool) -> Group {
    let change = |(name, node): (&'static str, Node)| match node {
        Node::Text(mut text) => {
            if in_result && name == "InsurerNumber" {
                text.text = text.text.replace(' ', "0").into();
            }
            (name, Node::Text(text))
        }
        Node::Group(group) => (name, Node::Group(pad_insurer_numbers(group, in_result))),
        Node::List { style, item, items } => {
            let result = in_result || item == "ResultOfQualificationConfirmation";
            (name, Node::List { style, item, items: items.into_iter().map(|one| pad_insurer_numbers(one, result)).collect() })
        }
    };
    Group { elements: group.elements.into_iter().map(change).collect(), names: group.names }
}

/// Adds the unknown element to a group and to all groups in it.
fn add_unknown_elements(group: Group) -> Group {
    group.map_inner(&add_unknown_elements).text(UNKNOWN, "onshi-mock")
}
