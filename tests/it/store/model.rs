//! What one institution may be, as a model that does one thing after another; and whether what
//! clients saw of it at the same time could have come about in some such order (linearizability,
//! Herlihy and Wing, 1990).
#![cfg(unix)]

use std::collections::{BTreeSet, HashSet};

/// All of an institution that the histories change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) name: String,
    pub(super) terminals: BTreeSet<String>,
    /// The seconds by which its clock was advanced.
    pub(super) advanced: i64,
}

/// What a client did, and what it saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Rename(String),
    /// Whether it was added; not where it was there.
    Add(String, bool),
    /// Whether it was removed; not where it was not there.
    Remove(String, bool),
    /// By a second; what the clock showed then.
    Advance(i64),
    Read(State),
}

impl Operation {
    /// The state after it; none where it could not have seen what it saw.
    fn after(&self, before: &State) -> Option<State> {
        let mut state = before.clone();
        let possible = match self {
            Self::Rename(name) => {
                state.name.clone_from(name);
                true
            }
            Self::Add(id, added) => state.terminals.insert(id.clone()) == *added,
            Self::Remove(id, removed) => state.terminals.remove(id) == *removed,
            Self::Advance(seen) => {
                state.advanced += 1;
                state.advanced == *seen
            }
            Self::Read(seen) => state == *seen,
        };
        possible.then_some(state)
    }
}

/// An operation between its request and its answer.
#[derive(Clone, Debug)]
pub(super) struct Observed {
    pub(super) operation: Operation,
    /// Moments of one clock.
    pub(super) asked: u64,
    pub(super) answered: u64,
}

/// Whether there is an order of at most 64 operations that keeps to their moments and in which
/// each sees what it saw.
pub(super) fn has_an_order(initial: &State, history: &[Observed]) -> bool {
    assert!(history.len() <= 64, "a bit for each");
    let all = (0..history.len()).fold(0_u64, |all, operation| all | 1 << operation);
    let (mut open, mut seen) = (vec![(0_u64, initial.clone())], HashSet::new());
    while let Some((done, state)) = open.pop() {
        if done == all {
            return true;
        }
        let left = || history.iter().enumerate().filter(|(operation, _)| done & (1 << operation) == 0);
        // What was asked after another's answer came after that one.
        let first_answer = left().map(|(_, observed)| observed.answered).min().expect("something is left");
        for (operation, observed) in left().filter(|(_, observed)| observed.asked <= first_answer) {
            if let Some(after) = observed.operation.after(&state) {
                let next = (done | 1 << operation, after);
                if seen.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
    }
    false
}

#[test]
fn a_history_has_an_order_where_each_sees_what_it_could() {
    let observed = |operation, asked, answered| Observed { operation, asked, answered };
    let add = |added, asked, answered| observed(Operation::Add("T2".to_owned(), added), asked, answered);
    let read = |terminals: &[&str], asked, answered| {
        let terminals = terminals.iter().map(|id| (*id).to_owned()).collect();
        observed(Operation::Read(State { terminals, ..State::default() }), asked, answered)
    };
    let has = |history: &[Observed]| has_an_order(&State::default(), history);
    assert!(has(&[add(true, 0, 5), add(false, 1, 4), read(&["T2"], 6, 7)]));
    assert!(!has(&[add(true, 0, 5), add(true, 1, 4)]), "two winners");
    assert!(!has(&[add(true, 0, 1), read(&[], 2, 3)]), "a read of before");
    assert!(has(&[add(true, 0, 3), read(&[], 2, 4)]), "at the same time it may be of before");
    assert!(!has(&[add(true, 0, 9), read(&["T2"], 1, 2), read(&[], 3, 4)]), "what was there is gone");
    assert!(!has(&[observed(Operation::Advance(1), 0, 2), observed(Operation::Advance(1), 1, 3)]), "a lost update");
}
