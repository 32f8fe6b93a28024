//! Random bytes of the operating system.

use aws_lc_rs::rand;

/// Returns random bytes.
///
/// # Panics
/// The operating system gives none; TLS would not work there either.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
