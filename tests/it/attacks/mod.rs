//! Attacks, each on a server that is a process of its own: while one goes on, a client at another
//! address is served, and the server's memory grows by no more than the test says.
#![cfg(target_os = "linux")]

mod attacked;
mod folder;
mod frames;
mod http1;
mod http2;
mod many;
mod slow_readers;
mod stalled;
