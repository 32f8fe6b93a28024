//! What the receipt computer's screen showed at refused checks: the observations beside their
//! requests, and for which requests the page asks.

use std::collections::{BTreeMap, HashMap};

use crate::domain::error_catalogue::ErrorId;
use crate::domain::observation::Observation;
use crate::http::console::entry_words::is_check;
use crate::journal::{Entry, ListedEntry};

/// The maximum number of questions that are open at once.
const MAX_OPEN: usize = 3;

/// The observations of an institution, by the request that each is about.
pub(super) struct Observed<'a> {
    by_entry: BTreeMap<u64, Vec<&'a Observation>>,
    /// Those whose request is not in the journal.
    pub(super) others: Vec<&'a Observation>,
}

impl<'a> Observed<'a> {
    /// Assigns each observation to the request that it names; otherwise to the last check before
    /// it, at its terminal if it names one.
    pub(super) fn new(entries: &[ListedEntry], observations: impl Iterator<Item = &'a Observation>) -> Self {
        let mut observed = Self { by_entry: BTreeMap::new(), others: Vec::new() };
        for observation in observations {
            match entry_of(entries, observation) {
                Some(number) => observed.by_entry.entry(number).or_default().push(observation),
                None => observed.others.push(observation),
            }
        }
        observed
    }

    /// Returns the observations of a request, oldest first.
    pub(super) fn of(&self, number: u64) -> &[&'a Observation] {
        self.by_entry.get(&number).map_or(&[], Vec::as_slice)
    }
}

fn entry_of(entries: &[ListedEntry], observation: &Observation) -> Option<u64> {
    let input = &observation.input;
    let found = match &input.entry {
        Some(id) => entries.iter().find(|listed| listed.entry.id.to_string() == *id),
        None => {
            let at_terminal = |entry: &Entry| input.terminal.is_none() || entry.terminal() == input.terminal.as_ref();
            let before = |entry: &Entry| is_check(entry) && entry.wall <= observation.wall && at_terminal(entry);
            entries.iter().rev().find(|listed| before(&listed.entry))
        }
    };
    found.map(|listed| listed.number)
}

/// Whether a request is a refused check, after which a screen shows something.
pub(super) fn is_refused_check(entry: &Entry) -> bool {
    is_check(entry) && entry.error().is_some()
}

/// Returns the requests for which the page asks openly, and a name for the question of each: the
/// newest refusal of each terminal with each error, unless the screen was recorded since the error
/// began. What the notice is about comes first. The name stays when a newer refusal takes the place
/// of the request.
pub(super) fn open_questions(entries: &[ListedEntry], observed: &Observed<'_>) -> BTreeMap<u64, String> {
    // The newest refusal of each, and whether one of them was recorded.
    let mut lasting: HashMap<(&str, ErrorId), (u64, bool)> = HashMap::new();
    for ListedEntry { number, entry } in entries.iter().filter(|listed| is_check(&listed.entry)) {
        let terminal = entry.terminal().map_or("-", |id| id.as_str());
        let recorded = !observed.of(*number).is_empty();
        match entry.error() {
            Some(error) => {
                let before = lasting.get(&(terminal, error.id)).is_some_and(|(_, recorded)| *recorded);
                lasting.insert((terminal, error.id), (*number, before || recorded));
            }
            // The errors have ended, but for what nobody has recorded.
            None => lasting.retain(|(of, _), (_, recorded)| *of != terminal || !*recorded),
        }
    }
    let mut open: Vec<_> = lasting.into_iter().filter(|(_, (_, recorded))| !recorded).map(|(key, (number, _))| (key, number)).collect();
    open.sort_by_key(|((_, error), number)| (rank(*error), std::cmp::Reverse(*number)));
    open.into_iter().take(MAX_OPEN).map(|((terminal, error), number)| (number, format!("{terminal}-{}", error.name()))).collect()
}

