//! The content of packages, generated from their names or read from a directory given at the
//! start, and their hashes.

mod files;
mod hashes;
mod seeded;
mod store;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;

pub use files::CatalogFile;
pub use hashes::Hash;
pub use store::Store;

use crate::domain::campaign::Package;
use crate::domain::ids::CampaignId;
use crate::hex;
use files::OpenedFile;
use seeded::Seeded;

/// The maximum number of bytes that one read of a file returns.
const FILE_SLICE: u64 = 128 * 1024;

/// The content of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Generated from the package's name.
    Seeded(Seeded),
    /// A file.
    File(CatalogFile),
}

/// An open package, read in slices.
#[derive(Debug)]
pub enum Reader {
    /// Generated from the package's name.
    Seeded(Seeded),
    /// A file; reading it blocks.
    File(OpenedFile),
}

impl Content {
    /// Creates the content that is generated from a package's name and size.
    pub fn seeded(campaign: &CampaignId, package: &Package) -> Self {
        Self::Seeded(Seeded::new(campaign, package.component, &package.version, package.size))
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Seeded(seeded) => seeded.size(),
            Self::File(file) => file.size,
        }
    }

    /// Opens the content. Blocks if it is a file.
    ///
    /// # Errors
    /// The file is missing, or has changed since the start.
    pub fn open(self) -> io::Result<Reader> {
        Ok(match self {
            Self::Seeded(seeded) => Reader::Seeded(seeded),
            Self::File(file) => Reader::File(file.open()?),
        })
    }

    /// Computes the SHA-256 in lower-case hexadecimal digits. Reads the whole content, and
    /// fails once `stop` is set.
    ///
    /// # Errors
    /// The file cannot be read, or `stop` was set.
    pub fn sha256(self, stop: &AtomicBool) -> io::Result<String> {
        let mut context = Context::new(&SHA256);
        let size = self.size();
        let mut reader = self.open()?;
        let mut at = 0;
        while at < size {
            if stop.load(Ordering::Relaxed) {
                return Err(io::Error::new(io::ErrorKind::Interrupted, "stopped"));
            }
            let slice = reader.read(at, size - at)?;
            context.update(&slice);
            at += slice.len() as u64;
        }
        Ok(hex::encode(context.finish()))
    }
}

impl Reader {
    /// Whether reading may block the thread on a disk.
    pub fn blocks(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Reads from offset `at`: at least one byte, at most `most`. The range must lie within the
    /// size.
    ///
    /// # Errors
    /// The file cannot be read, or has changed since the start.
    pub fn read(&mut self, at: u64, most: u64) -> io::Result<Bytes> {
        match self {
            Self::Seeded(seeded) => Ok(seeded.slice(at, most)),
            Self::File(file) => file.read(at, most.min(FILE_SLICE)),
        }
    }
}
