//! The verdict on a client: its forms, its command, and what scenarios make of it.

mod command;
pub(crate) mod forms;
mod parallel;
mod scenarios;
