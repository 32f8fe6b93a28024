//! The evidence that a verdict takes from a journal: only what its rules need, without bodies,
//! headers, paths and file names.

use std::collections::BTreeMap;

use super::entry::{Entry, ListedEntry, Outcome};
use super::message::RenderedText;
use crate::domain::operation::Operation;
use crate::domain::terminal;
use crate::verdict::{Exchange, File, NoKind, Package, Report, RequestKind};
use crate::wire::file_name::FileName;

/// Returns the evidence in a journal, oldest entry first. The same file name always has the same
/// number.
pub fn evidence(entries: &[ListedEntry]) -> Vec<Exchange> {
    let mut names = BTreeMap::new();
    let exchange = |listed: &ListedEntry| Exchange { file: file(&listed.entry, &mut names), ..Exchange::from(listed) };
    entries.iter().map(exchange).collect()
}

impl From<&ListedEntry> for Exchange {
    /// Without the file: its number depends on the names in the whole journal.
    fn from(ListedEntry { number, entry }: &ListedEntry) -> Self {
        let (validity, error, error_profile) = match &entry.outcome {
            Outcome::Answered => (None, None, None),
            Outcome::Checked { validity, .. } => (Some(*validity), None, None),
            Outcome::Refused { error, error_profile } => (None, Some(error.id), *error_profile),
        };
        let found = entry.found.as_ref();
        let others = found.into_iter().flat_map(|found| &found.other_terminals);
        Self {
            number: *number,
            id: entry.id.to_string(),
            at: entry.at,
            wall: entry.wall,
            operation: entry.operation,
            method: entry.method.clone().into_owned(),
            terminal: entry.terminal().map(ToString::to_string),
            status: entry.status,
            outcome: entry.outcome.name(),
            validity,
            error,
            inquiry: entry.inquiry.clone(),
            session: entry.session.clone(),
            phase: found.map(|found| found.phase),
            last_event: found.map(|found| found.last_event),
            other_terminals: others.map(ToString::to_string).collect(),
            error_profile,
            fault: entry.fault.as_ref().map(|fault| fault.kind),
            retry_after: header(entry.answer.as_ref(), "retry-after").and_then(|seconds| seconds.parse().ok()),
            file: None,
            package: package(entry),
            report: report(entry),
        }
    }
}

fn header<'a>(message: Option<&'a RenderedText>, name: &str) -> Option<&'a str> {
    message?.headers.get(name).map(String::as_str)
}

fn file(entry: &Entry, names: &mut BTreeMap<String, u64>) -> Option<File> {
    if entry.operation != Operation::Linkage {
        return None;
    }
    let name = entry.path.rsplit('/').next().filter(|name| !name.is_empty())?;
    let next = names.len() as u64 + 1;
    let number = *names.entry(name.to_owned()).or_insert(next);
    let kind = FileName::kind_of(name).map_or(RequestKind::Other(NoKind::Unknown), RequestKind::Known);
    Some(File { kind, name: number })
}

fn package(entry: &Entry) -> Option<Package> {
    if entry.operation != Operation::Package || entry.method != "GET" {
        return None;
    }
    let mut ends = entry.path.rsplit('/');
    let (version, component) = (ends.next()?, ends.next()?);
    let answer = entry.answer.as_ref();
    let length = || header(answer, "content-length").and_then(|length| length.parse::<u64>().ok());
    let (bytes, size) = match entry.status {
        Some(200) => (length().map(|length| (0, length)), length()),
        Some(206) => header(answer, "content-range").and_then(content_range).unzip(),
        _ => (None, None),
    };
    Some(Package { of: format!("{component} {version}"), bytes, size })
}

/// Parses `bytes 0-999/5000`.
fn content_range(text: &str) -> Option<((u64, u64), u64)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    Some(((first.parse().ok()?, last.parse::<u64>().ok()?.checked_add(1)?), size.parse().ok()?))
}

/// Returns a report if it can be parsed. Nothing else of a client's text becomes evidence.
fn report(entry: &Entry) -> Option<Report> {
    if entry.operation != Operation::Reports {
        return None;
    }
    let report: terminal::Report = serde_json::from_str(entry.request.as_ref()?.body.as_deref()?).ok()?;
    let of = report.of().map(|(component, version)| format!("{component} {version}"));
    Some(Report { state: report.state(), of })
}