fn rank(error: ErrorId) -> u8 {
    match error {
        ErrorId::RestartRequired => 0,
        ErrorId::RestartDidNotHelp => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ids::TerminalId;
    use crate::domain::observation::{ObservationInput, ObservationKind};
    use crate::domain::operation::Operation;
    use crate::journal::example::{error, example};
    use crate::journal::{EntryTerminal, Outcome};

    fn refused(number: u64, terminal: &str, id: ErrorId) -> ListedEntry {
        let entry = example(Operation::Search, Outcome::refused(error(id), None));
        let wall = entry.wall + SignedDuration::from_secs(number as i64);
        let terminal = Some(EntryTerminal::Named(TerminalId::parse(terminal).unwrap()));
        ListedEntry { number, entry: Entry { id: Uuid::from_u128(number.into()), wall, terminal, ..entry } }
    }

    fn seen(number: u64, after: &ListedEntry, named: bool, terminal: Option<&str>) -> Observation {
        let input = ObservationInput {
            kind: ObservationKind::RestartPrompted,
            text: None,
            terminal: terminal.map(|id| TerminalId::parse(id).unwrap()),
            entry: named.then(|| after.entry.id.to_string()),
            by: None,
        };
        Observation { number, at: after.entry.at, wall: after.entry.wall, input, screenshot: None }
    }

    fn asked(entries: &[ListedEntry], observations: &[Observation]) -> Vec<(u64, String)> {
        open_questions(entries, &Observed::new(entries, observations.iter())).into_iter().collect()
    }

    #[test]
    fn the_newest_refusal_of_a_terminal_is_asked_about_under_a_name_that_stays() {
        let name = "T1-restart_required".to_owned();
        let mut entries = vec![refused(1, "T1", ErrorId::RestartRequired)];
        assert_eq!(asked(&entries, &[]), [(1, name.clone())]);
        entries.push(refused(2, "T1", ErrorId::RestartRequired));
        assert_eq!(asked(&entries, &[]), [(2, name)]);
        assert_eq!(asked(&entries, &[seen(1, &entries[1], true, None)]), []);
    }

    #[test]
    fn an_answer_holds_for_those_that_follow_until_the_error_has_ended() {
        let mut entries = vec![refused(1, "T1", ErrorId::RestartRequired), refused(2, "T1", ErrorId::RestartRequired)];
        let observations = [seen(1, &entries[0], true, None)];
        assert_eq!(asked(&entries, &observations), []);
        let answered = refused(3, "T1", ErrorId::RestartRequired);
        entries.push(ListedEntry { entry: Entry { outcome: Outcome::Answered, ..answered.entry }, ..answered });
        entries.push(refused(4, "T1", ErrorId::RestartRequired));
        assert_eq!(asked(&entries, &observations), [(4, "T1-restart_required".to_owned())]);
    }

    #[test]
    fn at_most_three_questions_are_open_and_the_restart_is_among_them() {
        let others = [ErrorId::TokenExpired, ErrorId::LineDown, ErrorId::PersonRefused, ErrorId::TerminalOff];
        let mut entries = vec![refused(1, "T1", ErrorId::RestartRequired)];
        entries.extend((2..).zip(others).map(|(number, error)| refused(number, "T1", error)));
        let numbers: Vec<_> = asked(&entries, &[]).into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, [1, 4, 5]);
    }

    #[test]
    fn an_observation_that_names_no_request_belongs_to_the_last_check_before_it() {
        let entries = vec![refused(1, "T1", ErrorId::RestartRequired), refused(2, "T2", ErrorId::RestartRequired)];
        let last = [seen(1, &entries[1], false, None)];
        assert_eq!(Observed::new(&entries, last.iter()).of(2).len(), 1);
        let of_t1 = [seen(1, &entries[1], false, Some("T1"))];
        assert_eq!(Observed::new(&entries, of_t1.iter()).of(1).len(), 1);
        let evicted = [seen(1, &refused(9, "T1", ErrorId::RestartRequired), true, None)];
        assert_eq!(Observed::new(&entries, evicted.iter()).others.len(), 1);
    }
}
