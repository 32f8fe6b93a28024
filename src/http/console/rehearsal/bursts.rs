//! Bursts: many refused checks of one terminal within a minute.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

/// A burst has more refused checks than this within a minute.
const USUAL: usize = 3;
const MINUTE: SignedDuration = SignedDuration::from_secs(60);

/// A refused check: its number in the journal, its terminal, and when it arrived by the machine's
/// clock.
pub(super) struct RefusedCheck<'a> {
    pub(super) number: u64,
    pub(super) terminal: Option<&'a str>,
    pub(super) wall: Timestamp,
}

/// Returns the bursts: the number of the newest refused check of each, and how many there were in
/// its densest minute.
pub(super) fn bursts<'a>(checks: impl Iterator<Item = RefusedCheck<'a>>) -> BTreeMap<u64, usize> {
    let mut by_terminal: HashMap<Option<&str>, Vec<(Timestamp, u64)>> = HashMap::new();
    for check in checks {
        by_terminal.entry(check.terminal).or_default().push((check.wall, check.number));
    }
    let mut bursts = BTreeMap::new();
    for mut checks in by_terminal.into_values() {
        checks.sort_unstable();
        bursts_of_terminal(&checks, &mut bursts);
    }
    bursts
}

fn bursts_of_terminal(checks: &[(Timestamp, u64)], bursts: &mut BTreeMap<u64, usize>) {
    let mut first = 0;
    // The burst that is being looked at: the position of its newest check, and its largest count.
    let mut burst: Option<(usize, usize)> = None;
    for (position, (wall, _)) in checks.iter().enumerate() {
        while wall.duration_since(checks[first].0) >= MINUTE {
            first += 1;
        }
        let count = position - first + 1;
        burst = match burst {
            // The minute before this check reaches into the burst.
            Some((newest, most)) if first <= newest => Some(if count > USUAL { (position, most.max(count)) } else { (newest, most) }),
            other => {
                bursts.extend(other.map(|(newest, most)| (checks[newest].1, most)));
                (count > USUAL).then_some((position, count))
            }
        };
    }
    bursts.extend(burst.map(|(newest, most)| (checks[newest].1, most)));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the bursts of refused checks at these seconds, numbered from 1.
    fn found(checks: &[(i64, &str)]) -> Vec<(u64, usize)> {
        let check = |(number, (second, terminal)): (u64, &(i64, &'static str))| RefusedCheck {
            number,
            terminal: Some(*terminal),
            wall: Timestamp::from_second(*second).unwrap(),
        };
        let checks: Vec<(i64, &'static str)> =
            checks.iter().map(|(second, terminal)| (*second, if *terminal == "T1" { "T1" } else { "T2" })).collect();
        bursts((1..).zip(&checks).map(check)).into_iter().collect()
    }

    #[test]
    fn more_than_three_within_a_minute_are_a_burst() {
        assert_eq!(found(&[(0, "T1"), (10, "T1"), (20, "T1")]), []);
        assert_eq!(found(&[(0, "T1"), (10, "T1"), (20, "T1"), (59, "T1")]), [(4, 4)]);
        assert_eq!(found(&[(0, "T1"), (10, "T1"), (20, "T1"), (60, "T1")]), [], "a minute is over after 60 seconds");
    }

    #[test]
    fn each_terminal_has_bursts_of_its_own() {
        assert_eq!(found(&[(0, "T1"), (1, "T2"), (2, "T1"), (3, "T2"), (4, "T1"), (5, "T2")]), []);
        let both: Vec<_> = (0..8).map(|second| (second, if second % 2 == 0 { "T1" } else { "T2" })).collect();
        assert_eq!(found(&both), [(7, 4), (8, 4)]);
    }

    #[test]
    fn a_long_burst_is_one_with_its_densest_minute_and_a_later_one_is_another() {
        let slow: Vec<_> = (0..20).map(|number| (number * 15, "T1")).collect();
        assert_eq!(found(&slow), [(20, 4)]);
        let first = (0..6).map(|second| (second, "T1"));
        let two: Vec<_> = first.chain((0..4).map(|second| (600 + second, "T1"))).collect();
        assert_eq!(found(&two), [(6, 6), (10, 4)]);
    }
}
