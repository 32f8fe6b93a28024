//! onshi-mock: a rehearsal of Japan's online insurance qualification check (オンライン資格確認).
//!
//! A request enters at a surface ([`http`]), is parsed by [`wire`] into the words of the [`domain`], asks or changes one institution (the
//! tenant, with its own clock), gets its message from [`answers`], and leaves by the same surface, with one entry in the [`journal`].
//! The [`linkage`] folder is another surface: requests as files.
//!
//! Reading order: [`domain::terminal`] (installed and running versions, boots), [`domain::check`] (the refusal), [`institutions`] (the living
//! ones), [`http::router`] (every route), [`server`] (how the parts are wired).

pub mod answers;
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
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
pub mod server;
pub mod store;
mod tasks;
pub mod terminal;
pub mod tls;
pub mod token;
pub mod verdict;
pub mod wire;
