//! Bundles: what lies too close together to be told apart is drawn as one, with its number.

use jiff::Timestamp;

use super::axis::Axis;
use super::{Chart, Mark, MarkKind, Row, Span, SpanKind};

/// Marks of the same kind that are closer than this are one.
const MARK_DISTANCE: f64 = 15.0;
/// Periods of the same kind whose gap is smaller than this are one.
const SPAN_GAP: f64 = 3.0;

/// What a drawing shows, in words.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The name of its row.
    pub row: String,
    /// When it was, or when it began.
    pub from: Timestamp,
    /// When it ended, or when the last of several was.
    pub to: Timestamp,
    /// What it says.
    pub title: String,
    /// How many are drawn as one.
    pub count: usize,
    /// Where it leads.
    pub link: Option<String>,
}

/// Periods or marks that are drawn as one.
pub(super) struct Bundle<K> {
    pub(super) kind: K,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) label: String,
    pub(super) title: String,
    pub(super) link: Option<String>,
    pub(super) count: usize,
}

impl<K> Bundle<K> {
    fn add(&mut self, to: Timestamp, title: &str) {
        self.to = self.to.max(to);
        self.count += 1;
        if self.title != title {
            self.title.clone_from(&self.label);
        }
    }

    /// Returns the label, with the number where it is several.
    pub(super) fn counted_label(&self) -> String {
        counted(&self.label, self.count)
    }

    /// Returns the title, with the number where it is several.
    pub(super) fn counted_title(&self) -> String {
        counted(&self.title, self.count)
    }

    fn item(&self, row: &Row) -> Item {
        let (row, title, link) = (row.name.clone(), self.title.clone(), self.link.clone());
        Item { row, from: self.from, to: self.to, title, count: self.count, link }
    }
}

fn counted(text: &str, count: usize) -> String {
    if count > 1 { format!("{text} ×{count}") } else { text.to_owned() }
}

impl Row {
    /// Returns the periods that are drawn, in order of time.
    pub(super) fn span_bundles(&self, axis: Axis) -> Vec<Bundle<SpanKind>> {
        let mut spans: Vec<&Span> = self.spans.iter().filter(|span| axis.shows_some_of(span.from, span.to)).collect();
        spans.sort_by_key(|span| span.from);
        let mut bundles: Vec<Bundle<SpanKind>> = Vec::new();
        for span in spans {
            let last = bundles.iter_mut().rfind(|bundle| bundle.kind == span.kind);
            if let Some(last) = last.filter(|last| axis.x(span.from) - axis.x(last.to) < SPAN_GAP) {
                last.add(span.to, &span.title);
                continue;
            }
            let Span { kind, from, to, label, title, link } = span.clone();
            bundles.push(Bundle { kind, from, to, label, title, link, count: 1 });
        }
        bundles
    }

    /// Returns the marks that are drawn, in order of time.
    pub(super) fn mark_bundles(&self, axis: Axis) -> Vec<Bundle<MarkKind>> {
        let mut marks: Vec<&Mark> = self.marks.iter().filter(|mark| axis.shows(mark.at)).collect();
        marks.sort_by_key(|mark| mark.at);
        let mut bundles: Vec<Bundle<MarkKind>> = Vec::new();
        for mark in marks {
            let last = bundles.iter_mut().rfind(|bundle| bundle.kind == mark.kind);
            if let Some(last) = last.filter(|last| axis.x(mark.at) - axis.x(last.from) < MARK_DISTANCE) {
                last.add(mark.at, &mark.title);
                continue;
            }
            let Mark { kind, at, label, title, link } = mark.clone();
            bundles.push(Bundle { kind, from: at, to: at, label, title, link, count: 1 });
        }
        bundles
    }
}

impl Chart {
    /// Returns all that the drawing shows, in order of time, for who does not see it.
    pub fn items(&self) -> Vec<Item> {
        let axis = Axis::of(self);
        let of_row = |row: &Row| {
            let spans = row.span_bundles(axis).iter().map(|bundle| bundle.item(row)).collect::<Vec<_>>();
            let marks = row.mark_bundles(axis).iter().map(|bundle| bundle.item(row)).collect::<Vec<_>>();
            spans.into_iter().chain(marks)
        };
        let mut items: Vec<Item> = self.rows.iter().flat_map(of_row).collect();
        items.sort_by_key(|item| item.from);
        items
    }
}
