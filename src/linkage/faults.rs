//! Faults at files: where a request in a linkage folder is counted and one may fire, and what that does to the file that answers it.

use std::time::Duration;

use super::folder::{Outgoing, Reply};
use crate::domain::fault::{Asked, Fired, Kind};
use crate::domain::ids::TerminalId;
use crate::domain::institution::Institution;
use crate::domain::operation::{Operation, Surface};
use crate::institutions::Moment;
use crate::wire::spoilt;

/// Counts a file in a folder, and gives the fault that fires at it.
pub(super) fn met(surface: Surface, institution: &mut Institution, terminal: &TerminalId, moment: Moment) -> Option<Fired> {
    // Over its route, faults have counted it already.
    if surface == Surface::Http {
        return None;
    }
    institution.meet_faults(&Asked { operation: Operation::Linkage, surface, terminal: terminal.clone(), now: moment.now })
}

/// What a fault makes of an answer.
pub(super) fn spoil(fired: &Fired, reply: Reply) -> Reply {
    if fired.kind == Kind::BlackHole {
        return Reply::Silent;
    }
    let spoilt = |file: Outgoing| Outgoing { bytes: bytes(&fired.kind, file.bytes), ..file };
    match reply {
        Reply::Answer(file) => Reply::Answer(spoilt(file)),
        Reply::Malformed(file) => Reply::Malformed(spoilt(file)),
        reply @ (Reply::Silent | Reply::NotTaken) => reply,
    }
}

/// How much later the answer comes.
pub(super) fn delay(fired: &Fired) -> Duration {
    match fired.kind {
        Kind::Delay { most, .. } => most.duration().unsigned_abs(),
        _ => Duration::ZERO,
    }
}

fn bytes(kind: &Kind, mut bytes: Vec<u8>) -> Vec<u8> {
    match kind {
        Kind::Cut { after } => {
            bytes.truncate(after.map_or(bytes.len() / 2, |after| usize::try_from(after).unwrap_or(usize::MAX)));
            bytes
        }
        Kind::Malformed => spoilt::malformed(bytes),
        Kind::WrongEncoding => spoilt::in_other_encoding(bytes),
        Kind::ClockSkew { skew } => spoilt::skewed(bytes, skew.duration()),
        _ => bytes,
    }
}
