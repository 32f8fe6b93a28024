//! The rules: what a terminal, its updates and a check do. Pure and synchronous; `now` is always an argument.

pub mod calendar;
pub mod call_centre;
pub mod campaign;
pub mod card;
pub mod catalogue;
pub mod check;
pub mod clock;
pub mod consent;
pub mod encoding;
pub mod event;
pub mod ids;
pub mod inquiry;
pub mod institution;
pub mod japan;
pub mod linkage;
pub mod period;
pub mod person;
pub mod poll_limit;
pub mod readings;
pub mod reception;
pub mod reference;
pub mod scenario;
mod staging;
pub mod surfacing;
pub mod terminal;
pub mod text;
pub mod timeline;
