//! The order of a message's elements.
//!
//! Captured files have the iteration order of a Java `HashMap` over the elements' names. Its
//! capacity depends on how many names are possible in the group, not on how many are present.

use std::hash::{Hash, Hasher};

use super::tree::Group;
use crate::domain::element_order::ElementOrder;

/// Returns a message in another order; the input is in the specification's order. The frame, header
/// before body, is unchanged.
pub fn ordered(message: Group, order: ElementOrder, seed: u64) -> Group {
    match order {
        ElementOrder::Specification => message,
        ElementOrder::Hash => message.map_parts(&|part| sorted(part, &|name, names| u64::from(bucket(name, capacity(names))))),
        ElementOrder::Shuffled => message.map_parts(&|part| sorted(part, &|name, _| drawn(name, seed))),
    }
}

/// Sorts groups by `key` of an element's name and of the number of names possible in the group.
/// Elements with equal keys keep their order.
fn sorted(group: Group, key: &impl Fn(&str, usize) -> u64) -> Group {
    let mut group = group.map_inner(&|inner| sorted(inner, key));
    let names = group.names;
    group.elements.sort_by_key(|(name, _)| key(name, names));
    group
}

/// Returns the capacity of a map with this number of names: a power of two, at least 16, of which
/// they fill at most three quarters.
fn capacity(names: usize) -> u32 {
    let least = (names * 4).div_ceil(3).max(16).next_power_of_two();
    u32::try_from(least).unwrap_or(1 << 31)
}

/// Returns the bucket of a name.
fn bucket(name: &str, capacity: u32) -> u32 {
    // Java's String.hashCode, over UTF-16 units.
    let hash = name.encode_utf16().fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(u32::from(unit)));
    (hash ^ (hash >> 16)) & (capacity - 1)
}

/// Returns a random key from the seed and the name.
fn drawn(name: &str, seed: u64) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325 ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    name.hash(&mut hash);
    hash.finish()
}

/// FNV-1a. The standard library's hasher guarantees no stable order.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        // Names have similar last characters; after mixing, these count as much as the first.
        self.0 ^ (self.0 >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }
}

#[cfg(test)]
mod tests;
