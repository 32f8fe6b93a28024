//! Faults in linkage folders: their effect on the file that answers a request.

use std::time::Duration;

use super::folder::HandlerReply;
use crate::domain::fault::{Kind, TriggeredFault};
use crate::wire::corruption;

/// Applies a fault to an answer.
pub(super) fn apply_fault(triggered_fault: &TriggeredFault, reply: &mut HandlerReply) {
    if triggered_fault.kind == Kind::BlackHole {
        *reply = HandlerReply::Silent;
    }
    if let HandlerReply::Answer(file) | HandlerReply::Refused(file) = reply {
        file.bytes = corrupted(&triggered_fault.kind, std::mem::take(&mut file.bytes));
    }
}

/// Returns the additional delay of the answer.
pub(super) fn delay(triggered_fault: &TriggeredFault) -> Duration {
    match triggered_fault.kind {
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
        Kind::Malformed => corruption::make_malformed(bytes),
        Kind::WrongEncoding => corruption::switch_encoding(bytes),
        Kind::ClockSkew { skew } => corruption::skew_time(bytes, skew.duration()),
        _ => bytes,
    }
}
