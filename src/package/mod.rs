//! The bytes of packages: made from their names, or read from a directory given at start-up; and their hashes, computed once in the background.

mod catalog;
mod hashes;
mod seeded;
mod store;

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;

pub use catalog::CatalogFile;
pub use hashes::Hash;
pub use store::Store;

use crate::domain::campaign::Package;
use crate::domain::ids::CampaignId;
use crate::hex;
use catalog::Opened;
use seeded::Seeded;

/// The most bytes that one read of a file gives.
const FILE_SLICE: u64 = 128 * 1024;

/// What a package contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Bytes made from its name.
    Seeded(Seeded),
    /// A file.
    File(CatalogFile),
}

/// An open package, to be read in slices.
#[derive(Debug)]
pub enum Reader {
    /// Bytes made from its name.
    Seeded(Seeded),
    /// A file; reading it blocks.
    File(Opened),
}

impl Content {
    /// The bytes made from a package's name and size.
    pub fn seeded(campaign: &CampaignId, package: &Package) -> Self {
        Self::Seeded(Seeded::new(campaign, package.component, &package.version, package.size))
    }

    /// Its size in bytes.
    pub fn size(&self) -> u64 {
        match self {
            Self::Seeded(seeded) => seeded.size(),
            Self::File(file) => file.size,
        }
    }

    /// Opens it; of a file, blocks.
    ///
    /// # Errors
    /// A file that is gone, or no longer the one that it was at start-up.
    pub fn open(self) -> io::Result<Reader> {
        Ok(match self {
            Self::Seeded(seeded) => Reader::Seeded(seeded),
            Self::File(file) => Reader::File(file.open()?),
        })
    }

    /// Its SHA-256 in lower-case hexadecimal digits; reads all of it, and gives up when `stop` is set.
    ///
    /// # Errors
    /// A file that cannot be read, or that it was stopped.
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
    /// Whether reading can make the thread wait for a disk.
    pub fn blocks(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Some bytes from offset `at` on: at least one, at most `most`. Both lie within the size.
    ///
    /// # Errors
    /// A file that cannot be read, or that has changed since start-up.
    pub fn read(&mut self, at: u64, most: u64) -> io::Result<Bytes> {
        match self {
            Self::Seeded(seeded) => Ok(seeded.slice(at, most)),
            Self::File(file) => file.read(at, most.min(FILE_SLICE)),
        }
    }
}
