//! The values of elements: a text, or nothing.

use super::scope::Scope;
use crate::domain::person::FixtureDate;
use crate::wire::digits;
use crate::wire::tree::Verbatim;

pub(super) fn text(text: impl Into<Verbatim>) -> Option<Verbatim> {
    Some(text.into())
}

pub(super) fn optional(text: &Option<impl AsRef<str>>) -> Option<Verbatim> {
    text.as_ref().map(|text| text.as_ref().into())
}

/// Returns a person's date, which may be relative to the present.
pub(super) fn date(scope: &Scope<'_>, day: FixtureDate) -> Option<Verbatim> {
    text(digits::day(day.on(scope.held?.now.date())))
}
