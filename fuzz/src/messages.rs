//! Answers that repeat a request, as the program writes them.

use std::collections::BTreeSet;

use jiff::civil::{DateTime, datetime};
use onshi_core::domain::encoding::Encoding;
use onshi_core::domain::inquiry::Inquiry;
use onshi_core::domain::reference::Registration;
use onshi_core::wire::message::{Body, Header, MESSAGE, MessageKind, Scope, Segment, Unit, render};
use onshi_core::wire::request::Sender;
use onshi_core::wire::tree::Group;
use serde::Serialize;
use serde_json::Value;

const AT: DateTime = datetime(2026, 1, 20, 9, 0, 0, 0);

/// The character in place of one that an answer cannot have.
pub const REPLACEMENT: char = '〓';

/// Returns the answer to a single check.
pub fn check(sender: &Sender, inquiry: &Inquiry) -> Group {
    message(MessageKind::Check, sender, Body { unit: Unit { info: Some(inquiry), ..Unit::default() }, units: Vec::new() })
}

/// Returns the answer to a single registration.
pub fn registration(sender: &Sender, registration: &Registration) -> Group {
    let unit = Unit { registration: Some(registration.clone()), ..Unit::default() };
    message(MessageKind::Registration, sender, Body { unit, units: Vec::new() })
}

/// Returns the result of a bulk check.
pub fn checks(sender: &Sender, inquiries: &[Inquiry]) -> Group {
    let unit = |inquiry| Unit { info: Some(inquiry), ..Unit::default() };
    message(MessageKind::BulkResult, sender, Body { unit: Unit::default(), units: inquiries.iter().map(unit).collect() })
}

/// Returns the result of a bulk registration.
pub fn registrations(sender: &Sender, registrations: &[Registration]) -> Group {
    let unit = |registration: &Registration| Unit { registration: Some(registration.clone()), ..Unit::default() };
    message(MessageKind::BulkResult, sender, Body { unit: Unit::default(), units: registrations.iter().map(unit).collect() })
}

fn message(kind: MessageKind, sender: &Sender, body: Body<'_>) -> Group {
    let header = Header {
        kind,
        at: AT,
        confirmation_date: sender.confirmation_date,
        institution: sender.institution.clone(),
        file_identifier: sender.file_identifier.clone(),
        segment: Segment::Done,
        error: None,
        encoding: Encoding::Utf8,
        reception: None,
        confirmation_key: None,
        counts: None,
    };
    render(MESSAGE, &Scope::message(&header, Some(&body)))
}

/// Returns a request's content as JSON, with `replaced` characters as an answer has them.
pub fn with_replacements(content: &impl Serialize, replaced: &BTreeSet<char>) -> Value {
    let mut value = serde_json::to_value(content).expect("requests are plain data");
    replace(&mut value, replaced);
    value
}

fn replace(value: &mut Value, replaced: &BTreeSet<char>) {
    match value {
        Value::String(text) => *text = replaced_text(text, replaced),
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, replaced)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, replaced)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns a text with `replaced` characters as an answer has them.
pub fn replaced_text(text: &str, replaced: &BTreeSet<char>) -> String {
    text.chars().map(|c| if replaced.contains(&c) { REPLACEMENT } else { c }).collect()
}
