//! Package content generated from the package's name, so that a range of any size costs no disk
//! and no copy.
//!
//! All packages share one pseudorandom tile of 1 MiB. Each block of that length begins with a
//! stamp of package and block number, so that a misplaced range fails the hash check.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use bytes::Bytes;

use crate::domain::campaign::Component;
use crate::domain::ids::{CampaignId, Version};

const BLOCK: u64 = 1024 * 1024;
const STAMP_LENGTH: u64 = SHA256_OUTPUT_LEN as u64;

/// Must stay the same in every process and version: hashes in fixtures depend on it.
static TILE: LazyLock<Bytes> = LazyLock::new(|| {
    let parts = (0..BLOCK / STAMP_LENGTH).map(|n| digest(&SHA256, format!("onshi-mock tile {n}").as_bytes()));
    parts.flat_map(|part| part.as_ref().to_vec()).collect()
});

/// Content that is generated from a package's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeded {
    name: String,
    size: u64,
}

impl Seeded {
    /// Creates the content of the named package with a length of `size` bytes.
    pub(super) fn new(campaign: &CampaignId, component: Component, version: &Version, size: u64) -> Self {
        Self { name: format!("{campaign}/{component}/{version}"), size }
    }

    /// Returns the size in bytes.
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Returns bytes from offset `at`: at most `most` and at most 1 MiB. The result is empty
    /// only at the end.
    pub(super) fn slice(&self, at: u64, most: u64) -> Bytes {
        let (block, offset) = (at / BLOCK, at % BLOCK);
        let length = most.min(self.size.saturating_sub(at));
        if offset >= STAMP_LENGTH {
            return TILE.slice(offset as usize..BLOCK.min(offset + length) as usize);
        }
        let until = STAMP_LENGTH.min(offset + length);
        let stamp = digest(&SHA256, format!("{} block {block}", self.name).as_bytes());
        Bytes::copy_from_slice(&stamp.as_ref()[offset as usize..until as usize])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(content: &Seeded, mut at: u64, end: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while at < end {
            let slice = content.slice(at, end - at);
            assert!(!slice.is_empty());
            at += slice.len() as u64;
            bytes.extend_from_slice(&slice);
        }
        bytes
    }

    fn content(version: &str, size: u64) -> Seeded {
        Seeded::new(&CampaignId::parse("t").unwrap(), Component::LinkageApplication, &Version::parse(version).unwrap(), size)
    }

    #[test]
    fn any_range_has_the_bytes_of_the_whole() {
        let size = 2 * BLOCK + 77;
        let whole = bytes(&content("1.0", size), 0, size);
        assert_eq!(whole.len() as u64, size);
        for range in [0..1, 5..40, 31..33, BLOCK - 1..BLOCK + 40, size - 1..size, 10..size] {
            let part = bytes(&content("1.0", size), range.start, range.end);
            assert_eq!(part, whole[range.start as usize..range.end as usize], "{range:?}");
        }
    }

    #[test]
    fn blocks_and_packages_differ() {
        let one = bytes(&content("1.0", 2 * BLOCK), 0, 2 * BLOCK);
        assert_ne!(one[..32], one[BLOCK as usize..BLOCK as usize + 32]);
        assert_ne!(one[..64], bytes(&content("1.1", 64), 0, 64));
    }
}
