//! The bytes of a package: made from its name, so that any range of any size costs no disk and no copy. One random-looking tile of 1 MiB is
//! shared by all; each block of that length begins with a stamp of package and block number, so that a misplaced range fails the hash.

use std::ops::Range;
use std::sync::LazyLock;

use aws_lc_rs::digest::{Context, SHA256, SHA256_OUTPUT_LEN, digest};
use bytes::Bytes;

use crate::domain::campaign::Component;
use crate::domain::ids::{CampaignId, Version};

const BLOCK: u64 = 1024 * 1024;
const STAMP: u64 = SHA256_OUTPUT_LEN as u64;

/// The same in every process and version: hashes in fixtures depend on it.
static TILE: LazyLock<Bytes> = LazyLock::new(|| {
    let parts = (0..BLOCK / STAMP).map(|n| digest(&SHA256, format!("onshi-mock tile {n}").as_bytes()));
    parts.flat_map(|part| part.as_ref().to_vec()).collect()
});

/// What a package contains.
#[derive(Clone, Debug)]
pub struct Content {
    name: String,
    size: u64,
}

impl Content {
    /// The content of the package of that name, `size` bytes long.
    pub fn new(campaign: &CampaignId, component: Component, version: &Version, size: u64) -> Self {
        Self { name: format!("{campaign}/{component}/{version}"), size }
    }

    /// The bytes of a range, in slices of at most 1 MiB.
    pub fn slices(self, range: Range<u64>) -> impl Iterator<Item = Bytes> + Send + 'static {
        let end = range.end.min(self.size);
        let mut at = range.start;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let (block, offset) = (at / BLOCK, at % BLOCK);
            let slice = if offset < STAMP {
                let until = STAMP.min(offset + (end - at));
                let stamp = digest(&SHA256, format!("{} block {block}", self.name).as_bytes());
                Bytes::copy_from_slice(&stamp.as_ref()[offset as usize..until as usize])
            } else {
                TILE.slice(offset as usize..BLOCK.min(offset + (end - at)) as usize)
            };
            at += slice.len() as u64;
            Some(slice)
        })
    }

    /// Its SHA-256 in lower-case hexadecimal digits; reads all of it.
    pub fn sha256(self) -> String {
        let mut context = Context::new(&SHA256);
        let whole = 0..self.size;
        self.slices(whole).for_each(|slice| context.update(&slice));
        context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(size: u64) -> Content {
        Content::new(&CampaignId::parse("t").unwrap(), Component::LinkageApplication, &Version::parse("1.0").unwrap(), size)
    }

    #[test]
    fn any_range_has_the_bytes_of_the_whole() {
        let size = 2 * BLOCK + 77;
        let whole: Vec<u8> = content(size).slices(0..size).flatten().collect();
        assert_eq!(whole.len() as u64, size);
        for range in [0..1, 5..40, 31..33, BLOCK - 1..BLOCK + 40, size - 1..size, 10..size] {
            let part: Vec<u8> = content(size).slices(range.clone()).flatten().collect();
            assert_eq!(part, whole[range.start as usize..range.end as usize], "{range:?}");
        }
    }

    #[test]
    fn blocks_and_packages_differ() {
        let bytes: Vec<u8> = content(2 * BLOCK).slices(0..2 * BLOCK).flatten().collect();
        assert_ne!(bytes[..32], bytes[BLOCK as usize..BLOCK as usize + 32]);
        let other = Content::new(&CampaignId::parse("t").unwrap(), Component::LinkageApplication, &Version::parse("1.1").unwrap(), 64);
        assert_ne!(content(64).sha256(), other.sha256());
    }
}
