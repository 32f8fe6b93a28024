//! The control surface: what test authors set up, drive and read.

mod campaigns;
mod events;
mod exposure;
mod fixtures;
mod input;
mod institutions;
mod observations;
pub(crate) mod scenarios;
pub(crate) mod screenshots;
mod snapshot;
mod token;
mod wrong_paths;
