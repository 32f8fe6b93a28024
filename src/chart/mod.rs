//! Drawings of what happened over time, as SVG: rows of periods and marks above a common axis. The
//! console's timeline is one, and so is the picture in the docs.

mod axis;
mod bundle;
mod history;
mod labels;
mod svg;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use bundle::Item;
pub use history::{History, Range, Request, Words};
pub use svg::{Part, picture};

/// A drawing of what happened from one time to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The time at the left edge.
    pub from: Timestamp,
    /// The time at the right edge.
    pub to: Timestamp,
    /// A vertical line at a time, with its label.
    pub now: Option<(Timestamp, String)>,
    /// Periods behind all rows.
    pub bands: Vec<Band>,
    /// The rows, from top to bottom.
    pub rows: Vec<Row>,
}

/// A period behind all rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    /// When it begins.
    pub from: Timestamp,
    /// When it ends; open if it is `None`.
    pub to: Option<Timestamp>,
    /// Its name.
    pub label: String,
}

/// A row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Its name, left of it.
    pub name: String,
    /// Its periods.
    pub spans: Vec<Span>,
    /// Its marks.
    pub marks: Vec<Mark>,
}

/// A period in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// What it is.
    pub kind: SpanKind,
    /// When it begins.
    pub from: Timestamp,
    /// When it ends.
    pub to: Timestamp,
    /// What stands beside it.
    pub label: String,
    /// What it says in full.
    pub title: String,
    /// Where a click on it leads.
    pub link: Option<String>,
}

/// A mark at one time in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// What it is.
    pub kind: MarkKind,
    /// When it was.
    pub at: Timestamp,
    /// What stands beside it.
    pub label: String,
    /// What it says in full.
    pub title: String,
    /// Where a click on it leads.
    pub link: Option<String>,
}

/// The kind of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// The terminal was off.
    Off,
    /// A package was downloaded.
    Download,
    /// A package was installed.
    Installation,
    /// The terminal waited for its restart.
    Pending,
}

/// The kind of a mark. Each has a shape of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A request that was refused.
    Refused,
    /// A request that was answered.
    Answered,
    /// A boot.
    Boot,
    /// Another change of a terminal.
    Change,
    /// A step of the scenario that is still to come.
    StepWaiting,
    /// A step that was performed.
    StepDone,
    /// A step that the terminal could not perform.
    StepRefused,
    /// A step that was left out because the clock was set to a later time.
    StepSkipped,
}

impl SpanKind {
    fn class(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Download => "download",
            Self::Installation => "installation",
            Self::Pending => "pending",
        }
    }
}

impl MarkKind {
    fn class(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Answered => "answered",
            Self::Boot => "boot",
            Self::Change => "change",
            Self::StepWaiting => "step waiting",
            Self::StepDone => "step done",
            Self::StepRefused => "step impossible",
            Self::StepSkipped => "step skipped",
        }
    }
}
