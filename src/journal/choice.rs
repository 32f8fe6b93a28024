//! Which entries of a journal are asked for: by what they hold, and page by page.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::KEPT_ENTRIES;
use crate::store::Kept;

/// What an entry has to hold; what is none does not matter.
#[derive(Debug, Default, PartialEq)]
pub struct Filter {
    /// `login`, `search` …
    pub operation: Option<String>,
    /// `answered`, `checked` or `refused`.
    pub outcome: Option<String>,
    /// The error's name in the catalogue, or its code.
    pub error: Option<String>,
    /// The terminal that it was about.
    pub terminal: Option<String>,
    /// The id or kind of the fault that fired.
    pub fault: Option<String>,
    /// The patient's pseudonym.
    pub inquiry: Option<String>,
    /// The token's pseudonym.
    pub session: Option<String>,
    /// Not before, by the institution's clock.
    pub since: Option<Timestamp>,
    /// Before, by the institution's clock.
    pub until: Option<Timestamp>,
}

/// One entry of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Its number within the journal.
    Number(u64),
    /// Its id.
    Id(Uuid),
}

/// From where on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The newest.
    Newest,
    /// The oldest of those after one.
    After(Place),
    /// The newest of those before one.
    Before(Place),
}

/// What is asked for.
#[derive(Debug)]
pub struct Choice {
    /// What they have to hold.
    pub filter: Filter,
    /// From where on.
    pub start: Start,
    /// At most so many.
    pub limit: usize,
}

/// The entries that were chosen, oldest first.
#[derive(Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Themselves.
    pub entries: Vec<Kept>,
    /// Whether there are more in the direction that was asked for.
    pub more: bool,
}

/// What of an entry a filter looks at.
#[derive(Deserialize)]
struct Head<'a> {
    at: Timestamp,
    #[serde(borrow)]
    operation: Cow<'a, str>,
    #[serde(borrow)]
    outcome: Cow<'a, str>,
    #[serde(borrow)]
    terminal: Option<Cow<'a, str>>,
    #[serde(borrow)]
    inquiry: Option<Cow<'a, str>>,
    #[serde(borrow)]
    session: Option<Cow<'a, str>>,
    #[serde(borrow)]
    error: Option<ErrorHead<'a>>,
    fault: Option<FaultHead>,
}

#[derive(Deserialize)]
struct ErrorHead<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    code: Cow<'a, str>,
}

#[derive(Deserialize)]
struct FaultHead {
    id: Value,
    kind: String,
}

impl Place {
    /// Whether an entry is the one.
    pub fn is(self, entry: &Kept) -> bool {
        match self {
            Self::Number(number) => entry.number == number,
            // As entries are written: the id comes first.
            Self::Id(id) => entry.body.starts_with(&format!("{{\"id\":\"{id}\"")),
        }
    }
}

impl Filter {
    /// Whether an entry, as it is kept, holds it.
    pub fn takes(&self, body: &str) -> bool {
        if *self == Self::default() {
            return true;
        }
        let Ok(head) = serde_json::from_str::<Head<'_>>(body) else {
            return false;
        };
        let is = |wanted: &Option<String>, found: Option<&str>| wanted.as_deref().is_none_or(|wanted| found == Some(wanted));
        let error = self.error.as_deref().is_none_or(|error| head.error.is_some_and(|found| error == found.id || error == found.code));
        let fault = self.fault.as_deref().is_none_or(|fault| head.fault.is_some_and(|found| found.is(fault)));
        let in_time = self.since.is_none_or(|since| head.at >= since) && self.until.is_none_or(|until| head.at < until);
        is(&self.operation, Some(&head.operation))
            && is(&self.outcome, Some(&head.outcome))
            && is(&self.terminal, head.terminal.as_deref())
            && is(&self.inquiry, head.inquiry.as_deref())
            && is(&self.session, head.session.as_deref())
            && (error && fault && in_time)
    }
}

impl FaultHead {
    fn is(&self, fault: &str) -> bool {
        let id = self.id.as_str().map_or_else(|| self.id.to_string(), str::to_owned);
        self.kind == fault || id == fault
    }
}

impl Choice {
    /// How many of the newest entries are to be looked at.
    pub fn reads(&self) -> usize {
        let looks_at_each = self.start != Start::Newest || self.filter != Filter::default();
        if looks_at_each { KEPT_ENTRIES } else { self.limit + 1 }
    }

