//! The server as a process: its start and end, its fixtures, and what it tells of itself.

mod fixtures;
#[cfg(feature = "mail")]
mod mail;
mod metrics;
pub(crate) mod program;
mod push;
#[cfg(feature = "otlp")]
mod traces;
