//! The query parameters of a journal: filters, start, limit, and whether persons are masked.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::input::bad_query;
use crate::domain::operation::{Operation, OutcomeName};
use crate::domain::text::Text;
use crate::http::problem::Problem;
use crate::journal::{EntryPosition, Filter, ListedEntry, MAX_ENTRIES, Selection, Start};

/// The default number of entries in a list.
const DEFAULT_PAGE_SIZE: usize = 50;

/// The fields of a listing's URL.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JournalQuery {
    /// The maximum number of entries: 1 to 500 (default 50).
    limit: Option<String>,
    /// Only entries after this one, given by number or id.
    after: Option<String>,
    /// Only entries before this one, given by number or id.
    before: Option<String>,
    /// `login`, `search`, `updates` …
    operation: Option<String>,
    /// The outcome: `answered`, `checked` or `refused`.
    outcome: Option<String>,
    /// The error's name in the catalogue, or its code.
    error: Option<String>,
    /// The terminal that the request concerns.
    terminal: Option<String>,
    /// The id or kind of the fault that fired.
    fault: Option<String>,
    /// The patient's pseudonym.
    inquiry: Option<String>,
    /// The token's pseudonym.
    session: Option<String>,
    /// Only entries at or after this time, by the institution's clock.
    since: Option<String>,
    /// Only entries before this time, by the institution's clock.
    until: Option<String>,
    /// `true` masks personal data.
    mask: Option<String>,
}

/// The fields of an entry's URL.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EntryQuery {
    /// `true` masks personal data.
    mask: Option<String>,
}

impl EntryQuery {
    /// Whether persons are masked.
    pub(super) fn masks(&self) -> Result<bool, Problem> {
        masks(self.mask.as_deref())
    }
}

impl JournalQuery {
    /// Whether persons are masked.
    pub(super) fn masks(&self) -> Result<bool, Problem> {
        masks(self.mask.as_deref())
    }

    /// Returns the requested selection of entries.
    pub(super) fn selection(self) -> Result<Selection, Problem> {
        let limit = limit(self.limit.as_deref(), DEFAULT_PAGE_SIZE, MAX_ENTRIES)?;
        let start = match (self.after, self.before) {
            (None, None) => Start::Newest,
            (Some(after), None) => Start::After(position(&after).ok_or_else(|| invalid_parameter("after", EXPECTED_REFERENCE))?),
            (None, Some(before)) => Start::Before(position(&before).ok_or_else(|| invalid_parameter("before", EXPECTED_REFERENCE))?),
            (Some(_), Some(_)) => {
                let detail = Text::new("after と before は同時に使えません。", "`after` and `before` cannot go together.");
                return Err(bad_query(detail).expected("after or before"));
            }
        };
        let filter = Filter {
            operation: one_of("operation", self.operation, Operation::ALL, Operation::name)?,
            outcome: one_of("outcome", self.outcome, OutcomeName::ALL, OutcomeName::name)?,
            error: self.error,
            terminal: self.terminal,
            fault: self.fault,
            inquiry: self.inquiry,
            session: self.session,
            since: instant("since", self.since)?,
            until: instant("until", self.until)?,
        };
        Ok(Selection { filter, start, limit })
    }
}

/// The expected form of a reference to an entry.
pub(super) const EXPECTED_REFERENCE: &str = "the number or the id of an entry";

/// Parses a number or an ID.
pub(super) fn position(text: &str) -> Option<EntryPosition> {
    text.parse().map(EntryPosition::Number).or_else(|_| text.parse().map(EntryPosition::Id)).ok()
}

/// Returns the requested limit, or the default.
pub(super) fn limit(text: Option<&str>, usual: usize, most: usize) -> Result<usize, Problem> {
    let Some(text) = text else {
        return Ok(usual);
    };
    let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
    limit.ok_or_else(|| invalid_parameter("limit", &format!("limit=1 to {most}")))
}

fn masks(text: Option<&str>) -> Result<bool, Problem> {
    match text {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(invalid_parameter("mask", "mask=true")),
    }
}

/// Returns the value of this name; `None` if the parameter is absent.
fn one_of<T: Copy, const N: usize>(
    field: &str,
    text: Option<String>,
    all: [T; N],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, Problem> {
    let Some(text) = text else {
        return Ok(None);
    };
    let named = all.into_iter().find(|one| name(*one) == text);
    named.map(Some).ok_or_else(|| invalid_parameter(field, &all.map(name).join(", ")))
}

/// Refuses the name or code of an unknown error. Codes in `entries` are accepted too, since a code
/// may have been replaced after its entry was written.
pub(super) fn known_error(error: &str, errors: &[(&str, String)], entries: &[ListedEntry]) -> Result<(), Problem> {
    let alone = Filter { error: Some(error.to_owned()), ..Filter::default() };
    if errors.iter().any(|(name, code)| *name == error || code == error) || entries.iter().any(|listed| alone.matches(&listed.entry)) {
        return Ok(());
    }
    let names: Vec<String> = errors.iter().map(|(name, code)| format!("{name} ({code})")).collect();
    Err(invalid_parameter("error", &names.join(", ")))
}

fn instant(name: &str, text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    // An unescaped plus sign arrives as a space.
    let read = text.map(|text| text.replace(' ', "+").parse());
    read.transpose().map_err(|_| invalid_parameter(name, "2026-01-20T08:55:00+09:00"))
}

/// Returns the problem for a parameter with an invalid value.
pub(super) fn invalid_parameter(name: &str, expected: &str) -> Problem {
    let detail = Text::new(format!("{name} の値が正しくありません。"), format!("The value of `{name}` is wrong."));
    bad_query(detail).expected(expected)
}
