//! The rules: what a terminal, its updates and a check do. Pure and synchronous; `now` is always an argument.

pub mod calendar;
pub mod call_centre;
pub mod campaign;
pub mod catalogue;
pub mod check;
pub mod clock;
pub mod event;
pub mod ids;
pub mod inquiry;
pub mod institution;
pub mod japan;
pub mod period;
pub mod person;
pub mod readings;
pub mod terminal;
pub mod text;
