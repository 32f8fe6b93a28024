//! Faults in linkage folders: their effect on the file that answers a request.

use std::time::Duration;

use super::folder::Reply;
use crate::domain::fault::{Kind, TriggeredFault};
use crate::wire::corruption;

/// Applies a fault to an answer.
pub(super) fn apply_fault(fired: &TriggeredFault, reply: &mut Reply) {
    if fired.kind == Kind::BlackHole {
        *reply = Reply::Silent;
    }
    if let Reply::Answer(file) | Reply::Malformed(file) = reply {
        file.bytes = corrupted(&fired.kind, std::mem::take(&mut file.bytes));
    }
}

/// Returns the additional delay of the answer.
pub(super) fn delay(fired: &TriggeredFault) -> Duration {
    match fired.kind {
        Kind::Delay { most, .. } => most.duration().unsigned_abs(),
        _ => Duration::ZERO,
    }
}

fn corrupted(kind: &Kind, mut bytes: Vec<u8>) -> Vec<u8> {
    match kind {
        Kind::Cut { after } => {
            bytes.truncate(after.map_or(bytes.len() / 2, |after| usize::try_from(after).unwrap_or(usize::MAX)));
            bytes
        }
        Kind::Malformed => corruption::malformed(bytes),
        Kind::WrongEncoding => corruption::in_other_encoding(bytes),
        Kind::ClockSkew { skew } => corruption::skewed(bytes, skew.duration()),
        _ => bytes,
    }
}
