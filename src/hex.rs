//! Hexadecimal encoding.

/// Encodes bytes as lower-case digits, two per byte.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
