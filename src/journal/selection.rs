//! The selection of a journal's entries: filters and pages.

use jiff::Timestamp;
use uuid::Uuid;

use super::MAX_ENTRIES;
use super::entry::{Entry, FaultMark, JournalError, ListedEntry};
use crate::domain::ids::TerminalId;
use crate::domain::operation::{Operation, OutcomeName};

/// The conditions on an entry. A condition that is `None` is ignored.
#[derive(Debug, Default, PartialEq)]
pub struct Filter {
    /// The operation.
    pub operation: Option<Operation>,
    /// The outcome.
    pub outcome: Option<OutcomeName>,
    /// The error's name in the catalogue, or its code.
    pub error: Option<String>,
    /// The terminal that it is about.
    pub terminal: Option<String>,
    /// The id or kind of the fault that fired.
    pub fault: Option<String>,
    /// The patient's pseudonym.
    pub inquiry: Option<String>,
    /// The token's pseudonym.
    pub session: Option<String>,
    /// The earliest time, by the institution's clock.
    pub since: Option<Timestamp>,
    /// The time before which it must be, by the institution's clock.
    pub until: Option<Timestamp>,
}

/// The position of an entry in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryPosition {
    /// The number within the journal.
    Number(u64),
    /// The id.
    Id(Uuid),
}

/// The start of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The newest entries.
    Newest,
    /// The oldest entries after this one.
    After(EntryPosition),
    /// The newest entries before this one.
    Before(EntryPosition),
}

/// A selection of entries.
#[derive(Debug)]
pub struct Selection {
    /// The conditions.
    pub filter: Filter,
    /// The start.
    pub start: Start,
    /// The maximum number of entries.
    pub limit: usize,
}

/// The selected entries.
#[derive(Debug, PartialEq)]
pub struct SelectedEntries {
    /// The entries, oldest first.
    pub entries: Vec<ListedEntry>,
    /// Whether there are more in the requested direction.
    pub more: bool,
}

impl EntryPosition {
    /// Whether this is the entry's position.
    pub fn refers_to(self, listed: &ListedEntry) -> bool {
        match self {
            Self::Number(number) => listed.number == number,
            Self::Id(id) => listed.entry.id == id,
        }
    }
}

impl Filter {
    /// Whether an entry meets the conditions.
    pub fn matches(&self, entry: &Entry) -> bool {
        let Self { operation, outcome, error, terminal, fault, inquiry, session, since, until } = self;
        operation.is_none_or(|operation| operation == entry.operation)
            && outcome.is_none_or(|outcome| outcome == entry.outcome.name())
            && condition_met(error.as_deref(), entry.error(), JournalError::is_called)
            && condition_met(terminal.as_deref(), entry.terminal(), |id: &TerminalId, name| id.as_str() == name)
            && condition_met(fault.as_deref(), entry.fault.as_ref(), FaultMark::is_called)
            && condition_met(inquiry.as_deref(), entry.inquiry.as_ref(), |found, wanted| found == wanted)
            && condition_met(session.as_deref(), entry.session.as_ref(), |found, wanted| found == wanted)
            && since.is_none_or(|since| entry.at >= since)
            && until.is_none_or(|until| entry.at < until)
    }
}

/// Whether a value meets a condition. Without a condition, any value does.
fn condition_met<T>(wanted: Option<&str>, found: Option<&T>, is: impl FnOnce(&T, &str) -> bool) -> bool {
    wanted.is_none_or(|wanted| found.is_some_and(|found| is(found, wanted)))
}

impl JournalError {
    fn is_called(&self, name: &str) -> bool {
        self.id.name() == name || self.code == name
    }
}

impl FaultMark {
    fn is_called(&self, name: &str) -> bool {
        self.kind.name() == name || self.id.as_str() == name
    }
}

impl Selection {
    /// Returns how many of the newest entries must be read.
    pub fn read_limit(&self) -> usize {
        let looks_at_each = self.start != Start::Newest || self.filter != Filter::default();
        if looks_at_each { MAX_ENTRIES } else { self.limit + 1 }
    }

    /// Selects from entries, which are given oldest first; `None` if the entry at the start does
    /// not exist.
    pub fn select_from(&self, mut entries: Vec<ListedEntry>) -> Option<SelectedEntries> {
        match self.start {
            Start::Newest => {}
            Start::After(position) => drop(entries.drain(..first_after(&entries, position)?)),
            Start::Before(position) => entries.truncate(first_from(&entries, position)?),
        }
        entries.retain(|listed| self.filter.matches(&listed.entry));
        let over = entries.len().saturating_sub(self.limit);
        match self.start {
            Start::After(_) => entries.truncate(self.limit),
            Start::Newest | Start::Before(_) => drop(entries.drain(..over)),
        }
        Some(SelectedEntries { entries, more: over > 0 })
    }
}

