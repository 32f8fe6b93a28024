//! Puts the elements of a message in order.
//!
//! Captured files have the iteration order of a Java `HashMap` over the elements' names. Its capacity depends on how many names can occur in
//! the group, not on how many are there.

use std::hash::{Hash, Hasher};

use super::tree::Group;
use crate::domain::element_order::ElementOrder;

/// The message, rendered in the specification's order, in another one. The frame, header before body, stays as it is.
pub fn ordered(message: Group, order: ElementOrder, seed: u64) -> Group {
    match order {
        ElementOrder::Specification => message,
        ElementOrder::Hash => message.map_parts(&|part| sorted(part, &|name, names| u64::from(bucket(name, capacity(names))))),
        ElementOrder::Shuffled => message.map_parts(&|part| sorted(part, &|name, _| drawn(name, seed))),
    }
}

/// Groups sorted by `key` of an element's name and of the number of names that can occur in the group; equal keys keep their order.
fn sorted(group: Group, key: &impl Fn(&str, usize) -> u64) -> Group {
    let mut group = group.map_inner(&|inner| sorted(inner, key));
    let names = group.names;
    group.elements.sort_by_key(|(name, _)| key(name, names));
    group
}

/// The capacity of a map that holds so many names: a power of two, at least 16, of which they take at most three quarters.
fn capacity(names: usize) -> u32 {
    let least = (names * 4).div_ceil(3).max(16).next_power_of_two();
    u32::try_from(least).unwrap_or(1 << 31)
}

/// The bucket of a name.
fn bucket(name: &str, capacity: u32) -> u32 {
    // Java's String.hashCode, over UTF-16 units.
    let hash = name.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    (hash ^ (hash >> 16)) & (capacity - 1)
}

/// A key drawn from the seed and the name.
fn drawn(name: &str, seed: u64) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    name.hash(&mut hash);
    hash.finish()
}

/// FNV-1a: the standard library's hasher promises no stable order.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        // The last characters of names are alike; mixed, they count as much as the first.
        self.0 ^ (self.0 >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }
}

#[cfg(test)]
mod tests;