    /// Chooses among entries, the oldest first; none if there is no such entry as the one to begin at.
    pub fn among(&self, mut entries: Vec<Kept>) -> Option<Chosen> {
        match self.start {
            Start::Newest => {}
            Start::After(place) => drop(entries.drain(..first_after(&entries, place)?)),
            Start::Before(place) => entries.truncate(first_from(&entries, place)?),
        }
        entries.retain(|entry| self.filter.takes(&entry.body));
        let over = entries.len().saturating_sub(self.limit);
        match self.start {
            Start::After(_) => entries.truncate(self.limit),
            Start::Newest | Start::Before(_) => drop(entries.drain(..over)),
        }
        Some(Chosen { entries, more: over > 0 })
    }
}

/// Where the entries after a place begin. A number may be of one that was evicted, or of one to come.
fn first_after(entries: &[Kept], place: Place) -> Option<usize> {
    match place {
        Place::Number(number) => Some(entries.partition_point(|entry| entry.number <= number)),
        Place::Id(_) => entries.iter().position(|entry| place.is(entry)).map(|at| at + 1),
    }
}

/// Where the entries from a place on begin.
fn first_from(entries: &[Kept], place: Place) -> Option<usize> {
    match place {
        Place::Number(number) => Some(entries.partition_point(|entry| entry.number < number)),
        Place::Id(_) => entries.iter().position(|entry| place.is(entry)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64, more: &str) -> Kept {
        let at = format!("2026-01-20T09:{number:02}:00+09:00");
        let id = Uuid::from_u128(number.into());
        let body = format!("{{\"id\":\"{id}\",\"at\":\"{at}\",\"operation\":\"search\",\"outcome\":\"refused\"{more}}}");
        Kept { number, body }
    }

    /// Numbers 5 to 14; every other one of T2.
    fn entries() -> Vec<Kept> {
        (5..15).map(|number| entry(number, if number % 2 == 0 { ",\"terminal\":\"T2\"" } else { "" })).collect()
    }

    fn chosen(filter: Filter, start: Start, limit: usize) -> (Vec<u64>, bool) {
        let chosen = Choice { filter, start, limit }.among(entries()).unwrap();
        (chosen.entries.iter().map(|entry| entry.number).collect(), chosen.more)
    }

    #[test]
    fn pages_go_forward_and_back_by_number_and_by_id() {
        let all = Filter::default;
        let id = |number: u128| Place::Id(Uuid::from_u128(number));
        assert_eq!(chosen(all(), Start::Newest, 3), (vec![12, 13, 14], true));
        assert_eq!(chosen(all(), Start::Before(Place::Number(12)), 3), (vec![9, 10, 11], true));
        assert_eq!(chosen(all(), Start::Before(id(7)), 3), (vec![5, 6], false));
        assert_eq!(chosen(all(), Start::After(Place::Number(1)), 3), (vec![5, 6, 7], true), "1 to 4 were evicted");
        assert_eq!(chosen(all(), Start::After(id(12)), 3), (vec![13, 14], false));
        assert_eq!(chosen(all(), Start::After(Place::Number(99)), 3), (vec![], false));
        assert!(Choice { filter: all(), start: Start::After(id(99)), limit: 1 }.among(entries()).is_none());
    }

    #[test]
    fn a_filter_is_applied_before_a_page_is_cut() {
        let t2 = || Filter { terminal: Some("T2".to_owned()), ..Filter::default() };
        assert_eq!(chosen(t2(), Start::Newest, 2), (vec![12, 14], true));
        assert_eq!(chosen(t2(), Start::After(Place::Number(6)), 9), (vec![8, 10, 12, 14], false));
        let time = |text: &str| Some(text.parse().unwrap());
        let some = Filter { since: time("2026-01-20T09:07:00+09:00"), until: time("2026-01-20T00:09:00Z"), ..Filter::default() };
        assert_eq!(chosen(some, Start::Newest, 9), (vec![7, 8], false), "until is not included");
    }

    #[test]
    fn errors_and_faults_are_found_by_id_and_by_code_or_kind() {
        let refused = entry(
            1,
            ",\"error\":{\"id\":\"token_expired\",\"code\":\"MOCK0204E\",\"more\":[1]},\"fault\":{\"id\":\"f-1\",\"kind\":\"delay\"}",
        );
        for text in ["token_expired", "MOCK0204E"] {
            let filter = Filter { error: Some(text.to_owned()), ..Filter::default() };
            assert!(filter.takes(&refused.body) && !filter.takes(&entry(2, "").body), "{text}");
        }
        for text in ["f-1", "delay"] {
            let filter = Filter { fault: Some(text.to_owned()), ..Filter::default() };
            assert!(filter.takes(&refused.body) && !filter.takes(&entry(2, "").body), "{text}");
        }
        assert!(!Filter { fault: Some("status".to_owned()), ..Filter::default() }.takes(&refused.body));
    }
}
