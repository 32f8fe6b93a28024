//! Who answers the requests: the engine asks, the counter knows what requests and results are.

use std::time::Duration;

use crate::domain::linkage::ResultFiles;

/// A file that goes out: its name, without directories, its content, and how it comes into being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// The file's name.
    pub name: String,
    /// All of its content.
    pub bytes: Vec<u8>,
    /// How it comes into being.
    pub result_files: ResultFiles,
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The result file, for `res/`.
    Answer(OutputFile),
    /// This error file is put into `res/`, and then the request file itself moves there, under its own name.
    Malformed(OutputFile),
    /// The request is consumed, and no file ever appears.
    Silent,
    /// The terminal is off: the request goes back to `req/`, and is offered again later.
    NotTaken,
}

impl Reply {
    /// The file that goes out, where one does.
    pub fn file(&self) -> Option<&OutputFile> {
        match self {
            Self::Answer(file) | Self::Malformed(file) => Some(file),
            Self::Silent | Self::NotTaken => None,
        }
    }
}

/// A terminal's counter: it says which files are requests, and answers them.
///
/// A result's name is at most 200 bytes without separators, colons or control characters.
pub trait RequestHandler {
    /// Whether requests are taken now. Asked before each request, so that closing stops a long sweep.
    fn open(&mut self) -> bool;

    /// Whether a file of this name in `req/` is to be answered; any other is left alone for ever. Names of which one could not make a
    /// file everywhere (not UTF-8, with separators, colons or control characters, longer than 120 bytes) are not asked about.
    fn takes(&self, name: &str) -> bool;

    /// Whether a request that ends with these bytes (its last 256, or all of a shorter one) is completely written.
    fn complete(&self, tail: &[u8]) -> bool;

    /// Answers a request. Called again for the same request only if the reply could not be kept: after [`Reply::NotTaken`], an error of
    /// the disk, or the end of the process within this call.
    fn answer(&mut self, name: &str, bytes: &[u8]) -> Reply;

    /// The error file for a request of `size` bytes, which is not read because `max` bytes are allowed. It is treated as malformed.
    fn too_large(&mut self, name: &str, size: u64, max: u64) -> OutputFile;

    /// How much later than usual the result of the last answer is to be delivered; at once after a restart.
    fn late(&self) -> Duration {
        Duration::ZERO
    }

    /// The list of the files that were just removed because their time was over, in order of their names, where one is left in `res/`.
    fn deletion_list(&self, _removed: &[String]) -> Option<OutputFile> {
        None
    }

    /// Whether a file of this name in `res/` or `face/` is the terminal's, to be removed when its time is over.
    fn is_ours(&self, name: &str) -> bool;
}
