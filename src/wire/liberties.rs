//! The liberties that a message takes where an institution sets them: another order, unknown elements, other padding.

use std::hash::{Hash, Hasher};

use super::tree::{Group, Node};
use crate::domain::surfacing::{Liberties, Padding};

/// The element that no client knows.
const UNKNOWN: &str = "OnshiMockUnknownElement";

/// The message with these liberties taken. The order is drawn from the seed and the elements' names: the same seed gives the same order.
pub fn taken(message: Group, liberties: &Liberties, seed: u64) -> Group {
    let padded = if liberties.insurer_number_padding == Padding::Zeros { zeros(message, false) } else { message };
    let with_unknown = if liberties.unknown_elements { unknown(padded) } else { padded };
    if liberties.shuffle_elements { shuffled(with_unknown, seed) } else { with_unknown }
}

fn map(group: Group, change: &impl Fn(Group) -> Group) -> Group {
    let inner = |node| match node {
        Node::Text(text) => Node::Text(text),
        Node::Group(group) => Node::Group(change(group)),
        Node::List { style, item, items } => Node::List { style, item, items: items.into_iter().map(change).collect() },
    };
    Group(group.0.into_iter().map(|(name, node)| (name, inner(node))).collect())
}

/// Only in results: what a request said goes back as it came.
fn zeros(group: Group, in_result: bool) -> Group {
    let change = |(name, node): (std::borrow::Cow<'static, str>, Node)| match node {
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
    Group(group.0.into_iter().map(change).collect())
}

fn unknown(group: Group) -> Group {
    // A group that holds texts gets one; the message's frame, header beside body, stays as it is.
    let has_text = group.0.iter().any(|(_, node)| matches!(node, Node::Text(_)));
    let group = map(group, &unknown);
    if has_text { group.text(UNKNOWN, "onshi-mock") } else { group }
}

fn shuffled(group: Group, seed: u64) -> Group {
    let Group(mut elements) = map(group, &|group| shuffled(group, seed));
    if elements.iter().any(|(_, node)| matches!(node, Node::Text(_))) {
        elements.sort_by_key(|(name, _)| {
            let mut hash = Fnv(0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            name.hash(&mut hash);
            hash.finish()
        });
    }
    Group(elements)
}

/// FNV-1a: the standard library's hasher promises no stable order.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        // The last characters of names are alike; mixed, they count as much as the first.
        self.0 ^ (self.0 >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }
}