/// Returns the index of the first entry after a position. A number may belong to an evicted or a
/// future entry.
fn first_after(entries: &[ListedEntry], position: EntryPosition) -> Option<usize> {
    match position {
        EntryPosition::Number(number) => Some(entries.partition_point(|entry| entry.number <= number)),
        EntryPosition::Id(_) => entries.iter().position(|entry| position.refers_to(entry)).map(|at| at + 1),
    }
}

/// Returns the index of the first entry at or after a position.
fn first_from(entries: &[ListedEntry], position: EntryPosition) -> Option<usize> {
    match position {
        EntryPosition::Number(number) => Some(entries.partition_point(|entry| entry.number < number)),
        EntryPosition::Id(_) => entries.iter().position(|entry| position.refers_to(entry)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error_catalogue::ErrorId;
    use crate::domain::fault::KindName;
    use crate::domain::ids::FaultId;
    use crate::journal::example::{error, example};
    use crate::journal::{EntryTerminal, Outcome};

    fn entry(number: u64) -> ListedEntry {
        let at = format!("2026-01-20T09:{number:02}:00+09:00").parse().unwrap();
        ListedEntry { number, entry: Entry { id: Uuid::from_u128(number.into()), at, ..example(Operation::Search, Outcome::Answered) } }
    }

    /// Entries 5 to 14, every other one of T2.
    fn entries() -> Vec<ListedEntry> {
        let terminal = |number| (number % 2 == 0).then(|| EntryTerminal::Named(TerminalId::parse("T2").unwrap()));
        let of = |listed: ListedEntry| ListedEntry { entry: Entry { terminal: terminal(listed.number), ..listed.entry }, ..listed };
        (5..15).map(|number| of(entry(number))).collect()
    }

    fn selected(filter: Filter, start: Start, limit: usize) -> (Vec<u64>, bool) {
        let selected = Selection { filter, start, limit }.select_from(entries()).unwrap();
        (selected.entries.iter().map(|entry| entry.number).collect(), selected.more)
    }

    #[test]
    fn pages_go_forward_and_back_by_number_and_by_id() {
        let all = Filter::default;
        let id = |number: u128| EntryPosition::Id(Uuid::from_u128(number));
        assert_eq!(selected(all(), Start::Newest, 3), (vec![12, 13, 14], true));
        assert_eq!(selected(all(), Start::Before(EntryPosition::Number(12)), 3), (vec![9, 10, 11], true));
        assert_eq!(selected(all(), Start::Before(id(7)), 3), (vec![5, 6], false));
        assert_eq!(selected(all(), Start::After(EntryPosition::Number(1)), 3), (vec![5, 6, 7], true), "1 to 4 were evicted");
        assert_eq!(selected(all(), Start::After(id(12)), 3), (vec![13, 14], false));
        assert_eq!(selected(all(), Start::After(EntryPosition::Number(99)), 3), (vec![], false));
        assert!(Selection { filter: all(), start: Start::After(id(99)), limit: 1 }.select_from(entries()).is_none());
    }

    #[test]
    fn a_filter_is_applied_before_a_page_is_cut() {
        let t2 = || Filter { terminal: Some("T2".to_owned()), ..Filter::default() };
        assert_eq!(selected(t2(), Start::Newest, 2), (vec![12, 14], true));
        assert_eq!(selected(t2(), Start::After(EntryPosition::Number(6)), 9), (vec![8, 10, 12, 14], false));
        let time = |text: &str| Some(text.parse().unwrap());
        let some = Filter { since: time("2026-01-20T09:07:00+09:00"), until: time("2026-01-20T00:09:00Z"), ..Filter::default() };
        assert_eq!(selected(some, Start::Newest, 9), (vec![7, 8], false), "until is not included");
    }

    #[test]
    fn errors_and_faults_are_found_by_id_and_by_code_or_kind() {
        let code = "MOCK0204E".to_owned();
        let error = JournalError { code, ..error(ErrorId::TokenExpired) };
        let fault = FaultMark { id: FaultId::parse("f-1").unwrap(), kind: KindName::Delay, answered: true };
        let refused = Entry { fault: Some(fault), ..example(Operation::Search, Outcome::refused(error, None)) };
        let other = entry(2).entry;
        for text in ["token_expired", "MOCK0204E"] {
            let filter = Filter { error: Some(text.to_owned()), ..Filter::default() };
            assert!(filter.matches(&refused) && !filter.matches(&other), "{text}");
        }
        for text in ["f-1", "delay"] {
            let filter = Filter { fault: Some(text.to_owned()), ..Filter::default() };
            assert!(filter.matches(&refused) && !filter.matches(&other), "{text}");
        }
        assert!(!Filter { fault: Some("status".to_owned()), ..Filter::default() }.matches(&refused));
        let refusals = Filter { outcome: Some(OutcomeName::Refused), operation: Some(Operation::Search), ..Filter::default() };
        assert!(refusals.matches(&refused) && !refusals.matches(&other));
    }
}
