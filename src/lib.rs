//! onshi-mock: a rehearsal of Japan's online insurance qualification check (オンライン資格確認).
//!
//! A request arrives over a transport ([`http`], or a file in a [`linkage`] folder), and
//! [`wire`] parses it into types of the [`domain`]. The application layer ([`app`]) reads or
//! updates one institution (the tenant, with its own clock), and [`answers`] creates the
//! message. The transport sends it, and one entry in the [`journal`] records both.
//!
//! Reading order: [`domain::terminal`] (installed and running versions, boots),
//! [`domain::check`] (the refusal), [`institutions`] (cache, updates, lifecycle),
//! [`http::router`] (every route), [`server`] (how the parts are wired).

pub use onshi_core::{domain, wire};

pub mod answers;
pub mod app;
pub mod chart;
pub mod cli;
pub mod clock;
pub mod config;
#[cfg(not(all(feature = "mail", feature = "otlp")))]
mod features;
pub mod fixtures;
mod hex;
pub mod http;
pub mod institutions;
pub mod journal;
pub mod json;
pub mod linkage;
pub mod listener;
pub mod metrics;
pub mod package;
pub mod policy;
pub mod push;
mod random;
pub mod server;
pub mod store;
mod tasks;
pub mod terminal;
pub mod tls;
pub mod token;
pub mod verdict;
