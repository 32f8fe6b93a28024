//! The control surface: what test authors set up, drive and read.

mod campaigns;
mod events;
mod exposure;
mod fixtures;
mod input;
mod institutions;
mod observations;
pub(crate) mod scenarios;
mod screenshots;
mod snapshot;
mod wrong_paths;
