//! Complete results in `.onshi-mock/`, and their delivery to the receipt computer.
//!
//! The name of a result says what remains to be done, so that another process can continue:
//! `7.answer.<result>` is renamed into `res/`; `7.answer-in-place.<result>` is created there
//! under its own name, and written; for `7.answer-begun.<result>` that file has been created. A
//! client may have taken a file that was begun, so it is never created again: it is completed
//! if it exists and is incomplete.

use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

use super::OutputFile;
use super::disk;
use super::layout::{Layout, OutputDir, check_result_name};
use crate::domain::linkage::ResultFiles;

/// The kind of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Answer,
    /// The error file of a request that itself moves to `res/` afterwards.
    Err,
    Face,
}

/// The next step of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WriteStep {
    Atomic,
    InPlace,
    Begun,
}

/// A complete result.
#[derive(Debug)]
pub(super) struct ResultFile {
    number: u64,
    kind: Kind,
    step: WriteStep,
    name: String,
    /// Whether its delivery was attempted.
    tried: bool,
}

impl ResultFile {
    /// Writes a result to disk, then renames it to a name that marks it as complete.
    ///
    /// # Errors
    /// The name is not valid on every system, or the file cannot be written.
    pub(super) fn store(layout: &Layout, number: u64, kind: Kind, file: &OutputFile) -> io::Result<Self> {
        check_result_name(&file.name)?;
        let step = match file.result_files {
            ResultFiles::Atomic => WriteStep::Atomic,
            ResultFiles::InPlace => WriteStep::InPlace,
        };
        let result = Self { number, kind, step, name: file.name.clone(), tried: false };
        let draft = layout.own().join(draft_name(number));
        disk::write(disk::create(&draft)?, &file.bytes)?;
        disk::rename(&draft, &result.path(layout))?;
        Ok(result)
    }

    /// Recovers a result that another process left, from the parts of its file name; `None` if
    /// they are not those of a result.
    pub(super) fn recover(number: u64, words: &str, name: &str) -> Option<Self> {
        let of_kind = |kind: Kind| words.strip_prefix(kind.name_part()).map(|rest| (kind, rest));
        let (kind, rest) = [Kind::Answer, Kind::Err, Kind::Face].into_iter().find_map(of_kind)?;
        let step = [WriteStep::Atomic, WriteStep::InPlace, WriteStep::Begun].into_iter().find(|step| step.name_part() == rest)?;
        check_result_name(name).ok()?;
        Some(Self { number, kind, step, name: name.to_owned(), tried: step == WriteStep::Begun })
    }

    /// Whether its file was created in its final place.
    pub(super) fn is_begun(&self) -> bool {
        self.step == WriteStep::Begun
    }

    pub(super) fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns its path in `.onshi-mock/`.
    pub(super) fn path(&self, layout: &Layout) -> PathBuf {
        layout.own().join(format!("{}.{}{}.{}", self.number, self.kind.name_part(), self.step.name_part(), self.name))
    }

    /// Whether it has to wait for `other`: results of the same name are delivered one after
    /// another, even if the first attempt fails.
    pub(super) fn waits_for(&self, other: &Self) -> bool {
        other.tried && !self.tried && self.name.eq_ignore_ascii_case(&other.name) && self.output_dir() == other.output_dir()
    }

    /// Puts it into its final place, or completes it there. Returns `false` if someone else
    /// removed it.
    ///
    /// # Errors
    /// A file operation failed; it has to be retried.
    pub(super) fn put(&mut self, layout: &Layout, wall: Timestamp) -> io::Result<bool> {
        self.tried = true;
        let target = layout.of(self.output_dir()).join(&self.name);
        let path = self.path(layout);
        if disk::existed(disk::stamp(&path))?.is_none() {
            return Ok(false);
        }
        match self.step {
            WriteStep::Atomic => {
                // The stay time begins now, however long the result was stored. If the time
                // cannot be set, the file is only removed early.
                let _ = disk::touch(&path, wall);
                return disk::rename(&path, &target).map(|()| true);
            }
            WriteStep::InPlace => {
                let bytes = disk::read_all(&path)?;
                let file = disk::create_or_reuse(&target)?;
                let begun = Self { step: WriteStep::Begun, name: self.name.clone(), ..*self };
                disk::rename(&path, &begun.path(layout))?;
                *self = begun;
                disk::write(file, &bytes)?;
            }
            WriteStep::Begun => disk::complete(&target, &disk::read_all(&path)?)?,
        }
        disk::remove(&self.path(layout)).map(|()| true)
    }

    fn output_dir(&self) -> OutputDir {
        match self.kind {
            Kind::Answer | Kind::Err => OutputDir::Res,
            Kind::Face => OutputDir::Face,
        }
    }
}

impl Kind {
    fn name_part(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Err => "err",
            Self::Face => "face",
        }
    }
}

impl WriteStep {
    fn name_part(self) -> &'static str {
        match self {
            Self::Atomic => "",
            Self::InPlace => "-in-place",
            Self::Begun => "-begun",
        }
    }
}

/// Returns the name of a result that is being written.
pub(super) fn draft_name(number: u64) -> String {
    format!("{number}.tmp")
}
