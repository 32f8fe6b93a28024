//! The HTTPS listeners: the backend, which imitates the real system, and the control API for
//! authors of tests.

pub mod accept;
pub mod app;
pub mod arrivals;
pub mod backend;
pub mod bandwidth;
pub mod body;
mod body_budget;
pub mod connection;
pub mod console;
pub mod control;
mod first_read_stream;
pub mod handshakes;
mod large_head_stream;
mod lingering_stream;
mod listeners;
mod negotiation;
pub mod openapi;
mod page;
mod paths;
pub mod problem;
pub mod router;
pub mod sign_in_tries;
pub mod streams;
#[cfg_attr(not(feature = "otlp"), path = "traces_not_built.rs")]
pub mod traces;
mod unread_body;

pub use listeners::{Listeners, Parts, Port};
pub use router::interface;
