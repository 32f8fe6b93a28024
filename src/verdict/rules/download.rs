//! Rules for update clients: a package must be received completely and intact before it is reported
//! as installed.

use super::super::case::Case;
use super::super::exchange::Exchange;
use super::super::rule::{Finding, Grade};
use crate::domain::fault::KindName;
use crate::domain::operation::OutcomeName;
use crate::domain::terminal::ReportState;

/// Faults that end a transfer before its last byte.
const TRUNCATING_FAULTS: [KindName; 6] =
    [KindName::Reset, KindName::Close, KindName::Cut, KindName::WrongLength, KindName::Status, KindName::BlackHole];

/// The client has these bytes already.
const NOT_MODIFIED: Option<u16> = Some(304);
/// The client asked for bytes after the last one: it has them already, too.
const NOT_SATISFIABLE: Option<u16> = Some(416);

/// How much of a package was received before it was reported as installed.
enum ReceivedBytes {
    /// All of it, intact.
    Whole,
    /// All of it, but the last transfer was corrupted.
    Corrupted,
    /// A part.
    Partly,
    /// The journal does not show which bytes were sent.
    Unknown,
}

/// Judges that a package was received completely and verified before it was installed.
pub(super) fn verified(case: &Case<'_>) -> Finding {
    let reports: Vec<&Exchange> = case
        .journal()
        .filter(|entry| entry.outcome == OutcomeName::Answered && reported_package(entry, ReportState::Installed).is_some())
        .collect();
    let corrupted: Vec<&Exchange> = case.journal().filter(|entry| entry.package.is_some() && is_corrupted(entry)).collect();
    if reports.is_empty() && corrupted.is_empty() {
        return Finding::not_exercised("インストールの報告はありませんでした。", "No installation was reported.");
    }
    let mut unknown = Vec::new();
    for report in &reports {
        let of = reported_package(report, ReportState::Installed).unwrap_or_default();
        match received(case, report, of) {
            ReceivedBytes::Whole => {}
            ReceivedBytes::Unknown => unknown.push(*report),
            ReceivedBytes::Partly if case.evidence.evicted > 0 => unknown.push(*report),
            ReceivedBytes::Partly => {
                return Finding::new(
                    Grade::Fail,
                    format!("{of} は最後まで受信される前にインストール済みと報告されました。"),
                    format!("{of} was reported as installed before it was received whole."),
                )
                .with_entries([*report]);
            }
            ReceivedBytes::Corrupted => {
                return Finding::new(
                    Grade::Fail,
                    format!("{of} は壊れた内容を受信したまま、インストール済みと報告されました。"),
                    format!("{of} was received spoilt, and reported as installed all the same."),
                )
                .with_entries(corrupted.iter().copied().filter(|entry| entry.number < report.number).chain([*report]));
            }
        }
    }
    if !unknown.is_empty() || reports.is_empty() {
        let why = ("受信の全体が証跡に残っていません。", "The evidence does not have the whole transfer.");
        return Finding::new(Grade::Inconclusive, why.0, why.1).with_entries(unknown).with_entries(corrupted);
    }
    let why = (
        "インストール済みと報告されたものは、すべて最後まで受信されていました。",
        "All that was reported as installed had been received whole.",
    );
    Finding::new(Grade::Pass, why.0, why.1).with_entries(reports)
}

/// Returns the component and version in a report of this state.
fn reported_package(entry: &Exchange, state: ReportState) -> Option<&str> {
    let report = entry.report.as_ref().filter(|report| report.state == state)?;
    report.of.as_deref()
}

fn is_corrupted(entry: &Exchange) -> bool {
    entry.fault == Some(KindName::WrongHash)
}

/// Returns how much of a package a terminal had received when it sent its report.
fn received(case: &Case<'_>, report: &Exchange, of: &str) -> ReceivedBytes {
    let same = |entry: &&Exchange| {
        entry.number < report.number && entry.terminal == report.terminal && entry.package.as_ref().is_some_and(|package| package.of == of)
    };
    let transfers: Vec<&Exchange> = case.journal().filter(same).collect();
    let (mut parts, mut size, mut corrupted) = (Vec::new(), None, false);
    for (at, transfer) in transfers.iter().enumerate() {
        let Some(package) =
            transfer.package.as_ref().filter(|_| transfer.outcome == OutcomeName::Answered && transfer.status != NOT_MODIFIED)
        else {
            continue;
        };
        let Some((from, to)) = package.bytes else {
            return ReceivedBytes::Unknown;
        };
        // An interrupted transfer has a second entry. How far it came shows where the next one
        // resumes.
        let rest = &transfers[at + 1..];
        let broke_off = rest.first().is_some_and(|next| next.outcome == OutcomeName::Refused && next.status.is_none());
        let cut = broke_off || transfer.fault.is_some_and(|fault| TRUNCATING_FAULTS.contains(&fault));
        let resumed = rest.iter().find_map(|next| next.package.as_ref()?.bytes).map(|(from, _)| from);
        let to = if cut { resumed.filter(|at| (from..to).contains(at)).unwrap_or(from) } else { to };
        if Some((from, to)) == package.size.map(|size| (0, size)) {
            // A complete transfer from the beginning: earlier ones no longer count.
            parts.clear();
            corrupted = false;
        }
        corrupted |= is_corrupted(transfer);
        parts.push((from, to));
        size = package.size.or(size);
    }
    if parts.is_empty() {
        // The journal may begin after the download. The transfer is required only if the terminal
        // requested the package or reported a download.
        let held = transfers.iter().any(|transfer| [NOT_MODIFIED, NOT_SATISFIABLE].contains(&transfer.status));
        let says_so = |entry: &Exchange| {
            [ReportState::Downloading, ReportState::Downloaded].into_iter().any(|state| reported_package(entry, state) == Some(of))
        };
        let begun = case.journal().any(|entry| entry.number < report.number && entry.terminal == report.terminal && says_so(entry));
        return if !held && (begun || !transfers.is_empty()) { ReceivedBytes::Partly } else { ReceivedBytes::Unknown };
    }
    let Some(size) = size else {
        return ReceivedBytes::Unknown;
    };
    match (cover(&mut parts, size), corrupted) {
        (true, false) => ReceivedBytes::Whole,
        (true, true) => ReceivedBytes::Corrupted,
        (false, _) => ReceivedBytes::Partly,
    }
}

/// Whether these ranges together cover every byte up to `size`.
fn cover(parts: &mut [(u64, u64)], size: u64) -> bool {
    parts.sort_unstable();
    parts.iter().fold(0, |end, (from, to)| if *from <= end { end.max(*to) } else { end }) >= size
}
