//! The row of a terminal: when it was off, what it downloaded and installed, how long it waited for
//! its restart, and its boots.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{History, Words};
use crate::chart::{Mark, MarkKind, Row, Span, SpanKind};
use crate::domain::campaign::Component;
use crate::domain::event::{Change, Event};
use crate::domain::terminal::{Power, Terminal};

/// Draws the events of a terminal one after the other.
struct TerminalRow<'a> {
    history: &'a History<'a>,
    row: Row,
    downloads: BTreeMap<Component, Since>,
    installations: BTreeMap<Component, Since>,
    /// The components that wait for a restart, and since when.
    pending: BTreeSet<Component>,
    pending_since: Option<Since>,
    off_since: Option<Since>,
}

/// When something began, and the link of the event at which it did.
#[derive(Clone)]
struct Since {
    at: Timestamp,
    link: Option<String>,
}

/// Returns the row of a terminal. What began before the first event began at `begin`.
pub(super) fn terminal_row(history: &History<'_>, terminal: &Terminal, begin: Timestamp) -> Row {
    let events: Vec<&Event> = history.institution.events.iter().filter(|event| event.terminal == terminal.id).collect();
    let pending = pending_before(terminal, &events);
    let installed = terminal.components().filter(|(component, _)| pending.contains(component));
    let installed = installed.filter_map(|(_, software)| software.installation.as_ref()).map(|installation| installation.at).min();
    let at = installed.unwrap_or(begin);
    let mut row = TerminalRow {
        history,
        row: Row { name: terminal.id.to_string(), ..Row::default() },
        downloads: BTreeMap::new(),
        installations: BTreeMap::new(),
        pending_since: (!pending.is_empty()).then_some(Since { at, link: None }),
        pending,
        off_since: was_off_before(terminal, &events).then_some(Since { at: begin, link: None }),
    };
    for event in events {
        row.add(event);
    }
    row.finish()
}

/// Returns the components that waited for a restart before the first event.
fn pending_before(terminal: &Terminal, events: &[&Event]) -> BTreeSet<Component> {
    let mut pending = BTreeSet::new();
    for (component, software) in terminal.components() {
        let told = events.iter().find_map(|event| match &event.change {
            Change::Installed { component: installed, .. } if *installed == component => Some(false),
            Change::Booted { applied, .. } if applied.contains(&component) => Some(true),
            _ => None,
        });
        if told.unwrap_or(software.is_pending()) {
            pending.insert(component);
        }
    }
    pending
}

fn was_off_before(terminal: &Terminal, events: &[&Event]) -> bool {
    let told = events.iter().find_map(|event| match event.change {
        Change::SwitchedOff { .. } | Change::Booted { .. } => Some(false),
        Change::Resumed => Some(true),
        _ => None,
    });
    told.unwrap_or(terminal.power != Power::On)
}

impl TerminalRow<'_> {
    fn words(&self) -> Words {
        self.history.words
    }

    fn add(&mut self, event: &Event) {
        let link = (event.number >= self.history.first_linked_event).then(|| format!("#event-{}", event.number));
        let since = Since { at: event.at, link: link.clone() };
        let title = self.words().of(&event.change.sentence());
        let mark = |kind: MarkKind, label: String| Mark { kind, at: event.at, label, title: title.clone(), link: link.clone() };
        match &event.change {
            Change::SwitchedOff { .. } => {
                self.off_since = Some(since);
                self.row.marks.push(mark(MarkKind::Change, self.words().say("電源オフ", "off")));
            }
            Change::Resumed => {
                self.end_off(event.at);
                self.row.marks.push(mark(MarkKind::Change, self.words().say("電源オン", "on")));
            }
            Change::Booted { applied, .. } => {
                self.end_off(event.at);
                self.pending.retain(|component| !applied.contains(component));
                if self.pending.is_empty() {
                    self.end_pending(event.at);
                }
                self.row.marks.push(mark(MarkKind::Boot, self.words().say("再起動", "restart")));
            }
            Change::LinkageRestarted => {
                self.row.marks.push(mark(MarkKind::Change, self.words().say("連携アプリだけ再起動", "linkage application restarted")));
            }
            Change::ReaderSwitched { on } => {
                let label = if *on {
                    self.words().say("リーダー オン", "reader on")
                } else {
                    self.words().say("リーダー オフ", "reader off")
                };
                self.row.marks.push(mark(MarkKind::Change, label));
            }
            Change::DownloadStarted { component, .. } => {
                self.downloads.insert(*component, since);
            }
            Change::DownloadStopped { component, .. } => self.end_download(*component, event.at, title),
            Change::Downloaded { component, .. } => {
                self.end_download(*component, event.at, title);
                self.installations.insert(*component, since);
            }
            Change::Installed { component, restart_required, .. } => {
                let from = self.installations.remove(component).map_or(event.at, |begun| begun.at);
                let label = self.words().say("インストール", "installation");
                self.row.spans.push(Span { kind: SpanKind::Installation, from, to: event.at, label, title, link });
                if *restart_required {
                    self.pending.insert(*component);
                    self.pending_since.get_or_insert(since);
                }
            }
            Change::Failed { .. } => self.row.marks.push(mark(MarkKind::Change, self.words().say("失敗", "failed"))),
            // The journal has the request of the card.
            Change::CardPresented { .. } => {}
        }
    }

    fn end_download(&mut self, component: Component, to: Timestamp, title: String) {
        if let Some(Since { at, link }) = self.downloads.remove(&component) {
            let label = self.words().say("ダウンロード", "download");
            self.row.spans.push(Span { kind: SpanKind::Download, from: at, to, label, title, link });
        }
    }

    fn end_pending(&mut self, to: Timestamp) {
        if let Some(Since { at, link }) = self.pending_since.take() {
            let label = self.words().say("インストール済み（再起動待ち）", "installed, waiting for a restart");
            self.row.spans.push(Span { kind: SpanKind::Pending, from: at, to, title: label.clone(), label, link });
        }
    }

    fn end_off(&mut self, to: Timestamp) {
        if let Some(Since { at, link }) = self.off_since.take() {
            let label = self.words().say("電源オフ", "off");
            self.row.spans.push(Span { kind: SpanKind::Off, from: at, to, title: label.clone(), label, link });
        }
    }

    /// Ends what still goes on, at the present.
    fn finish(mut self) -> Row {
        let now = self.history.now;
        for component in self.downloads.keys().copied().collect::<Vec<_>>() {
            self.end_download(component, now, self.words().say("ダウンロード中", "downloading"));
        }
        self.end_pending(now);
        self.end_off(now);
        self.row
    }
}
