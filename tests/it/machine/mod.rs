//! What a machine does to a server: its disk is full, read-only or slow, its database hangs, its
//! files are used up, its clock is wrong. Nothing acknowledged is lost, and the server recovers
//! without a restart.
#![cfg(target_os = "linux")]

mod clock;
mod disk;
mod files;
mod postgres;
mod running;
