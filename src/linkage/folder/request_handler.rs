//! The interface to the handler of requests: the engine moves files, the handler knows what
//! requests and results mean.

use std::time::Duration;

use crate::domain::linkage::ResultFiles;

/// A file to write: its name without directories, its content, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// The file's name.
    pub name: String,
    /// The whole content.
    pub bytes: Vec<u8>,
    /// How it is written.
    pub result_files: ResultFiles,
}

/// The handler's reply to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandlerReply {
    /// The result file, for `res/`.
    Answer(OutputFile),
    /// The error file, for `res/`; then the request file itself moves there, under its own
    /// name.
    Refused(OutputFile),
    /// The request is consumed without any file.
    Silent,
    /// The terminal is off: the request goes back to `req/`, and is offered again later.
    NotTaken,
}

impl HandlerReply {
    /// Returns the file to write, if any.
    pub fn file(&self) -> Option<&OutputFile> {
        match self {
            Self::Answer(file) | Self::Refused(file) => Some(file),
            Self::Silent | Self::NotTaken => None,
        }
    }
}

/// A terminal's handler of requests: says which files are requests, and answers them.
///
/// A result's name has at most 200 bytes, without separators, colons or control characters.
pub trait RequestHandler {
    /// Whether requests are accepted now. Called before each request, so that closing stops a
    /// long sweep.
    fn is_open(&mut self) -> bool;

    /// Whether a file of this name in `req/` is a request; any other file is never touched. Not
    /// called for names that are not valid on every system (not UTF-8, with separators, colons
    /// or control characters, longer than 120 bytes).
    fn accepts(&self, name: &str) -> bool;

    /// Whether a request that ends with these bytes (its last 256, or all of a shorter one) is
    /// complete.
    fn complete(&self, tail: &[u8]) -> bool;

    /// Answers a request. Called again for the same request only if the reply could not be stored:
    /// after [`HandlerReply::NotTaken`], a disk error, or the end of the process within this call.
    fn answer(&mut self, name: &str, bytes: &[u8]) -> HandlerReply;

    /// Creates the error file for a request of `size` bytes, which is not read since `max`
    /// bytes are allowed. The request counts as malformed.
    fn too_large(&mut self, name: &str, size: u64, max: u64) -> OutputFile;

    /// Returns how much later than usual the result of the last answer is delivered; at once
    /// after a restart.
    fn extra_latency(&self) -> Duration {
        Duration::ZERO
    }

    /// Returns the list of the expired files that were just removed, sorted by name, if one is
    /// to be written to `res/`.
    fn deletion_list(&self, _removed: &[String]) -> Option<OutputFile> {
        None
    }

    /// Whether a file of this name in `res/` or `face/` is the terminal's own, which is removed
    /// when it expires.
    fn is_ours(&self, name: &str) -> bool;
}
