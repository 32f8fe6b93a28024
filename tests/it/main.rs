//! Behaviour over the wire: every test starts the real server on free ports and talks to it over
//! TLS.
#![allow(clippy::unwrap_used, reason = "a test that meets what it did not expect fails there")]

mod attacks;
mod backend;
mod console;
mod control;
mod delivery;
mod faults;
mod journal;
mod linkage;
mod machine;
mod server;
mod soak;
mod store;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod tidy;
mod tls;
mod verdict;
mod wire;
