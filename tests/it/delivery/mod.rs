//! The delivery of updates: what is handed out when, packages over the wire, and what terminals
//! report.

mod conformance;
pub(crate) mod memory;
mod packages;
mod reports;
mod transfers;
