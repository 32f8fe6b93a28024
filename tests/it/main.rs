//! Behaviour over the wire: every test starts the real server on free ports and talks to it over TLS.
#![allow(clippy::unwrap_used, reason = "a test that meets what it did not expect fails there")]

mod fixtures;
mod notice;
mod program;
mod readme;
mod support;
mod tidy;
